// The one place that talks to the server. Answers are plain JSON; failures are ApiFailure with the server's sentence.
import { turnsNamed } from './plain-text.ts';

export class ApiFailure extends Error {
  /** HTTP status; 0 when no answer came. */
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** True when the server wants a sign-in first. */
export function isSignedOut(error: unknown): boolean {
  return error instanceof ApiFailure && error.status === 401;
}

/** True when there is nothing to show, and trying again will not change that. */
export function isGone(error: unknown): boolean {
  return error instanceof ApiFailure && (error.status === 403 || error.status === 404);
}

/** A server that hangs is as bad as one that does not answer. */
const TIMEOUT_MS = 60_000;

interface CallOptions {
  readonly body?: unknown;
  readonly signal?: AbortSignal;
}

/** Rejects with ApiFailure, or with the signal's reason. */
export async function api<T>(
  method: 'GET' | 'POST' | 'DELETE',
  path: string,
  { body, signal }: CallOptions = {},
): Promise<T> {
  const deadline = AbortSignal.timeout(TIMEOUT_MS);
  try {
    const response = await fetch(path, {
      method,
      credentials: 'same-origin',
      headers: method === 'GET' ? {} : { 'content-type': 'application/json' },
      signal: signal === undefined ? deadline : AbortSignal.any([signal, deadline]),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = turnsNamed(await response.text());
    if (response.ok) return (text === '' ? undefined : JSON.parse(text)) as T;
    throw new ApiFailure(response.status, messageOf(text) ?? `The server answered ${response.status}`);
  } catch (cause) {
    if (signal?.aborted || cause instanceof ApiFailure) throw cause;
    throw new ApiFailure(0, 'The server does not answer. This page tries again by itself.');
  }
}

function messageOf(text: string): string | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const message = (value as { message?: unknown } | null)?.message;
    return typeof message === 'string' ? message : undefined;
  } catch {
    // A proxy's HTML page says nothing to a person here.
    return undefined;
  }
}
