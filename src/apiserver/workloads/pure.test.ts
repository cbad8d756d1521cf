// Tables of the pure functions under the controllers.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AddressPool } from './address-pool.ts';
import { behaviourOf, durationOf, durationText } from './behaviour.ts';
import { Sizes } from './deployment-facts.ts';
import { isScalingEvent, scale, stepRolling } from './deployment-scaling.ts';
import { fullImageName, imageId } from './image-name.ts';
import { countOf } from './int-or-percent.ts';
import type { Deployment, LabelSelector, Pod, ReplicaSet } from './kinds.ts';
import { selectedBy } from './label-selector.ts';
import { byDeletionPreference } from './pod-facts.ts';
import { qosClassOf } from './qos.ts';
import { amountOf } from './quantity.ts';

function podOf(image: string, annotations: Record<string, string> = {}): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', annotations },
    spec: { containers: [{ name: 'app', image }] },
  };
}

const BEHAVIOURS: Record<string, string> = {
  'shop/web:crash': 'crash',
  'registry:5000/shop/web:1.2.3-crash': 'crash',
  'shop/web:not-ready@sha256:00': 'not-ready',
  'registry:5000/crash': 'normal',
  'shop/crash': 'normal',
  'shop/web:crashed': 'normal',
  'shop/web:1-pull-error': 'pull-error',
  'shop/web': 'normal',
};
for (const [image, want] of Object.entries(BEHAVIOURS)) {
  test(`behaviourOf() ${image} is ${want}`, () => {
    const pod = podOf(image);
    const [container] = pod.spec.containers;
    assert.equal(container && behaviourOf(pod, container), want);
  });
}

test('behaviourOf() prefers the annotation and ignores unknown words', () => {
  const of = (annotation: string): string => {
    const pod = podOf('a:slow', { 'simulate.fairlead.dev/behaviour': annotation });
    const [container] = pod.spec.containers;
    return container === undefined ? '' : behaviourOf(pod, container);
  };
  assert.deepEqual([of('fail'), of('explode')], ['fail', 'slow']);
});

test('durationOf() reads the annotation, durationText() writes as Go does', () => {
  assert.equal(durationOf(podOf('a', { 'simulate.fairlead.dev/duration': '1m30s' })), 90_000);
  assert.equal(durationOf(podOf('a', { 'simulate.fairlead.dev/duration': 'soon' })), undefined);
  assert.deepEqual([500, 10_000, 80_000, 300_000, 3_600_000].map(durationText), [
    '0.5s',
    '10s',
    '1m20s',
    '5m0s',
    '1h0m0s',
  ]);
});

const IMAGES: Record<string, string> = {
  nginx: 'docker.io/library/nginx:latest',
  'shop/web:1': 'docker.io/shop/web:1',
  'ghcr.io/shop/web': 'ghcr.io/shop/web:latest',
  'localhost/web:2': 'localhost/web:2',
  'registry:5000/web@sha256:ab': 'registry:5000/web@sha256:ab',
};
for (const [image, want] of Object.entries(IMAGES)) {
  test(`fullImageName() of ${image} is ${want}`, () => assert.equal(fullImageName(image), want));
}

test('imageId() keeps a given digest and derives others from the reference', () => {
  assert.equal(imageId('shop/web:1@sha256:ab'), 'docker.io/shop/web@sha256:ab');
  assert.equal(imageId('nginx'), imageId('docker.io/library/nginx:latest'));
  assert.notEqual(imageId('nginx:1'), imageId('nginx:2'));
});

test('countOf() rounds percentages the asked way', () => {
  const rows: [number | string, number, 'up' | 'down', number][] = [
    [2, 10, 'up', 2],
    ['25%', 3, 'up', 1],
    ['25%', 3, 'down', 0],
    ['33%', 100, 'up', 33],
    ['100%', 7, 'down', 7],
  ];
  for (const [amount, total, round, want] of rows)
    assert.equal(countOf(amount, total, round), want, String(amount));
});

test('amountOf() compares quantities', () => {
  assert.deepEqual(['1500m', '1Gi', '2k', '1e3', 'x'].map(amountOf), [1.5, 2 ** 30, 2000, 1000, 0]);
});

const SELECTORS: Record<string, { selector: LabelSelector; labels: Record<string, string>; want: boolean }> =
  {
    'equal labels': { selector: { matchLabels: { a: '1' } }, labels: { a: '1', b: '2' }, want: true },
    'another value': { selector: { matchLabels: { a: '1' } }, labels: { a: '2' }, want: false },
    In: {
      selector: { matchExpressions: [{ key: 'a', operator: 'In', values: ['1', '2'] }] },
      labels: { a: '2' },
      want: true,
    },
    'NotIn without the label': {
      selector: { matchExpressions: [{ key: 'a', operator: 'NotIn', values: ['1'] }] },
      labels: {},
      want: true,
    },
    Exists: { selector: { matchExpressions: [{ key: 'a', operator: 'Exists' }] }, labels: {}, want: false },
    DoesNotExist: {
      selector: { matchExpressions: [{ key: 'a', operator: 'DoesNotExist' }] },
      labels: {},
      want: true,
    },
  };
for (const [name, { selector, labels, want }] of Object.entries(SELECTORS)) {
  test(`selectedBy() ${name} is ${want}`, () => assert.equal(selectedBy(selector, labels), want));
}

test('qosClassOf() follows requests and limits', () => {
  const of = (resources: object): string => {
    const pod = podOf('a');
    pod.spec.containers = [{ name: 'app', resources }];
    return qosClassOf(pod);
  };
  const both = { cpu: '1', memory: '1Gi' };
  assert.equal(of({}), 'BestEffort');
  assert.equal(of({ requests: { cpu: '1' } }), 'Burstable');
  assert.equal(of({ limits: both }), 'Guaranteed');
  assert.equal(of({ limits: both, requests: { cpu: '500m' } }), 'Burstable');
});

test('byDeletionPreference() gives up unbound, pending, unready and young pods first', () => {
  const make = (name: string, nodeName: string | undefined, phase: string, readySince?: string): Pod => ({
    ...podOf('a'),
    metadata: { name, uid: name, creationTimestamp: '2026-01-01T00:00:00Z' },
    spec: { containers: [], ...(nodeName === undefined ? {} : { nodeName }) },
    status: {
      phase,
      conditions:
        readySince === undefined ? [] : [{ type: 'Ready', status: 'True', lastTransitionTime: readySince }],
    },
  });
  const pods = [
    make('old', 'n', 'Running', '2026-01-01T00:00:00Z'),
    make('young', 'n', 'Running', '2026-01-01T01:00:00Z'),
    make('unready', 'n', 'Running'),
    make('pending', 'n', 'Pending'),
    make('unbound', undefined, 'Pending'),
  ];
  assert.deepEqual(
    pods.sort(byDeletionPreference).map(({ metadata }) => metadata.name),
    ['unbound', 'pending', 'unready', 'young', 'old'],
  );
});

test('AddressPool gives each holder one address, reuses released ones last, and ends loudly', () => {
  const pool = new AddressPool('10.0.0.0', 29);
  pool.claim('a', '10.0.0.3');
  assert.deepEqual(
    [pool.assign('b'), pool.assign('b'), pool.assign('c')],
    ['10.0.0.2', '10.0.0.2', '10.0.0.4'],
  );
  pool.release('b');
  assert.deepEqual(
    [pool.assign('d'), pool.assign('e'), pool.assign('f')],
    ['10.0.0.5', '10.0.0.6', '10.0.0.2'],
  );
  assert.throws(() => pool.assign('g'), RangeError);
});

interface Row {
  replicas: number;
  surge: number | string;
  unavailable: number | string;
  /** size/available of the new set, then of the old ones, oldest first. */
  sets: string[];
  want: number[];
}

const ROLLING: Record<string, Row> = {
  'brings the new set up to the surge': {
    replicas: 4,
    surge: 1,
    unavailable: 0,
    sets: ['0/0', '4/4'],
    want: [1, 4],
  },
  'waits for the new pod': { replicas: 4, surge: 1, unavailable: 0, sets: ['1/0', '4/4'], want: [1, 4] },
  'takes an old pod for each new one available': {
    replicas: 4,
    surge: 1,
    unavailable: 0,
    sets: ['1/1', '4/4'],
    want: [1, 3],
  },
  'takes old pods at once when some may be unavailable': {
    replicas: 4,
    surge: 0,
    unavailable: 2,
    sets: ['0/0', '4/4'],
    want: [0, 2],
  },
  'leaves broken old pods while as many new ones are missing': {
    replicas: 3,
    surge: 1,
    unavailable: 1,
    sets: ['2/0', '1/0', '1/1'],
    want: [2, 1, 1],
  },
  'removes broken old pods even before the new ones work': {
    replicas: 2,
    surge: 1,
    unavailable: 1,
    sets: ['1/0', '1/0', '1/1'],
    want: [1, 0, 1],
  },
  'scales a too large new set down': { replicas: 2, surge: 1, unavailable: 1, sets: ['5/5'], want: [2] },
};
for (const [name, row] of Object.entries(ROLLING)) {
  test(`stepRolling() ${name}`, () => {
    const { deployment, sets, sizes } = rollout(row);
    const [current, ...old] = sets;
    assert.ok(current);
    stepRolling({ deployment, current, old, sizes });
    assert.deepEqual(
      sets.map((set) => sizes.of(set)),
      row.want,
    );
  });
}

const SCALING: Record<string, Row> = {
  'resizes the only active set': {
    replicas: 5,
    surge: 1,
    unavailable: 0,
    sets: ['0/0', '3/3'],
    want: [0, 5],
  },
  'empties old sets once the new one is full': {
    replicas: 2,
    surge: 1,
    unavailable: 0,
    sets: ['2/2', '1/1'],
    want: [2, 0],
  },
  'shares growth in proportion': {
    replicas: 20,
    surge: 0,
    unavailable: 1,
    sets: ['2/2', '8/8'],
    want: [4, 16],
  },
  'shares shrinking in proportion': {
    replicas: 5,
    surge: 0,
    unavailable: 1,
    sets: ['2/2', '8/8'],
    want: [1, 4],
  },
};
for (const [name, row] of Object.entries(SCALING)) {
  test(`scale() ${name}`, () => {
    const { deployment, sets, sizes } = rollout(row, name.startsWith('empties') ? row.replicas : 10);
    const [current, ...old] = sets;
    scale({ deployment, current, old, sizes });
    assert.deepEqual(
      sets.map((set) => sizes.of(set)),
      row.want,
    );
  });
}

test('isScalingEvent() compares the size noted on active sets only', () => {
  const { deployment, sets, sizes } = rollout(
    { replicas: 3, surge: 1, unavailable: 0, sets: ['0/0', '3/3'], want: [] },
    3,
  );
  const [current, ...old] = sets;
  assert.equal(isScalingEvent({ deployment, current, old, sizes }), false);
  deployment.spec.replicas = 4;
  assert.equal(isScalingEvent({ deployment, current, old, sizes }), true);
});

function rollout(
  row: Row,
  noted = row.replicas,
): { deployment: Deployment; sets: ReplicaSet[]; sizes: Sizes } {
  const template = { spec: { containers: [] } };
  const deployment: Deployment = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', uid: 'd' },
    spec: {
      replicas: row.replicas,
      selector: {},
      strategy: {
        type: 'RollingUpdate',
        rollingUpdate: { maxSurge: row.surge, maxUnavailable: row.unavailable },
      },
      template,
    },
  };
  const sets = row.sets.map((text, at): ReplicaSet => {
    const [size = 0, available = 0] = text.split('/').map(Number);
    const annotations = {
      'deployment.kubernetes.io/desired-replicas': String(noted),
      'deployment.kubernetes.io/max-replicas': String(noted),
    };
    return {
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      metadata: {
        name: `web-${at}`,
        uid: `r${at}`,
        creationTimestamp: `2026-01-01T00:00:0${at}Z`,
        annotations,
      },
      spec: { replicas: size, selector: {}, template },
      status: { replicas: size, availableReplicas: available },
    };
  });
  return { deployment, sets, sizes: new Sizes() };
}
