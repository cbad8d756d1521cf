// Garbage collection in its three modes, namespaces that end, sub-resources and reviews.
import {
  asyncSequence,
  del,
  get,
  patch,
  post,
  put,
  quietly,
  type Sequence,
  send,
  sequence,
  waitFor,
  waitGone,
} from '../sequence.ts';
import { configMap, deployment, kinds, paths, pod } from './objects.ts';

const one = `${paths.configMaps}/owner`;
const owner = post(paths.configMaps, configMap('owner'), { id: 'owner', silent: true });
const reference = (more: object = {}) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  name: 'owner',
  uid: '{{owner:metadata.uid}}',
  ...more,
});
const child = (name: string, more: object = {}) =>
  post(paths.configMaps, configMap(name, { metadata: { ownerReferences: [reference(more)] } }), {
    silent: true,
  });

export function lifecycleSequences(): Sequence[] {
  return [...collection(), ...namespaces(), ...subresources(), ...reviews(), ...podDeletion()];
}

function collection(): Sequence[] {
  const at = (name: string) => `${paths.configMaps}/${name}`;
  return [
    asyncSequence(
      'collection: background takes the children',
      owner,
      child('a'),
      del(one, { propagationPolicy: 'Background' }),
      get(one),
      waitGone(at('a')),
    ),
    asyncSequence('collection: the default is background', owner, child('a'), del(one), waitGone(at('a'))),
    asyncSequence(
      'collection: foreground waits for children that block',
      owner,
      child('a', { blockOwnerDeletion: true }),
      del(one, { propagationPolicy: 'Foreground' }),
      waitGone(at('a')),
      waitGone(one),
    ),
    asyncSequence(
      'collection: foreground shows what it waits for',
      owner,
      post(
        paths.configMaps,
        configMap('a', {
          metadata: {
            finalizers: ['example.com/hold'],
            ownerReferences: [reference({ blockOwnerDeletion: true })],
          },
        }),
        { silent: true },
      ),
      del(one, { propagationPolicy: 'Foreground' }),
      waitFor(at('a'), ({ body }) => body.metadata?.['deletionTimestamp'] !== undefined),
      get(one),
      patch('merge', at('a'), { metadata: { finalizers: null } }),
      waitGone(one),
    ),
    asyncSequence(
      'collection: foreground does not wait for children that do not block',
      owner,
      post(
        paths.configMaps,
        configMap('a', { metadata: { finalizers: ['example.com/hold'], ownerReferences: [reference()] } }),
        { silent: true },
      ),
      del(one, { propagationPolicy: 'Foreground' }),
      waitGone(one),
    ),
    asyncSequence(
      'collection: orphan keeps the children without the reference',
      owner,
      child('a'),
      del(one, { propagationPolicy: 'Orphan' }),
      waitGone(one),
      waitFor(at('a'), ({ body }) => body.metadata?.['ownerReferences'] === undefined),
    ),
    asyncSequence(
      'collection: the old option for orphans',
      owner,
      child('a'),
      del(one, { orphanDependents: true }),
      waitGone(one),
      waitFor(at('a'), ({ body }) => body.metadata?.['ownerReferences'] === undefined),
    ),
    asyncSequence(
      'collection: a child of two owners stays with the other',
      owner,
      post(paths.configMaps, configMap('other'), { id: 'other', silent: true }),
      post(
        paths.configMaps,
        configMap('a', {
          metadata: {
            ownerReferences: [reference(), reference({ name: 'other', uid: '{{other:metadata.uid}}' })],
          },
        }),
        { silent: true },
      ),
      child('b'),
      del(one),
      waitGone(at('b')),
      waitFor(
        at('a'),
        ({ body }) => (body.metadata?.['ownerReferences'] as unknown[] | undefined)?.length === 1,
      ),
    ),
    asyncSequence(
      'collection: a child of an owner that never was goes',
      post(
        paths.configMaps,
        configMap('a', {
          metadata: { ownerReferences: [reference({ uid: '11111111-1111-1111-1111-111111111111' })] },
        }),
        { silent: true },
      ),
      waitGone(at('a')),
    ),
    asyncSequence(
      'collection: grandchildren go too',
      owner,
      post(paths.configMaps, configMap('a', { metadata: { ownerReferences: [reference()] } }), {
        id: 'a',
        silent: true,
      }),
      post(
        paths.secrets,
        {
          apiVersion: 'v1',
          kind: 'Secret',
          metadata: { name: 's', ownerReferences: [reference({ name: 'a', uid: '{{a:metadata.uid}}' })] },
        },
        { silent: true },
      ),
      del(one),
      waitGone(`${paths.secrets}/s`),
    ),
    asyncSequence(
      'collection: of a whole collection',
      owner,
      child('a'),
      patch('merge', one, { metadata: { labels: { pick: 'me' } } }, { silent: true }),
      del(`${paths.configMaps}?labelSelector=pick&propagationPolicy=Foreground`),
      waitGone(at('a')),
    ),
    asyncSequence(
      'collection: a cluster-wide child of a namespaced owner stays',
      owner,
      post('/apis/rbac.authorization.k8s.io/v1/clusterroles', {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'ClusterRole',
        metadata: { name: 'gc-{id}' },
        rules: [],
      }),
      del(one),
      get('/apis/rbac.authorization.k8s.io/v1/clusterroles/gc-{id}'),
      del('/apis/rbac.authorization.k8s.io/v1/clusterroles/gc-{id}'),
    ),
    asyncSequence(
      'collection: deleting a workload asks for its children',
      post(paths.deployments, deployment('a'), { id: 'owner', silent: true }),
      post(
        paths.configMaps,
        configMap('a', {
          metadata: {
            ownerReferences: [
              { apiVersion: 'apps/v1', kind: 'Deployment', name: 'a', uid: '{{owner:metadata.uid}}' },
            ],
          },
        }),
        { silent: true },
      ),
      del(`${paths.deployments}/a`),
      waitGone(at('a')),
    ),
    asyncSequence(
      'collection: a job orphans its pods by default',
      post(
        '/apis/batch/v1/namespaces/{ns}/jobs',
        { ...kinds['Job']?.object, metadata: { name: 'a' } },
        { silent: true },
      ),
      del('/apis/batch/v1/namespaces/{ns}/jobs/a'),
      waitGone('/apis/batch/v1/namespaces/{ns}/jobs/a'),
    ),
  ];
}

function namespaces(): Sequence[] {
  const ns = `${paths.namespaces}/{ns}`;
  return [
    asyncSequence(
      'namespace: is deleted with its content',
      post(paths.configMaps, configMap('a'), { silent: true }),
      post(paths.services, { ...kinds['Service']?.object, metadata: { name: 'a' } }, { silent: true }),
      del(ns),
      waitGone(ns),
      get(`${paths.configMaps}/a`),
    ),
    asyncSequence(
      'namespace: takes nothing new while it ends',
      post(paths.configMaps, configMap('a', { metadata: { finalizers: ['example.com/hold'] } }), {
        silent: true,
      }),
      del(ns),
      waitFor(`${paths.configMaps}/a`, ({ body }) => body.metadata?.['deletionTimestamp'] !== undefined),
      post(paths.configMaps, configMap('b')),
      patch('apply', `${paths.configMaps}/c?fieldManager=m`, configMap('c')),
      patch('merge', `${paths.configMaps}/a`, { data: { b: '2' } }),
      patch('merge', `${paths.configMaps}/a`, { metadata: { finalizers: null } }, { silent: true }),
      waitGone(ns),
    ),
    asyncSequence(
      'namespace: says what it waits for',
      post(paths.configMaps, configMap('a', { metadata: { finalizers: ['example.com/hold'] } }), {
        silent: true,
      }),
      del(ns),
      waitFor(ns, ({ body }) => ((body.status?.['conditions'] as unknown[] | undefined) ?? []).length >= 5),
      del(ns),
      patch('merge', `${paths.configMaps}/a`, { metadata: { finalizers: null } }, { silent: true }),
      waitGone(ns),
    ),
    asyncSequence(
      'namespace: is there again after it ended',
      del(ns, undefined, { silent: true }),
      quietly(waitGone(ns)),
      post(paths.namespaces, { metadata: { name: '{ns}' } }),
      waitFor(`${paths.serviceAccounts}/default`, ({ status }) => status === 200),
      waitFor(`${paths.configMaps}/kube-root-ca.crt`, ({ status }) => status === 200),
    ),
    sequence(
      'namespace: get, label, replace',
      get(ns),
      patch('merge', ns, { metadata: { labels: { team: 'a' } } }),
      patch('merge', ns, { metadata: { labels: { 'kubernetes.io/metadata.name': 'other' } } }),
      patch('merge', ns, { spec: { finalizers: ['example.com/x'] } }),
      patch('merge', `${ns}/status`, { status: { conditions: [{ type: 'Mine', status: 'True' }] } }),
    ),
    sequence(
      'namespace: finalize',
      get(ns, { id: 'ns', silent: true }),
      put(`${ns}/finalize`, {
        apiVersion: 'v1',
        kind: 'Namespace',
        metadata: { name: '{ns}' },
        spec: { finalizers: [] },
      }),
    ),
    sequence(
      'namespace: those that stay',
      del(`${paths.namespaces}/default`),
      del(`${paths.namespaces}/kube-system`),
      del(`${paths.namespaces}/kube-public`),
    ),
    sequence(
      'namespace: those that are there',
      ...['default', 'kube-system', 'kube-public', 'kube-node-lease'].map((name) =>
        get(`${paths.namespaces}/${name}`),
      ),
    ),
    sequence(
      'namespace: create with a deletion time',
      post(paths.namespaces, {
        metadata: { name: 'n-{id}' },
        spec: { finalizers: [] },
        status: { phase: 'Terminating' },
      }),
      del(`${paths.namespaces}/n-{id}`, undefined, { silent: true }),
    ),
    sequence('service default/kubernetes', get('/api/v1/namespaces/default/services/kubernetes')),
  ];
}

function subresources(): Sequence[] {
  const dep = `${paths.deployments}/a`;
  const made = post(paths.deployments, deployment('a'), { silent: true });
  const scale = (spec: object, more: object = {}) => ({
    apiVersion: 'autoscaling/v1',
    kind: 'Scale',
    metadata: { name: 'a', namespace: '{ns}' },
    spec,
    ...more,
  });
  return [
    sequence(
      'scale: get, replace, patch',
      made,
      get(`${dep}/scale`),
      put(`${dep}/scale`, scale({ replicas: 3 })),
      patch('merge', `${dep}/scale`, { spec: { replicas: 4 } }),
      patch('json', `${dep}/scale`, [{ op: 'replace', path: '/spec/replicas', value: 5 }]),
      patch('strategic', `${dep}/scale`, { spec: { replicas: 6 } }),
      get(dep),
    ),
    sequence(
      'scale: wrong values',
      made,
      put(`${dep}/scale`, scale({ replicas: -1 })),
      put(`${dep}/scale`, scale({ replicas: 'x' })),
      put(`${dep}/scale`, scale({}, { kind: 'Other' })),
      put(`${dep}/scale`, scale({ replicas: 1 }, { metadata: { name: 'b' } })),
      put(`${dep}/scale`, scale({ replicas: 1 }, { metadata: { name: 'a', resourceVersion: '1' } })),
    ),
    sequence(
      'status: replaces status alone',
      made,
      get(dep, { id: 'dep', silent: true }),
      put(`${dep}/status`, {
        ...deployment('a', { minReadySeconds: 9 }),
        status: { replicas: 2, observedGeneration: 1 },
      }),
      patch('merge', `${dep}/status`, { spec: { minReadySeconds: 9 }, status: { readyReplicas: 1 } }),
      patch('merge', `${dep}/status`, { metadata: { labels: { a: 'b' } }, status: { replicas: 3 } }),
      get(`${dep}/status`),
    ),
    sequence(
      'status: is dropped by the main resource',
      post(paths.deployments, { ...deployment('b'), status: { replicas: 7 } }),
      patch('merge', `${paths.deployments}/b`, { status: { replicas: 8 } }),
      put(`${paths.deployments}/b`, { ...deployment('b'), status: { replicas: 9 } }),
    ),
    sequence(
      'status: wrong values',
      made,
      patch('merge', `${dep}/status`, { status: { replicas: -1 } }),
      patch('merge', `${dep}/status`, { status: { replicas: 1, readyReplicas: 2 } }),
      patch('merge', `${dep}/status`, { status: { replicas: 'x' } }),
    ),
    sequence(
      'status: of pods',
      post(paths.pods, pod('a'), { silent: true }),
      patch('strategic', `${paths.pods}/a/status`, {
        status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] },
      }),
      patch('merge', `${paths.pods}/a/status`, {
        status: { podIP: '192.168.1.7', podIPs: [{ ip: '192.168.1.7' }] },
      }),
    ),
    sequence(
      'binding: puts a pod on a node',
      post(paths.pods, pod('a'), { silent: true }),
      post(`${paths.pods}/a/binding`, {
        apiVersion: 'v1',
        kind: 'Binding',
        metadata: { name: 'a' },
        target: { kind: 'Node', name: 'n' },
      }),
      get(`${paths.pods}/a`),
      post(`${paths.pods}/a/binding`, { metadata: { name: 'a' }, target: { kind: 'Node', name: 'n' } }),
    ),
    sequence(
      'eviction: deletes a pod, or says no',
      post(paths.pods, pod('a'), { silent: true }),
      post(`${paths.pods}/a/eviction`, {
        apiVersion: 'policy/v1',
        kind: 'Eviction',
        metadata: { name: 'a' },
      }),
      post(`${paths.pods}/none/eviction`, {
        apiVersion: 'policy/v1',
        kind: 'Eviction',
        metadata: { name: 'none' },
      }),
    ),
    sequence(
      'token: for a service account',
      post(`${paths.serviceAccounts}/default/token`, {
        apiVersion: 'authentication.k8s.io/v1',
        kind: 'TokenRequest',
        spec: { expirationSeconds: 3600 },
      }),
      post(`${paths.serviceAccounts}/default/token`, { spec: { expirationSeconds: 1 } }),
      post(`${paths.serviceAccounts}/none/token`, { spec: {} }),
    ),
    sequence(
      'ephemeral containers and resize',
      post(paths.pods, pod('a'), { silent: true }),
      patch('strategic', `${paths.pods}/a/ephemeralcontainers`, {
        spec: { ephemeralContainers: [{ name: 'debug', image: 'busybox' }] },
      }),
    ),
    sequence(
      'log: of a pod that has no node',
      post(paths.pods, pod('a'), { silent: true }),
      get(`${paths.pods}/a/log`),
      get(`${paths.pods}/a/log?container=none`),
    ),
  ];
}

function reviews(): Sequence[] {
  const review = (kind: string, spec: object) =>
    post(`/apis/authorization.k8s.io/v1/${kind.toLowerCase()}s`, {
      apiVersion: 'authorization.k8s.io/v1',
      kind,
      spec,
    });
  return [
    sequence(
      'review: who am I',
      post('/apis/authentication.k8s.io/v1/selfsubjectreviews', {
        apiVersion: 'authentication.k8s.io/v1',
        kind: 'SelfSubjectReview',
      }),
    ),
    sequence(
      'review: may I',
      review('SelfSubjectAccessReview', {
        resourceAttributes: { verb: 'get', resource: 'pods', namespace: 'x' },
      }),
      review('SelfSubjectAccessReview', { nonResourceAttributes: { verb: 'get', path: '/healthz' } }),
      review('SelfSubjectAccessReview', {}),
    ),
    sequence(
      'review: may nobody',
      review('SubjectAccessReview', {
        user: 'nobody',
        resourceAttributes: { verb: 'get', resource: 'pods', namespace: 'x' },
      }),
    ),
    sequence(
      'review: may a service account with a role',
      post(
        '/apis/rbac.authorization.k8s.io/v1/namespaces/{ns}/roles',
        {
          apiVersion: 'rbac.authorization.k8s.io/v1',
          kind: 'Role',
          metadata: { name: 'r' },
          rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get', 'list'], resourceNames: ['a'] }],
        },
        { silent: true },
      ),
      post(
        '/apis/rbac.authorization.k8s.io/v1/namespaces/{ns}/rolebindings',
        {
          apiVersion: 'rbac.authorization.k8s.io/v1',
          kind: 'RoleBinding',
          metadata: { name: 'r' },
          roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'r' },
          subjects: [{ kind: 'ServiceAccount', name: 'default', namespace: '{ns}' }],
        },
        { silent: true },
      ),
      ...[
        { verb: 'get', name: 'a' },
        { verb: 'get', name: 'b' },
        { verb: 'delete', name: 'a' },
      ].map((attributes) =>
        review('SubjectAccessReview', {
          user: 'system:serviceaccount:{ns}:default',
          resourceAttributes: { resource: 'pods', namespace: '{ns}', ...attributes },
        }),
      ),
    ),
    sequence(
      'review: a wrong token',
      post('/apis/authentication.k8s.io/v1/tokenreviews', {
        apiVersion: 'authentication.k8s.io/v1',
        kind: 'TokenReview',
        spec: { token: 'bogus' },
      }),
    ),
    sequence(
      'request: with a wrong token',
      get(paths.configMaps, { headers: { authorization: 'Bearer bogus' } }),
    ),
    sequence(
      'request: without a token',
      send('GET', paths.configMaps, undefined, { headers: { authorization: '' } }),
    ),
    sequence(
      'request: on behalf of somebody',
      get(paths.configMaps, { headers: { 'impersonate-user': 'nobody' } }),
      get(`${paths.configMaps}?labelSelector=none`, {
        headers: { 'impersonate-user': 'root', 'impersonate-group': 'system:masters' },
      }),
      post(
        '/apis/authentication.k8s.io/v1/selfsubjectreviews',
        { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' },
        { headers: { 'impersonate-user': 'ada', 'impersonate-group': 'system:masters' } },
      ),
    ),
  ];
}

function podDeletion(): Sequence[] {
  const at = `${paths.pods}/a`;
  const bound = post(paths.pods, pod('a', { nodeName: 'n', containers: [{ name: 'x', image: 'y' }] }), {
    silent: true,
  });
  return [
    sequence(
      'pod: without a node goes at once',
      post(paths.pods, pod('a'), { silent: true }),
      del(at),
      get(at),
    ),
    sequence(
      'pod: on a node ends with grace',
      bound,
      del(at),
      get(at),
      del(at, { gracePeriodSeconds: 5 }),
      del(at, { gracePeriodSeconds: 0 }),
      get(at),
    ),
    sequence(
      'pod: with a grace period of its own',
      post(
        paths.pods,
        pod('a', {
          nodeName: 'n',
          terminationGracePeriodSeconds: 3,
          containers: [{ name: 'x', image: 'y' }],
        }),
        { silent: true },
      ),
      del(at),
      del(at, { gracePeriodSeconds: -1 }),
      del(`${at}?gracePeriodSeconds=1`),
    ),
    sequence(
      'pod: finalizers and grace',
      post(
        paths.pods,
        pod(
          'a',
          { nodeName: 'n', containers: [{ name: 'x', image: 'y' }] },
          { finalizers: ['example.com/hold'] },
        ),
        { silent: true },
      ),
      del(at),
      del(at, { gracePeriodSeconds: 0 }),
      patch('merge', at, { metadata: { finalizers: null } }),
      get(at),
    ),
    sequence(
      'pod: finished on a node goes at once',
      bound,
      patch('merge', `${at}/status`, { status: { phase: 'Succeeded' } }, { silent: true }),
      del(at),
      get(at),
    ),
  ];
}
