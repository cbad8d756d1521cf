// Five-field cron schedules in a time zone. Finds starts; knows nothing of windows. Pure.
//
// Clocks that are set forward skip local times: a start that was to be in the skipped hour is at the instant of the
// change. Clocks that are set back repeat local times: a start is at the first of the two. Schedules of every hour go
// by elapsed time instead: nothing is made up for in the skipped hour, and the repeated one has its starts again.
import type { TimeZone } from './time-zone.ts';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
/** The longest wait for a day there is: from one 29 February to the next across a century. */
const MAX_DAYS = 9 * 366;

/** A parsed schedule. Lists are sorted and hold no value twice. */
export interface CronSchedule {
  readonly text: string;
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  readonly days: ReadonlySet<number>;
  readonly months: ReadonlySet<number>;
  /** 0 is Sunday. */
  readonly weekdays: ReadonlySet<number>;
  /** Both fields name days: either is enough, as in every cron. */
  readonly eitherDay: boolean;
}

interface Field {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  readonly words?: readonly string[];
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const FIELDS: readonly Field[] = [
  { name: 'minute', min: 0, max: 59 },
  { name: 'hour', min: 0, max: 23 },
  { name: 'day of month', min: 1, max: 31 },
  { name: 'month', min: 1, max: 12, words: MONTHS },
  { name: 'day of week', min: 0, max: 7, words: WEEKDAYS },
];
const MAX_LENGTH = 500;

/** The schedule, or a sentence that says what is wrong with it. */
export function parseCron(text: string): CronSchedule | string {
  const quoted = JSON.stringify(text.slice(0, 80));
  if (text.length > MAX_LENGTH) return `schedule ${quoted}… is longer than ${MAX_LENGTH} characters`;
  const parts = text.trim().split(/\s+/);
  if (parts.length !== FIELDS.length || text.trim() === '') {
    return `schedule ${quoted} has ${text.trim() === '' ? 0 : parts.length} fields; write five: minute hour day-of-month month day-of-week`;
  }
  const values: number[][] = [];
  for (const [index, field] of FIELDS.entries()) {
    const found = parseField(parts[index] ?? '', field);
    if (typeof found === 'string') return `schedule ${quoted}: ${found}`;
    values.push(found);
  }
  const [minutes = [], hours = [], days = [], months = [], weekdays = []] = values;
  const names = (part: string | undefined): boolean => !/^[*?](\/1)?$/.test(part ?? '');
  return {
    text,
    minutes,
    hours,
    days: new Set(days),
    months: new Set(months),
    weekdays: new Set(weekdays.map((day) => day % 7)),
    eitherDay: names(parts[2]) && names(parts[4]),
  };
}

/** The first start after `instant`; undefined when there is none, e.g. on 30 February. */
export function nextStart(schedule: CronSchedule, zone: TimeZone, instant: number): number | undefined {
  // A day earlier: near midnight a skipped time belongs to another day than its instant.
  const first = startOfDay(zone.wallAt(instant)) - DAY;
  for (let i = 0; i < MAX_DAYS; i++) {
    const day = first + i * DAY;
    if (!isOn(schedule, day)) continue;
    const found = startsOn(schedule, zone, day).find((start) => start > instant);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The last start at or before `instant` that is later than `after`; undefined when there is none. */
export function lastStart(
  schedule: CronSchedule,
  zone: TimeZone,
  instant: number,
  after: number,
): number | undefined {
  const first = startOfDay(zone.wallAt(instant)) + DAY;
  for (let day = first; day >= startOfDay(zone.wallAt(after)) - DAY; day -= DAY) {
    if (!isOn(schedule, day)) continue;
    const found = startsOn(schedule, zone, day).findLast((start) => start <= instant);
    if (found !== undefined) return found > after ? found : undefined;
  }
  return undefined;
}

/** Every start of the local day that begins at `day`, in order. */
function startsOn(schedule: CronSchedule, zone: TimeZone, day: number): number[] {
  const walls = schedule.hours.flatMap((hour) =>
    schedule.minutes.map((minute) => day + (hour * 60 + minute) * MINUTE),
  );
  if (zone.isSteady(day)) {
    const offset = zone.offsetAt(day);
    return walls.map((wall) => wall - offset);
  }
  const everyHour = schedule.hours.length === 24;
  const starts = new Set<number>();
  for (const wall of walls) {
    const moment = zone.momentOf(wall);
    if (moment.kind === 'skipped') {
      if (!everyHour) starts.add(moment.after);
    } else {
      for (const instant of everyHour ? moment.instants : moment.instants.slice(0, 1)) starts.add(instant);
    }
  }
  return [...starts].sort((a, b) => a - b);
}

function isOn({ days, eitherDay, months, weekdays }: CronSchedule, day: number): boolean {
  const date = new Date(day);
  if (!months.has(date.getUTCMonth() + 1)) return false;
  const byDate = days.has(date.getUTCDate());
  const byWeekday = weekdays.has(date.getUTCDay());
  return eitherDay ? byDate || byWeekday : byDate && byWeekday;
}

function startOfDay(wall: number): number {
  return Math.floor(wall / DAY) * DAY;
}

/** The numbers of one field in order, or what is wrong. */
function parseField(text: string, field: Field): number[] | string {
  const found = new Set<number>();
  for (const item of text.split(',')) {
    const match = /^(?:([*?])|(\w+)(?:-(\w+))?)(?:\/(\d{1,3}))?$/.exec(item);
    if (match === null) return `${JSON.stringify(item.slice(0, 20))} is no ${field.name}`;
    const [, star, from = '', to, every] = match;
    const step = every === undefined ? 1 : Number(every);
    if (step === 0) return `the step of ${field.name} ${JSON.stringify(item)} is 0`;
    const low = star === undefined ? numberOf(from, field) : field.min;
    // `5/10` means from 5 on, as in every cron.
    const open = star !== undefined || (to === undefined && every !== undefined);
    const top = field.max === 7 ? 6 : field.max;
    const high = to === undefined ? (open ? top : low) : numberOf(to, field);
    if (low === undefined || high === undefined) {
      return `${JSON.stringify(item.slice(0, 20))} is no ${field.name} (${field.min}-${field.max})`;
    }
    if (low > high) return `the range of ${field.name} ${JSON.stringify(item)} ends before it begins`;
    for (let value = low; value <= high; value += step) found.add(value);
  }
  return [...found].sort((a, b) => a - b);
}

function numberOf(text: string, field: Field): number | undefined {
  const word = field.words?.indexOf(text.toLowerCase()) ?? -1;
  if (word >= 0) return word + (field.words === MONTHS ? 1 : 0);
  const value = /^\d{1,2}$/.test(text) ? Number(text) : Number.NaN;
  return value >= field.min && value <= field.max ? value : undefined;
}
