import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fc } from '../../../test/support/property.ts';
import { type CronSchedule, lastStart, nextStart, parseCron } from './cron.ts';
import { TimeZone } from './time-zone.ts';

function schedule(text: string): CronSchedule {
  const parsed = parseCron(text);
  assert.ok(typeof parsed !== 'string', String(parsed));
  return parsed;
}

function zone(name: string): TimeZone {
  const found = TimeZone.of(name);
  assert.ok(found !== undefined, name);
  return found;
}

const STARTS: Record<string, { cron: string; zone: string; after: string; want: readonly string[] }> = {
  'every day in UTC': {
    cron: '0 22 * * *',
    zone: 'UTC',
    after: '2026-03-01T22:00:00Z',
    want: ['2026-03-02T22:00:00Z', '2026-03-03T22:00:00Z'],
  },
  'names of months and weekdays': {
    cron: '15 9 * JAN-MAR MON,wed',
    zone: 'UTC',
    after: '2026-03-27T00:00:00Z',
    want: ['2026-03-30T09:15:00Z', '2027-01-04T09:15:00Z'],
  },
  'either day when both name days': {
    cron: '0 0 13 * FRI',
    zone: 'UTC',
    after: '2026-02-05T00:00:00Z',
    want: ['2026-02-06T00:00:00Z', '2026-02-13T00:00:00Z', '2026-02-20T00:00:00Z'],
  },
  'weekday 7 is Sunday': {
    cron: '0 0 * * 7',
    zone: 'UTC',
    after: '2026-03-01T00:00:00Z',
    want: ['2026-03-08T00:00:00Z'],
  },
  'from a number on, with a step': {
    cron: '5/20 3 * * *',
    zone: 'UTC',
    after: '2026-03-01T00:00:00Z',
    want: ['2026-03-01T03:05:00Z', '2026-03-01T03:25:00Z', '2026-03-01T03:45:00Z', '2026-03-02T03:05:00Z'],
  },
  'from one 29 February to the next': {
    cron: '0 0 29 2 *',
    zone: 'UTC',
    after: '2026-03-01T00:00:00Z',
    want: ['2028-02-29T00:00:00Z'],
  },
  'the change itself when the local time is skipped': {
    cron: '30 2 * * *',
    zone: 'America/New_York',
    after: '2026-03-07T12:00:00Z',
    want: ['2026-03-08T07:00:00Z', '2026-03-09T06:30:00Z'],
  },
  'the first of the two when the local time is repeated': {
    cron: '30 1 * * *',
    zone: 'America/New_York',
    after: '2026-10-31T12:00:00Z',
    want: ['2026-11-01T05:30:00Z', '2026-11-02T06:30:00Z'],
  },
  'elapsed time when every hour is meant and clocks go forward': {
    cron: '30 * * * *',
    zone: 'Europe/Berlin',
    after: '2026-03-29T00:00:00Z',
    want: ['2026-03-29T00:30:00Z', '2026-03-29T01:30:00Z', '2026-03-29T02:30:00Z'],
  },
  'elapsed time when every hour is meant and clocks go back': {
    cron: '30 * * * *',
    zone: 'Europe/Berlin',
    after: '2026-10-24T23:45:00Z',
    want: ['2026-10-25T00:30:00Z', '2026-10-25T01:30:00Z', '2026-10-25T02:30:00Z'],
  },
  'half an hour of change, as on Lord Howe': {
    cron: '15 2 * * *',
    zone: 'Australia/Lord_Howe',
    after: '2026-10-03T00:00:00Z',
    want: ['2026-10-03T15:30:00Z', '2026-10-04T15:15:00Z'],
  },
};
for (const [name, { cron, zone: zoneName, after, want }] of Object.entries(STARTS)) {
  test(`nextStart() gives ${name}`, () => {
    const parsed = schedule(cron);
    let at = Date.parse(after);
    const found = want.map(() => {
      at = nextStart(parsed, zone(zoneName), at) ?? Number.NaN;
      return new Date(at).toISOString().replace('.000Z', 'Z');
    });
    assert.deepEqual(found, want);
  });
}

test('nextStart() gives nothing for a day that never comes', () =>
  assert.equal(nextStart(schedule('0 0 30 2 *'), zone('UTC'), 0), undefined));

const WRONG: Record<string, RegExp> = {
  '': /0 fields/,
  '* * * *': /4 fields/,
  '60 * * * *': /"60" is no minute \(0-59\)/,
  '* 24 * * *': /"24" is no hour/,
  '* * 0 * *': /"0" is no day of month/,
  '* * * FOO *': /"FOO" is no month/,
  '* * * * 8': /"8" is no day of week/,
  '*/0 * * * *': /step of minute "\*\/0" is 0/,
  '30-10 * * * *': /ends before it begins/,
  '@daily': /1 fields/,
  '1,,2 * * * *': /"" is no minute/,
};
for (const [text, why] of Object.entries(WRONG)) {
  test(`parseCron() says what is wrong with ${JSON.stringify(text)}`, () => {
    const parsed = parseCron(text);
    assert.ok(typeof parsed === 'string');
    assert.match(parsed, why);
  });
}

const ZONES = [
  'UTC',
  'Europe/Berlin',
  'Europe/Dublin',
  'America/New_York',
  'America/Sao_Paulo',
  'America/St_Johns',
  'Asia/Kathmandu',
  'Asia/Tehran',
  'Africa/Casablanca',
  'Australia/Lord_Howe',
  'Pacific/Apia',
  'Pacific/Chatham',
];
const instants = fc
  .integer({
    min: Date.parse('2009-01-01T00:00:00Z') / 60_000,
    max: Date.parse('2037-01-01T00:00:00Z') / 60_000,
  })
  .map((minutes) => minutes * 60_000);

test('momentOf() gives every instant that shows a local time and no other, over zones and years', () => {
  fc.assert(
    fc.property(fc.constantFrom(...ZONES), instants, (name, instant) => {
      const at = zone(name);
      const wall = at.wallAt(instant);
      const moment = at.momentOf(wall);
      assert.ok(moment.kind === 'exists', `${name} shows ${wall} at ${instant}`);
      assert.ok(moment.instants.includes(instant));
      for (const other of moment.instants) assert.equal(at.wallAt(other), wall);
    }),
    { numRuns: 3_000 },
  );
});

test('momentOf() puts a skipped time at the instant at which clocks jump over it', () => {
  fc.assert(
    fc.property(fc.constantFrom(...ZONES), instants, (name, wall) => {
      const at = zone(name);
      const moment = at.momentOf(wall);
      if (moment.kind !== 'skipped') return;
      assert.ok(at.wallAt(moment.after - 1) < wall && wall < at.wallAt(moment.after));
    }),
    { numRuns: 3_000 },
  );
});

const crons = fc
  .tuple(
    fc.constantFrom('0', '30', '*/20', '7,37', '*'),
    fc.constantFrom('*', '0', '1', '2', '1-3', '*/6', '23'),
    fc.constantFrom('*', '1', '29-31', '*/10'),
    fc.constantFrom('*', '3,4', '9-11', 'FEB'),
    fc.constantFrom('*', 'SUN', '1-5', '*/2'),
  )
  .map((fields) => fields.join(' '));

test('nextStart() moves forward and agrees with lastStart(), over schedules, zones and years', () => {
  fc.assert(
    fc.property(crons, fc.constantFrom(...ZONES), instants, (text, name, instant) => {
      const parsed = schedule(text);
      const at = zone(name);
      const next = nextStart(parsed, at, instant);
      if (next === undefined) return;
      assert.ok(next > instant);
      assert.equal(lastStart(parsed, at, next, next - 1), next);
      // Nothing starts between the two.
      assert.equal(lastStart(parsed, at, next - 1, instant), undefined);
      assert.equal(nextStart(parsed, at, next - 1), next);
    }),
    { numRuns: 2_000 },
  );
});

test('each start shows a local time of the schedule, or is the moment of a change', () => {
  fc.assert(
    fc.property(crons, fc.constantFrom(...ZONES), instants, (text, name, instant) => {
      const parsed = schedule(text);
      const at = zone(name);
      const next = nextStart(parsed, at, instant);
      if (next === undefined) return;
      const wall = new Date(at.wallAt(next));
      const shows =
        parsed.minutes.includes(wall.getUTCMinutes()) && parsed.hours.includes(wall.getUTCHours());
      const changes = at.offsetAt(next) > at.offsetAt(next - 1);
      assert.ok(shows || changes, `${text} in ${name} starts at ${new Date(next).toISOString()}`);
    }),
    { numRuns: 2_000 },
  );
});
