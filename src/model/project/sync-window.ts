// Sync windows of a project: which of them concern an application, and whether a sync may run at a given moment.
// Pure: windows, application and time in, judgement out.
//
// An open deny window blocks. Else an open allow window permits. Else allow windows that are all closed block. A sync
// that a person asked for passes when every blocking window has manualSync. A window that cannot be read blocks.
import { type CronSchedule, lastStart, nextStart, parseCron } from './cron.ts';
import { globMatches } from './glob.ts';
import type { SyncWindow } from './schema.ts';
import { TimeZone } from './time-zone.ts';

/** What windows select applications by. */
export interface WindowTarget {
  readonly application: string;
  /** Namespace of the destination. */
  readonly namespace: string;
  readonly server: string;
  readonly clusterName: string;
}

export type WindowVerdict =
  | { readonly allowed: true }
  | {
      readonly allowed: false;
      /** Which window blocks, and until when; without the project's name. */
      readonly reason: string;
      /** The first moment at which it is allowed again, milliseconds; undefined: none is in sight. */
      readonly opensAt?: number;
      /** Every blocking window lets a sync that began in time run over its edge. */
      readonly overruns: boolean;
    };

export interface WindowJudgement {
  readonly assigned: readonly SyncWindow[];
  readonly active: readonly SyncWindow[];
  readonly automated: WindowVerdict;
  readonly manual: WindowVerdict;
}

interface Readable {
  readonly window: SyncWindow;
  readonly schedule: CronSchedule;
  readonly zone: TimeZone;
  readonly durationMs: number;
}

type Compiled = Readable | { readonly window: SyncWindow; readonly problem: string };

/** Edges looked at for the next opening; windows that follow each other more closely have none worth telling. */
const MAX_EDGES = 300;
const MAX_DURATION_MS = 366 * 24 * 3_600_000;

/** The windows of one project, read once. */
export class SyncWindows {
  readonly #windows: readonly Compiled[];

  constructor(windows: readonly SyncWindow[]) {
    this.#windows = windows.map(compile);
  }

  get isEmpty(): boolean {
    return this.#windows.length === 0;
  }

  /** @param now milliseconds since the epoch */
  judge(target: WindowTarget, now: number): WindowJudgement {
    const assigned = this.#windows.filter(({ window }) => concerns(window, target));
    const active = assigned.filter((item) => !isBroken(item) && isOpen(item, now));
    return {
      assigned: assigned.map(({ window }) => window),
      active: active.map(({ window }) => window),
      automated: verdict(assigned, now, false),
      manual: verdict(assigned, now, true),
    };
  }

  /** For a sync that runs: whether it may go on, having begun at `startedAt`. */
  judgeRunning(target: WindowTarget, isManual: boolean, startedAt: number, now: number): WindowVerdict {
    const assigned = this.#windows.filter(({ window }) => concerns(window, target));
    const found = verdict(assigned, now, isManual);
    if (found.allowed || !found.overruns) return found;
    return verdict(assigned, startedAt, isManual).allowed ? { allowed: true } : found;
  }

  /** Windows of the whole project that are open. */
  openAt(now: number): readonly SyncWindow[] {
    return this.#windows.filter((item) => !isBroken(item) && isOpen(item, now)).map(({ window }) => window);
  }

  /** What is wrong with windows that concern this application, one sentence each. */
  problems(target?: WindowTarget): readonly string[] {
    return this.#windows.flatMap((item) =>
      isBroken(item) && (target === undefined || concerns(item.window, target)) ? [item.problem] : [],
    );
  }
}

/** `deny window "0 22 * * *" (1h, Europe/Berlin)`. */
export function windowText(window: SyncWindow): string {
  const { kind = '', schedule = '', duration = '', timeZone = '' } = window;
  const zone = timeZone === '' || timeZone === 'UTC' ? 'UTC' : timeZone;
  return `${kind} window ${JSON.stringify(schedule)} (${duration}, ${zone})`;
}

/** Milliseconds of a Go duration such as `1h30m`; undefined when it is none or not positive. */
export function windowDurationMs(text: string): number | undefined {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|h|m|s)/g)];
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== text) return undefined;
  const unit: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1_000, ms: 1 };
  const total = parts.reduce((sum, [, number, name = '']) => sum + Number(number) * (unit[name] ?? 0), 0);
  return total > 0 ? total : undefined;
}

function compile(window: SyncWindow): Compiled {
  const broken = (why: string): Compiled => ({ window, problem: `${windowText(window)}: ${why}` });
  if (window.kind !== 'allow' && window.kind !== 'deny') return broken('kind must be allow or deny');
  const schedule = parseCron(window.schedule ?? '');
  if (typeof schedule === 'string') return broken(schedule);
  const durationMs = windowDurationMs(window.duration ?? '');
  if (durationMs === undefined) return broken('duration must be a time such as 30m or 1h30m');
  if (durationMs > MAX_DURATION_MS) return broken('duration is longer than a year');
  const zone = TimeZone.of(window.timeZone ?? '');
  if (zone === undefined) return broken('timeZone must be a name such as Europe/Berlin');
  return { window, schedule, zone, durationMs };
}

function isBroken(item: Compiled): item is Extract<Compiled, { problem: string }> {
  return 'problem' in item;
}

function isOpen({ schedule, zone, durationMs }: Readable, now: number): boolean {
  return lastStart(schedule, zone, now, now - durationMs) !== undefined;
}

/** The next moment at which a window opens, or may close. */
function nextEdge(item: Compiled, now: number): number | undefined {
  if (isBroken(item)) return undefined;
  const { schedule, zone, durationMs } = item;
  const start = lastStart(schedule, zone, now, now - durationMs);
  return start === undefined ? nextStart(schedule, zone, now) : start + durationMs;
}

function verdict(assigned: readonly Compiled[], now: number, isManual: boolean): WindowVerdict {
  const blocking = blockingAt(assigned, now);
  if (blocking.length === 0 || (isManual && blocking.every(({ window }) => window.manualSync === true))) {
    return { allowed: true };
  }
  const opensAt = nextOpening(assigned, now, isManual);
  return {
    allowed: false,
    reason: reasonOf(blocking, now),
    overruns: blocking.every((item) => !isBroken(item) && item.window.syncOverrun === true),
    ...(opensAt === undefined ? {} : { opensAt }),
  };
}

/** Open deny windows; without any, the allow windows when none of them is open. */
function blockingAt(assigned: readonly Compiled[], now: number): readonly Compiled[] {
  const denying = assigned.filter(
    (item) => item.window.kind !== 'allow' && (isBroken(item) || isOpen(item, now)),
  );
  if (denying.length > 0) return denying;
  const allowing = assigned.filter(({ window }) => window.kind === 'allow');
  return allowing.some((item) => !isBroken(item) && isOpen(item, now)) ? [] : allowing;
}

function nextOpening(assigned: readonly Compiled[], now: number, isManual: boolean): number | undefined {
  let at = now;
  for (let i = 0; i < MAX_EDGES; i++) {
    const edges = assigned.flatMap((item) => nextEdge(item, at) ?? []);
    if (edges.length === 0) return undefined;
    at = Math.min(...edges);
    const blocking = blockingAt(assigned, at);
    if (blocking.length === 0) return at;
    if (isManual && blocking.every(({ window }) => window.manualSync === true)) return at;
  }
  return undefined;
}

function reasonOf(blocking: readonly Compiled[], now: number): string {
  const texts = blocking.slice(0, 3).map((item) => {
    if (isBroken(item)) return `${item.problem}; until that is corrected it blocks`;
    const edge = nextEdge(item, now);
    const until = edge === undefined ? '' : isoTime(edge);
    if (item.window.kind === 'deny') return `${windowText(item.window)} is open until ${until}`;
    return `${windowText(item.window)} is closed${until === '' ? '' : ` until ${until}`}`;
  });
  const more = blocking.length - texts.length;
  return `${texts.join('; ')}${more > 0 ? `; and ${more} more` : ''}`;
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString().replace('.000Z', 'Z');
}

function concerns(window: SyncWindow, target: WindowTarget): boolean {
  const any = (patterns: readonly string[], ...values: readonly string[]): boolean =>
    patterns.some((pattern) => values.some((value) => value !== '' && globMatches(pattern, value)));
  const selectors = [
    { patterns: window.applications ?? [], values: [target.application] },
    { patterns: window.namespaces ?? [], values: [target.namespace] },
    { patterns: window.clusters ?? [], values: [target.server, target.clusterName] },
  ].filter(({ patterns }) => patterns.length > 0);
  if (selectors.length === 0) return false;
  const matches = ({ patterns, values }: (typeof selectors)[number]): boolean => any(patterns, ...values);
  return window.andOperator === true ? selectors.every(matches) : selectors.some(matches);
}
