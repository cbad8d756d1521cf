/** "now", "3 min ago", "2 h ago", "5 days ago" of an RFC 3339 time; '' without one. */
export function ago(time: string | undefined, nowMs: number): string {
  const seconds = secondsBetween(time, nowMs);
  if (seconds === undefined) return '';
  if (seconds < 10) return 'now';
  if (seconds < 86_400) return `${largestUnit(seconds)} ago`;
  const days = Math.floor(seconds / 86_400);
  return days === 1 ? '1 day ago' : `${days} days ago`;
}

/** "8 s", "2 min 5 s", "1 h 3 min" between two times; '' when either is missing. */
export function took(start: string | undefined, end: string | undefined): string {
  if (end === undefined) return '';
  const seconds = secondsBetween(start, Date.parse(end));
  if (seconds === undefined) return '';
  if (seconds < 1) return 'under 1 s';
  if (seconds < 60) return `${seconds} s`;
  const [unit, rest] = seconds < 3600 ? [60, `${seconds % 60} s`] : [3600, largestUnit(seconds % 3600)];
  return `${largestUnit(seconds)}${seconds % unit === 0 ? '' : ` ${rest}`}`;
}

/** Day and minute, in the reader's own time zone; '' without a time. */
export function moment(time: string | undefined): string {
  const at = new Date(time ?? '');
  return Number.isNaN(at.getTime())
    ? ''
    : at.toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' });
}

/** The same moment for a person who needs it exactly: their own time zone, then UTC. */
export function exactly(time: string | undefined): string {
  const at = new Date(time ?? '');
  if (Number.isNaN(at.getTime())) return '';
  const local = at.toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'long' });
  return `${local} (${at.toISOString().replace('.000Z', 'Z')})`;
}

function secondsBetween(time: string | undefined, nowMs: number): number | undefined {
  const seconds = Math.round((nowMs - Date.parse(time ?? '')) / 1000);
  return Number.isNaN(seconds) ? undefined : Math.max(0, seconds);
}

function largestUnit(seconds: number): string {
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  return `${Math.floor(seconds / 3600)} h`;
}
