// The four ways to patch, and who owns what afterwards.
import { apply, get, patch, post, put, type Sequence, sequence } from '../sequence.ts';
import { configMap, deployment, paths, podSpec, template } from './objects.ts';

const one = `${paths.configMaps}/a`;
const dep = `${paths.deployments}/a`;
const made = post(paths.configMaps, configMap('a', { data: { a: '1', b: '2' } }), { silent: true });

export function patchSequences(): Sequence[] {
  return [
    ...jsonPatches(),
    ...mergePatches(),
    ...strategicPatches(),
    ...applies(),
    ...ownership(),
    ...wrongPatches(),
  ];
}

function jsonPatches(): Sequence[] {
  const cases: Record<string, unknown> = {
    'adds, replaces and removes': [
      { op: 'add', path: '/data/c', value: '3' },
      { op: 'replace', path: '/data/a', value: 'x' },
      { op: 'remove', path: '/data/b' },
    ],
    'moves and copies': [
      { op: 'move', from: '/data/a', path: '/data/moved' },
      { op: 'copy', from: '/data/b', path: '/data/copied' },
    ],
    'with escaped pointers': [
      { op: 'add', path: '/metadata/annotations', value: {} },
      { op: 'add', path: '/metadata/annotations/example.com~1a~0b', value: 'x' },
    ],
    'adds to a missing parent': [{ op: 'add', path: '/metadata/labels/a', value: 'b' }],
    'removes what is missing': [{ op: 'remove', path: '/data/none' }],
    'replaces what is missing': [{ op: 'replace', path: '/data/none', value: 'x' }],
    'fails a test': [{ op: 'test', path: '/data/a', value: 'no' }],
    'tests what is missing': [{ op: 'test', path: '/data/none', value: null }],
    'with an unknown operation': [{ op: 'frobnicate', path: '/data/a' }],
    'without a path': [{ op: 'add', value: 'x' }],
    'without a value': [{ op: 'add', path: '/data/x' }],
    'that is no list': { op: 'add', path: '/data/x', value: 'y' },
    'that replaces the name': [{ op: 'replace', path: '/metadata/name', value: 'b' }],
    'that replaces everything': [{ op: 'replace', path: '', value: {} }],
    'that makes an invalid object': [{ op: 'add', path: '/data/a b', value: 'x' }],
    'that makes a wrong type': [{ op: 'replace', path: '/data', value: 'text' }],
  };
  const lists: Record<string, unknown> = {
    'at the end of a list': [
      { op: 'add', path: '/spec/template/spec/containers/-', value: { name: 'b', image: 'b' } },
    ],
    'inside a list': [
      { op: 'add', path: '/spec/template/spec/containers/0', value: { name: 'b', image: 'b' } },
    ],
    'past a list': [
      { op: 'add', path: '/spec/template/spec/containers/7', value: { name: 'b', image: 'b' } },
    ],
    'in a list item': [{ op: 'replace', path: '/spec/template/spec/containers/0/image', value: 'new' }],
    'that removes the last container': [{ op: 'remove', path: '/spec/template/spec/containers/0' }],
  };
  return [
    ...Object.entries(cases).map(([name, body]) =>
      sequence(`json patch: ${name}`, made, patch('json', one, body)),
    ),
    ...Object.entries(lists).map(([name, body]) =>
      sequence(
        `json patch: ${name}`,
        post(paths.deployments, deployment('a'), { silent: true }),
        patch('json', dep, body),
      ),
    ),
  ];
}

function mergePatches(): Sequence[] {
  const cases: Record<string, unknown> = {
    'adds and removes': { data: { a: null, c: '3' }, metadata: { labels: { x: 'y' } } },
    'null for what is missing': { data: { none: null }, metadata: { labels: null } },
    'null for everything': { data: null },
    'a list replaces a list': { metadata: { finalizers: ['example.com/a', 'example.com/b'] } },
    'a text for an object': { data: 'text' },
    'another kind': { kind: 'Secret' },
    'another version': { apiVersion: 'v2' },
    'a list as patch': [],
    'a text as patch': '"text"',
    'broken JSON': '{"data":',
    empty: '',
  };
  return [
    ...Object.entries(cases).map(([name, body]) =>
      sequence(`merge patch: ${name}`, made, patch('merge', one, body)),
    ),
    sequence('merge patch: of a missing object', patch('merge', `${paths.configMaps}/none`, { data: {} })),
  ];
}

const rich = deployment('a', {
  template: template(
    { app: 'a' },
    {
      containers: [
        {
          name: 'main',
          image: 'main:1',
          env: [
            { name: 'A', value: '1' },
            { name: 'B', value: '2' },
          ],
          ports: [{ containerPort: 80, name: 'http' }],
          args: ['a', 'b'],
        },
        { name: 'side', image: 'side:1' },
      ],
      volumes: [
        { name: 'tmp', emptyDir: {} },
        { name: 'conf', configMap: { name: 'c' } },
      ],
      tolerations: [{ key: 'a', operator: 'Exists' }],
      imagePullSecrets: [{ name: 'one' }],
    },
  ),
  strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1 } },
});

function strategicPatches(): Sequence[] {
  const inPod = (spec: object) => ({ spec: { template: { spec } } });
  const main = (more: object) => inPod({ containers: [{ name: 'main', ...more }] });
  const cases: Record<string, unknown> = {
    'merges containers by name': main({ image: 'main:2' }),
    'adds a container': inPod({ containers: [{ name: 'new', image: 'new:1' }] }),
    'deletes a container': inPod({ containers: [{ name: 'side', $patch: 'delete' }] }),
    'deletes a container that is not there': inPod({ containers: [{ name: 'none', $patch: 'delete' }] }),
    'replaces all containers': inPod({
      containers: [{ name: 'only', image: 'only:1' }, { $patch: 'replace' }],
    }),
    'replaces an object': inPod({ containers: [{ name: 'main', $patch: 'replace', image: 'main:3' }] }),
    'orders containers': inPod({
      $setElementOrder: undefined,
      '$setElementOrder/containers': [{ name: 'side' }, { name: 'main' }],
      containers: [{ name: 'main', image: 'main:4' }],
    }),
    'merges env by name': main({
      env: [
        { name: 'B', value: 'two' },
        { name: 'C', value: '3' },
      ],
    }),
    'deletes an env variable': main({ env: [{ name: 'A', $patch: 'delete' }] }),
    'merges ports by container port': main({
      ports: [{ containerPort: 80, protocol: 'UDP' }, { containerPort: 81 }],
    }),
    'replaces a plain list': main({ args: ['c'] }),
    'replaces tolerations': inPod({ tolerations: [{ key: 'b', operator: 'Exists' }] }),
    'merges image pull secrets': inPod({ imagePullSecrets: [{ name: 'two' }] }),
    'changes the kind of a volume': inPod({
      volumes: [{ name: 'tmp', $retainKeys: ['name', 'hostPath'], hostPath: { path: '/x' } }],
    }),
    'two kinds of one volume': inPod({ volumes: [{ name: 'tmp', hostPath: { path: '/x' } }] }),
    'removes a volume': inPod({ volumes: [{ name: 'conf', $patch: 'delete' }] }),
    'retains keys of the strategy': { spec: { strategy: { $retainKeys: ['type'], type: 'Recreate' } } },
    'changes the strategy without retaining': { spec: { strategy: { type: 'Recreate' } } },
    'adds finalizers': { metadata: { finalizers: ['example.com/a'] } },
    'null removes a map': { spec: { template: { metadata: { annotations: null } } } },
    'a list item without its key': inPod({ containers: [{ image: 'nameless' }] }),
    'an unknown directive': main({ $patch: 'frobnicate' }),
    'a wrong type': { spec: { replicas: 'two' } },
    'takes a primitive off a list': {
      metadata: { '$deleteFromPrimitiveList/finalizers': ['example.com/x'] },
    },
  };
  const order = post(
    paths.configMaps,
    configMap('a', { metadata: { finalizers: ['x.com/a', 'x.com/b', 'x.com/c'] } }),
    {
      silent: true,
    },
  );
  return [
    ...Object.entries(cases).map(([name, body]) =>
      sequence(
        `strategic patch: ${name}`,
        post(paths.deployments, rich, { silent: true }),
        patch('strategic', dep, body),
      ),
    ),
    sequence(
      'strategic patch: primitive lists',
      order,
      patch('strategic', one, { metadata: { finalizers: ['x.com/d', 'x.com/a'] } }),
      patch('strategic', one, { metadata: { '$deleteFromPrimitiveList/finalizers': ['x.com/b'] } }),
      patch('strategic', one, {
        metadata: {
          '$setElementOrder/finalizers': ['x.com/d', 'x.com/e', 'x.com/a'],
          finalizers: ['x.com/e'],
          '$deleteFromPrimitiveList/finalizers': ['x.com/c'],
        },
      }),
    ),
    sequence(
      'strategic patch: maps',
      made,
      patch('strategic', one, { data: { a: null, c: '3' } }),
      patch('strategic', one, { data: { $patch: 'replace', z: '9' } }),
      patch('strategic', one, { $patch: 'merge', data: { y: '8' } }),
      patch('strategic', one, { data: null }),
    ),
    sequence(
      'strategic patch: service ports by port',
      post(paths.services, {
        kind: 'Service',
        metadata: { name: 'a' },
        spec: {
          ports: [
            { name: 'a', port: 80 },
            { name: 'b', port: 81 },
          ],
        },
      }),
      patch('strategic', `${paths.services}/a`, {
        spec: {
          ports: [
            { port: 81, name: 'c' },
            { port: 82, name: 'd' },
          ],
        },
      }),
      patch('strategic', `${paths.services}/a`, { spec: { ports: [{ port: 80, $patch: 'delete' }] } }),
    ),
  ];
}

function applies(): Sequence[] {
  const map = (data: object, metadata: object = {}) => configMap('a', { data, metadata });
  const yaml = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n  fromYaml: "yes"\n';
  const inPod = (containers: object[], more: object = {}) =>
    deployment('a', { template: template({ app: 'a' }, podSpec({ containers, ...more })) });
  const withPort = (port: object) => inPod([{ name: 'main', image: 'main:1', ports: [port] }]);
  return [
    sequence(
      'apply: creates, changes and removes',
      apply(one, 'm', map({ a: '1', b: '2' })),
      apply(one, 'm', map({ a: '9' })),
    ),
    sequence(
      'apply: again changes nothing',
      apply(one, 'm', map({ a: '1' })),
      apply(one, 'm', map({ a: '1' })),
      get(one),
    ),
    sequence('apply: YAML', apply(one, 'm', yaml)),
    sequence(
      'apply: a value of another manager conflicts',
      apply(one, 'm', map({ a: '1' })),
      apply(one, 'n', map({ a: '2' })),
    ),
    sequence(
      'apply: force takes a value over',
      apply(one, 'm', map({ a: '1', b: '1' })),
      apply(one, 'n', map({ a: '2' }), '&force=true'),
      apply(one, 'm', map({ b: '3' })),
      apply(one, 'm', map({ a: '4', b: '3' })),
    ),
    sequence(
      'apply: the same value is shared, and stays until both gave it up',
      apply(one, 'm', map({ a: '1', b: '1' })),
      apply(one, 'n', map({ a: '1' })),
      apply(one, 'm', map({ b: '1' })),
      apply(one, 'n', map({})),
    ),
    sequence('apply: several conflicts at once', made, apply(one, 'm', map({ a: 'x', b: 'y', c: 'z' }))),
    sequence(
      'apply: after an update by the same manager',
      post(`${paths.configMaps}?fieldManager=m`, map({ a: '1' })),
      apply(one, 'm', map({ a: '2' })),
      apply(one, 'm', map({ a: '2' }), '&force=true'),
    ),
    sequence(
      'apply: an update takes values over',
      apply(one, 'm', map({ a: '1', b: '2' })),
      patch('merge', `${one}?fieldManager=u`, { data: { a: '2' } }),
      apply(one, 'm', map({ a: '1', b: '2' })),
      apply(one, 'm', map({ a: '2', b: '2' })),
      patch('merge', `${one}?fieldManager=u`, { data: { b: null } }),
    ),
    sequence(
      'apply: labels and annotations',
      apply(one, 'm', map({}, { labels: { a: 'b' }, annotations: { c: 'd' } })),
      apply(one, 'n', map({}, { labels: { a: 'b', e: 'f' }, finalizers: ['example.com/x'] })),
      apply(one, 'm', map({})),
      apply(one, 'n', map({})),
    ),
    sequence('apply: without a manager', patch('apply', one, map({ a: '1' }))),
    sequence('apply: with a manager that is too long', apply(one, 'm'.repeat(129), map({ a: '1' }))),
    sequence('apply: with a manager of odd characters', apply(one, 'a%0Ab', map({ a: '1' }))),
    sequence('apply: with another name inside', apply(one, 'm', configMap('b'))),
    sequence(
      'apply: without a name inside',
      apply(one, 'm', { apiVersion: 'v1', kind: 'ConfigMap', data: { a: '1' } }),
    ),
    sequence(
      'apply: with another kind inside',
      apply(one, 'm', { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'a' } }),
    ),
    sequence('apply: with another version inside', apply(one, 'm', { ...map({}), apiVersion: 'v2' })),
    sequence('apply: without a kind', apply(one, 'm', { metadata: { name: 'a' } })),
    sequence('apply: managedFields inside', apply(one, 'm', map({}, { managedFields: [{ manager: 'x' }] }))),
    sequence(
      'apply: force in other patches',
      made,
      patch('merge', `${one}?force=true`, { data: { a: '2' } }),
    ),
    sequence('apply: a resource version of a new object', apply(one, 'm', map({}, { resourceVersion: '1' }))),
    sequence('apply: a null value', apply(one, 'm', map({ a: null, b: '1' }))),
    sequence('apply: an unknown field', apply(one, 'm', { ...map({}), bogus: { a: 1 } })),
    sequence('apply: a wrong type', apply(one, 'm', map({ a: 1 }))),
    sequence('apply: broken YAML', apply(one, 'm', 'a: [')),
    sequence('apply: with generateName', apply(one, 'm', { ...map({}), metadata: { generateName: 'x' } })),
    sequence(
      'apply: containers are owned one by one',
      apply(dep, 'm', inPod([{ name: 'main', image: 'main:1' }])),
      apply(dep, 'n', inPod([{ name: 'side', image: 'side:1' }])),
      apply(dep, 'm', inPod([{ name: 'main', image: 'main:2' }])),
      apply(dep, 'n', inPod([{ name: 'main', image: 'main:3' }])),
      apply(dep, 'n', { ...deployment('a'), spec: { selector: { matchLabels: { app: 'a' } } } }),
    ),
    sequence(
      'apply: order and removal of environment variables',
      apply(
        dep,
        'm',
        inPod([
          {
            name: 'main',
            image: 'x',
            env: [
              { name: 'B', value: '1' },
              { name: 'A', value: '2' },
            ],
          },
        ]),
      ),
      patch('strategic', `${dep}?fieldManager=u`, {
        spec: { template: { spec: { containers: [{ name: 'main', env: [{ name: 'U', value: 'u' }] }] } } },
      }),
      apply(
        dep,
        'm',
        inPod([
          {
            name: 'main',
            image: 'x',
            env: [
              { name: 'A', value: '2' },
              { name: 'C', value: '3' },
            ],
          },
        ]),
      ),
    ),
    sequence(
      'apply: ports by number and the default protocol',
      apply(dep, 'm', withPort({ containerPort: 80 })),
      apply(dep, 'm', withPort({ containerPort: 80, protocol: 'TCP', name: 'http' })),
      apply(dep, 'n', withPort({ containerPort: 80, protocol: 'UDP' }), '&force=true'),
    ),
    sequence(
      'apply: the same item twice',
      apply(
        dep,
        'm',
        inPod([
          { name: 'main', image: 'x' },
          { name: 'main', image: 'y' },
        ]),
      ),
      apply(dep, 'm', inPod([{ name: 'main', image: 'x', env: [{ name: 'A' }, { name: 'A' }] }])),
    ),
    sequence('apply: an item without its key', apply(dep, 'm', inPod([{ image: 'x' }]))),
    sequence(
      'apply: leaves replicas to the scaler',
      apply(dep, 'm', deployment('a')),
      patch('merge', `${dep}/scale?fieldManager=scaler`, { spec: { replicas: 0 } }),
      put(`${dep}/scale?fieldManager=scaler`, {
        apiVersion: 'autoscaling/v1',
        kind: 'Scale',
        metadata: { name: 'a', namespace: '{ns}' },
        spec: { replicas: 2 },
      }),
      apply(dep, 'm', deployment('a')),
      apply(dep, 'm', deployment('a', { replicas: undefined })),
      get(`${dep}/scale`),
    ),
    sequence(
      'apply: tolerations are one value',
      apply(
        dep,
        'm',
        inPod([{ name: 'main', image: 'x' }], { tolerations: [{ key: 'a', operator: 'Exists' }] }),
      ),
      apply(
        dep,
        'n',
        inPod([{ name: 'main', image: 'x' }], { tolerations: [{ key: 'b', operator: 'Exists' }] }),
      ),
    ),
    sequence(
      'apply: quantities in another spelling do not conflict',
      apply(
        dep,
        'm',
        inPod([{ name: 'main', image: 'x', resources: { limits: { cpu: '0.5', memory: '1024Mi' } } }]),
      ),
      apply(
        dep,
        'n',
        inPod([{ name: 'main', image: 'x', resources: { limits: { cpu: '500m', memory: '1Gi' } } }]),
      ),
    ),
    sequence(
      'apply: status is another sub-resource',
      apply(dep, 'm', deployment('a')),
      apply(`${dep}/status`, 's', {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name: 'a' },
        spec: { paused: false },
        status: { conditions: [{ type: 'Mine', status: 'True' }] },
      }),
    ),
    sequence(
      'apply: secrets with stringData',
      apply(`${paths.secrets}/a`, 'm', {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: 'a' },
        stringData: { a: 'b' },
      }),
      apply(`${paths.secrets}/a`, 'm', {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: 'a' },
        stringData: { a: 'c' },
      }),
    ),
    sequence(
      'apply: services keep what the server assigned',
      apply(`${paths.services}/a`, 'm', {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: 'a' },
        spec: { ports: [{ port: 80 }] },
      }),
      apply(`${paths.services}/a`, 'm', {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: 'a' },
        spec: {
          ports: [
            { port: 80, targetPort: 8080 },
            { name: 'x', port: 81 },
          ],
        },
      }),
      apply(`${paths.services}/a`, 'm', {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: 'a' },
        spec: {
          ports: [
            { name: 'y', port: 80, targetPort: 8080 },
            { name: 'x', port: 81 },
          ],
        },
      }),
    ),
  ];
}

function ownership(): Sequence[] {
  return [
    sequence(
      'ownership: update managers are told apart',
      post(`${paths.configMaps}?fieldManager=one`, configMap('a')),
      patch('merge', `${one}?fieldManager=two`, { data: { b: '2' } }),
      patch('merge', `${one}?fieldManager=two`, { data: { b: null, c: '3' } }),
      put(`${one}?fieldManager=three`, configMap('a', { data: { a: '1', d: '4' } })),
    ),
    sequence(
      'ownership: the manager comes from the user agent',
      post(paths.configMaps, configMap('a'), { headers: { 'user-agent': 'tool/v1 (linux)' } }),
      patch('merge', one, { data: { b: '2' } }, { headers: { 'user-agent': 'other' } }),
    ),
    sequence(
      'ownership: moves from client-side to server-side apply',
      post(
        `${paths.configMaps}?fieldManager=kubectl-client-side-apply`,
        configMap('a', { data: { a: '1', b: '2' } }),
      ),
      apply(one, 'kubectl', configMap('a', { data: { a: '1' } })),
      apply(one, 'kubectl', configMap('a', { data: { a: '9' } })),
    ),
    sequence(
      'ownership: of an empty map',
      apply(one, 'm', configMap('a', { data: {} })),
      apply(one, 'n', configMap('a', { data: { a: '1' } })),
      apply(one, 'm', { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } }),
    ),
    sequence(
      'ownership: too long a manager of an update',
      post(`${paths.configMaps}?fieldManager=${'m'.repeat(129)}`, configMap('a')),
    ),
  ];
}

function wrongPatches(): Sequence[] {
  return [
    sequence(
      'patch: an unknown content type',
      made,
      patch('merge', one, {}, { headers: { 'content-type': 'application/json' } }),
      patch('merge', one, {}, { headers: { 'content-type': 'text/plain' } }),
    ),
    sequence('patch: strategic merge of a custom-less list', patch('merge', paths.configMaps, {})),
  ];
}
