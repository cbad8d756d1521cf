// Defaults as kube-apiserver 1.35.4 returned them; what it allocates is not expected here.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gvkOf, type KubeObject } from '../../k8s/index.ts';
import { builtinKind } from './builtin.ts';
import { applyBuiltinDefaults } from './defaults/index.ts';

function defaulted(object: Record<string, unknown>): Record<string, unknown> {
  const whole = { metadata: { name: 'x' }, ...structuredClone(object) } as unknown as KubeObject;
  const { group, version, kind } = gvkOf(whole);
  const found = builtinKind(group, version, kind);
  assert.ok(found !== undefined);
  const { apiVersion: _, kind: __, metadata, ...rest } = applyBuiltinDefaults(whole, found);
  const { name: ___, ...more } = metadata;
  return Object.keys(more).length > 0 ? { metadata: more, ...rest } : rest;
}

const CONTAINER = {
  name: 'a',
  image: 'n',
  resources: {},
  terminationMessagePath: '/dev/termination-log',
  terminationMessagePolicy: 'File',
  imagePullPolicy: 'Always',
};
const POD_SPEC = {
  containers: [CONTAINER],
  restartPolicy: 'Always',
  terminationGracePeriodSeconds: 30,
  dnsPolicy: 'ClusterFirst',
  securityContext: {},
  schedulerName: 'default-scheduler',
};
const GIVEN_TEMPLATE = {
  metadata: { labels: { app: 'x' } },
  spec: { containers: [{ name: 'a', image: 'n' }] },
};
const TEMPLATE = { metadata: { labels: { app: 'x' } }, spec: POD_SPEC };
const SELECTOR = { matchLabels: { app: 'x' } };

const CASES: Record<string, { object: Record<string, unknown>; want: Record<string, unknown> }> = {
  'a Deployment': {
    object: {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      spec: { selector: SELECTOR, template: GIVEN_TEMPLATE },
    },
    want: {
      spec: {
        selector: SELECTOR,
        template: TEMPLATE,
        replicas: 1,
        strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '25%', maxSurge: '25%' } },
        revisionHistoryLimit: 10,
        progressDeadlineSeconds: 600,
      },
      status: {},
    },
  },
  'a Deployment scaled to zero that is recreated': {
    object: {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      spec: {
        replicas: 0,
        paused: false,
        strategy: { type: 'Recreate' },
        selector: SELECTOR,
        template: GIVEN_TEMPLATE,
      },
    },
    want: {
      spec: {
        replicas: 0,
        strategy: { type: 'Recreate' },
        selector: SELECTOR,
        template: TEMPLATE,
        revisionHistoryLimit: 10,
        progressDeadlineSeconds: 600,
      },
      status: {},
    },
  },
  'a StatefulSet': {
    object: {
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      spec: { selector: SELECTOR, template: GIVEN_TEMPLATE },
    },
    want: {
      spec: {
        selector: SELECTOR,
        template: TEMPLATE,
        serviceName: '',
        podManagementPolicy: 'OrderedReady',
        updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 0 } },
        persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain', whenScaled: 'Retain' },
        replicas: 1,
        revisionHistoryLimit: 10,
      },
      status: { replicas: 0, availableReplicas: 0 },
    },
  },
  'a Service': {
    object: { apiVersion: 'v1', kind: 'Service', spec: { ports: [{ port: 80 }] } },
    want: {
      spec: {
        ports: [{ port: 80, protocol: 'TCP', targetPort: 80 }],
        sessionAffinity: 'None',
        type: 'ClusterIP',
        internalTrafficPolicy: 'Cluster',
      },
      status: { loadBalancer: {} },
    },
  },
  'a Secret, text encoded': {
    object: { apiVersion: 'v1', kind: 'Secret', stringData: { a: 'ü' }, data: { b: 'eA==' } },
    want: { type: 'Opaque', data: { a: 'w7w=', b: 'eA==' } },
  },
  'a ConfigMap, empty members left out': {
    object: {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'x', labels: {}, creationTimestamp: null },
      data: { a: '' },
      binaryData: {},
    },
    want: { data: { a: '' } },
  },
  'a Role without rules': {
    object: { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role' },
    want: { rules: null },
  },
  'a claim': {
    object: {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      spec: {
        storageClassName: '',
        accessModes: ['ReadWriteOnce'],
        resources: { requests: { storage: '1024Mi' } },
      },
    },
    want: {
      spec: {
        storageClassName: '',
        accessModes: ['ReadWriteOnce'],
        resources: { requests: { storage: '1Gi' } },
        volumeMode: 'Filesystem',
      },
      status: { phase: 'Pending' },
    },
  },
  'a binding of a user': {
    object: {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      roleRef: { kind: 'Role', name: 'r' },
      subjects: [{ kind: 'User', name: 'u' }],
    },
    want: {
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'r' },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'u' }],
    },
  },
};

for (const [name, { object, want }] of Object.entries(CASES)) {
  test(`applyBuiltinDefaults() fills in ${name}`, () => assert.deepEqual(defaulted(object), want));
}

test('applyBuiltinDefaults() fills in a container down to probes, variables and volumes', () => {
  const pod = defaulted({
    apiVersion: 'v1',
    kind: 'Pod',
    spec: {
      containers: [
        {
          name: 'a',
          image: 'r.io:5000/x:1',
          env: [
            { name: 'A', value: '' },
            { name: 'B', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
          ],
          ports: [{ containerPort: 80 }],
          resources: { limits: { cpu: '0.5' } },
          readinessProbe: { httpGet: { port: 80 } },
        },
      ],
      volumes: [{ name: 'v' }, { name: 's', secret: { secretName: 'z' } }],
    },
  });
  assert.deepEqual(pod['spec'], {
    ...POD_SPEC,
    containers: [
      {
        name: 'a',
        image: 'r.io:5000/x:1',
        env: [
          { name: 'A' },
          { name: 'B', valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.name' } } },
        ],
        ports: [{ containerPort: 80, protocol: 'TCP' }],
        resources: { limits: { cpu: '500m' }, requests: { cpu: '500m' } },
        readinessProbe: {
          httpGet: { path: '/', port: 80, scheme: 'HTTP' },
          timeoutSeconds: 1,
          periodSeconds: 10,
          successThreshold: 1,
          failureThreshold: 3,
        },
        terminationMessagePath: '/dev/termination-log',
        terminationMessagePolicy: 'File',
        imagePullPolicy: 'IfNotPresent',
      },
    ],
    volumes: [
      { name: 'v', emptyDir: {} },
      { name: 's', secret: { secretName: 'z', defaultMode: 420 } },
    ],
    enableServiceLinks: true,
  });
});
