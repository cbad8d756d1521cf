// Lists, pages, selectors, watches, tables, discovery, and paths that are wrong.
import {
  del,
  events,
  get,
  patch,
  post,
  type RequestStep,
  type Sequence,
  send,
  sequence,
  watch,
} from '../sequence.ts';
import { configMap, deployment, kinds, paths, pod } from './objects.ts';

const labelled = (name: string, labels: Record<string, string>) =>
  post(paths.configMaps, configMap(name, { metadata: { labels } }), { silent: true });
const filled = (): RequestStep[] => [
  labelled('a', { app: 'web', tier: 'front' }),
  labelled('b', { app: 'web', tier: 'back' }),
  labelled('c', { app: 'db', pick: 'me' }),
  labelled('d', { pick: 'me' }),
];
const list = (query: string) => get(`${paths.configMaps}?${query}`);

export function readingSequences(): Sequence[] {
  return [
    ...selectors(),
    ...pages(),
    ...watches(),
    ...tables(),
    ...discovery(),
    ...wrongPaths(),
    ...wrongBodies(),
  ];
}

function selectors(): Sequence[] {
  const labels = [
    'app=web',
    'app==web',
    'app!=web,pick',
    'app in (web, db)',
    'app notin (web),pick=me',
    'tier',
    '!app,pick',
    'app=web,tier=front',
    'app=',
    '',
    'app in ()',
    'app=web=db',
    'a b',
    'app in (web',
    '=x',
    'app>1',
    'app>x',
  ];
  const fields = [
    'metadata.name=a',
    'metadata.name!=a,metadata.namespace={ns}',
    'metadata.name=a,metadata.name=b',
    'metadata.namespace=other',
    'data.a=1',
    'metadata.name',
    'metadata.name==b',
    '',
  ];
  const notRoot = '&fieldSelector=metadata.name!%3Dkube-root-ca.crt';
  const pods = [
    'status.phase=Pending',
    'status.phase!=Pending',
    'spec.nodeName=',
    'spec.nodeName=one',
    'spec.restartPolicy=Always',
    'spec.serviceAccountName=default',
    'spec.hostNetwork=true',
    'spec.containers=x',
  ];
  return [
    ...labels.map((selector) =>
      sequence(
        `label selector: ${selector || 'empty'}`,
        ...filled(),
        list(`labelSelector=${encodeURIComponent(selector)}${notRoot}`),
      ),
    ),
    ...fields.map((selector) =>
      sequence(
        `field selector: ${selector || 'empty'}`,
        ...filled(),
        list(`labelSelector=pick&fieldSelector=${encode(selector)}`),
        list(`labelSelector=app&fieldSelector=${encode(selector)}`),
      ),
    ),
    sequence(
      'field selector: of pods',
      post(paths.pods, pod('a'), { silent: true }),
      ...pods.map((selector) => get(`${paths.pods}?fieldSelector=${encode(selector)}`)),
    ),
    sequence(
      'field selector: of secrets, events, services and namespaces',
      post(paths.secrets, { ...kinds['Secret']?.object, metadata: { name: 'a' } }, { silent: true }),
      get(`${paths.secrets}?fieldSelector=type%3DOpaque`),
      get(`${paths.secrets}?fieldSelector=type%3Dkubernetes.io%2Ftls`),
      post('/api/v1/namespaces/{ns}/events', kinds['Event']?.object, { silent: true }),
      get('/api/v1/namespaces/{ns}/events?fieldSelector=involvedObject.name%3Dx,reason%3DWhy'),
      get('/api/v1/namespaces/{ns}/events?fieldSelector=involvedObject.kind%3DNode'),
      get(`${paths.namespaces}?fieldSelector=metadata.name%3D{ns}`),
      get(`${paths.namespaces}?fieldSelector=status.phase%3DTerminating,metadata.name%3D{ns}`),
      get(`${paths.services}?fieldSelector=spec.type%3DClusterIP`),
      get(`${paths.deployments}?fieldSelector=spec.replicas%3D1`),
    ),
  ];
}

function encode(selector: string): string {
  return encodeURIComponent(selector).replaceAll('%7Bns%7D', '{ns}');
}

function pages(): Sequence[] {
  const page = (id: string, query: string) => get(`${paths.configMaps}?${query}`, { id });
  const versions = [
    'resourceVersion=0',
    'resourceVersion=0&resourceVersionMatch=NotOlderThan',
    'resourceVersion=0&resourceVersionMatch=Exact',
    'resourceVersionMatch=NotOlderThan',
    'resourceVersion=x',
    'resourceVersion=1&resourceVersionMatch=Exact',
    'resourceVersion=999999999',
    'resourceVersion={{made:metadata.resourceVersion}}&resourceVersionMatch=Exact',
    'resourceVersion={{made:metadata.resourceVersion}}&resourceVersionMatch=NotOlderThan',
    'resourceVersionMatch=Sometimes&resourceVersion=1',
    'limit=1&resourceVersion=0',
    'limit=x',
    'limit=-1',
    'limit=0',
    'timeoutSeconds=x',
    'allowWatchBookmarks=x',
    'bogus=1',
    'pretty=true&labelSelector=none',
  ];
  return [
    sequence(
      'pages: by two, to the end',
      ...filled(),
      page('one', 'limit=2'),
      page('two', 'limit=2&continue={{one:metadata.continue}}'),
      page('three', 'limit=2&continue={{two:metadata.continue}}'),
    ),
    sequence(
      'pages: do not see later writes',
      ...filled(),
      page('one', 'limit=1'),
      del(`${paths.configMaps}/b`, undefined, { silent: true }),
      labelled('aa', {}),
      page('two', 'limit=1&continue={{one:metadata.continue}}'),
      page('rest', 'continue={{two:metadata.continue}}'),
    ),
    sequence(
      'pages: with a selector',
      ...filled(),
      page('one', 'limit=1&labelSelector=pick'),
      page('two', 'limit=1&labelSelector=pick&continue={{one:metadata.continue}}'),
    ),
    sequence(
      'pages: a wrong token',
      list('limit=1&continue=bogus'),
      list('continue=eyJ2IjoibWV0YS5rOHMuaW8vdjEifQ'),
    ),
    sequence(
      'pages: a token with a version',
      ...filled(),
      page('one', 'limit=1'),
      list('limit=1&continue={{one:metadata.continue}}&resourceVersion=1'),
    ),
    ...versions.map((query) =>
      sequence(
        `list: ${query}`,
        ...filled(),
        get(`${paths.configMaps}/a`, { id: 'made', silent: true }),
        // Version 0 is whatever the server's cache has: this waits until that is all of it.
        get(`${paths.configMaps}/d`, { id: 'last', silent: true }),
        get(
          `${paths.configMaps}?resourceVersion={{last:metadata.resourceVersion}}&resourceVersionMatch=NotOlderThan`,
          { silent: true },
        ),
        list(query),
      ),
    ),
    sequence(
      'get: versions',
      ...filled(),
      get(`${paths.configMaps}/a?resourceVersion=0`),
      get(`${paths.configMaps}/a?resourceVersion=1`),
      get(`${paths.configMaps}/a?resourceVersion=x`),
      get(`${paths.configMaps}/none?resourceVersion=0`),
    ),
    sequence(
      'list: over all namespaces',
      labelled('a', { mark: '{id}' }),
      get('/api/v1/configmaps?labelSelector=mark%3D{id}'),
      get('/api/v1/configmaps?fieldSelector=metadata.namespace%3D{ns},metadata.name%3Da'),
      post('/api/v1/configmaps', configMap('b')),
      del('/api/v1/configmaps'),
    ),
    sequence('list: of a namespace that does not exist', get('/api/v1/namespaces/no-such-{id}/configmaps')),
  ];
}

function watches(): Sequence[] {
  const from = (query: string) => `${paths.configMaps}?watch=true&timeoutSeconds=4${query}`;
  const version = '&resourceVersion={{list:metadata.resourceVersion}}';
  const listed = get(`${paths.configMaps}?labelSelector=none`, { id: 'list', silent: true });
  const life: RequestStep[] = [
    labelled('a', { pick: 'me' }),
    patch('merge', `${paths.configMaps}/a`, { data: { b: '2' } }, { silent: true }),
    patch('merge', `${paths.configMaps}/a`, { metadata: { labels: { pick: null } } }, { silent: true }),
    patch('merge', `${paths.configMaps}/a`, { data: { b: '3' } }, { silent: true }),
    patch('merge', `${paths.configMaps}/a`, { metadata: { labels: { pick: 'me' } } }, { silent: true }),
    del(`${paths.configMaps}/a`, undefined, { silent: true }),
  ];
  return [
    sequence(
      'watch: the life of an object, from a version',
      listed,
      ...life,
      watch('w', from(version)),
      events('w', 6),
    ),
    sequence('watch: the same, live', listed, watch('w', from(version)), ...life, events('w', 6)),
    sequence(
      'watch: with a label selector, objects enter and leave',
      listed,
      ...life,
      watch('w', from(`${version}&labelSelector=pick%3Dme`)),
      events('w', 5),
    ),
    sequence(
      'watch: with a field selector',
      listed,
      ...filled(),
      watch('w', from(`${version}&fieldSelector=metadata.name%3Db`)),
      events('w', 1),
    ),
    sequence(
      'watch: without a version begins with what is there',
      ...filled(),
      watch('w', from('&labelSelector=pick')),
      events('w', 2),
    ),
    sequence(
      'watch: version 0 begins with what is there',
      ...filled(),
      watch('w', from('&labelSelector=pick&resourceVersion=0')),
      events('w', 2),
    ),
    sequence(
      'watch: ends by itself',
      listed,
      watch('w', `${paths.configMaps}?watch=true&timeoutSeconds=1${version}`),
      events('w', 1),
    ),
    sequence(
      'watch: initial events and a bookmark',
      ...filled(),
      watch(
        'w',
        from(
          '&labelSelector=pick&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan',
        ),
      ),
      events('w', 3),
    ),
    sequence(
      'watch: initial events without the match',
      watch('w', from('&sendInitialEvents=true')),
      events('w', 1),
    ),
    sequence('watch: a version that is no number', watch('w', from('&resourceVersion=x')), events('w', 1)),
    sequence('watch: a version of long ago', watch('w', from('&resourceVersion=1')), events('w', 1)),
    sequence(
      'watch: one object',
      listed,
      ...life,
      watch('w', `/api/v1/watch/namespaces/{ns}/configmaps/a?timeoutSeconds=3${version}`),
      events('w', 6),
    ),
    sequence(
      'watch: the old path',
      listed,
      ...life,
      watch('w', `/api/v1/watch/namespaces/{ns}/configmaps?timeoutSeconds=3${version}`),
      events('w', 6),
    ),
    sequence(
      'watch: with pages',
      get(`${paths.configMaps}?watch=true&limit=1&timeoutSeconds=1&labelSelector=none`),
    ),
    sequence(
      'watch: as metadata',
      ...filled(),
      send('GET', from('&labelSelector=tier%3Dfront').replace('=4', '=1'), undefined, {
        headers: { accept: 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1' },
      }),
    ),
  ];
}

const TABLE = { headers: { accept: 'application/json;as=Table;g=meta.k8s.io;v=v1' } };
const METADATA = { headers: { accept: 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1' } };
const METADATA_LIST = {
  headers: { accept: 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1' },
};

function tables(): Sequence[] {
  const shown = Object.entries(kinds).map(([name, { path, object }]) =>
    sequence(
      `table: ${name}`,
      post(path, object, { silent: true }),
      get(`${path}/x-{id}`, TABLE),
      get(`${path}?fieldSelector=metadata.name%3Dx-{id}&includeObject=None`, TABLE),
    ),
  );
  return [
    ...shown,
    sequence(
      'table: what is included',
      labelled('a', { pick: 'me' }),
      get(`${paths.configMaps}?labelSelector=pick&includeObject=Object`, TABLE),
      get(`${paths.configMaps}?labelSelector=pick&includeObject=Metadata`, TABLE),
      get(`${paths.configMaps}?labelSelector=pick&includeObject=Bogus`, TABLE),
      get(`${paths.configMaps}?labelSelector=none`, TABLE),
      get(`${paths.configMaps}/none`, TABLE),
    ),
    sequence(
      'metadata only',
      labelled('a', { pick: 'me' }),
      get(`${paths.configMaps}/a`, METADATA),
      get(`${paths.configMaps}?labelSelector=pick`, METADATA_LIST),
      get(`${paths.configMaps}?labelSelector=pick`, METADATA),
      patch(
        'merge',
        `${paths.configMaps}/a`,
        { metadata: { labels: { x: 'y' } } },
        {
          headers: METADATA.headers,
        },
      ),
      del(`${paths.configMaps}/a`, undefined, METADATA),
    ),
    sequence(
      'accept: what nobody can serve',
      get(paths.configMaps, { headers: { accept: 'text/html' } }),
      get(`${paths.configMaps}?labelSelector=none`, { headers: { accept: '*/*' } }),
      get(`${paths.configMaps}?labelSelector=none`, {
        headers: { accept: 'text/html,application/json;q=0.5' },
      }),
      get(`${paths.configMaps}?labelSelector=none`, {
        headers: { accept: 'application/json;as=Bogus;g=meta.k8s.io;v=v1' },
      }),
      get(`${paths.configMaps}?labelSelector=none`, {
        headers: { accept: 'application/json;as=Table;g=meta.k8s.io;v=v2, application/json' },
      }),
    ),
    sequence(
      'accept: YAML',
      labelled('a', { pick: 'me' }),
      get(`${paths.configMaps}/none`, { headers: { accept: 'application/yaml' } }),
    ),
  ];
}

function discovery(): Sequence[] {
  const groups = [
    '/api',
    '/api/v1',
    '/apis/apps',
    '/apis/apps/v1',
    '/apis/batch',
    '/apis/batch/v1',
    '/apis/networking.k8s.io/v1',
    '/apis/rbac.authorization.k8s.io/v1',
    '/apis/autoscaling/v2',
    '/apis/autoscaling/v1',
    '/apis/policy/v1',
    '/apis/storage.k8s.io/v1',
    '/apis/apiextensions.k8s.io/v1',
    '/apis/coordination.k8s.io/v1',
    '/apis/discovery.k8s.io/v1',
    '/apis/events.k8s.io/v1',
    '/apis/scheduling.k8s.io/v1',
    '/apis/node.k8s.io/v1',
    '/apis/admissionregistration.k8s.io/v1',
    '/apis/authentication.k8s.io/v1',
    '/apis/authorization.k8s.io/v1',
    '/apis/certificates.k8s.io/v1',
    '/apis/apiregistration.k8s.io/v1',
  ];
  return [
    ...groups.map((path) => sequence(`discovery: ${path}`, get(path))),
    sequence(
      'discovery: what is not there',
      get('/apis/none'),
      get('/apis/none/v1'),
      get('/apis/apps/v9'),
      get('/api/v9'),
    ),
    sequence('health', get('/healthz'), get('/livez'), get('/readyz'), get('/readyz/none')),
  ];
}

function wrongPaths(): Sequence[] {
  const cases: Record<string, RequestStep[]> = {
    'nothing there': [
      get('/none'),
      get('/api/v1/none'),
      get('/apis/apps/v1/none'),
      get('/api/v1/namespaces/{ns}/none'),
    ],
    'a missing object': [
      get(`${paths.configMaps}/none`),
      get(`${paths.deployments}/none`),
      del(`${paths.configMaps}/none`),
      patch('json', `${paths.deployments}/none`, []),
      get(`${paths.namespaces}/none-{id}`),
      get('/apis/rbac.authorization.k8s.io/v1/clusterroles/none-{id}'),
    ],
    'a missing sub-resource': [
      get(`${paths.configMaps}/a/status`),
      get(`${paths.deployments}/a/none`),
      get(`${paths.deployments}/none/status`),
      get(`${paths.deployments}/none/scale`),
      get(`${paths.pods}/none/log`),
    ],
    'methods that do not fit': [
      post(`${paths.configMaps}/a`, configMap('a')),
      send('PUT', paths.configMaps, configMap('a')),
      patch('merge', paths.configMaps, {}),
      send('POST', '/api/v1', {}),
      send('DELETE', '/api/v1/namespaces'),
      send('OPTIONS', paths.configMaps),
      send('FROB', paths.configMaps),
    ],
    'a namespace that does not exist': [
      post('/api/v1/namespaces/none-{id}/configmaps', configMap('a')),
      patch('apply', '/api/v1/namespaces/none-{id}/configmaps/a?fieldManager=m', configMap('a')),
      get('/api/v1/namespaces/none-{id}/configmaps/a'),
    ],
    'a cluster object inside a namespace': [
      get('/api/v1/namespaces/{ns}/nodes'),
      post('/api/v1/namespaces/{ns}/namespaces', {}),
    ],
    slashes: [get('/api/'), get('/api/v1/'), get(`${paths.configMaps}/`), get('//api/v1'), get('/api//v1')],
  };
  return Object.entries(cases).map(([name, steps]) => sequence(`paths: ${name}`, ...steps));
}

function wrongBodies(): Sequence[] {
  const cases: Record<string, [string, unknown, Record<string, string>?]> = {
    empty: [paths.configMaps, ''],
    'an empty object': [paths.configMaps, {}],
    'broken JSON': [paths.configMaps, '{"kind":'],
    'a text': [paths.configMaps, '"text"'],
    'a list': [paths.configMaps, []],
    null: [paths.configMaps, 'null'],
    'two values': [paths.configMaps, '{"metadata":{"name":"a"}}{"metadata":{"name":"b"}}'],
    'another kind': [paths.configMaps, { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'a' } }],
    'another version': [paths.configMaps, { apiVersion: 'v2', kind: 'ConfigMap', metadata: { name: 'a' } }],
    'another group': [
      paths.configMaps,
      { apiVersion: 'apps/v1', kind: 'ConfigMap', metadata: { name: 'a' } },
    ],
    'a malformed version': [
      paths.configMaps,
      { apiVersion: 'a/b/c', kind: 'ConfigMap', metadata: { name: 'a' } },
    ],
    'no kind': [paths.configMaps, { metadata: { name: 'a' } }],
    'a wrong type': [paths.configMaps, configMap('a', { data: 'text' })],
    'a number in a map of texts': [paths.configMaps, configMap('a', { data: { a: 1 } })],
    'a list in a map of texts': [paths.configMaps, configMap('a', { data: { a: ['x'] } })],
    'a wrong key': [paths.configMaps, configMap('a', { data: { 'a b': 'x' } })],
    'a key in data and binaryData': [paths.configMaps, configMap('a', { binaryData: { a: 'YQ==' } })],
    'binary data that is no base64': [paths.configMaps, configMap('a', { binaryData: { b: '!' } })],
    'too much data': [paths.configMaps, configMap('a', { data: { a: 'x'.repeat(1_048_577) } })],
    'a text for a number': [paths.deployments, deployment('a', { replicas: 'two' })],
    'a fraction for a number': [paths.deployments, deployment('a', { replicas: 1.5 })],
    'a text for a flag': [paths.deployments, deployment('a', { paused: 'yes' })],
    'a list for an object': [paths.deployments, deployment('a', { selector: [] })],
    'a wrong quantity': [
      paths.pods,
      pod('a', { containers: [{ name: 'a', image: 'b', resources: { limits: { cpu: 'lots' } } }] }),
    ],
    'a wrong time': [paths.configMaps, configMap('a', { metadata: { creationTimestamp: 'today' } })],
    'an unknown content type': [paths.configMaps, configMap('a'), { 'content-type': 'text/plain' }],
    'no content type': [paths.configMaps, configMap('a'), { 'content-type': '' }],
    'other upper and lower case': [
      paths.configMaps,
      { ApiVersion: 'v1', Kind: 'ConfigMap', Metadata: { name: 'a' }, Data: { a: 'b' } },
    ],
  };
  return Object.entries(cases).map(([name, [path, body, headers]]) =>
    sequence(`body: ${name}`, post(path, body, headers === undefined ? {} : { headers })),
  );
}
