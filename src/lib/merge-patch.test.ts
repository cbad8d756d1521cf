import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mergePatchBetween } from './merge-patch.ts';

const CASES: Record<string, { before: unknown; after: unknown; want: unknown }> = {
  'is undefined for equal values': { before: { a: [1] }, after: { a: [1] }, want: undefined },
  'holds changed members only': { before: { a: 1, b: 2 }, after: { a: 1, b: 3 }, want: { b: 3 } },
  'removes with null': { before: { a: 1, b: 2 }, after: { a: 1 }, want: { b: null } },
  'descends into objects': {
    before: { a: { b: 1, c: 1 } },
    after: { a: { b: 2, c: 1 } },
    want: { a: { b: 2 } },
  },
  'replaces lists whole': { before: { a: [1, 2] }, after: { a: [2] }, want: { a: [2] } },
  'adds a whole new object': { before: {}, after: { a: { b: 1 } }, want: { a: { b: 1 } } },
  'leaves out undefined': { before: { a: 1 }, after: { a: 1, b: undefined }, want: undefined },
  'starts from nothing': { before: undefined, after: { a: 1 }, want: { a: 1 } },
};
for (const [name, { before, after, want }] of Object.entries(CASES)) {
  test(`mergePatchBetween() ${name}`, () => assert.deepEqual(mergePatchBetween(before, after), want));
}
