// What `app get` says of an application that is held.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Application } from '../../contract/index.ts';
import { describeApplication } from './describe.ts';

const REVISION = 'a'.repeat(40);
const NOW = Date.parse('2026-01-31T12:00:00Z');

function app(hold?: object): Application {
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Application',
    metadata: {
      name: 'web',
      namespace: 'argocd',
      ...(hold === undefined ? {} : { annotations: { 'fairlead.dev/hold': JSON.stringify(hold) } }),
    },
    spec: {
      project: 'default',
      destination: {},
      source: { repoURL: 'https://git.test/shop', path: 'web', targetRevision: 'main' },
    },
    status: { sync: { status: 'Synced', revision: REVISION } },
  };
}
const lines = (given: Application): string[] =>
  describeApplication({ app: given, url: '', now: NOW })
    .split('\n')
    .filter((line) => /^(Sync Status|Hold):/.test(line));

test('describeApplication() says what it is in sync with', () =>
  assert.deepEqual(lines(app()), ['Sync Status:        Synced to main (aaaaaaa)']));

test('describeApplication() does not call a held application in sync with its branch, and says how to end the hold', () =>
  assert.deepEqual(
    lines(app({ revision: REVISION, by: 'ann', reason: 'slow\nForged: yes', since: '2026-01-31T10:00:00Z' })),
    [
      'Sync Status:        Synced to aaaaaaa (held)',
      'Hold:               held at aaaaaaa by ann until it is released: slow Forged: yes, since 2026-01-31T10:00:00Z; end it with: fairlead app release argocd/web',
    ],
  ));

test('describeApplication() knows when a hold is over', () =>
  assert.deepEqual(lines(app({ revision: REVISION, until: '2026-01-31T11:00:00Z' })), [
    'Sync Status:        Synced to main (aaaaaaa)',
  ]));
