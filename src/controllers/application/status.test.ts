import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject } from '../../k8s/index.ts';
import type { Application, ApplicationStatus, ChangeKind, Health } from '../../model/index.ts';
import type { Comparison, Facts, Judged } from './facts.ts';
import { projectStatus } from './status.ts';

const NOW = Date.parse('2026-01-02T00:00:00Z');
const LATER = NOW + 60_000;
const SOURCE = { repoURL: 'https://example.test/r.git', path: 'a' };

test('projectStatus() tells where people reach what an application runs', () => {
  const ingress = object('networking.k8s.io/v1', 'Ingress', 'web', { rules: [{ host: 'shop.test' }] });
  const facts = input({ comparison: comparison([judged(ingress, 'synced')]) });
  assert.deepEqual(projectStatus(application(), facts).summary, { externalURLs: ['http://shop.test/'] });
});

test('projectStatus() tells sync, health, resources and images of a comparison', () => {
  const deployment = object('apps/v1', 'Deployment', 'web', {
    template: { spec: { containers: [{ image: 'nginx:2' }] } },
  });
  const status = projectStatus(
    application(),
    input({
      comparison: comparison([
        judged(deployment, 'modified'),
        judged(object('v1', 'ConfigMap', 'a'), 'synced'),
      ]),
    }),
  );
  assert.equal(status.sync?.status, 'OutOfSync');
  assert.deepEqual(status.resources, [
    { version: 'v1', kind: 'ConfigMap', namespace: 'd', name: 'a', status: 'Synced' },
    { group: 'apps', version: 'v1', kind: 'Deployment', namespace: 'd', name: 'web', status: 'OutOfSync' },
  ]);
  assert.deepEqual(status.summary, { images: ['nginx:2'] });
  assert.equal(status.resourceHealthSource, 'appTree');
});

test('projectStatus() is Unknown without a comparison, and keeps history', () => {
  const history = [{ id: 0, deployedAt: '2026-01-01T00:00:00Z', revision: 'a' }];
  const status = projectStatus(
    application({ history }),
    input({ findings: [{ type: 'ComparisonError', message: 'no' }] }),
  );
  assert.equal(status.sync?.status, 'Unknown');
  assert.equal(status.health?.status, 'Unknown');
  assert.equal(status.resources, undefined);
  assert.deepEqual(status.history, history);
  assert.deepEqual(
    status.conditions?.map(({ type }) => type),
    ['ComparisonError'],
  );
});

test('projectStatus() says nothing new about an unchanged application', () => {
  const facts = { comparison: comparison([judged(object('v1', 'ConfigMap', 'a'), 'synced')]) };
  const first = projectStatus(application(), input(facts));
  assert.deepEqual(projectStatus(application(first), { ...input(facts), now: LATER }), first);
});

test('projectStatus() moves the transition time with the health status only', () => {
  const progressing = comparison([], { status: 'Progressing', message: '1 of 3' });
  const first = projectStatus(application(), input({ comparison: progressing }));
  const more = comparison([], { status: 'Progressing', message: '2 of 3' });
  const second = projectStatus(application(first), { ...input({ comparison: more }), now: LATER });
  assert.equal(second.health?.lastTransitionTime, first.health?.lastTransitionTime);
  const third = projectStatus(application(second), { ...input({ comparison: comparison([]) }), now: LATER });
  assert.equal(third.health?.lastTransitionTime, '2026-01-02T00:01:00Z');
});

const HISTORY: Record<string, { limit?: number; before: number[]; want: number[] }> = {
  'starts at 0': { before: [], want: [0] },
  'counts on': { before: [3, 4], want: [3, 4, 5] },
  'keeps ten by default': { before: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9], want: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10] },
  'keeps what the spec says': { limit: 2, before: [0, 1], want: [1, 2] },
  'keeps nothing with a limit of 0': { limit: 0, before: [0, 1], want: [] },
};
for (const [name, { before, limit, want }] of Object.entries(HISTORY)) {
  test(`projectStatus() writes the history: ${name}`, () => {
    const history = before.map((id) => ({ id, deployedAt: '2026-01-01T00:00:00Z' }));
    const app = application({ history });
    if (limit !== undefined) app.spec.revisionHistoryLimit = limit;
    const status = projectStatus(app, {
      ...input({}),
      deployed: { revision: 'b', deployedAt: '2026-01-02T00:00:00Z' },
    });
    assert.deepEqual(
      status.history?.map(({ id }) => id),
      want,
    );
  });
}

function application(status?: ApplicationStatus): Application {
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Application',
    metadata: { name: 'a', namespace: 'argocd' },
    spec: { project: 'default', destination: { namespace: 'd' }, source: SOURCE },
    ...(status === undefined ? {} : { status }),
  };
}

function input(facts: Partial<Facts>): Parameters<typeof projectStatus>[1] {
  return { facts: { app: application(), findings: [], ...facts }, controlNamespace: 'argocd', now: NOW };
}

function comparison(items: Judged[], health: Health = { status: 'Healthy' }): Comparison {
  const sync = items.some(({ status }) => status === 'OutOfSync') ? 'OutOfSync' : 'Synced';
  return { sync, judged: items, health, complete: true };
}

function judged(live: KubeObject, kind: ChangeKind): Judged {
  const [group = '', version = ''] = live.apiVersion.includes('/')
    ? live.apiVersion.split('/')
    : ['', live.apiVersion];
  const key = { group, kind: live.kind, namespace: 'd', name: live.metadata.name ?? '' };
  const status = kind === 'synced' ? 'Synced' : 'OutOfSync';
  return {
    change: { key, kind, live, fields: [] },
    version,
    status,
    requiresPruning: kind === 'extra',
    syncWave: 0,
  };
}

function object(apiVersion: string, kind: string, name: string, spec?: unknown): KubeObject {
  return { apiVersion, kind, metadata: { name, namespace: 'd' }, ...(spec === undefined ? {} : { spec }) };
}
