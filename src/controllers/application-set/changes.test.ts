import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Application, ApplicationSet } from '../../model/index.ts';
import { type ChangesInput, changesOf, type Policy } from './changes.ts';
import { deletionsHeld } from './deletion-limit.ts';

const set = {
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'ApplicationSet',
  metadata: { name: 'set', namespace: 'argocd', uid: 'set-1' },
  spec: { generators: [], template: {} },
} as unknown as ApplicationSet;

function owner(uid: string, controller = true) {
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'ApplicationSet',
    name: 'set',
    uid,
    controller,
    blockOwnerDeletion: true,
  };
}

function app(name: string, more: { spec?: object; metadata?: object } = {}): Application {
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Application',
    metadata: { name, namespace: 'argocd', ...more.metadata },
    spec: { project: 'default', destination: { namespace: 'x' }, ...more.spec },
  } as unknown as Application;
}

const mine = (name: string, more: { spec?: object; metadata?: object } = {}): Application =>
  app(name, { ...more, metadata: { ownerReferences: [owner('set-1')], ...more.metadata } });

async function changed(input: Partial<ChangesInput>): Promise<string[]> {
  const { changes, foreign } = await changesOf({
    set,
    policy: 'sync',
    desired: [],
    untouched: new Set(),
    existing: [],
    preserved: { annotations: [], labels: [] },
    comparable: async (_, application) => application,
    ...input,
  });
  return [
    ...changes.map(
      ({ kind, application, patch }) =>
        `${kind} ${application.metadata.name}${patch === undefined ? '' : ` ${JSON.stringify(patch)}`}`,
    ),
    ...foreign.map(({ name, owner: who }) => `foreign ${name} ${who}`),
  ];
}

test('each policy makes the changes it names and no others', async () => {
  const desired = [app('new'), app('same'), app('other', { spec: { project: 'b' } })];
  const existing = [mine('same'), mine('other'), mine('surplus')];
  const update = 'update other {"spec":{"project":"b"}}';
  const cases: [Policy, string[]][] = [
    ['sync', ['create new', update, 'delete surplus']],
    ['create-only', ['create new']],
    ['create-update', ['create new', update]],
    ['create-delete', ['create new', 'delete surplus']],
  ];
  for (const [policy, want] of cases)
    assert.deepEqual(await changed({ policy, desired, existing }), want, policy);
});

test('only applications of this very set are deleted, and none that is going already or could not be used', async () => {
  const existing = [
    mine('gone', { metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } }),
    mine('unusable'),
    app('nobody'),
    app('namesake', { metadata: { ownerReferences: [owner('set-0')] } }),
    app('helper', { metadata: { ownerReferences: [owner('set-1', false)] } }),
    mine('surplus'),
  ];
  assert.deepEqual(await changed({ existing, untouched: new Set(['unusable']) }), ['delete surplus']);
});

test("an application without a controller becomes the set's, one of another set stays with it", async () => {
  const existing = [app('free'), app('taken', { metadata: { ownerReferences: [owner('set-0')] } })];
  const [adopted, foreign] = await changed({ desired: [app('free'), app('taken')], existing });
  assert.match(adopted ?? '', /^update free .*"uid":"set-1"/);
  assert.equal(foreign, 'foreign taken ApplicationSet set');
});

test('annotations and labels follow the template, but for those that others own', async () => {
  const existing = [
    mine('a', {
      metadata: {
        labels: { old: '1', kept: '2' },
        annotations: {
          old: '1',
          team: 'blue',
          site: 'x',
          'argocd.argoproj.io/refresh': 'normal',
          'fairlead.dev/hold': '{}',
          'notified.notifications.argoproj.io': '{}',
        },
        finalizers: ['post-delete-finalizer.argocd.argoproj.io', 'mine'],
      },
    }),
  ];
  const preserving = {
    ...set,
    spec: { ...set.spec, preservedFields: { annotations: ['team'], labels: ['kept'] } },
  };
  const result = await changed({
    set: preserving,
    desired: [app('a', { metadata: { labels: { new: '1' }, finalizers: ['theirs'] } })],
    existing,
    preserved: { annotations: ['site'], labels: [] },
  });
  assert.deepEqual(result, [
    `update a ${JSON.stringify({
      metadata: {
        labels: { old: null, new: '1' },
        annotations: { old: null },
        finalizers: ['post-delete-finalizer.argocd.argoproj.io', 'theirs'],
      },
    })}`,
  ]);
});

test('S-F11: many deletions are held until they are approved after they were held', () => {
  const deletions = (count: number) => Array.from({ length: count }, (_, i) => app(`n${i}`));
  const annotated = (annotations: Record<string, string>): ApplicationSet => ({
    ...set,
    metadata: { ...set.metadata, annotations },
  });
  const held = '2026-01-01T00:00:00Z';
  const approval = (at: string) => annotated({ 'argocd.argoproj.io/deletion-approved': at });
  const cases: [string, ApplicationSet, number, number, string | undefined, boolean][] = [
    ['ten may always go', set, 10, 10, undefined, false],
    ['eleven of twelve may not', set, 11, 12, undefined, true],
    ['a quarter of many may', set, 25, 100, undefined, false],
    ['a word of the author counts', annotated({ 'fairlead.dev/max-prune': '50%' }), 25, 50, undefined, false],
    ['none may go with 0', annotated({ 'fairlead.dev/max-prune': '0' }), 1, 100, undefined, true],
    ['an approval from before counts for nothing', approval('2025-12-31T23:59:59Z'), 11, 12, held, true],
    ['an approval for something that was never held, neither', approval(held), 11, 12, undefined, true],
    ['an approval after it does', approval('2026-01-01T00:00:01Z'), 11, 12, held, false],
    ['a text that is no time does not', approval('yes'), 11, 12, held, true],
  ];
  for (const [what, of, count, total, since, isHeld] of cases) {
    assert.equal(deletionsHeld(of, deletions(count), total, since) !== undefined, isHeld, what);
  }
});
