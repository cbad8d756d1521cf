import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ago, exactly, took } from './time.ts';

const NOW = Date.parse('2026-03-01T12:00:00Z');

const AGO: Record<string, string> = {
  '2026-03-01T12:00:07Z': 'now',
  '2026-03-01T11:59:55Z': 'now',
  '2026-03-01T11:59:15Z': '45 s ago',
  '2026-03-01T11:56:10Z': '3 min ago',
  '2026-03-01T10:00:00Z': '2 h ago',
  '2026-02-28T11:00:00Z': '1 day ago',
  '2026-02-01T11:00:00Z': '28 days ago',
  nonsense: '',
};
for (const [time, want] of Object.entries(AGO))
  test(`ago() of ${time} is "${want}"`, () => assert.equal(ago(time, NOW), want));

test('ago() is empty without a time', () => assert.equal(ago(undefined, NOW), ''));

const TOOK: [string, string, string][] = [
  ['2026-03-01T12:00:00Z', '2026-03-01T12:00:00Z', 'under 1 s'],
  ['2026-03-01T12:00:00Z', '2026-03-01T12:00:08Z', '8 s'],
  ['2026-03-01T12:00:00Z', '2026-03-01T12:02:05Z', '2 min 5 s'],
  ['2026-03-01T12:00:00Z', '2026-03-01T12:02:00Z', '2 min'],
  ['2026-03-01T12:00:00Z', '2026-03-01T13:03:20Z', '1 h 3 min'],
];
for (const [start, end, want] of TOOK)
  test(`took() says "${want}"`, () => assert.equal(took(start, end), want));

test('took() is empty while nothing has ended', () =>
  assert.equal(took('2026-03-01T12:00:00Z', undefined), ''));

test('exactly() ends with UTC and is empty for nonsense', () => {
  assert.match(exactly('2026-03-01T12:00:00Z'), /\(2026-03-01T12:00:00Z\)$/);
  assert.equal(exactly('nonsense'), '');
});
