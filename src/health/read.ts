// Reads members of objects whose shape nobody guarantees: what is absent or of another type is undefined.
import type { KubeObject } from '../k8s/index.ts';
import { isRecord } from '../lib/index.ts';
import type { Health, HealthStatus } from '../model/index.ts';

/** Messages of controllers may be whole logs: people read the beginning, and every status and event carries them. */
export const MESSAGE_LENGTH = 1000;

/** The judgement of one kind. Undefined: no opinion. */
export type HealthCheck = (object: KubeObject) => Health | undefined;

/** A status condition, as most kinds write them. */
export interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
  readonly observedGeneration?: number;
}

/** The member at a path of names. */
export function at(object: unknown, ...path: readonly string[]): unknown {
  let node = object;
  for (const name of path) node = isRecord(node) ? node[name] : undefined;
  return node;
}

export function numberAt(object: unknown, ...path: readonly string[]): number | undefined {
  const value = at(object, ...path);
  return typeof value === 'number' ? value : undefined;
}

export function textAt(object: unknown, ...path: readonly string[]): string | undefined {
  const value = at(object, ...path);
  return typeof value === 'string' ? value : undefined;
}

export function listAt(object: unknown, ...path: readonly string[]): readonly unknown[] {
  const value = at(object, ...path);
  return Array.isArray(value) ? value : [];
}

/** `status.conditions`, or the list given. */
export function conditionsOf(
  object: unknown,
  list: readonly unknown[] = listAt(object, 'status', 'conditions'),
): Condition[] {
  return list.filter(isRecord).map((condition) => {
    const observedGeneration = numberAt(condition, 'observedGeneration');
    return {
      type: textAt(condition, 'type') ?? '',
      status: textAt(condition, 'status') ?? '',
      reason: textAt(condition, 'reason') ?? '',
      message: textAt(condition, 'message') ?? '',
      ...(observedGeneration === undefined ? {} : { observedGeneration }),
    };
  });
}

/** True until the controller of the kind has seen the present spec. */
export function isUnobserved(object: KubeObject): boolean {
  return generationOf(object) > (numberAt(object, 'status', 'observedGeneration') ?? 0);
}

/** `metadata.generation`, 0 without one. */
export function generationOf(object: KubeObject): number {
  return numberAt(object, 'metadata', 'generation') ?? 0;
}

/** `Reason: message` of a condition; where one is missing, its type tells what it is about. */
export function cause({ type, status, reason, message }: Condition): string {
  if (reason === '' && message === '') return `${type} is ${status === '' ? 'not told' : status}`;
  const isPlain = (reason !== '' && message !== '') || type === 'Ready' || type === reason;
  return [isPlain ? '' : type, reason, message].filter((part) => part !== '').join(': ');
}

/** The cause, then what to do about it. */
export function withRemedy(text: string, remedy: string | undefined): string {
  if (remedy === undefined) return text;
  const clipped = clip(text).trimEnd();
  const stop = /[.!?…]$/.test(clipped) ? '' : '.';
  return `${clipped}${stop} ${remedy.endsWith('.') ? remedy.slice(0, -1) : remedy}`;
}

export function clip(text: string): string {
  return text.length <= MESSAGE_LENGTH ? text : `${text.slice(0, MESSAGE_LENGTH)}…`;
}

export function healthOf(status: HealthStatus, message?: string): Health {
  return withMessage(status, message);
}

export function healthy(message?: string): Health {
  return withMessage('Healthy', message);
}

export function progressing(message?: string): Health {
  return withMessage('Progressing', message);
}

export function degraded(message?: string): Health {
  return withMessage('Degraded', message);
}

export function suspended(message?: string): Health {
  return withMessage('Suspended', message);
}

export function unknown(message?: string): Health {
  return withMessage('Unknown', message);
}

function withMessage(status: Health['status'], message: string | undefined): Health {
  return message === undefined || message === '' ? { status } : { status, message };
}
