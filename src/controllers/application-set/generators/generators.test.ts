// Every generator that needs no forge: what it gives in both languages, and what it refuses. Clusters and files are
// values; plugins and decisions are asked over real sockets.
import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { type RunningApiServer, startApiServer } from '../../../apiserver/index.ts';
import { createEvaluator, type Evaluator } from '../../../evaluate/index.ts';
import {
  connectionOfKubeconfig,
  createKubeClient,
  type KubeClient,
  type KubeObject,
  wellKnown,
} from '../../../k8s/index.ts';
import { createHttpClient, silentLogger, systemClock, systemExec, systemRandom } from '../../../lib/index.ts';
import type { ApplicationSet, Generator } from '../../../model/index.ts';
import { onlyLeader } from '../../application/index.ts';
import type { ApplicationSetDeps, GeneratedCluster } from '../deps.ts';
import { createFiller } from '../filling.ts';
import { generateAll } from './generate.ts';

const DEPS = { clock: systemClock, random: systemRandom, exec: systemExec, log: silentLogger };

let api: RunningApiServer;
let home: KubeClient;
let evaluator: Evaluator;
let plugin: Server;
let pluginUrl: string;
/** What the plugin was asked, and what it answers next. */
const asked: { authorization: string | undefined; body: unknown }[] = [];
let answer: { status: number; body: string; location?: string } = { status: 200, body: '{}' };

before(async () => {
  api = await startApiServer({ ...DEPS, listen: { host: '127.0.0.1', port: 0 } });
  home = createKubeClient(await connectionOfKubeconfig(api.kubeconfig(), { clock: systemClock }), {}, DEPS);
  await home.create(wellKnown.namespaces, {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: 'argocd' },
  });
  evaluator = createEvaluator(DEPS);
  plugin = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      asked.push({
        authorization: request.headers.authorization,
        body: {
          path: request.url,
          method: request.method,
          ...JSON.parse(Buffer.concat(chunks).toString('utf8')),
        },
      });
      const headers = answer.location === undefined ? {} : { location: answer.location };
      response.writeHead(answer.status, { 'content-type': 'application/json', ...headers }).end(answer.body);
    });
  });
  await new Promise<void>((resolve) => plugin.listen(0, '127.0.0.1', resolve));
  pluginUrl = `http://127.0.0.1:${(plugin.address() as AddressInfo).port}`;
});

after(async () => {
  plugin?.closeAllConnections();
  plugin?.close();
  await evaluator?.close();
  await home?.close();
  await api?.close();
});

const CLUSTERS: readonly GeneratedCluster[] = [
  {
    name: 'in-cluster',
    server: 'https://kubernetes.default.svc',
    project: undefined,
    labels: {},
    annotations: {},
    isImplicit: true,
  },
  {
    name: 'Prod EU',
    server: 'https://eu',
    project: 'p',
    labels: { env: 'prod' },
    annotations: { note: 'x' },
    isImplicit: false,
  },
  {
    name: 'dev',
    server: 'https://dev',
    project: undefined,
    labels: { env: 'dev' },
    annotations: {},
    isImplicit: false,
  },
];

const FILES: Readonly<Record<string, string>> = {
  'README.md': '',
  'apps/web/map.yaml': '',
  'apps/bank/deep/map.yaml': '',
  'apps/.hidden/map.yaml': '',
  'config/dev/config.json': '{"env":"dev","nested":{"list":[1,{"a":true}]}}',
  'config/prod/config.yaml': '- env: prod1\n- env: prod2\n',
  'config/bad.txt': 'just words',
};

async function generate(
  generators: readonly object[],
  {
    goTemplate = true,
    files = FILES,
  }: { goTemplate?: boolean; files?: Readonly<Record<string, string>> } = {},
): Promise<unknown[]> {
  const set = {
    metadata: { name: 'set', namespace: 'argocd' },
    spec: { goTemplate, generators, template: { spec: { project: 'default' } } },
  } as unknown as ApplicationSet;
  const deps: ApplicationSetDeps = {
    ...DEPS,
    home,
    controlNamespace: 'argocd',
    leadership: onlyLeader,
    evaluator,
    http: {
      async get(call, server) {
        const client = createHttpClient(new URL(call.url).origin, server);
        try {
          return await client.get(call);
        } finally {
          await client.close();
        }
      },
    },
    clusters: () => CLUSTERS,
    project: () => undefined,
    refusal: () => undefined,
    scmProviderRefusal: () => undefined,
    async files(url, revision) {
      if (revision === 'gone') throw new Error(`there is no branch ${revision} in ${url}`);
      return { revision: 'abc', paths: Object.keys(files).sort(), read: async (path) => files[path] ?? '' };
    },
    applications: () => [],
  };
  const filler = createFiller(set.spec, systemClock);
  const generated = await generateAll({ deps, set, filler, signal: AbortSignal.timeout(10_000) });
  return generated.flatMap(({ parameters }) => parameters);
}

const git = (more: object): object => ({ git: { repoURL: 'https://x/y', revision: 'main', ...more } });
const list = (...elements: object[]): Generator => ({ list: { elements } });

test('a list gives its elements, and those of a YAML text', async () => {
  const generators = [{ list: { elements: [{ a: 'b', deep: { c: [1] } }], elementsYaml: '- a: c\n' } }];
  assert.deepEqual(await generate(generators), [{ a: 'b', deep: { c: [1] } }, { a: 'c' }]);
  const flat = [{ list: { elements: [{ a: 'b', n: 3, values: { x: 'y' } }] } }];
  assert.deepEqual(await generate(flat, { goTemplate: false }), [{ a: 'b', n: '3', 'values.x': 'y' }]);
});

test('clusters come in the order of their names, the home cluster only without a selector', async () => {
  const names = async (clusters: object): Promise<unknown[]> =>
    (await generate([{ clusters }])).map((found) => (found as { name: string }).name);
  assert.deepEqual(await names({}), ['Prod EU', 'dev', 'in-cluster']);
  assert.deepEqual(await names({ selector: { matchLabels: { env: 'prod' } } }), ['Prod EU']);
  const notProd = { matchExpressions: [{ key: 'env', operator: 'NotIn', values: ['prod'] }] };
  assert.deepEqual(await names({ selector: notProd }), ['dev']);
  const [first] = await generate([
    { clusters: { selector: { matchLabels: { env: 'prod' } }, values: { who: '{{ .name }}!' } } },
  ]);
  assert.deepEqual(first, {
    name: 'Prod EU',
    nameNormalized: 'prod-eu',
    server: 'https://eu',
    project: 'p',
    metadata: { labels: { env: 'prod' }, annotations: { note: 'x' } },
    values: { who: 'Prod EU!' },
  });
  const flat = { clusters: { selector: { matchLabels: { env: 'prod' } }, values: { who: '{{name}}!' } } };
  assert.deepEqual(await generate([flat], { goTemplate: false }), [
    {
      name: 'Prod EU',
      nameNormalized: 'prod-eu',
      server: 'https://eu',
      project: 'p',
      'metadata.labels.env': 'prod',
      'metadata.annotations.note': 'x',
      'values.who': 'Prod EU!',
    },
  ]);
  const [all] = (await generate([{ clusters: { flatList: true } }])) as { clusters: unknown[] }[];
  assert.equal(all?.clusters.length, 3);
});

test('directories are those with files below them, hidden ones never, excluded ones whatever the order', async () => {
  const paths = async (...directories: object[]): Promise<unknown[]> =>
    (await generate([git({ directories })])).map((found) => (found as { path: { path: string } }).path.path);
  assert.deepEqual(await paths({ path: 'apps/*' }), ['apps/bank', 'apps/web']);
  assert.deepEqual(await paths({ path: 'apps/**' }), ['apps/bank', 'apps/bank/deep', 'apps/web']);
  assert.deepEqual(await paths({ path: 'apps/web', exclude: true }, { path: 'apps/*' }), ['apps/bank']);
  assert.deepEqual(
    await generate([git({ directories: [{ path: 'apps/web' }], pathParamPrefix: 'my' })], {
      goTemplate: false,
    }),
    [
      {
        'my.path': 'apps/web',
        'my.path.basename': 'web',
        'my.path.basenameNormalized': 'web',
        'my.path[0]': 'apps',
        'my.path[1]': 'web',
      },
    ],
  );
});

test('files are objects of parameters or lists of them, with the place they were found at', async () => {
  const [dev] = await generate([git({ files: [{ path: 'config/*/config.json' }] })]);
  assert.deepEqual(dev, {
    env: 'dev',
    nested: { list: [1, { a: true }] },
    path: {
      path: 'config/dev',
      basename: 'dev',
      basenameNormalized: 'dev',
      filename: 'config.json',
      filenameNormalized: 'config.json',
      segments: ['config', 'dev'],
    },
  });
  const [flat] = await generate([git({ files: [{ path: 'config/**.json' }] })], { goTemplate: false });
  assert.deepEqual(flat, {
    env: 'dev',
    'nested.list.0': '1',
    'nested.list.1.a': 'true',
    path: 'config/dev',
    'path.basename': 'dev',
    'path.basenameNormalized': 'dev',
    'path.filename': 'config.json',
    'path.filenameNormalized': 'config.json',
    'path[0]': 'config',
    'path[1]': 'dev',
  });
  const envs = (await generate([git({ files: [{ path: 'config/prod' }] })])).map(
    (found) => (found as { env: string }).env,
  );
  assert.deepEqual(envs, ['prod1', 'prod2']);
});

test('a matrix joins every pair, its second child may use the first, and the second counts', async () => {
  const matrix = (...generators: object[]): object => ({ matrix: { generators } });
  const pairs = await generate([
    matrix(list({ a: '1', same: 'x' }, { a: '2' }), list({ b: '{{ .a }}{{ .a }}', same: 'y' })),
  ]);
  assert.deepEqual(pairs, [
    { a: '1', same: 'y', b: '11' },
    { a: '2', same: 'y', b: '22' },
  ]);
  await assert.rejects(generate([matrix(list({ same: 'x' }), list({ same: 'y' }))], { goTemplate: false }), {
    code: 'SET_INVALID',
    message: /both children give "same"/,
  });
  const nested = matrix(list({ a: '1' }), matrix(list({ b: '2' }), list({ c: '{{ .a }}{{ .b }}' })));
  assert.deepEqual(await generate([nested]), [{ a: '1', b: '2', c: '12' }]);
  await assert.rejects(generate([matrix(list({}), matrix(list({}), matrix(list({}), list({}))))]), {
    message: /nested deeper/,
  });
  await assert.rejects(generate([matrix(list({}))]), { message: /must have two generators and has 1/ });
});

test('a merge changes the sets of its first child by those with the same keys', async () => {
  const merge = (mergeKeys: string[], ...generators: object[]): object => ({
    merge: { mergeKeys, generators },
  });
  const base = list({ name: 'a', size: 1, deep: { x: 1, y: 1 } }, { name: 'b', size: 1 });
  const changes = list({ name: 'a', size: 2, deep: { y: 2 } }, { name: 'c', size: 9 });
  assert.deepEqual(await generate([merge(['name'], base, changes)]), [
    { name: 'a', size: 2, deep: { x: 1, y: 2 } },
    { name: 'b', size: 1 },
  ]);
  assert.deepEqual(
    await generate([merge(['deep.x'], list({ deep: { x: 1 } }), list({ deep: { x: 1 }, more: 2 }))]),
    [{ deep: { x: 1 }, more: 2 }],
  );
  await assert.rejects(generate([merge(['name'], base, list({ name: 'a' }, { name: 'a' }))]), {
    message: /two parameter sets of child 2 have the same name/,
  });
  await assert.rejects(generate([merge([], base, changes)]), { message: /mergeKeys is missing/ });
});

test('a selector of a generator filters what it gives by any parameter', async () => {
  const selector = { matchLabels: { 'nested.env': 'prod' } };
  const elements = [{ nested: { env: 'prod' } }, { nested: { env: 'dev' } }];
  assert.deepEqual(await generate([{ list: { elements }, selector }]), [elements[0]]);
  const wrong = { matchExpressions: [{ key: 'a', operator: 'Like', values: ['b'] }] };
  await assert.rejects(generate([{ list: { elements }, selector: wrong }]), {
    message: /"Like" is no operator/,
  });
});

test('what cannot be read or understood is a failure, never fewer parameters', async () => {
  const cases: [string, object, RegExp][] = [
    [
      'a branch that is gone',
      git({ revision: 'gone', directories: [{ path: '*' }] }),
      /cannot read https:\/\/x\/y at gone: there is no branch/,
    ],
    [
      'a file that is no object',
      git({ files: [{ path: 'config/bad.txt' }] }),
      /config\/bad\.txt is neither one object/,
    ],
    ['a pattern that is not closed', git({ directories: [{ path: 'a/{b' }] }), /\{b/],
    ['neither files nor directories', git({}), /give either directories or files/],
    ['a text where an element belongs', { list: { elements: ['x'] } }, /element 1 is no object/],
    ['a list that is no list', { list: { elementsYaml: 'a: b' } }, /elementsYaml is no YAML list/],
    ['two generators in one', { list: { elements: [] }, clusters: {} }, /has list and clusters/],
    [
      'a matrix of far too many',
      { matrix: { generators: [list(...many(100)), list(...many(100))] } },
      /more than 5000 parameter sets/,
    ],
  ];
  for (const [what, generator, message] of cases) {
    await assert.rejects(generate([generator]), (error: Error) => message.test(error.message), what);
  }
});

const many = (count: number): object[] =>
  Array.from({ length: count }, (_, i) => ({ [`k${count}`]: `${i}` }));

test('a plugin is asked with its token and the input, and anything but its answer is a failure', async () => {
  await home.create(wellKnown.secrets, {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'plugin', namespace: 'argocd' },
    data: { token: Buffer.from('canary-token').toString('base64') },
  } as KubeObject);
  const config = (name: string, data: object) =>
    home.create(wellKnown.configMaps, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name, namespace: 'argocd' },
      data,
    } as KubeObject);
  await config('good', { baseUrl: pluginUrl, token: '$plugin:token' });
  await config('open', { baseUrl: pluginUrl, token: 'canary-token' });
  const ask = (name = 'good') =>
    generate([
      {
        plugin: { configMapRef: { name }, input: { parameters: { env: 'dev' } }, values: { x: '{{ .a }}!' } },
      },
    ]);
  answer = { status: 200, body: '{"output":{"parameters":[{"a":"1"},{"a":"2"}]}}' };
  const input = { generator: { input: { parameters: { env: 'dev' } } } };
  assert.deepEqual(await ask(), [
    { a: '1', ...input, values: { x: '1!' } },
    { a: '2', ...input, values: { x: '2!' } },
  ]);
  assert.deepEqual(asked.at(-1), {
    authorization: 'Bearer canary-token',
    body: {
      path: '/api/v1/getparams.execute',
      method: 'POST',
      applicationSetName: 'set',
      input: { parameters: { env: 'dev' } },
    },
  });
  const before = asked.length;
  const cases: [string, typeof answer, RegExp][] = [
    ['an error status', { status: 500, body: 'canary-answer' }, /answered with status 500/],
    ['no JSON', { status: 200, body: 'canary-answer' }, /answered something else/],
    ['another shape', { status: 200, body: '{"output":{"parameters":{"a":1}}}' }, /answered something else/],
    ['a redirect', { status: 307, body: '', location: `${pluginUrl}/elsewhere` }, /redirects a POST/],
  ];
  for (const [what, next, message] of cases) {
    answer = next;
    await assert.rejects(
      ask(),
      (error: Error) => message.test(error.message) && !/canary/.test(error.message),
      what,
    );
  }
  assert.equal(asked.length, before + cases.length, 'no redirect is followed');
  await assert.rejects(ask('open'), { message: /must name a Secret/ });
  await assert.rejects(ask('absent'), {
    code: 'SET_INVALID',
    message: /There is no ConfigMap absent in namespace argocd/,
  });
});

test('decisions of a placement name clusters; one that has not decided is a failure', async () => {
  await home.create(wellKnown.customResourceDefinitions, {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'placements.example.com' },
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names: { plural: 'placements', kind: 'Placement', singular: 'placement', listKind: 'PlacementList' },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
        },
      ],
    },
  } as unknown as KubeObject);
  const type = {
    group: 'example.com',
    version: 'v1',
    kind: 'Placement',
    resource: 'placements',
    namespaced: true,
  };
  const placement = (name: string, status: object): KubeObject =>
    ({
      apiVersion: 'example.com/v1',
      kind: 'Placement',
      metadata: { name, namespace: 'argocd', labels: { kind: name } },
      status,
    }) as never;
  await home.create(
    type,
    placement('decided', { decisions: [{ clusterName: 'dev', why: 'near' }, { clusterName: 'nobody' }] }),
  );
  await home.create(type, placement('thinking', {}));
  await home.create(wellKnown.configMaps, {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'placement', namespace: 'argocd' },
    data: {
      apiVersion: 'example.com/v1',
      kind: 'placements',
      statusListKey: 'decisions',
      matchKey: 'clusterName',
    },
  } as KubeObject);
  const ask = (more: object) =>
    generate([{ clusterDecisionResource: { configMapRef: 'placement', ...more } }]);
  const [found, ...others] = (await ask({ name: 'decided' })) as Record<string, unknown>[];
  assert.equal(others.length, 0);
  assert.deepEqual([found?.['name'], found?.['why'], found?.['server']], ['dev', 'near', 'https://dev']);
  assert.equal((await ask({ labelSelector: { matchLabels: { kind: 'decided' } } })).length, 1);
  await assert.rejects(ask({ name: 'thinking' }), {
    code: 'GENERATOR_FAILED',
    message: /has no list status\.decisions yet/,
  });
  await assert.rejects(ask({ name: 'absent' }), { message: /there is no placements absent/ });
});
