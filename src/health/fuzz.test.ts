// Nothing in an object makes a judgement throw, hang or grow: statuses of wrong types, nulls, wild and huge values.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fc } from '../../test/support/property.ts';
import type { KubeObject } from '../k8s/index.ts';
import { HEALTH_ORDER } from '../model/index.ts';
import { assessHealth } from './index.ts';
import { FAMILIES } from './registry.ts';

const KINDS = FAMILIES.flatMap(({ checks }) =>
  checks.flatMap(({ group, kinds }) =>
    kinds.map((kind) => ({
      apiVersion: group === '' ? 'v1' : `${group.replace('*', 'any')}/v1`,
      kind: kind === '*' ? 'Anything' : kind,
    })),
  ),
).concat({ apiVersion: 'example.org/v1', kind: 'Anything' });

/** Names the checks look at, so that wild values are found where they are read. */
const NAMES = [
  ...['conditions', 'phase', 'state', 'status', 'health', 'observedGeneration', 'replicas', 'readyReplicas'],
  ...[
    'listeners',
    'parents',
    'ancestors',
    'ingress',
    'message',
    'reason',
    'type',
    'ceph',
    'statuses',
    'details',
  ],
  ...[
    'containerStatuses',
    'nodeSets',
    'availableNodes',
    'suspend',
    'paused',
    'generation',
    'annotations',
    'labels',
  ],
  ...[
    'ready',
    'size',
    'errors',
    'users',
    'plan',
    'strategy',
    'canary',
    'blueGreen',
    'pauseConditions',
    'compliant',
  ],
  ...[
    'opsManager',
    'applicationDatabase',
    'validationMessages',
    'deletionTimestamp',
    'finalizers',
    'currentPodHash',
  ],
];
const WORDS = [
  'True',
  'False',
  'Unknown',
  'Ready',
  'Available',
  'Progressing',
  'Running',
  'Failed',
  'constructor',
  '__proto__',
  '',
];

const { tree } = fc.letrec((tie) => ({
  leaf: fc.oneof(
    fc.constantFrom(null, true, false, 0, -1, 1e308, Number.NaN, Number.POSITIVE_INFINITY, ...WORDS),
    fc.string({ maxLength: 5 }),
  ),
  list: fc.array(tie('tree'), { maxLength: 4 }),
  map: fc.dictionary(fc.constantFrom(...NAMES), tie('tree'), { maxKeys: 5 }),
  tree: fc.oneof({ maxDepth: 5, depthSize: 'small' }, tie('leaf'), tie('list'), tie('map')),
}));

function judge(object: object): void {
  for (const kind of KINDS) {
    const health = assessHealth({ ...object, ...kind } as KubeObject);
    if (health === undefined) continue;
    assert.ok(HEALTH_ORDER.includes(health.status), `${kind.kind}: ${health.status}`);
    assert.ok(health.message === undefined || typeof health.message === 'string');
    assert.ok((health.message?.length ?? 0) < 1100, `${kind.kind}: ${health.message?.length}`);
  }
}

test('wild objects of every kind are judged', () => {
  fc.assert(
    fc.property(tree, tree, tree, (metadata, spec, status) => judge({ metadata, spec, status })),
    { numRuns: 300 },
  );
});

test('wild conditions of every kind are judged', () => {
  const condition = fc.record(
    {
      type: fc.oneof(
        fc.constantFrom('Ready', 'Synced', 'NotReady', 'Available', 'Healthy', 'Progressing'),
        tree,
      ),
      status: fc.oneof(fc.constantFrom('True', 'False', 'Unknown'), tree),
      reason: fc.oneof(fc.constantFrom('Creating', 'Stopped', 'Failed'), tree),
      message: fc.oneof(fc.string(), tree),
      observedGeneration: fc.oneof(fc.nat({ max: 3 }), tree),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(fc.array(condition, { maxLength: 5 }), fc.nat({ max: 3 }), (conditions, generation) =>
      judge({ metadata: { generation }, spec: {}, status: { observedGeneration: 1, conditions } }),
    ),
    { numRuns: 300 },
  );
});

test('huge statuses are judged with a short message', () => {
  const message = 'x '.repeat(500_000);
  const conditions = Array.from({ length: 2000 }, (_, index) => ({
    type: index === 1999 ? 'Ready' : `T${index}`,
    status: 'False',
    reason: 'Failed',
    message,
  }));
  const status = { phase: message, state: message, message, conditions, health: message };
  judge({ metadata: { generation: 1 }, spec: {}, status });
  judge({ metadata: { finalizers: [message], deletionTimestamp: 'now' } });
});
