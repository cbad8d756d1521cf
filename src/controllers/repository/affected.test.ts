import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ChangedPaths } from './affected.ts';

const CASES: Record<string, { changed: string[]; reads: string[]; want: boolean }> = {
  'sees a file below a directory that was read': {
    changed: ['apps/a/x.yaml'],
    reads: ['apps/a'],
    want: true,
  },
  'sees the very file that was read': {
    changed: ['values/dev.yaml'],
    reads: ['chart', 'values/dev.yaml'],
    want: true,
  },
  'sees a file that was absent': {
    changed: ['apps/a/.argocd-source.yaml'],
    reads: ['apps/a/.argocd-source.yaml'],
    want: true,
  },
  'does not see a sibling with the same prefix': {
    changed: ['apps/ab/x.yaml'],
    reads: ['apps/a'],
    want: false,
  },
  'does not see a parent directory': { changed: ['apps/x.yaml'], reads: ['apps/a'], want: false },
  'sees anything when the whole repository was read': { changed: ['x'], reads: [''], want: true },
  'sees nothing in an empty range': { changed: [], reads: [''], want: false },
};
for (const [name, { changed, reads, want }] of Object.entries(CASES)) {
  test(`ChangedPaths.touches() ${name}`, () => {
    assert.equal(new ChangedPaths(changed).touches(reads.map((path) => ({ path, id: 'absent' }))), want);
  });
}
