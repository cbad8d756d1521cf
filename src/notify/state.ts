// What was sent already, in the annotation and the format of Argo CD: a JSON map of keys to seconds.
import { isRecord } from '../lib/index.ts';
import type { ConditionResult } from './programs.ts';
import type { Destination } from './service.ts';

export const NOTIFIED_ANNOTATION = 'notified.notifications.argoproj.io';
/** The oldest ones go. */
const MAX_ENTRIES = 100;

export type NotifiedState = Readonly<Record<string, number>>;

/** `[<oncePer>:]<trigger>:<condition>:<service>:<recipient>`. */
export function stateKey(
  trigger: string,
  result: Pick<ConditionResult, 'key' | 'oncePer'>,
  destination: Destination,
): string {
  const key = `${trigger}:${result.key}:${destination.service}:${destination.recipient}`;
  return result.oncePer === '' ? key : `${result.oncePer}:${key}`;
}

/** What cannot be read counts as nothing sent, as in Argo CD. */
export function readState(annotation: string | undefined): NotifiedState {
  if (annotation === undefined) return {};
  try {
    const value: unknown = JSON.parse(annotation);
    if (!isRecord(value)) return {};
    return Object.fromEntries(
      Object.entries(value).filter((entry): entry is [string, number] => typeof entry[1] === 'number'),
    );
  } catch {
    return {};
  }
}

/** Undefined when there is nothing to remember: the annotation goes. */
export function writeState(state: NotifiedState): string | undefined {
  const entries = Object.entries(state).sort(([, a], [, b]) => b - a);
  if (entries.length === 0) return undefined;
  const kept = entries.slice(0, MAX_ENTRIES).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify(Object.fromEntries(kept));
}
