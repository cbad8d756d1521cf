import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SyncWindow } from './schema.ts';
import { SyncWindows, type WindowTarget, windowDurationMs } from './sync-window.ts';

const TARGET: WindowTarget = {
  application: 'web',
  namespace: 'shop',
  server: 'https://kubernetes.default.svc',
  clusterName: 'in-cluster',
};
const NIGHT: SyncWindow = { kind: 'deny', schedule: '0 22 * * *', duration: '2h', applications: ['*'] };
const NOON: SyncWindow = { kind: 'allow', schedule: '0 12 * * *', duration: '1h', applications: ['*'] };

/** `yes`, or the next opening, or `never`. */
function text(windows: readonly SyncWindow[], at: string, isManual = false): string {
  const judged = new SyncWindows(windows).judge(TARGET, Date.parse(at));
  const verdict = isManual ? judged.manual : judged.automated;
  if (verdict.allowed) return 'yes';
  return verdict.opensAt === undefined
    ? 'never'
    : new Date(verdict.opensAt).toISOString().replace('.000Z', 'Z');
}

const CASES: Record<string, { windows: SyncWindow[]; at: string; manual?: true; want: string }> = {
  'no window permits': { windows: [], at: '2026-03-01T22:30:00Z', want: 'yes' },
  'an open deny blocks until its end': {
    windows: [NIGHT],
    at: '2026-03-01T22:30:00Z',
    want: '2026-03-02T00:00:00Z',
  },
  'a deny begins at its very start': {
    windows: [NIGHT],
    at: '2026-03-01T22:00:00Z',
    want: '2026-03-02T00:00:00Z',
  },
  'a deny is over at its very end': { windows: [NIGHT], at: '2026-03-02T00:00:00Z', want: 'yes' },
  'a closed deny alone permits': { windows: [NIGHT], at: '2026-03-01T12:00:00Z', want: 'yes' },
  'an open allow permits': { windows: [NOON], at: '2026-03-01T12:30:00Z', want: 'yes' },
  'a closed allow blocks until it opens': {
    windows: [NOON],
    at: '2026-03-01T13:00:00Z',
    want: '2026-03-02T12:00:00Z',
  },
  'one open allow of several is enough': {
    windows: [NOON, { ...NOON, schedule: '0 3 * * *' }],
    at: '2026-03-01T12:30:00Z',
    want: 'yes',
  },
  'an open deny beats an open allow': {
    windows: [NOON, { ...NIGHT, schedule: '30 12 * * *', duration: '10m' }],
    at: '2026-03-01T12:35:00Z',
    want: '2026-03-01T12:40:00Z',
  },
  'the next opening passes over edges that do not open': {
    windows: [NOON, { ...NIGHT, schedule: '0 11 * * *', duration: '90m' }],
    at: '2026-03-01T10:00:00Z',
    want: '2026-03-01T12:30:00Z',
  },
  'a manual sync passes when every blocking window says so': {
    windows: [{ ...NIGHT, manualSync: true }],
    at: '2026-03-01T22:30:00Z',
    manual: true,
    want: 'yes',
  },
  'a manual sync is blocked by one window that does not say so': {
    windows: [{ ...NIGHT, manualSync: true }, NIGHT],
    at: '2026-03-01T22:30:00Z',
    manual: true,
    want: '2026-03-02T00:00:00Z',
  },
  'a manual sync passes closed allows that say so': {
    windows: [{ ...NOON, manualSync: true }],
    at: '2026-03-01T22:30:00Z',
    manual: true,
    want: 'yes',
  },
  'another application is not concerned': {
    windows: [{ ...NIGHT, applications: ['api-*'] }],
    at: '2026-03-01T22:30:00Z',
    want: 'yes',
  },
  'a window that selects nothing concerns nobody': {
    windows: [{ kind: 'deny', schedule: '* * * * *', duration: '1h' }],
    at: '2026-03-01T22:30:00Z',
    want: 'yes',
  },
  'a namespace selects': {
    windows: [{ kind: 'deny', schedule: '0 22 * * *', duration: '2h', namespaces: ['sh*'] }],
    at: '2026-03-01T22:30:00Z',
    want: '2026-03-02T00:00:00Z',
  },
  'a cluster is selected by its name, too': {
    windows: [{ kind: 'deny', schedule: '0 22 * * *', duration: '2h', clusters: ['in-cluster'] }],
    at: '2026-03-01T22:30:00Z',
    want: '2026-03-02T00:00:00Z',
  },
  'without andOperator one list is enough': {
    windows: [{ ...NIGHT, namespaces: ['other'] }],
    at: '2026-03-01T22:30:00Z',
    want: '2026-03-02T00:00:00Z',
  },
  'with andOperator every list that is given has to match': {
    windows: [{ ...NIGHT, namespaces: ['other'], andOperator: true }],
    at: '2026-03-01T22:30:00Z',
    want: 'yes',
  },
  'a deny that cannot be read blocks': {
    windows: [{ ...NIGHT, schedule: '61 * * * *' }],
    at: '2026-03-01T12:00:00Z',
    want: 'never',
  },
  'an allow that cannot be read does not block beside an open one': {
    windows: [{ ...NOON, duration: 'soon' }, NOON],
    at: '2026-03-01T12:30:00Z',
    want: 'yes',
  },
  'an allow that never opens blocks for ever': {
    windows: [{ ...NOON, schedule: '0 0 30 2 *' }],
    at: '2026-03-01T12:30:00Z',
    want: 'never',
  },
  'a window is as long as its duration across clocks set forward': {
    windows: [{ ...NIGHT, schedule: '0 1 * * *', duration: '3h', timeZone: 'America/New_York' }],
    at: '2026-03-08T08:30:00Z',
    want: '2026-03-08T09:00:00Z',
  },
  'a window is as long as its duration across clocks set back': {
    windows: [{ ...NIGHT, schedule: '0 1 * * *', duration: '3h', timeZone: 'America/New_York' }],
    at: '2026-11-01T07:59:00Z',
    want: '2026-11-01T08:00:00Z',
  },
  'a start in the skipped hour is the change itself': {
    windows: [{ ...NIGHT, schedule: '30 2 * * *', duration: '1h', timeZone: 'America/New_York' }],
    at: '2026-03-08T07:00:00Z',
    want: '2026-03-08T08:00:00Z',
  },
  'the zone is the one of the day, not of today': {
    windows: [{ ...NOON, timeZone: 'Europe/Berlin' }],
    at: '2026-03-28T13:00:00Z',
    want: '2026-03-29T10:00:00Z',
  },
};
for (const [name, { windows, at, manual, want }] of Object.entries(CASES)) {
  test(`judge(): ${name}`, () => assert.equal(text(windows, at, manual === true), want));
}

test('judge() names the window, its zone and its end', () => {
  const { automated } = new SyncWindows([{ ...NIGHT, timeZone: 'Europe/Berlin' }]).judge(
    TARGET,
    Date.parse('2026-01-01T21:30:00Z'),
  );
  assert.ok(!automated.allowed);
  assert.equal(
    automated.reason,
    'deny window "0 22 * * *" (2h, Europe/Berlin) is open until 2026-01-01T23:00:00Z',
  );
});

test('problems() quotes what cannot be read, for the applications it concerns', () => {
  const windows = new SyncWindows([
    { ...NIGHT, timeZone: 'Mars/Olympus' },
    { ...NIGHT, schedule: 'x', applications: ['other'] },
  ]);
  const found = windows.problems(TARGET);
  assert.equal(found.length, 1);
  assert.match(found[0] ?? '', /Mars\/Olympus.*timeZone must be a name/);
});

test('judgeRunning() lets a sync that began in time run over the edge of syncOverrun windows only', () => {
  const start = Date.parse('2026-03-01T21:59:00Z');
  const now = Date.parse('2026-03-01T22:01:00Z');
  const with_ = new SyncWindows([{ ...NIGHT, syncOverrun: true }]);
  const mixed = new SyncWindows([{ ...NIGHT, syncOverrun: true }, NIGHT]);
  assert.equal(with_.judgeRunning(TARGET, false, start, now).allowed, true);
  assert.equal(with_.judgeRunning(TARGET, false, now, now).allowed, false);
  assert.equal(mixed.judgeRunning(TARGET, false, start, now).allowed, false);
});

const DURATIONS: Record<string, number | undefined> = {
  '1h': 3_600_000,
  '1h30m': 5_400_000,
  '1.5h': 5_400_000,
  '90s': 90_000,
  '0s': undefined,
  '1d': undefined,
  '-1h': undefined,
  '60': undefined,
  '': undefined,
};
for (const [duration, want] of Object.entries(DURATIONS)) {
  test(`windowDurationMs() reads ${JSON.stringify(duration)} as ${want}`, () =>
    assert.equal(windowDurationMs(duration), want));
}
