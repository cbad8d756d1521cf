// Lines of a log as the page keeps them: a bounded number, each of a bounded length, without what steers terminals. Pure.
import type { LogEntry } from '../../../../src/contract/index.ts';

export interface LogRow {
  /** Counts on, also past lines that were let go. */
  readonly number: number;
  readonly pod: string;
  /** RFC 3339; '' for what Fairlead itself says. */
  readonly time: string;
  readonly text: string;
}

export interface LogRows {
  readonly rows: readonly LogRow[];
  /** Lines let go at the beginning. */
  readonly dropped: number;
}

export const noRows: LogRows = { rows: [], dropped: 0 };
/** More lines are no help on a page; a download has all of them. */
export const MAX_ROWS = 10_000;
const MAX_CHARS = 8_000;

/** With the entries at the end and, beyond the bound, without the first ones. */
export function appended({ rows, dropped }: LogRows, entries: readonly LogEntry[]): LogRows {
  const first = dropped + rows.length;
  const all = [
    ...rows,
    ...entries.map(({ podName, timeStampStr, content }, index) => ({
      number: first + index,
      pod: podName,
      time: timeStampStr,
      text: cleaned(content),
    })),
  ];
  const excess = Math.max(0, all.length - MAX_ROWS);
  return { rows: excess === 0 ? all : all.slice(excess), dropped: dropped + excess };
}

/** How many pods the lines come from. */
export function podCount({ rows }: LogRows): number {
  return new Set(rows.map(({ pod }) => pod)).size;
}

/** `15:04:05.678` of the reader's own day, '' where there is no time. */
export function clockText(time: string): string {
  const date = new Date(time);
  if (time === '' || Number.isNaN(date.getTime())) return '';
  const two = (value: number): string => String(value).padStart(2, '0');
  const ms = String(date.getMilliseconds()).padStart(3, '0');
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${ms}`;
}

/** Colours and cursor movements of terminals. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it is about
const ESCAPES = /\u001b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[@-Z\\-_])/g;
/** Other controls, and characters that turn the direction of text around. */
const HIDDEN = /(?!\t)\p{Cc}|[\u202a-\u202e\u2066-\u2069]/gu;

function cleaned(content: string): string {
  const text = content.length > MAX_CHARS ? `${content.slice(0, MAX_CHARS)} …` : content;
  return text
    .replace(ESCAPES, '')
    .replace(HIDDEN, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
