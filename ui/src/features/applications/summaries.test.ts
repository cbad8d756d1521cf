import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Application } from '../../../../src/contract/index.ts';
import {
  applicationLinks,
  applicationPath,
  authorName,
  destinationText,
  policySummary,
  shortRevision,
  sourceKind,
  sourceText,
  syncSummary,
} from './summaries.ts';

function appWith(parts: Partial<Pick<Application, 'spec' | 'status' | 'metadata'>>): Application {
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Application',
    metadata: { name: 'web', namespace: 'argocd' },
    spec: { project: 'default', destination: {} },
    ...parts,
  };
}

const operation = (phase: string, finishedAt?: string): NonNullable<Application['status']> => ({
  sync: { status: 'OutOfSync' },
  operationState: {
    operation: {},
    phase,
    startedAt: '2026-03-01T12:00:00Z',
    ...(finishedAt === undefined ? {} : { finishedAt }),
  },
});

const SYNC: Record<string, [Application['status'], string, string]> = {
  'is Synced': [{ sync: { status: 'Synced' } }, 'good', 'Synced'],
  'is Unknown before the first look': [undefined, 'unknown', 'Unknown'],
  'is Syncing while an operation runs': [operation('Running'), 'moving', 'Syncing'],
  'is Retrying between attempts': [operation('Running', '2026-03-01T12:00:03Z'), 'attention', 'Retrying'],
  'is Stopping while an operation is ended': [operation('Terminating'), 'moving', 'Stopping'],
  'is OutOfSync after a failure': [operation('Failed', '2026-03-01T12:00:03Z'), 'attention', 'OutOfSync'],
};
for (const [name, [status, tone, label]] of Object.entries(SYNC)) {
  test(`syncSummary() ${name}`, () =>
    assert.deepEqual(syncSummary(appWith(status === undefined ? {} : { status })), { tone, label }));
}

const POLICIES: [Application['spec']['syncPolicy'], string][] = [
  [undefined, 'Waits for a person to sync'],
  [{ automated: { enabled: false } }, 'Waits for a person to sync'],
  [{ automated: {} }, 'Automatic, keeps what left Git, leaves drift'],
  [{ automated: { prune: true, selfHeal: true } }, 'Automatic, deletes what left Git, repairs drift'],
];
for (const [syncPolicy, want] of POLICIES) {
  test(`policySummary() of ${JSON.stringify(syncPolicy)} is "${want}"`, () => {
    const spec = { project: 'default', destination: {}, ...(syncPolicy === undefined ? {} : { syncPolicy }) };
    assert.equal(policySummary(appWith({ spec })), want);
  });
}

test('destinationText() names the cluster and the namespace', () => {
  const text = (destination: Application['spec']['destination']): string =>
    destinationText(appWith({ spec: { project: 'default', destination } }));
  assert.equal(text({ server: 'https://kubernetes.default.svc', namespace: 'dev' }), 'in-cluster / dev');
  assert.equal(text({ name: 'edge', namespace: 'dev' }), 'edge / dev');
  assert.equal(text({ server: 'https://10.0.0.1:6443' }), 'https://10.0.0.1:6443');
});

test('applicationLinks() keeps safe addresses only, each once', () => {
  const app = appWith({
    metadata: {
      name: 'web',
      annotations: {
        'link.argocd.argoproj.io/docs': 'Docs|https://example.com/docs',
        'link.argocd.argoproj.io/evil': 'Docs|javascript:alert(1)',
      },
    },
    spec: {
      project: 'default',
      destination: {},
      info: [{ name: 'Owner', value: 'mailto:team@example.com' }],
    },
    status: { summary: { externalURLs: ['https://example.com/docs', 'data:text/html,x'] } },
  });
  assert.deepEqual(
    applicationLinks(app).map(({ url }) => url),
    ['https://example.com/docs', 'mailto:team@example.com'],
  );
});

test('shortRevision() shortens commit ids and nothing else', () => {
  assert.equal(shortRevision('a566f6b2ab04458e48275c649c417fe8d3ff883f'), 'a566f6b');
  assert.equal(shortRevision('12.4.1-rc.3+build.77'), '12.4.1-rc.3+build.77');
});

test('authorName() drops the address, unless that is all there is', () => {
  assert.equal(authorName('Ada Lovelace <ada@example.com>'), 'Ada Lovelace');
  assert.equal(authorName('<ada@example.com>'), '<ada@example.com>');
});

test('applicationPath() encodes what goes into it', () =>
  assert.equal(
    applicationPath({ namespace: 'a&b', name: 'x/../y' }, '/events', { kind: 'Pod' }),
    '/api/v1/applications/x%2F..%2Fy/events?appNamespace=a%26b&kind=Pod',
  ));

test('sources are named by what they are, and what of it is followed', () => {
  const git = { repoURL: 'https://git.example.com/shop.git', path: 'prod' };
  const chart = { repoURL: 'https://charts.example.com', chart: 'web', targetRevision: '1.x' };
  const artifact = { repoURL: 'oci://registry.example.com/org/config', path: '.' };
  assert.deepEqual(
    [[git], [chart], [artifact], [chart, git], []].map((sources) => sourceKind(sources)),
    ['Git', 'Chart', 'Sources', 'Sources', 'Git'],
  );
  assert.deepEqual(
    [git, chart, { ...chart, targetRevision: '' }, artifact].map((source) => sourceText(source)),
    ['HEAD · prod', 'web 1.x', 'web newest release', 'newest release · .'],
  );
  assert.equal(shortRevision('1.2.3'), '1.2.3');
  assert.equal(shortRevision(`sha256:${'ab'.repeat(32)}`), 'sha256:abababababab');
});
