import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applyJsonPatch, applyMergePatch } from './json-patch.ts';

const CASES: Record<string, { before: unknown; patch: unknown; want?: unknown; error?: RegExp }> = {
  'adds a member': { before: { a: 1 }, patch: [{ op: 'add', path: '/b', value: 2 }], want: { a: 1, b: 2 } },
  'inserts into a list': { before: [1, 3], patch: [{ op: 'add', path: '/1', value: 2 }], want: [1, 2, 3] },
  'appends to a list': {
    before: { l: [1] },
    patch: [{ op: 'add', path: '/l/-', value: 2 }],
    want: { l: [1, 2] },
  },
  'removes a member': { before: { a: 1, b: 2 }, patch: [{ op: 'remove', path: '/a' }], want: { b: 2 } },
  'replaces the whole value': { before: { a: 1 }, patch: [{ op: 'replace', path: '', value: 3 }], want: 3 },
  'moves a member': { before: { a: 1 }, patch: [{ op: 'move', from: '/a', path: '/b' }], want: { b: 1 } },
  'copies a member': {
    before: { a: [1] },
    patch: [{ op: 'copy', from: '/a', path: '/b' }],
    want: { a: [1], b: [1] },
  },
  'reads escaped names': {
    before: { 'a/b~c': 1 },
    patch: [{ op: 'replace', path: '/a~1b~0c', value: 2 }],
    want: { 'a/b~c': 2 },
  },
  'goes on after a test that holds': {
    before: { a: { x: 1 } },
    patch: [
      { op: 'test', path: '/a', value: { x: 1 } },
      { op: 'remove', path: '/a' },
    ],
    want: {},
  },
  'stops at a test that fails': {
    before: { a: 1 },
    patch: [{ op: 'test', path: '/a', value: 2 }],
    error: /test at \/a failed/,
  },
  'refuses to remove what is not there': {
    before: {},
    patch: [{ op: 'remove', path: '/a' }],
    error: /nothing at \/a/,
  },
  'refuses an index past the end': {
    before: [1],
    patch: [{ op: 'add', path: '/3', value: 1 }],
    error: /nothing at/,
  },
  'refuses an index with a leading zero': {
    before: [1, 2],
    patch: [{ op: 'remove', path: '/01' }],
    error: /nothing at/,
  },
  'refuses an unknown operation': {
    before: {},
    patch: [{ op: 'merge', path: '' }],
    error: /unknown operation/,
  },
  'refuses a patch that is no list': { before: {}, patch: { op: 'add' }, error: /not an array/ },
  'refuses the prototype': {
    before: {},
    patch: [{ op: 'add', path: '/__proto__/x', value: 1 }],
    error: /__proto__/,
  },
};

for (const [name, { before, patch, want, error }] of Object.entries(CASES)) {
  test(`applyJsonPatch() ${name}`, () => {
    const copy = structuredClone(before);
    if (error === undefined) assert.deepEqual(applyJsonPatch(before, patch), want);
    else assert.throws(() => applyJsonPatch(before, patch), error);
    assert.deepEqual(before, copy, 'the input is as it was');
  });
}

test('applyMergePatch() merges objects, removes with null and replaces lists', () => {
  const before = { a: { b: 1, c: 2 }, l: [1, 2] };
  assert.deepEqual(applyMergePatch(before, { a: { b: null, d: 3 }, l: [9] }), { a: { c: 2, d: 3 }, l: [9] });
  assert.deepEqual(before, { a: { b: 1, c: 2 }, l: [1, 2] });
  assert.equal(applyMergePatch({ a: 1 }, 5), 5);
  assert.equal(({} as { x?: unknown }).x, undefined);
  applyMergePatch({}, JSON.parse('{"__proto__": {"x": 1}}'));
  assert.equal(({} as { x?: unknown }).x, undefined);
});
