// Go's time.Time and time.Duration as expressions and templates see them: methods by Go's names, layouts by Go's
// reference time. UTC and fixed offsets only.
import { LanguageError } from './language-error.ts';

const NANOSECOND = 1e-6;
const UNITS: Readonly<Record<string, number>> = {
  ns: NANOSECOND,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
};

/** A length of time. Immutable. */
export class GoDuration {
  readonly ms: number;

  constructor(ms: number) {
    this.ms = ms;
  }

  Hours = (): number => this.ms / 3_600_000;
  Minutes = (): number => this.ms / 60_000;
  Seconds = (): number => this.ms / 1_000;
  Milliseconds = (): number => Math.trunc(this.ms);
  Nanoseconds = (): number => Math.round(this.ms / NANOSECOND);
  Abs = (): GoDuration => new GoDuration(Math.abs(this.ms));
  Round = (to: GoDuration): GoDuration => new GoDuration(Math.round(this.ms / to.ms) * to.ms);
  Truncate = (to: GoDuration): GoDuration => new GoDuration(Math.trunc(this.ms / to.ms) * to.ms);
  String = (): string => this.toString();

  /** As Go prints it: `1h2m3.5s`, `150ms`, `0s`. */
  toString(): string {
    const total = Math.abs(this.ms);
    const sign = this.ms < 0 ? '-' : '';
    if (total === 0) return '0s';
    if (total < 1) return `${sign}${trimmed(total * 1_000)}µs`;
    if (total < 1_000) return `${sign}${trimmed(total)}ms`;
    const hours = Math.floor(total / 3_600_000);
    const minutes = Math.floor((total % 3_600_000) / 60_000);
    const seconds = `${trimmed((total % 60_000) / 1_000)}s`;
    if (hours > 0) return `${sign}${hours}h${minutes}m${seconds}`;
    return minutes > 0 ? `${sign}${minutes}m${seconds}` : `${sign}${seconds}`;
  }
}

function trimmed(value: number): string {
  return String(Number(value.toFixed(6)));
}

/** Go's ParseDuration: `1h30m`, `-1.5s`. */
export function parseGoDuration(text: string): GoDuration {
  if (text === '0') return new GoDuration(0);
  const match = /^([+-]?)((?:\d+\.?\d*(?:ns|us|µs|μs|ms|s|m|h))+)$/.exec(text);
  if (match === null) throw new LanguageError('EVALUATION', `not a duration: ${text.slice(0, 40)}`);
  let ms = 0;
  for (const [, number = '0', unit = 's'] of (match[2] ?? '').matchAll(
    /(\d+\.?\d*)(ns|us|µs|μs|ms|s|m|h)/g,
  )) {
    ms += Number(number) * (UNITS[unit] ?? 0);
  }
  return new GoDuration(match[1] === '-' ? -ms : ms);
}

/** A moment. Immutable. */
export class GoTime {
  readonly ms: number;
  /** Minutes east of UTC that it is printed with. */
  readonly offset: number;

  constructor(ms: number, offset = 0) {
    if (!Number.isFinite(ms) || Math.abs(ms) > 8e15) {
      throw new LanguageError('EVALUATION', 'the time is out of range');
    }
    this.ms = ms;
    this.offset = offset;
  }

  Sub = (other: GoTime): GoDuration => new GoDuration(this.ms - timeOf(other).ms);
  Add = (duration: GoDuration | number): GoTime => new GoTime(this.ms + durationMs(duration), this.offset);
  AddDate = (years: number, months: number, days: number): GoTime => {
    const date = new Date(this.ms);
    date.setUTCFullYear(
      date.getUTCFullYear() + Number(years),
      date.getUTCMonth() + Number(months),
      date.getUTCDate() + Number(days),
    );
    return new GoTime(date.getTime(), this.offset);
  };
  Before = (other: GoTime): boolean => this.ms < timeOf(other).ms;
  After = (other: GoTime): boolean => this.ms > timeOf(other).ms;
  Equal = (other: GoTime): boolean => this.ms === timeOf(other).ms;
  Compare = (other: GoTime): number => Math.sign(this.ms - timeOf(other).ms);
  IsZero = (): boolean => this.ms === ZERO_MS;
  Unix = (): number => Math.floor(this.ms / 1_000);
  UnixMilli = (): number => this.ms;
  UnixNano = (): number => this.ms * 1e6;
  UTC = (): GoTime => new GoTime(this.ms, 0);
  Local = (): GoTime => new GoTime(this.ms, 0);
  Year = (): number => this.#local().getUTCFullYear();
  Month = (): number => this.#local().getUTCMonth() + 1;
  Day = (): number => this.#local().getUTCDate();
  Hour = (): number => this.#local().getUTCHours();
  Minute = (): number => this.#local().getUTCMinutes();
  Second = (): number => this.#local().getUTCSeconds();
  Weekday = (): string => DAYS[this.#local().getUTCDay()] ?? '';
  Truncate = (to: GoDuration): GoTime => new GoTime(Math.floor(this.ms / to.ms) * to.ms, this.offset);
  String = (): string => this.toString();

  /** @param layout in terms of Go's reference time `Mon Jan 2 15:04:05 MST 2006` */
  Format = (layout: string): string => String(layout).replace(LAYOUT, (token) => this.#token(token));

  toString(): string {
    return this.Format('2006-01-02 15:04:05 -0700 MST');
  }

  toJSON(): string {
    return this.Format('2006-01-02T15:04:05Z07:00');
  }

  #local(): Date {
    return new Date(this.ms + this.offset * 60_000);
  }

  #token(token: string): string {
    const date = this.#local();
    const hour = date.getUTCHours();
    const zone = (separator: string): string => {
      const minutes = Math.abs(this.offset);
      const sign = this.offset < 0 ? '-' : '+';
      return `${sign}${two(Math.floor(minutes / 60))}${separator}${two(minutes % 60)}`;
    };
    if (/^[.,][09]+$/.test(token)) return fraction(token, date.getUTCMilliseconds());
    const values: Readonly<Record<string, () => string>> = {
      '2006': () => String(date.getUTCFullYear()).padStart(4, '0'),
      '06': () => two(date.getUTCFullYear() % 100),
      January: () => MONTHS[date.getUTCMonth()] ?? '',
      Jan: () => (MONTHS[date.getUTCMonth()] ?? '').slice(0, 3),
      '01': () => two(date.getUTCMonth() + 1),
      '1': () => String(date.getUTCMonth() + 1),
      Monday: () => DAYS[date.getUTCDay()] ?? '',
      Mon: () => (DAYS[date.getUTCDay()] ?? '').slice(0, 3),
      '02': () => two(date.getUTCDate()),
      _2: () => String(date.getUTCDate()).padStart(2, ' '),
      '2': () => String(date.getUTCDate()),
      '15': () => two(hour),
      '03': () => two(hour % 12 === 0 ? 12 : hour % 12),
      '3': () => String(hour % 12 === 0 ? 12 : hour % 12),
      '04': () => two(date.getUTCMinutes()),
      '4': () => String(date.getUTCMinutes()),
      '05': () => two(date.getUTCSeconds()),
      '5': () => String(date.getUTCSeconds()),
      PM: () => (hour < 12 ? 'AM' : 'PM'),
      pm: () => (hour < 12 ? 'am' : 'pm'),
      MST: () => (this.offset === 0 ? 'UTC' : zone('')),
      '-0700': () => zone(''),
      '-07:00': () => zone(':'),
      Z0700: () => (this.offset === 0 ? 'Z' : zone('')),
      'Z07:00': () => (this.offset === 0 ? 'Z' : zone(':')),
    };
    return values[token]?.() ?? token;
  }
}

const MONTHS = 'January February March April May June July August September October November December'.split(
  ' ',
);
const DAYS = 'Sunday Monday Tuesday Wednesday Thursday Friday Saturday'.split(' ');
const LAYOUT =
  /2006|January|Jan|Monday|Mon|MST|Z07:00|Z0700|-07:00|-0700|[.,]0+(?!\d)|[.,]9+(?!\d)|_2|0[1-6]|15|PM|pm|[1-5]/g;
/** Go's zero time, January 1 of the year 1. */
const ZERO_MS = -62_135_596_800_000;

function two(value: number): string {
  return String(value).padStart(2, '0');
}

function fraction(token: string, ms: number): string {
  const digits = String(ms)
    .padStart(3, '0')
    .padEnd(token.length - 1, '0')
    .slice(0, token.length - 1);
  if (token[1] === '0') return `${token[0]}${digits}`;
  const short = digits.replace(/0+$/, '');
  return short === '' ? '' : `${token[0]}${short}`;
}

function timeOf(value: unknown): GoTime {
  if (value instanceof GoTime) return value;
  throw new LanguageError('EVALUATION', 'a time was expected');
}

function durationMs(value: unknown): number {
  if (value instanceof GoDuration) return value.ms;
  // A plain number counts nanoseconds, as in Go.
  if (typeof value === 'number') return value * NANOSECOND;
  throw new LanguageError('EVALUATION', 'a duration was expected');
}

/** RFC 3339, as Kubernetes writes times. */
export function parseRfc3339(text: unknown): GoTime {
  const match =
    typeof text === 'string'
      ? /^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:[Zz]|([+-])(\d{2}):(\d{2}))$/.exec(text)
      : null;
  const ms = match === null ? Number.NaN : Date.parse(match[0]);
  if (match === null || Number.isNaN(ms)) {
    throw new LanguageError('EVALUATION', `not a time in RFC 3339: ${String(text).slice(0, 40)}`);
  }
  const offset = match[1] === undefined ? 0 : Number(match[2]) * 60 + Number(match[3]);
  return new GoTime(ms, match[1] === '-' ? -offset : offset);
}

/** Reads a time by a Go layout of digits (`2006-01-02 15:04`); what the layout leaves out is zero. */
export function parseGoTime(layout: string, text: string): GoTime {
  if (/^2006-01-02T15:04:05/.test(layout)) return parseRfc3339(text);
  const fields: string[] = [];
  const pattern = layout
    .replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
    .replace(/2006|01|02|15|04|05|Jan|MST/g, (token) => {
      fields.push(token);
      return token === '2006'
        ? '(\\d{4})'
        : token === 'Jan'
          ? '([A-Z][a-z]{2})'
          : token === 'MST'
            ? '([A-Z]{3})'
            : '(\\d{2})';
    });
  const match = new RegExp(`^${pattern}$`).exec(text);
  if (match === null)
    throw new LanguageError('EVALUATION', `not a time of layout ${layout}: ${text.slice(0, 40)}`);
  const value = (token: string, otherwise: number): number => {
    const at = fields.indexOf(token);
    return at < 0 ? otherwise : Number(match[at + 1]);
  };
  const named = fields.indexOf('Jan');
  const month =
    named < 0 ? value('01', 1) - 1 : MONTHS.findIndex((name) => name.startsWith(match[named + 1] ?? '?'));
  return new GoTime(
    Date.UTC(value('2006', 0), month, value('02', 1), value('15', 0), value('04', 0), value('05', 0)),
  );
}

/** Members of Argo CD's `time` name space, apart from `Now`, which needs a clock. */
export const goTimeMembers = {
  Parse: (text: unknown): GoTime => parseRfc3339(text),
  Nanosecond: new GoDuration(NANOSECOND),
  Microsecond: new GoDuration(1e-3),
  Millisecond: new GoDuration(1),
  Second: new GoDuration(1_000),
  Minute: new GoDuration(60_000),
  Hour: new GoDuration(3_600_000),
  Layout: "01/02 03:04:05PM '06 -0700",
  ANSIC: 'Mon Jan _2 15:04:05 2006',
  UnixDate: 'Mon Jan _2 15:04:05 MST 2006',
  RubyDate: 'Mon Jan 02 15:04:05 -0700 2006',
  RFC822: '02 Jan 06 15:04 MST',
  RFC822Z: '02 Jan 06 15:04 -0700',
  RFC850: 'Monday, 02-Jan-06 15:04:05 MST',
  RFC1123: 'Mon, 02 Jan 2006 15:04:05 MST',
  RFC1123Z: 'Mon, 02 Jan 2006 15:04:05 -0700',
  RFC3339: '2006-01-02T15:04:05Z07:00',
  RFC3339Nano: '2006-01-02T15:04:05.999999999Z07:00',
  Kitchen: '3:04PM',
  Stamp: 'Jan _2 15:04:05',
  StampMilli: 'Jan _2 15:04:05.000',
  StampMicro: 'Jan _2 15:04:05.000000',
  StampNano: 'Jan _2 15:04:05.000000000',
} as const;
