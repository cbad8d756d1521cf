// Times of log lines: RFC 3339 with up to nine digits of a second, which Date cannot hold.

/** Seconds since the epoch, and nanoseconds beyond them. */
export interface LogTime {
  readonly seconds: number;
  readonly nanos: number;
  /** As the line had it. */
  readonly text: string;
}

const RFC3339 = /^(\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?([Zz]|[+-]\d{2}:\d{2})$/;

/** Undefined for a text that is no time. */
export function parseLogTime(text: string): LogTime | undefined {
  const match = RFC3339.exec(text);
  if (match === null) return undefined;
  const [, whole = '', fraction = '', zone = ''] = match;
  const ms = Date.parse(`${whole}${zone}`.toUpperCase());
  if (Number.isNaN(ms)) return undefined;
  return { seconds: ms / 1000, nanos: Number(fraction.padEnd(9, '0')), text };
}

/** Negative when `a` is earlier. Lines without a time come first: nothing is known that they could wait for. */
export function compareLogTimes(a: LogTime | undefined, b: LogTime | undefined): number {
  if (a === undefined || b === undefined) return Number(a !== undefined) - Number(b !== undefined);
  return a.seconds - b.seconds || a.nanos - b.nanos;
}
