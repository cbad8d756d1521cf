// Cron schedules of five fields, as CronJobs take them (robfig/cron's standard parser): names, ranges, steps, lists,
// `@hourly`-like words. Pure arithmetic on wall-clock time of one time zone.

export interface CronSchedule {
  readonly minutes: ReadonlySet<number>;
  readonly hours: ReadonlySet<number>;
  readonly days: ReadonlySet<number>;
  readonly months: ReadonlySet<number>;
  readonly weekdays: ReadonlySet<number>;
  /** With both days restricted, either may match. */
  readonly eitherDay: boolean;
}

const words: Record<string, string> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
};
const monthNames = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const dayNames = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const minuteMs = 60_000;
const dayMs = 86_400_000;
/** A schedule such as 29 February on a Monday comes within this many days, or never. */
const horizonDays = 366 * 28;

/** The schedule a text stands for; undefined when it is not one. */
export function parseCron(text: string): CronSchedule | undefined {
  const fields = (words[text.trim()] ?? text.trim()).split(/\s+/);
  const [minute, hour, day, month, weekday] = fields;
  if (fields.length !== 5 || minute === undefined || hour === undefined) return undefined;
  if (day === undefined || month === undefined || weekday === undefined) return undefined;
  const minutes = parseField(minute, 0, 59);
  const hours = parseField(hour, 0, 23);
  const days = parseField(day, 1, 31);
  const months = parseField(month, 1, 12, monthNames, 1);
  const weekdays = parseField(weekday, 0, 7, dayNames);
  if (!minutes || !hours || !days || !months || !weekdays) return undefined;
  if (weekdays.has(7)) weekdays.add(0);
  const free = (field: string): boolean => field.startsWith('*') || field.startsWith('?');
  return { minutes, hours, days, months, weekdays, eitherDay: !free(day) && !free(weekday) };
}

/**
 * The first time after `afterMs` that matches, in milliseconds since the epoch; undefined when there is none.
 * @param zone IANA name; undefined for UTC. Throws RangeError for a zone that does not exist.
 */
export function nextTimeMs(schedule: CronSchedule, afterMs: number, zone?: string): number | undefined {
  const offset = (atMs: number): number => (zone === undefined ? 0 : zoneOffsetMs(zone, atMs));
  const first = Math.floor(afterMs / minuteMs) * minuteMs + minuteMs;
  let local = first + offset(first);
  for (let day = 0; day < horizonDays; day += 1) {
    const midnight = Math.floor(local / dayMs) * dayMs;
    if (matchesDay(schedule, midnight)) {
      for (let minute = local; minute < midnight + dayMs; minute += minuteMs) {
        if (!matchesMinute(schedule, minute - midnight)) continue;
        const atMs = minute - offset(minute - offset(minute));
        if (atMs > afterMs) return atMs;
      }
    }
    local = midnight + dayMs;
  }
  return undefined;
}

function matchesDay(schedule: CronSchedule, midnight: number): boolean {
  const date = new Date(midnight);
  if (!schedule.months.has(date.getUTCMonth() + 1)) return false;
  const byDay = schedule.days.has(date.getUTCDate());
  const byWeekday = schedule.weekdays.has(date.getUTCDay());
  return schedule.eitherDay ? byDay || byWeekday : byDay && byWeekday;
}

function matchesMinute(schedule: CronSchedule, sinceMidnightMs: number): boolean {
  const minutes = Math.floor(sinceMidnightMs / minuteMs);
  return schedule.hours.has(Math.floor(minutes / 60)) && schedule.minutes.has(minutes % 60);
}

/** How far a zone's wall clock is ahead of UTC at a time. */
function zoneOffsetMs(zone: string, atMs: number): number {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
  });
  const parts = Object.fromEntries(
    format.formatToParts(atMs).map(({ type, value }) => [type, Number(value)]),
  );
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0 } = parts;
  return Date.UTC(year, month - 1, day, hour, minute) - Math.floor(atMs / minuteMs) * minuteMs;
}

function parseField(
  text: string,
  least: number,
  most: number,
  names: readonly string[] = [],
  firstName = 0,
): Set<number> | undefined {
  const values = new Set<number>();
  for (const part of text.split(',')) {
    const [range = '', step, ...more] = part.split('/');
    const every = step === undefined ? 1 : Number(step);
    if (more.length > 0 || !Number.isInteger(every) || every < 1) return undefined;
    const bounds = rangeOf(range, least, most, names, firstName, step !== undefined);
    if (bounds === undefined) return undefined;
    for (let value = bounds[0]; value <= bounds[1]; value += every) values.add(value);
  }
  return values;
}

function rangeOf(
  text: string,
  least: number,
  most: number,
  names: readonly string[],
  firstName: number,
  stepped: boolean,
): [number, number] | undefined {
  // The seventh weekday is Sunday again: `*` must not count it twice.
  if (text === '*' || text === '?') return [least, names === dayNames ? 6 : most];
  const value = (word: string | undefined): number => {
    const named = names.indexOf((word ?? '').toLowerCase());
    if (named >= 0) return named + firstName;
    return /^\d+$/.test(word ?? '') ? Number(word) : Number.NaN;
  };
  const [from, to, ...more] = text.split('-');
  const start = value(from);
  const end = to === undefined ? (stepped ? most : start) : value(to);
  const valid = more.length === 0 && start >= least && end <= most && start <= end;
  return valid ? [start, end] : undefined;
}
