// What a program may reach of a value: own members of plain objects, elements of lists, and the methods that the
// values of this folder offer. Never a prototype, never a constructor.
import { GoDuration, GoTime } from './go-time.ts';

/** Undefined when the value has no such member. */
export function ownMember(value: unknown, name: string): unknown {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return undefined;
  if (!Object.hasOwn(value, name)) return undefined;
  return (value as Record<string, unknown>)[name];
}

/** A plain object: what JSON or a host's name space of functions is. */
export function isPlain(value: unknown): value is Record<string, unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof GoTime) &&
    !(value instanceof GoDuration)
  );
}

/** Sets a member of an object under construction, `__proto__` included. */
export function setOwn(target: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
}

/** Name of a value's type for messages. */
export function typeName(value: unknown): string {
  if (value === null || value === undefined) return 'nil';
  if (Array.isArray(value)) return 'list';
  if (value instanceof GoTime) return 'time';
  if (value instanceof GoDuration) return 'duration';
  if (typeof value === 'object') return 'map';
  return typeof value === 'boolean' ? 'bool' : typeof value;
}
