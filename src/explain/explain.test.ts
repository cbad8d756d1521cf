import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Explanation } from '../contract/index.ts';
import type { Application, CommitInfo } from '../model/index.ts';
import { explainApplication } from './explain.ts';
import type { ExplainedObject, ExplanationFacts } from './facts.ts';

const NOW = Date.parse('2026-03-01T12:00:00Z');
const OLD: CommitInfo = commit('a'.repeat(40), 'Start');
const NEW: CommitInfo = commit('b'.repeat(40), 'Ask for five replicas\n\nBecause it is spring.');

function commit(sha: string, message: string): CommitInfo {
  return {
    sha,
    author: 'Ada <ada@example.com>',
    date: '2026-03-01T11:50:00Z',
    message,
    parents: [],
    tags: [],
  };
}

function application(
  status: NonNullable<Application['status']>,
  automated?: { prune?: boolean; selfHeal?: boolean },
): Application {
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Application',
    metadata: { name: 'shop', namespace: 'argocd' },
    spec: {
      project: 'default',
      source: { repoURL: 'https://git.example.com/shop.git', path: '.' },
      destination: { server: 'https://kubernetes.default.svc', namespace: 'shop' },
      ...(automated === undefined ? {} : { syncPolicy: { automated } }),
    },
    status,
  } as Application;
}

const KEY = { group: 'apps', kind: 'Deployment', namespace: 'shop', name: 'web' };
const modified: ExplainedObject = {
  change: {
    key: KEY,
    kind: 'modified',
    fields: [
      {
        path: '.spec.replicas',
        desired: 3,
        live: 5,
        owners: [{ manager: 'kubectl-edit', operation: 'Update', time: '2026-03-01T11:59:00Z' }],
      },
    ],
  },
  status: 'OutOfSync',
  requiresPruning: false,
  origin: { file: 'web.yaml', line: 12, sourceIndex: 0 },
};
const outOfSync = {
  sync: { status: 'OutOfSync', revision: OLD.sha },
  health: { status: 'Healthy' },
} as const;

function facts(rest: Partial<ExplanationFacts> & Pick<ExplanationFacts, 'app'>): ExplanationFacts {
  return { now: NOW, commit: OLD, deployed: OLD, unhealthy: [], events: [], records: [], ...rest };
}

const texts = ({ causes }: Explanation): string[] =>
  causes.flatMap(({ title, chain }) => [title, ...chain.map(({ kind, text }) => `${kind}: ${text}`)]);
const steps = ({ next }: Explanation): string[] =>
  next.map(({ by, text, at = '', command = '' }) =>
    [by, text, at, command].filter((part) => part !== '').join(' | '),
  );

test('a hand edit names the field, both values, who wrote it and the rule that lets it stay', () => {
  const explanation = explainApplication(
    facts({
      app: application(outOfSync, { prune: true }),
      objects: [modified],
      decision: { kind: 'none', why: 'this revision was synced and self-heal is off' },
    }),
  );
  assert.equal(explanation.summary, 'OutOfSync and Healthy: Deployment shop/web differs in .spec.replicas');
  assert.deepEqual(texts(explanation), [
    'Deployment shop/web differs in .spec.replicas',
    'manifest: rendered from web.yaml, line 12',
    'field: .spec.replicas is 5, Git says 3',
    'owner: the value in the cluster was written by kubectl-edit (Update)',
    'rule: self-heal is off: what others change stays until the next commit',
  ]);
  assert.deepEqual(steps(explanation), [
    'person | sync it (this revision was synced and self-heal is off) | fairlead app sync shop',
  ]);
});

test('a commit that is not applied yet names the commit and what it changed', () => {
  const byUs = [{ manager: 'argocd-controller', operation: 'Apply' }];
  const change = {
    ...modified.change,
    fields: [{ path: '.spec.replicas', desired: 5, live: 3, owners: byUs }],
  };
  const explanation = explainApplication(
    facts({
      app: application(outOfSync),
      commit: NEW,
      changedInputs: ['web.yaml', 'values.yaml'],
      objects: [{ ...modified, change }],
      decision: { kind: 'none', why: 'automated sync is off' },
    }),
  );
  assert.deepEqual(texts(explanation), [
    'Deployment shop/web differs in .spec.replicas',
    'commit: commit bbbbbbb by Ada: Ask for five replicas',
    'input: changed web.yaml, values.yaml',
    'manifest: rendered from web.yaml, line 12',
    'field: .spec.replicas is 3, Git says 5',
    'owner: the value in the cluster was applied by Fairlead',
    'rule: automated sync is off',
  ]);
});

const others: readonly [string, Partial<ExplainedObject['change']>, object, readonly string[]][] = [
  [
    'an object that is missing',
    { kind: 'missing', fields: [] },
    {},
    ['Deployment shop/web is in Git and not in the cluster', 'rule: automated sync is off'],
  ],
  [
    'an object that left Git, without prune',
    { kind: 'extra', fields: [] },
    { requiresPruning: true },
    [
      'Deployment shop/web is in the cluster and not in Git any more',
      'rule: automated prune is off: it stays until a sync with prune',
    ],
  ],
];
for (const [name, change, more, expected] of others) {
  test(`${name} says so`, () => {
    const { origin: _, ...object } = modified;
    const explanation = explainApplication(
      facts({
        app: application(outOfSync),
        objects: [{ ...object, ...more, change: { ...modified.change, ...change } }],
      }),
    );
    assert.deepEqual(texts(explanation), expected);
  });
}

test('a workload that crashes shows its pod and what the cluster reported', () => {
  const node = (kind: string, name: string, uid: string, parent?: string, message?: string) => ({
    version: 'v1',
    kind,
    namespace: 'shop',
    name,
    uid,
    ...(kind === 'Deployment' ? { group: 'apps' } : {}),
    ...(parent === undefined ? {} : { parentRefs: [{ version: 'v1', kind: 'x', name: 'x', uid: parent }] }),
    health: { status: 'Degraded', ...(message === undefined ? {} : { message }) },
  });
  const explanation = explainApplication(
    facts({
      app: application({ sync: { status: 'Synced', revision: OLD.sha }, health: { status: 'Degraded' } }),
      objects: [
        {
          ...modified,
          status: 'Synced',
          change: { ...modified.change, kind: 'synced', fields: [] },
          health: { status: 'Degraded', message: 'progress deadline exceeded' },
        },
      ],
      unhealthy: [
        node('Deployment', 'web', '1'),
        node('ReplicaSet', 'web-1', '2', '1', 'no pod is ready'),
        node('Pod', 'web-1-x', '3', '2', 'CrashLoopBackOff'),
      ],
      events: [
        {
          object: { kind: 'Pod', namespace: 'shop', name: 'web-1-x' },
          type: 'Warning',
          reason: 'BackOff',
          message: 'Back-off restarting failed container',
          at: '2026-03-01T11:59:30Z',
          count: 7,
        },
      ],
    }),
  );
  assert.deepEqual(texts(explanation), [
    'Deployment shop/web is Degraded: progress deadline exceeded',
    'event: Pod shop/web-1-x is Degraded: CrashLoopBackOff',
    'event: ReplicaSet shop/web-1 is Degraded: no pod is ready',
    'event: Pod web-1-x: BackOff: Back-off restarting failed container (7 times)',
  ]);
  assert.deepEqual(steps(explanation), [
    'person | read the logs of Deployment web | fairlead app logs shop --kind Deployment --name web',
  ]);
});

test('a source that does not render comes first, with the commit and the way out', () => {
  const message = 'Cannot render web: failed to parse values.yaml: line 3';
  const explanation = explainApplication(
    facts({
      app: application({
        ...outOfSync,
        conditions: [{ type: 'ComparisonError', message, lastTransitionTime: '2026-03-01T11:59:00Z' }],
      }),
      commit: NEW,
      changedInputs: ['values.yaml'],
    }),
  );
  assert.deepEqual(texts(explanation), [
    `ComparisonError: ${message}`,
    'commit: commit bbbbbbb by Ada: Ask for five replicas',
    'input: changed values.yaml',
    'rule: nothing is applied and nothing is deleted while this holds',
  ]);
  assert.match(steps(explanation)[0] ?? '', /^person \| correct what ComparisonError says in Git/);
});

test('a failed sync says who began it, what failed, and when it is tried again', () => {
  const explanation = explainApplication(
    facts({
      app: application(
        {
          ...outOfSync,
          operationState: {
            operation: { initiatedBy: { automated: true }, sync: { revision: NEW.sha } },
            phase: 'Failed',
            message: 'one or more objects failed to apply',
            startedAt: '2026-03-01T11:58:00Z',
            finishedAt: '2026-03-01T11:58:01Z',
            syncResult: {
              revision: NEW.sha,
              source: { repoURL: 'https://git.example.com/shop.git' },
              resources: [
                {
                  group: 'apps',
                  version: 'v1',
                  kind: 'Deployment',
                  namespace: 'shop',
                  name: 'web',
                  status: 'SyncFailed',
                  message: 'spec.replicas: Invalid value: -1',
                },
              ],
            },
          },
        },
        { prune: true },
      ),
      decision: { kind: 'refuse', message: 'the last attempt failed', retryInMs: 60_000 },
    }),
  );
  assert.deepEqual(texts(explanation), [
    'The sync to bbbbbbb by automated sync failed: one or more objects failed to apply',
    'record: The sync to bbbbbbb by automated sync began',
    'event: Deployment shop/web: spec.replicas: Invalid value: -1',
  ]);
  assert.deepEqual(steps(explanation), [
    'itself | automated sync tries again | 2026-03-01T12:01:00Z',
    'person | or sync it (the last attempt failed) | fairlead app sync shop',
  ]);
});

test('an operation that waits for a confirmation says what to type', () => {
  const explanation = explainApplication(
    facts({
      app: application({
        ...outOfSync,
        operationState: {
          operation: { initiatedBy: { username: 'ada' } },
          phase: 'Running',
          message: 'waiting for pruning confirmation of apps/Deployment/web',
          startedAt: '2026-03-01T11:58:00Z',
        },
      }),
    }),
  );
  assert.deepEqual(steps(explanation), [
    'person | confirm the deletions it waits for | fairlead app confirm-deletion shop',
  ]);
});

test('an application in order says how it came to be so', () => {
  const explanation = explainApplication(
    facts({
      app: application({
        sync: { status: 'Synced', revision: OLD.sha },
        health: { status: 'Healthy' },
        history: [
          {
            id: 1,
            revision: OLD.sha,
            deployStartedAt: '2026-03-01T11:51:00Z',
            deployedAt: '2026-03-01T11:51:01Z',
            source: { repoURL: 'https://git.example.com/shop.git' },
            initiatedBy: { username: 'ada' },
          },
        ],
      }),
      objects: [
        { ...modified, status: 'Synced', change: { ...modified.change, kind: 'synced', fields: [] } },
      ],
    }),
  );
  assert.equal(explanation.summary, 'Synced and Healthy: the cluster has what commit aaaaaaa says');
  assert.deepEqual(explanation.causes, []);
  assert.deepEqual(
    explanation.history.map(({ text }) => text),
    ['commit aaaaaaa by Ada: Start', 'deployed by ada'],
  );
});

test('ten thousand differences are counted, not listed', () => {
  const objects = Array.from({ length: 10_000 }, (_, index) => ({
    ...modified,
    change: { ...modified.change, key: { ...KEY, name: `web-${index}` } },
  }));
  const explanation = explainApplication(facts({ app: application(outOfSync), objects }));
  assert.equal(explanation.causes.length, 20);
  assert.equal(explanation.moreCauses, 9_980);
  assert.ok(JSON.stringify(explanation).length < 20_000);
});
