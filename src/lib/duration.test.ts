import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseDurationMs } from './duration.ts';

const CASES: Record<string, number | undefined> = {
  '5s': 5000,
  '3m': 180_000,
  '1h2m3.5s': 3_723_500,
  '250ms': 250,
  '90': 90_000,
  '': undefined,
  '5 s': undefined,
  five: undefined,
  '-5s': undefined,
  '5d': undefined,
};
for (const [text, want] of Object.entries(CASES)) {
  test(`parseDurationMs() reads ${JSON.stringify(text)} as ${want}`, () =>
    assert.equal(parseDurationMs(text), want));
}
