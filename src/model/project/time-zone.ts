// Local time of a zone against instants, over the host's own zone data (Intl). Pure; knows nothing of schedules.
// Instants are milliseconds since the epoch. "Wall" is a local time written as if it were UTC, in milliseconds.

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** Zones lie between UTC-12 and UTC+14; one hour more on each side covers every history. */
const WEST = 15 * HOUR;
const EAST = 15 * HOUR;

/** What a local time is in instants. */
export type LocalMoment =
  /** Once, or twice where clocks were set back: in order. */
  | { readonly kind: 'exists'; readonly instants: readonly number[] }
  /** Clocks were set forward over it; `after` is the instant of the change. */
  | { readonly kind: 'skipped'; readonly after: number };

/** One time zone. Offsets are what has to be added to UTC to get local time. */
export class TimeZone {
  readonly name: string;
  readonly #format: Intl.DateTimeFormat;
  readonly #offsets = new Map<number, number>();

  private constructor(name: string, format: Intl.DateTimeFormat) {
    this.name = name;
    this.#format = format;
  }

  /** The zone of an IANA name (`Europe/Berlin`; '' is UTC); undefined when the host knows none of that name. */
  static of(name: string): TimeZone | undefined {
    try {
      const format = new Intl.DateTimeFormat('en-US', {
        timeZone: name === '' ? 'UTC' : name,
        hourCycle: 'h23',
        calendar: 'gregory',
        numberingSystem: 'latn',
        year: 'numeric',
        month: 'numeric',
        day: 'numeric',
        hour: 'numeric',
        minute: 'numeric',
        second: 'numeric',
      });
      return new TimeZone(name === '' ? 'UTC' : name, format);
    } catch {
      return undefined;
    }
  }

  /** Milliseconds to add to UTC at `instant`. */
  offsetAt(instant: number): number {
    // Changes of an offset happen on a quarter of an hour in every zone since 1970.
    const slot = Math.floor(instant / (15 * MINUTE));
    const known = this.#offsets.get(slot);
    if (known !== undefined) return known;
    const at = slot * 15 * MINUTE;
    const offset = this.#read(at) - at;
    if (this.#offsets.size >= MAX_OFFSETS) this.#offsets.clear();
    this.#offsets.set(slot, offset);
    return offset;
  }

  /** Local time at `instant`, as if it were UTC. */
  wallAt(instant: number): number {
    return instant + this.offsetAt(instant);
  }

  /** When clocks show `wall`. */
  momentOf(wall: number): LocalMoment {
    const before = this.offsetAt(wall - WEST);
    const after = this.offsetAt(wall + EAST);
    const offsets = before === after ? [before] : [before, after];
    const instants = offsets
      .map((offset) => wall - offset)
      .filter((instant) => this.wallAt(instant) === wall)
      .sort((a, b) => a - b);
    if (instants.length > 0) return { kind: 'exists', instants };
    return { kind: 'skipped', after: this.#changeBetween(wall - after, wall - before) };
  }

  /** True when clocks are not set during the local day that begins at `wall`, nor near it. */
  isSteady(wall: number): boolean {
    return this.offsetAt(wall - WEST) === this.offsetAt(wall + DAY + EAST);
  }

  /** The first instant in (from, to] with the offset of `to`. */
  #changeBetween(from: number, to: number): number {
    const offset = this.offsetAt(to);
    let low = from;
    let high = to;
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if (this.offsetAt(middle) === offset) high = middle;
      else low = middle;
    }
    return high;
  }

  #read(instant: number): number {
    const parts: Record<string, number> = {};
    for (const { type, value } of this.#format.formatToParts(instant)) parts[type] = Number(value);
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
    return Date.UTC(year, month - 1, day, hour, minute, second);
  }
}

/** Enough for a century of window edges; an answer costs microseconds anyway. */
const MAX_OFFSETS = 20_000;
