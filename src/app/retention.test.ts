import assert from 'node:assert/strict';
import { test } from 'node:test';
import { retentionMs } from './retention.ts';

for (const [text, want] of Object.entries({
  '365d': 31_536_000_000,
  '720h': 2_592_000_000,
  '1h': 3_600_000,
})) {
  test(`retentionMs() reads ${text}`, () => assert.equal(retentionMs(text), want));
}

for (const text of ['', '59m', '0d', 'for ever', '-1d', '1y']) {
  test(`retentionMs() refuses "${text}" with the remedy`, () =>
    assert.throws(() => retentionMs(text), /--audit-retention 365d/));
}
