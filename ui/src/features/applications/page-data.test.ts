import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Application } from '../../../../src/contract/index.ts';
import { newerApplication, replaceItems } from './page-data.ts';

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

const at = (resourceVersion: string, uid = 'a'): Application => {
  const base = app(uid, 'shop');
  return { ...base, metadata: { ...base.metadata, resourceVersion } };
};
const STATES: readonly (readonly [string, Application | undefined, Application, 'shown' | 'arrived'])[] = [
  ['what arrives first', undefined, at('7'), 'arrived'],
  ['a newer version', at('9'), at('10'), 'arrived'],
  ['the same version', at('10'), at('10'), 'arrived'],
  ['what is shown when an answer is older', at('10'), at('9'), 'shown'],
  ['what is shown when an answer is older by one digit', at('42'), at('41'), 'shown'],
  ['an application that was created anew', at('10'), at('9', 'b'), 'arrived'],
];
for (const [what, shown, arrived, which] of STATES) {
  test(`newerApplication() takes ${what}`, () =>
    assert.equal(newerApplication(shown, arrived), which === 'shown' ? shown : arrived));
}
