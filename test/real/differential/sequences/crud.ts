// The life of one object of every kind, names that are generated, preconditions, dry runs, field validation.
import { apply, del, get, patch, post, put, type Sequence, sequence } from '../sequence.ts';
import { configMap, deployment, kinds, paths } from './objects.ts';

export function crudSequences(): Sequence[] {
  return [
    ...lives(),
    ...names(),
    ...generated(),
    ...preconditions(),
    ...dryRuns(),
    ...validation(),
    ...updates(),
  ];
}

function lives(): Sequence[] {
  return Object.entries(kinds).map(([name, { path, object, change }]) => {
    const one = `${path}/x-{id}`;
    return sequence(
      `life: ${name}`,
      post(path, object),
      post(path, object),
      get(one, { id: 'got', silent: true }),
      patch('merge', one, change),
      patch('merge', one, { metadata: { annotations: { a: 'b' } } }),
      apply(one, 'applier', {
        apiVersion: object['apiVersion'],
        kind: object['kind'],
        metadata: { labels: { applied: 'yes' } },
      }),
      put(one, { ...object, metadata: { name: 'other' } }),
      del(one, { gracePeriodSeconds: 0, propagationPolicy: 'Background' }),
      get(one),
    );
  });
}

function names(): Sequence[] {
  const cases: Record<string, Record<string, unknown>> = {
    'upper case': { name: 'Upper' },
    underscore: { name: 'a_b' },
    'a slash': { name: 'a/b' },
    'a dot at the end': { name: 'a.' },
    'a dash at the beginning': { name: '-a' },
    '254 characters': { name: 'a'.repeat(254) },
    '253 characters': { name: 'a'.repeat(253) },
    empty: { name: '' },
    missing: {},
    'a wrong generateName': { generateName: 'A_' },
    'a wrong label key': { name: 'a', labels: { 'a b': 'c' } },
    'a wrong label prefix': { name: 'a', labels: { 'A_/b': 'c' } },
    'a wrong label value': { name: 'a', labels: { a: 'b c' } },
    'a long label value': { name: 'a', labels: { a: 'b'.repeat(64) } },
    'a label key with two slashes': { name: 'a', labels: { 'a/b/c': '' } },
    'a long label key': { name: 'a', labels: { [`example.com/${'a'.repeat(64)}`]: '' } },
    'a wrong annotation key': { name: 'a', annotations: { 'a b': 'c' } },
    'too large annotations': { name: 'a', annotations: { a: 'x'.repeat(262_145) } },
    'a wrong namespace': { name: 'a', namespace: 'other' },
    'a finalizer without a slash': { name: 'a', finalizers: ['mine'] },
    'a wrong finalizer': { name: 'a', finalizers: ['a b/c'] },
    'a known finalizer': { name: 'a', finalizers: ['orphan'] },
    'an owner without uid': { name: 'a', ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'x' }] },
    'an owner without name': { name: 'a', ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', uid: 'x' }] },
    'two controllers': {
      name: 'a',
      ownerReferences: [
        { apiVersion: 'v1', kind: 'Pod', name: 'x', uid: 'x', controller: true },
        { apiVersion: 'v1', kind: 'Pod', name: 'y', uid: 'y', controller: true },
      ],
    },
    'an event as owner': {
      name: 'a',
      ownerReferences: [{ apiVersion: 'v1', kind: 'Event', name: 'x', uid: 'x' }],
    },
    'values only the server sets': {
      name: 'a',
      uid: 'mine',
      creationTimestamp: '2001-01-01T00:00:00Z',
      deletionTimestamp: '2001-01-01T00:00:00Z',
      deletionGracePeriodSeconds: 7,
      generation: 7,
      selfLink: '/a',
    },
    'a resource version': { name: 'a', resourceVersion: '7' },
    'a label that is a number': { name: 'a', labels: { a: 1 } },
    'labels that are a list': { name: 'a', labels: ['a'] },
    'null members': { name: 'a', labels: null, annotations: { a: null }, finalizers: null },
    'an unknown member': { name: 'a', lables: {} },
    'managed fields of others': {
      name: 'a',
      managedFields: [
        {
          manager: 'x',
          operation: 'Update',
          apiVersion: 'v1',
          fieldsType: 'FieldsV1',
          fieldsV1: { 'f:data': {} },
        },
      ],
    },
    'wrong managed fields': {
      name: 'a',
      managedFields: [{ manager: 'x', operation: 'Write', apiVersion: 'v1' }],
    },
  };
  const maps = Object.entries(cases).map(([name, metadata]) =>
    sequence(`metadata: ${name}`, post(paths.configMaps, { ...configMap(''), metadata })),
  );
  const wrong: Record<string, [string, Record<string, unknown>]> = {
    'service name with a dot': [
      paths.services,
      { kind: 'Service', metadata: { name: 'a.b' }, spec: { ports: [{ port: 1 }] } },
    ],
    'service name that begins with a digit': [
      paths.services,
      { kind: 'Service', metadata: { name: '1a' }, spec: { ports: [{ port: 1 }] } },
    ],
    'long service name': [
      paths.services,
      { kind: 'Service', metadata: { name: 'a'.repeat(64) }, spec: { ports: [{ port: 1 }] } },
    ],
    'namespace name with a dot': [paths.namespaces, { kind: 'Namespace', metadata: { name: 'a.b' } }],
    'long namespace name': [paths.namespaces, { kind: 'Namespace', metadata: { name: 'a'.repeat(64) } }],
    'role name with colons': [
      '/apis/rbac.authorization.k8s.io/v1/namespaces/{ns}/roles',
      {
        kind: 'Role',
        apiVersion: 'rbac.authorization.k8s.io/v1',
        metadata: { name: 'system:a:b' },
        rules: [],
      },
    ],
    'role name with a percent sign': [
      '/apis/rbac.authorization.k8s.io/v1/namespaces/{ns}/roles',
      { kind: 'Role', apiVersion: 'rbac.authorization.k8s.io/v1', metadata: { name: 'a%b' }, rules: [] },
    ],
    'long cron job name': [
      '/apis/batch/v1/namespaces/{ns}/cronjobs',
      { ...kinds['CronJob']?.object, metadata: { name: 'a'.repeat(53) } },
    ],
  };
  return [
    ...maps,
    ...Object.entries(wrong).map(([name, [path, body]]) => sequence(`metadata: ${name}`, post(path, body))),
  ];
}

function generated(): Sequence[] {
  const named = (metadata: object) => ({ ...configMap(''), metadata });
  return [
    sequence(
      'generateName: makes different names',
      post(paths.configMaps, named({ generateName: 'gen-' }), { id: 'a' }),
      post(paths.configMaps, named({ generateName: 'gen-' }), { id: 'b' }),
      get(`${paths.configMaps}/{{a:metadata.name}}`),
      del(`${paths.configMaps}/{{b:metadata.name}}`),
    ),
    sequence('generateName: a name wins', post(paths.configMaps, named({ name: 'a', generateName: 'gen-' }))),
    sequence(
      'generateName: long prefixes are cut',
      post(paths.configMaps, named({ generateName: 'g'.repeat(300) })),
    ),
    sequence(
      'generateName: with dry run',
      post(`${paths.configMaps}?dryRun=All`, named({ generateName: 'dry-' })),
    ),
    sequence(
      'generateName: for a pod',
      post(paths.pods, { ...kinds['Pod']?.object, metadata: { generateName: 'p-' } }),
    ),
  ];
}

function preconditions(): Sequence[] {
  const one = `${paths.configMaps}/a`;
  const made = post(paths.configMaps, configMap('a'), { id: 'a' });
  const other = '11111111-1111-1111-1111-111111111111';
  return [
    sequence(
      'preconditions: PUT with an old version conflicts',
      made,
      patch('merge', one, { data: { b: '2' } }),
      put(one, configMap('a', { metadata: { resourceVersion: '{{a:metadata.resourceVersion}}' } })),
      put(one, configMap('a', { data: { c: '3' } })),
    ),
    sequence(
      'preconditions: PATCH with an old version conflicts',
      made,
      patch('merge', one, { data: { b: '2' } }),
      patch('merge', one, {
        metadata: { resourceVersion: '{{a:metadata.resourceVersion}}' },
        data: { b: '3' },
      }),
      patch('strategic', one, {
        metadata: { resourceVersion: '{{a:metadata.resourceVersion}}' },
        data: { b: '3' },
      }),
      apply(one, 'm', configMap('a', { metadata: { resourceVersion: '{{a:metadata.resourceVersion}}' } })),
    ),
    sequence(
      'preconditions: PUT with another uid',
      made,
      put(one, configMap('a', { metadata: { uid: other } })),
      patch('merge', one, { metadata: { uid: other } }),
    ),
    sequence(
      'preconditions: DELETE with another uid, then with the right one',
      made,
      del(one, { preconditions: { uid: other } }),
      del(one, { preconditions: { uid: '{{a:metadata.uid}}' } }),
    ),
    sequence(
      'preconditions: DELETE with an old version, then with the right one',
      made,
      patch('merge', one, { data: { b: '2' } }, { id: 'b' }),
      del(one, { preconditions: { resourceVersion: '{{a:metadata.resourceVersion}}' } }),
      del(one, { preconditions: { resourceVersion: '{{b:metadata.resourceVersion}}' } }),
    ),
    sequence('preconditions: PUT of a missing object', put(one, configMap('a'))),
    sequence(
      'preconditions: PUT of a missing object with a version',
      put(one, configMap('a', { metadata: { resourceVersion: '7' } })),
      put(one, configMap('a', { metadata: { uid: other } })),
    ),
    sequence(
      'preconditions: a version that is no number',
      made,
      put(one, configMap('a', { metadata: { resourceVersion: 'x' } })),
    ),
    sequence(
      'preconditions: a JSON patch that tests',
      made,
      patch('json', one, [{ op: 'test', path: '/data/a', value: '2' }]),
      patch('json', one, [
        { op: 'test', path: '/data/a', value: '1' },
        { op: 'replace', path: '/data/a', value: '2' },
      ]),
    ),
    sequence(
      'preconditions: DELETE with wrong options',
      made,
      del(one, { propagationPolicy: 'Sideways' }),
      del(one, { orphanDependents: true, propagationPolicy: 'Orphan' }),
      del(`${one}?gracePeriodSeconds=x`),
      del(one, { dryRun: ['Some'] }),
      del(one, { kind: 'Pod' }),
      del(`${one}?propagationPolicy=Background`, { kind: 'DeleteOptions', apiVersion: 'v1' }),
    ),
  ];
}

function dryRuns(): Sequence[] {
  const one = `${paths.configMaps}/a`;
  const dry = '?dryRun=All';
  return [
    sequence(
      'dry run: changes nothing',
      post(`${paths.configMaps}${dry}`, configMap('a')),
      get(one),
      post(paths.configMaps, configMap('a')),
      put(`${one}${dry}`, configMap('a', { data: { b: '2' } })),
      patch('merge', `${one}${dry}`, { data: { c: '3' } }),
      patch('json', `${one}${dry}`, [{ op: 'remove', path: '/data/a' }]),
      apply(one, 'm', configMap('a', { data: { d: '4' } }), '&dryRun=All'),
      del(`${one}${dry}`),
      del(one, { dryRun: ['All'] }),
      del(`${paths.configMaps}${dry}&fieldSelector=metadata.name%3Da`),
      get(one),
    ),
    sequence('dry run: a wrong value', post(`${paths.configMaps}?dryRun=Yes`, configMap('a')), get(one)),
    sequence('dry run: apply of a new object', apply(one, 'm', configMap('a'), '&dryRun=All'), get(one)),
    sequence(
      'dry run: validation still happens',
      post(`${paths.deployments}${dry}`, deployment('a', { selector: { matchLabels: { no: 'match' } } })),
    ),
    sequence('dry run: a service gets no address', post(`${paths.services}${dry}`, kinds['Service']?.object)),
    sequence(
      'dry run: conflicts are told',
      post(paths.configMaps, configMap('a')),
      post(`${paths.configMaps}${dry}`, configMap('a')),
      apply(one, 'm', configMap('a', { data: { a: '2' } }), '&dryRun=All'),
    ),
  ];
}

function validation(): Sequence[] {
  const wrong = { ...deployment('a'), bogus: 1, metadata: { name: 'a', lables: {} } };
  const nested = deployment('a', {
    replcas: 1,
    template: {
      metadata: { labels: { app: 'a' } },
      spec: { containers: [{ name: 'x', image: 'y', imgae: 'z' }] },
    },
  });
  const twice = '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"data":{"a":"1","a":"2"}}';
  const yaml = { headers: { 'content-type': 'application/yaml' } };
  const yamlTwice = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}\ndata:\n  a: "1"\n  a: "2"\n';
  const modes = ['Strict', 'Warn', 'Ignore', 'Loud', ''];
  return [
    ...modes.map((mode) =>
      sequence(
        `field validation: ${mode || 'none given'}`,
        post(`${paths.deployments}?fieldValidation=${mode}`, wrong),
        post(`${paths.deployments}?fieldValidation=${mode}&dryRun=All`, {
          ...nested,
          metadata: { name: 'b' },
        }),
        post(`${paths.configMaps}?fieldValidation=${mode}`, twice),
        post(`${paths.configMaps}?fieldValidation=${mode}`, yamlTwice, yaml),
      ),
    ),
    ...['Strict', 'Warn', 'Ignore'].map((mode) =>
      sequence(
        `field validation of patches: ${mode}`,
        post(paths.deployments, deployment('a'), { silent: true }),
        patch('merge', `${paths.deployments}/a?fieldValidation=${mode}`, { spec: { bogus: 1 } }),
        patch('strategic', `${paths.deployments}/a?fieldValidation=${mode}`, { spec: { bogus: 1 } }),
        patch('json', `${paths.deployments}/a?fieldValidation=${mode}`, [
          { op: 'add', path: '/spec/bogus', value: 1 },
        ]),
        apply(
          `${paths.deployments}/a`,
          'm',
          { ...deployment('a'), bogus: 1 },
          `&force=true&fieldValidation=${mode}`,
        ),
      ),
    ),
    sequence(
      'a YAML body is as good as JSON',
      post(paths.configMaps, 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: y}\ndata: {a: "b"}\n', yaml),
      put(
        `${paths.configMaps}/y`,
        'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: y}\ndata: {a: "c"}\n',
        yaml,
      ),
    ),
  ];
}

function updates(): Sequence[] {
  const one = `${paths.configMaps}/a`;
  return [
    sequence(
      'update: that changes nothing keeps the version',
      post(paths.configMaps, configMap('a')),
      put(one, configMap('a')),
      patch('merge', one, {}),
      patch('merge', one, { data: { a: '1' } }),
      patch('json', one, []),
      patch('strategic', one, {}),
      get(one),
    ),
    sequence(
      'update: generation counts changes of spec only',
      post(paths.deployments, deployment('a'), { silent: true }),
      patch('merge', `${paths.deployments}/a`, { metadata: { labels: { x: 'y' } } }, { id: 'l' }),
      patch('merge', `${paths.deployments}/a/status`, { status: { replicas: 3 } }, { silent: true }),
    ),
    sequence(
      'update: PUT replaces everything',
      post(paths.configMaps, configMap('a', { metadata: { labels: { a: 'b' }, annotations: { c: 'd' } } })),
      put(one, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } }),
    ),
    sequence(
      'update: the name in the path counts',
      post(paths.configMaps, configMap('a')),
      put(one, configMap('b')),
    ),
    sequence(
      'update: a missing name is taken from the path',
      post(paths.configMaps, configMap('a')),
      put(one, { data: { x: 'y' } }),
    ),
    sequence(
      'update: finalizers hold a deleted object',
      post(paths.configMaps, configMap('a', { metadata: { finalizers: ['example.com/hold'] } })),
      del(one),
      del(one),
      get(one),
      patch('merge', one, { data: { b: '2' } }),
      patch('merge', one, { metadata: { finalizers: ['example.com/hold', 'example.com/more'] } }),
      patch('merge', one, { metadata: { finalizers: null } }),
      get(one),
    ),
    sequence(
      'update: PUT that takes the last finalizer off ends a deleted object',
      post(paths.configMaps, configMap('a', { metadata: { finalizers: ['example.com/hold'] } })),
      del(one),
      put(one, configMap('a')),
      get(one),
    ),
    sequence(
      'update: managedFields can be cleared',
      post(paths.configMaps, configMap('a')),
      put(one, configMap('a', { metadata: { managedFields: [{}] } })),
      patch('merge', one, { metadata: { managedFields: [] } }),
      patch('merge', one, { data: { b: '2' } }),
    ),
    sequence(
      'update: an immutable config map',
      post(paths.configMaps, configMap('a', { immutable: true })),
      patch('merge', one, { data: { b: '2' } }),
      patch('merge', one, { immutable: false }),
      patch('merge', one, { metadata: { labels: { a: 'b' } } }),
    ),
    sequence(
      'update: deletecollection',
      post(paths.configMaps, configMap('a', { metadata: { labels: { pick: 'yes' } } })),
      post(paths.configMaps, configMap('b', { metadata: { labels: { pick: 'no' } } })),
      del(`${paths.configMaps}?labelSelector=pick%3Dyes`),
      get(`${paths.configMaps}?labelSelector=pick`),
      del(`${paths.configMaps}?labelSelector=pick%20in%20(no)`),
      get(`${paths.configMaps}?labelSelector=pick`),
    ),
    sequence(
      'update: deletecollection waits for finalizers',
      post(paths.secrets, {
        ...kinds['Secret']?.object,
        metadata: { name: 'a', finalizers: ['example.com/hold'] },
      }),
      del(paths.secrets),
      get(`${paths.secrets}/a`),
      patch('merge', `${paths.secrets}/a`, { metadata: { finalizers: [] } }),
      get(paths.secrets),
    ),
  ];
}
