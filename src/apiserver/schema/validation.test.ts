// What built-in kinds are refused for, in the words of kube-apiserver 1.35.4.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gvkOf, type KubeObject } from '../../k8s/index.ts';
import { builtinKind } from './builtin.ts';
import { builtinDecodeError } from './decode.ts';
import { applyBuiltinDefaults } from './defaults/index.ts';
import { invalidError } from './field-error.ts';
import { validateBuiltin } from './validation/index.ts';

/** The message without the object's name, 'ok' when accepted. */
function answer(object: KubeObject, before?: KubeObject): string {
  const copy = structuredClone(object);
  copy.metadata.namespace ??= 'default';
  const { group, version, kind } = gvkOf(copy);
  const found = builtinKind(group, version, kind);
  assert.ok(found !== undefined);
  const problem = builtinDecodeError(copy, found);
  if (problem !== undefined) return problem;
  applyBuiltinDefaults(copy, found);
  const stored = before === undefined ? {} : { before };
  const errors = validateBuiltin({ object: copy, ...stored, namespaced: found.namespaced });
  if (errors.length === 0) return 'ok';
  return invalidError({ group, kind, name: '' }, errors).message.replace(/^\S+ "" is invalid: /, '');
}

function make(apiVersion: string, kind: string, members: Record<string, unknown> = {}): KubeObject {
  return { apiVersion, kind, metadata: { name: 'b' }, ...members };
}

const template = (spec: Record<string, unknown> = {}) => ({
  metadata: { labels: { app: 'x' } },
  spec: { containers: [{ name: 'a', image: 'n' }], ...spec },
});
const workload = (kind: string, spec: Record<string, unknown> = {}) =>
  make('apps/v1', kind, { spec: { selector: { matchLabels: { app: 'x' } }, template: template(), ...spec } });
const container = (members: Record<string, unknown>) =>
  workload('Deployment', { template: template({ containers: [{ name: 'a', image: 'n', ...members }] }) });
const service = (spec: Record<string, unknown>) => make('v1', 'Service', { spec });
const C = 'spec.template.spec.containers';
const LABEL =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";

const REFUSED: [object: KubeObject, message: string][] = [
  [
    make('v1', 'ConfigMap', { metadata: {} }),
    'metadata.name: Required value: name or generateName is required',
  ],
  [
    make('v1', 'ConfigMap', { metadata: { name: 'c', finalizers: ['foo'] } }),
    'metadata.finalizers[0]: Invalid value: "foo": name is neither a standard finalizer name nor is it fully qualified',
  ],
  [
    make('v1', 'ConfigMap', { data: { a: '1' }, binaryData: { a: 'eA==' } }),
    'data[a]: Invalid value: "a": duplicate of key present in binaryData',
  ],
  [
    make('v1', 'ConfigMap', { data: { a: 'x'.repeat(1_048_577) } }),
    '[]: Too long: may not be more than 1048576 bytes',
  ],
  [
    make('v1', 'ConfigMap', { metadata: { name: 'c', annotations: { a: 'x'.repeat(262_145) } } }),
    'metadata.annotations: Too long: may not be more than 262144 bytes',
  ],
  [
    make('v1', 'ConfigMap', { metadata: { name: 'c', labels: { a: 'x'.repeat(64) } } }),
    `metadata.labels: Invalid value: "${'x'.repeat(64)}": must be no more than 63 bytes`,
  ],
  [
    make('v1', 'Secret', { type: 'kubernetes.io/tls' }),
    '[data[tls.crt]: Required value, data[tls.key]: Required value]',
  ],
  [
    make('v1', 'Secret', { data: { a: '%%%' } }),
    'Secret in version "v1" cannot be handled as a Secret: illegal base64 data at input byte 0',
  ],
  [
    workload('Deployment', { selector: { matchLabels: { app: 'y' } } }),
    'spec.template.metadata.labels: Invalid value: {"app":"x"}: `selector` does not match template `labels`',
  ],
  [
    workload('Deployment', { selector: {} }),
    'spec.selector: Invalid value: {}: empty selector is invalid for deployment',
  ],
  [
    workload('Deployment', { replicas: -1 }),
    'spec.replicas: Invalid value: -1: must be greater than or equal to 0',
  ],
  [
    workload('Deployment', { replicas: 'x' }),
    'Deployment in version "v1" cannot be handled as a Deployment: json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32',
  ],
  [workload('Deployment', { template: template({ containers: [] }) }), `${C}: Required value`],
  [
    workload('Deployment', { template: template({ restartPolicy: 'Never' }) }),
    'spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"',
  ],
  [
    workload('Deployment', { strategy: { type: 'Recreate', rollingUpdate: { maxSurge: 1 } } }),
    "spec.strategy.rollingUpdate: Forbidden: may not be specified when strategy `type` is 'Recreate'",
  ],
  [
    workload('Deployment', { strategy: { rollingUpdate: { maxSurge: 0, maxUnavailable: 0 } } }),
    'spec.strategy.rollingUpdate.maxUnavailable: Invalid value: 0: may not be 0 when `maxSurge` is 0',
  ],
  [
    workload('Deployment', { strategy: { rollingUpdate: { maxUnavailable: '120%' } } }),
    'spec.strategy.rollingUpdate.maxUnavailable: Invalid value: "120%": must not be greater than 100%',
  ],
  [container({ name: 'A_b' }), `${C}[0].name: Invalid value: "A_b": ${LABEL}`],
  [container({ image: '' }), `${C}[0].image: Required value`],
  [container({ ports: [{ containerPort: 0 }] }), `${C}[0].ports[0].containerPort: Required value`],
  [
    container({ env: [{ name: 'a=b' }] }),
    `${C}[0].env[0].name: Invalid value: "a=b": a valid environment variable name must consist only of printable ASCII characters other than '='`,
  ],
  [
    container({ resources: { limits: { cpu: '1' }, requests: { cpu: '2' } } }),
    `${C}[0].resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1`,
  ],
  [
    container({ volumeMounts: [{ name: 'nope', mountPath: '/x' }] }),
    `${C}[0].volumeMounts[0].name: Not found: "nope"`,
  ],
  [container({ livenessProbe: {} }), `${C}[0].livenessProbe: Required value: must specify a handler type`],
  [service({}), 'spec.ports: Required value'],
  [
    service({ ports: [{ port: 80 }, { port: 81 }] }),
    '[spec.ports[0].name: Required value, spec.ports[1].name: Required value]',
  ],
  [
    service({ ports: [{ port: 80, nodePort: 30_000 }] }),
    "spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'",
  ],
  [
    service({ type: 'X', ports: [{ port: 80 }] }),
    'spec.type: Unsupported value: "X": supported values: "ClusterIP", "ExternalName", "LoadBalancer", "NodePort"',
  ],
  [
    make('networking.k8s.io/v1', 'Ingress', { spec: {} }),
    'spec: Invalid value: null: either `defaultBackend` or `rules` must be specified',
  ],
  [
    make('batch/v1', 'Job', { spec: { template: template() } }),
    'spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"',
  ],
  [
    make('batch/v1', 'CronJob', {
      spec: { schedule: 'bad', jobTemplate: { spec: { template: template({ restartPolicy: 'Never' }) } } },
    }),
    'spec.schedule: Invalid value: "bad": expected exactly 5 fields, found 1: [bad]',
  ],
  [
    make('v1', 'PersistentVolumeClaim', { spec: {} }),
    '[spec.accessModes: Required value: at least 1 access mode is required, spec.resources[storage]: Required value]',
  ],
  [
    make('rbac.authorization.k8s.io/v1', 'Role', { rules: [{ apiGroups: [''], resources: ['pods'] }] }),
    'rules[0].verbs: Required value: verbs must contain at least one value',
  ],
  [
    make('policy/v1', 'PodDisruptionBudget', { spec: { minAvailable: -1 } }),
    'spec.minAvailable: Invalid value: -1: must be greater than or equal to 0',
  ],
];
for (const [object, message] of REFUSED) {
  test(`${object.kind}: ${message.slice(0, 90)}`, () => assert.equal(answer(object), message));
}

function stored(object: KubeObject): KubeObject {
  const { group, version, kind } = gvkOf(object);
  const found = builtinKind(group, version, kind);
  assert.ok(found !== undefined);
  const copy = structuredClone(object);
  Object.assign(copy.metadata, { namespace: 'default', uid: 'u' });
  return applyBuiltinDefaults(copy, found);
}

const claim = (spec: Record<string, unknown>) =>
  make('v1', 'PersistentVolumeClaim', {
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, ...spec },
  });
const binding = (name: string) =>
  make('rbac.authorization.k8s.io/v1', 'RoleBinding', {
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name },
  });
const pod = (spec: Record<string, unknown>) =>
  make('v1', 'Pod', { spec: { containers: [{ name: 'a', image: 'x' }], ...spec } });
const zWorkload = (kind: string) =>
  workload(kind, {
    selector: { matchLabels: { app: 'z' } },
    template: { ...template(), metadata: { labels: { app: 'z' } } },
  });
const FROZEN = 'field is immutable when `immutable` is set';

const CHANGED: [before: KubeObject, after: KubeObject, message: string][] = [
  [
    workload('Deployment'),
    zWorkload('Deployment'),
    'spec.selector: Invalid value: {"matchLabels":{"app":"z"}}: field is immutable',
  ],
  [
    workload('Deployment'),
    { ...workload('Deployment'), metadata: { name: 'b', uid: 'x' } },
    'metadata.uid: Invalid value: "x": field is immutable',
  ],
  [
    workload('StatefulSet', { serviceName: 'x' }),
    workload('StatefulSet', { serviceName: 'y' }),
    "spec: Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
  ],
  [workload('StatefulSet'), workload('StatefulSet', { replicas: 3 }), 'ok'],
  [
    make('v1', 'ConfigMap', { immutable: true, data: { a: 'b' } }),
    make('v1', 'ConfigMap', { immutable: true, data: { a: 'c' } }),
    `data: Forbidden: ${FROZEN}`,
  ],
  [
    make('v1', 'ConfigMap', { immutable: true }),
    make('v1', 'ConfigMap', {}),
    `immutable: Forbidden: ${FROZEN}`,
  ],
  [make('v1', 'Secret'), make('v1', 'Secret', { type: 'x' }), 'type: Invalid value: "x": field is immutable'],
  [
    service({ clusterIP: '10.0.0.1', ports: [{ port: 80 }] }),
    service({ clusterIP: '10.0.0.2', ports: [{ port: 80 }] }),
    'spec.clusterIPs[0]: Invalid value: ["10.0.0.2"]: may not change once set',
  ],
  [
    claim({}),
    claim({ accessModes: ['ReadOnlyMany'] }),
    'spec: Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims',
  ],
  [claim({}), claim({ volumeName: 'v' }), 'ok'],
  [
    binding('x'),
    binding('y'),
    'roleRef: Invalid value: {"APIGroup":"rbac.authorization.k8s.io","Kind":"Role","Name":"y"}: cannot change roleRef',
  ],
  [pod({}), pod({ containers: [{ name: 'a', image: 'y' }] }), 'ok'],
];
for (const [i, [before, after, message]] of CHANGED.entries()) {
  test(`update ${i} of ${before.kind}: ${message.slice(0, 80)}`, () => {
    const known = stored(before);
    const next = structuredClone(after);
    next.metadata.uid ??= 'u';
    // Pull policies follow the image only on creation.
    if (after.kind === 'Pod') next['spec'] = { ...(known['spec'] as object), ...(next['spec'] as object) };
    assert.equal(answer(next, known), message);
  });
}

test('a pod keeps everything but its images', () => {
  const known = stored(pod({}));
  const next = structuredClone(known);
  (next['spec'] as Record<string, unknown>)['restartPolicy'] = 'Never';
  assert.match(answer(next, known), /^spec: Forbidden: pod updates may not change fields other than/);
});
