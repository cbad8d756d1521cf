// The one place that talks to the server. Answers are plain JSON; failures are ApiFailure with the server's sentence.

export class ApiFailure extends Error {
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

export async function api<T>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  const response = await fetch(path, {
    method,
    credentials: 'same-origin',
    headers: body === undefined && method === 'GET' ? {} : { 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(signal === undefined ? {} : { signal }),
  }).catch((cause: unknown) => {
    if (signal?.aborted) throw cause;
    throw new ApiFailure(
      0,
      'The server does not answer. It may be restarting; this page tries again by itself.',
    );
  });
  const text = await response.text();
  if (!response.ok)
    throw new ApiFailure(response.status, messageOf(text) ?? `The server answered ${response.status}`);
  return (text === '' ? undefined : JSON.parse(text)) as T;
}

function messageOf(text: string): string | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const message = (value as { message?: unknown }).message;
    return typeof message === 'string' ? message : undefined;
  } catch {
    // A proxy's HTML page says nothing to a person here.
    return undefined;
  }
}
