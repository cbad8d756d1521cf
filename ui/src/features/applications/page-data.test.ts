import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Application } from '../../../../src/contract/index.ts';
import { replaceItems } from './page-data.ts';

const app = (uid: string, project: string): Application => ({
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'Application',
  metadata: { name: uid, uid },
  spec: { project, destination: {} },
});
const page = { items: [app('a', 'old'), app('b', 'old')], total: 2, version: '7' };

test('replaceItems() takes over what changed and keeps the rest as it is', () => {
  const next = replaceItems(page, new Map([['b', app('b', 'new')]]));
  assert.deepEqual(
    next.items.map(({ spec }) => spec.project),
    ['old', 'new'],
  );
  assert.equal(next.items[0], page.items[0]);
});

test('replaceItems() gives the same page when the changes are elsewhere', () =>
  assert.equal(replaceItems(page, new Map([['c', app('c', 'new')]])), page));
