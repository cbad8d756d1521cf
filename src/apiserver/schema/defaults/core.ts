// Defaults of services, storage, configuration, access control, admission and extension kinds.

import { ensurePart, type Fields, items, part, setDefault, setDefaultText } from './object.ts';
import { defaultVolumeSource } from './pod.ts';

const RBAC_GROUP = 'rbac.authorization.k8s.io';
const BALANCED = ['NodePort', 'LoadBalancer'];

export function defaultService(object: Fields): void {
  const spec = ensurePart(object, 'spec');
  setDefaultText(spec, 'sessionAffinity', 'None');
  setDefaultText(spec, 'type', 'ClusterIP');
  if (spec['sessionAffinity'] === 'None') delete spec['sessionAffinityConfig'];
  if (spec['sessionAffinity'] === 'ClientIP') {
    setDefault(ensurePart(ensurePart(spec, 'sessionAffinityConfig'), 'clientIP'), 'timeoutSeconds', 10_800);
  }
  for (const port of items(spec, 'ports')) {
    setDefaultText(port, 'protocol', 'TCP');
    const target = port['targetPort'];
    if (target === undefined || target === null || target === '' || target === 0)
      port['targetPort'] = port['port'];
  }
  const type = String(spec['type']);
  if (BALANCED.includes(type)) setDefaultText(spec, 'externalTrafficPolicy', 'Cluster');
  if (type !== 'ExternalName') setDefault(spec, 'internalTrafficPolicy', 'Cluster');
  if (type === 'LoadBalancer') setDefault(spec, 'allocateLoadBalancerNodePorts', true);
  for (const ingress of items(part(part(object, 'status'), 'loadBalancer'), 'ingress')) {
    if (ingress['ip'] !== undefined) setDefault(ingress, 'ipMode', 'VIP');
  }
}

export function defaultEndpoints(object: Fields): void {
  for (const subset of items(object, 'subsets')) {
    for (const port of items(subset, 'ports')) setDefaultText(port, 'protocol', 'TCP');
  }
}

export function defaultEndpointSlice(object: Fields): void {
  for (const port of items(object, 'ports')) {
    setDefault(port, 'name', '');
    setDefault(port, 'protocol', 'TCP');
  }
}

/** Text given as `stringData` ends up encoded in `data`; the server never returns it. */
export function defaultSecret(object: Fields): void {
  setDefaultText(object, 'type', 'Opaque');
  const plain = part(object, 'stringData');
  delete object['stringData'];
  if (plain === undefined) return;
  const data = ensurePart(object, 'data');
  for (const name in plain) data[name] = Buffer.from(String(plain[name])).toString('base64');
}

export function defaultNamespace(object: Fields): void {
  const metadata = ensurePart(object, 'metadata');
  if (typeof metadata['name'] !== 'string' || metadata['name'] === '') return;
  ensurePart(metadata, 'labels')['kubernetes.io/metadata.name'] = metadata['name'];
}

export function defaultPersistentVolume(object: Fields): void {
  setDefaultText(ensurePart(object, 'status'), 'phase', 'Pending');
  const spec = ensurePart(object, 'spec');
  setDefaultText(spec, 'persistentVolumeReclaimPolicy', 'Retain');
  setDefault(spec, 'volumeMode', 'Filesystem');
  defaultVolumeSource(spec);
}

export function defaultLimitRange(object: Fields): void {
  for (const limit of items(part(object, 'spec'), 'limits')) {
    if (limit['type'] !== 'Container') continue;
    const initial = ensurePart(limit, 'default');
    const requests = ensurePart(limit, 'defaultRequest');
    const max = part(limit, 'max') ?? {};
    const min = part(limit, 'min') ?? {};
    for (const name in max) setDefault(initial, name, max[name]);
    for (const name in initial) setDefault(requests, name, initial[name]);
    for (const name in min) setDefault(requests, name, min[name]);
    for (const name of ['default', 'defaultRequest'])
      if (Object.keys(part(limit, name) ?? {}).length === 0) delete limit[name];
  }
}

export function defaultNetworkPolicy(object: Fields): void {
  const spec = ensurePart(object, 'spec');
  const egress = items(spec, 'egress');
  for (const rule of [...items(spec, 'ingress'), ...egress]) {
    for (const port of items(rule, 'ports')) setDefault(port, 'protocol', 'TCP');
  }
  setDefault(spec, 'policyTypes', egress.length > 0 ? ['Ingress', 'Egress'] : ['Ingress']);
}

export function defaultIngressClass(object: Fields): void {
  const parameters = part(part(object, 'spec'), 'parameters');
  if (parameters !== undefined) setDefault(parameters, 'scope', 'Cluster');
}

export function defaultRoleBinding(object: Fields): void {
  setDefaultText(ensurePart(object, 'roleRef'), 'apiGroup', RBAC_GROUP);
  for (const subject of items(object, 'subjects')) {
    if (subject['kind'] === 'User' || subject['kind'] === 'Group')
      setDefaultText(subject, 'apiGroup', RBAC_GROUP);
  }
}

export function defaultStorageClass(object: Fields): void {
  setDefault(object, 'reclaimPolicy', 'Delete');
  setDefault(object, 'volumeBindingMode', 'Immediate');
}

export function defaultCsiDriver(object: Fields): void {
  const spec = ensurePart(object, 'spec');
  setDefault(spec, 'attachRequired', true);
  setDefault(spec, 'podInfoOnMount', false);
  setDefault(spec, 'storageCapacity', false);
  setDefault(spec, 'fsGroupPolicy', 'ReadWriteOnceWithFSType');
  setDefault(spec, 'volumeLifecycleModes', ['Persistent']);
  setDefault(spec, 'requiresRepublish', false);
  setDefault(spec, 'seLinuxMount', false);
}

export function defaultPriorityClass(object: Fields): void {
  setDefault(object, 'preemptionPolicy', 'PreemptLowerPriority');
}

export function defaultWebhooks(object: Fields): void {
  const mutating = object['kind'] === 'MutatingWebhookConfiguration';
  for (const webhook of items(object, 'webhooks')) {
    setDefault(webhook, 'failurePolicy', 'Fail');
    setDefault(webhook, 'matchPolicy', 'Equivalent');
    setDefault(webhook, 'namespaceSelector', {});
    setDefault(webhook, 'objectSelector', {});
    setDefault(webhook, 'timeoutSeconds', 10);
    if (mutating) setDefault(webhook, 'reinvocationPolicy', 'Never');
    for (const rule of items(webhook, 'rules')) setDefault(rule, 'scope', '*');
    defaultServicePort(part(webhook, 'clientConfig'));
  }
}

function defaultServicePort(owner: Fields | undefined): void {
  const service = part(owner, 'service');
  if (service !== undefined) setDefault(service, 'port', 443);
}

export function defaultAdmissionPolicy(object: Fields): void {
  const spec = ensurePart(object, 'spec');
  setDefault(spec, 'failurePolicy', 'Fail');
  defaultMatch(part(spec, 'matchConstraints'));
}

export function defaultAdmissionBinding(object: Fields): void {
  const spec = ensurePart(object, 'spec');
  defaultMatch(part(spec, 'matchResources'));
}

function defaultMatch(match: Fields | undefined): void {
  if (match === undefined) return;
  setDefault(match, 'matchPolicy', 'Equivalent');
  setDefault(match, 'namespaceSelector', {});
  setDefault(match, 'objectSelector', {});
  for (const name of ['resourceRules', 'excludeResourceRules']) {
    for (const rule of items(match, name)) setDefault(rule, 'scope', '*');
  }
}

export function defaultApiService(object: Fields): void {
  defaultServicePort(part(object, 'spec'));
}

export function defaultCustomResourceDefinition(object: Fields): void {
  const spec = ensurePart(object, 'spec');
  const names = ensurePart(spec, 'names');
  const kind = typeof names['kind'] === 'string' ? names['kind'] : '';
  setDefaultText(names, 'singular', kind.toLowerCase());
  if (kind !== '') setDefaultText(names, 'listKind', `${kind}List`);
  const conversion = ensurePart(spec, 'conversion');
  setDefaultText(conversion, 'strategy', 'None');
  defaultServicePort(part(part(conversion, 'webhook'), 'clientConfig'));
}
