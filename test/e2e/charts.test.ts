// Applications whose source is a chart of a Helm repository: against a repository on the loopback whose charts the
// official helm made, and a control plane on the embedded API.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Application, ApplicationSource } from '../../src/model/index.ts';
import { type Host, startHost } from '../scenarios/host.ts';
import {
  AUTOMATED,
  configMap,
  type Scenario,
  untilCondition,
  untilData,
  untilSynced,
  type World,
} from '../scenarios/world.ts';
import {
  type ChartServer,
  configChart,
  packagedChart,
  startChartServer,
} from '../support/chart-repository.ts';
import {
  CHART_LAYER,
  FILE_LAYER,
  type MemoryRegistry,
  startRegistry,
  tarOf,
} from '../support/memory-registry.ts';

const TIMEOUT_MS = 180_000;

const PASSWORD = 'canary-registry-password';

let charts: ChartServer;
let registry: MemoryRegistry;
let host: Host;

function chart(more: Partial<ApplicationSource> = {}, name = 'web'): ApplicationSource {
  return { repoURL: charts.url, chart: name, targetRevision: '1.x', ...more };
}

function deploy(world: World, source: ApplicationSource, more: object = {}): Promise<void> {
  return world.apply({ source, syncPolicy: AUTOMATED, ...more } as never);
}

async function refresh(world: World, level: 'normal' | 'hard' = 'normal'): Promise<Application> {
  const { status, body } = await world.call('GET', `${world.name}?refresh=${level}`);
  assert.equal(status, 200, JSON.stringify(body));
  return body as unknown as Application;
}

const stories: readonly Scenario[] = [
  {
    name: 'the highest version in the range is deployed, and status and history name it',
    async run(world) {
      await charts.publish('first', '1.0.0');
      await charts.publish('first', '1.2.0');
      await charts.publish('first', '2.0.0');
      const source = chart({ helm: { valuesObject: { colour: 'green' } } }, 'first');
      await deploy(world, source);
      const { status } = await untilSynced(world, '1.2.0');
      await untilData(world, 'first-config', 'version', '1.2.0');
      await untilData(world, 'first-config', 'colour', 'green');
      assert.equal(status?.sourceType, 'Helm');
      assert.equal(status?.operationState?.syncResult?.revision, '1.2.0');
      assert.deepEqual(status?.history?.at(-1)?.revision, '1.2.0');
      assert.deepEqual(status?.history?.at(-1)?.source, source);
      assert.equal(status?.health?.status, 'Healthy');
    },
  },
  {
    name: 'a new version in the range is deployed, one beyond it is not',
    async run(world) {
      await charts.publish('second', '1.0.0');
      await deploy(world, chart({ targetRevision: '>=1 <2' }, 'second'));
      await untilSynced(world, '1.0.0');
      await charts.publish('second', '2.0.0');
      assert.equal((await refresh(world)).status?.sync?.revision, '1.0.0');
      await charts.publish('second', '1.1.0');
      // Nobody asks for it: the repository is looked at again by itself.
      await untilSynced(world, '1.1.0');
      await untilData(world, 'second-config', 'version', '1.1.0');
    },
  },
  {
    name: 'values come from a Git repository beside the chart, and a commit to them alone is deployed',
    async run(world) {
      await charts.publish('third', '1.0.0');
      await world.commit({ 'env/prod.yaml': 'colour: green\n' });
      const values: ApplicationSource = { repoURL: world.repoUrl, targetRevision: world.name, ref: 'values' };
      const helm = { valueFiles: [`$values/${world.path}/env/prod.yaml`] };
      await world.apply({
        source: undefined,
        sources: [chart({ helm }, 'third'), values],
        syncPolicy: AUTOMATED,
      } as never);
      await untilData(world, 'third-config', 'colour', 'green');
      const commit = await world.commit({ 'env/prod.yaml': 'colour: blue\n' });
      await untilData(world, 'third-config', 'colour', 'blue');
      await world.until('both revisions are in the status', async () => {
        const app = await world.application();
        return JSON.stringify(app?.status?.sync?.revisions) === JSON.stringify(['1.0.0', commit]);
      });
    },
  },
  {
    name: 'parameters, file parameters and value files of the chart itself are used, and drift is repaired',
    async run(world) {
      await charts.publish('fourth', '1.0.0', {
        ...configChart('fourth', '1.0.0'),
        'values-prod.yaml': 'colour: prod\n',
        'texts/motto.txt': 'as it is\n',
        'templates/motto.yaml':
          'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: motto}\ndata: {motto: {{ .Values.motto | quote }}, size: {{ .Values.size | quote }}}\n',
      });
      await deploy(
        world,
        chart(
          {
            targetRevision: '1.0.0',
            helm: {
              valueFiles: ['values-prod.yaml'],
              parameters: [{ name: 'size', value: '3' }],
              fileParameters: [{ name: 'motto', path: 'texts/motto.txt' }],
            },
          },
          'fourth',
        ),
      );
      await untilData(world, 'fourth-config', 'colour', 'prod');
      await untilData(world, 'motto', 'size', '3');
      await untilData(world, 'motto', 'motto', 'as it is\n');
      await world.patch('v1', 'configmaps', 'fourth-config', { data: { colour: 'by hand' } });
      await untilData(world, 'fourth-config', 'colour', 'prod');
    },
  },
  {
    name: 'what is wrong with a chart is a condition with the remedy',
    async run(world) {
      await charts.publish('fifth', '1.0.0');
      const rows: [Partial<ApplicationSource>, string, RegExp][] = [
        [{}, 'missing', /Chart missing of http.* is not in its index, which lists \d+ charts; check chart/],
        [{ targetRevision: '7.x' }, 'fifth', /has no version that is "7.x" among its 1 \(newest: 1.0.0\)/],
        [{ targetRevision: 'not a version' }, 'fifth', /neither a version nor a range of versions/],
        [{ targetRevision: '3.0.0' }, 'fifth', /has no version that is "3.0.0"/],
        [{}, '../etc', /"..\/etc" is no name of a chart/],
        [{ repoURL: `${charts.url}/nowhere` }, 'fifth', /answered 404; check repoURL/],
        [{ repoURL: 'ftp://example.com' }, 'fifth', /is no address; use https:\/\/host\/path/],
        [{ repoURL: 'http://169.254.169.254/latest' }, 'fifth', /link-local addresses are refused/],
        [{ repoURL: 'http://ann:secret@127.0.0.1:1' }, 'fifth', /holds a user or password; put them into/],
      ];
      for (const [more, name, message] of rows) {
        await deploy(world, chart(more, name));
        const found = await untilCondition(world, 'ComparisonError', message);
        assert.ok(!/secret|canary/.test(found), found);
      }
      await deploy(world, chart({}, 'fifth'));
      await untilSynced(world, '1.0.0');
    },
  },
  {
    name: 'a source with a chart and a name to lend it by is refused',
    async run(world) {
      await deploy(world, chart({ ref: 'values' }));
      await untilCondition(world, 'InvalidSpecError', /has both ref and chart/);
    },
  },
  {
    name: 'an archive that is not what the index says is refused, and nothing of it is deployed',
    async run(world) {
      await charts.publish('tampered', '1.0.0');
      await deploy(world, chart({}, 'tampered'));
      await untilSynced(world, '1.0.0');
      charts.instead.set('tampered-1.1.0.tgz', charts.files.get('tampered-1.0.0.tgz') as Buffer);
      await charts.publish('tampered', '1.1.0');
      await untilCondition(
        world,
        'ComparisonError',
        /Chart tampered 1.1.0 of .* is refused: its archive has/,
      );
      await untilData(world, 'tampered-config', 'version', '1.0.0');
    },
  },
  {
    name: 'the project decides which Helm repositories may be used',
    async run(world) {
      await charts.publish('sixth', '1.0.0');
      const project = {
        apiVersion: 'argoproj.io/v1alpha1',
        kind: 'AppProject',
        metadata: { name: world.name },
        spec: {
          sourceRepos: ['https://charts.example.com'],
          destinations: [{ server: '*', namespace: '*' }],
        },
      };
      await world.create('argoproj.io/v1alpha1', 'appprojects', project, 'argocd');
      await deploy(world, chart({}, 'sixth'), { project: world.name });
      await untilCondition(world, 'InvalidSpecError', /is not permitted in project .*sourceRepos/);
      const spec = { sourceRepos: [charts.url] };
      await world.patch('argoproj.io/v1alpha1', 'appprojects', world.name, { spec }, 'argocd');
      await untilSynced(world, '1.0.0');
      const signed = { signatureKeys: [{ keyID: '4AEE18F83AFDEB23' }] };
      await world.patch('argoproj.io/v1alpha1', 'appprojects', world.name, { spec: signed }, 'argocd');
      await untilCondition(world, 'ComparisonError', /demands signed commits, and charts/);
    },
  },
  {
    name: 'what a chart says of itself is shown by version',
    async run(world) {
      await charts.publish('seventh', '1.0.0');
      await deploy(world, chart({}, 'seventh'));
      await untilSynced(world, '1.0.0');
      const details = await world.call('GET', `${world.name}/revisions/1.0.0/chartdetails`);
      assert.deepEqual(details, {
        status: 200,
        body: {
          description: 'A chart of seventh',
          maintainers: ['Ann <ann@example.com>'],
          home: 'https://example.com/seventh',
        },
      });
      const { status } = await world.call('GET', `${world.name}/revisions/1.0.0/metadata`);
      assert.equal(status, 404);
      assert.equal(
        (await world.call('GET', `${world.name}/revisions/9.9.9/chartdetails`)).status >= 400,
        true,
      );
    },
  },
];

async function addRegistry(repo: string, more: object = {}): Promise<void> {
  const body = { repo, type: 'helm', enableOCI: true, insecureOCIForceHttp: true, ...more };
  const answer = await fetch(`${host.plane().url}/api/v1/repositories?upsert=true`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ...body, username: 'ann', password: PASSWORD }),
  });
  const text = await answer.text();
  assert.equal(answer.status, 200, text);
  assert.ok(!text.includes(PASSWORD), text);
}

/** Registries: their address is one without a scheme, or one with `oci://`. */
const registryStories: readonly Scenario[] = [
  {
    name: 'a chart of a registry is deployed by its version, and a new one in the range follows',
    async run(world) {
      const push = async (version: string): Promise<void> => {
        const bytes = await packagedChart(configChart('eighth', version));
        registry.push('org/eighth', version, [{ mediaType: CHART_LAYER, bytes }]);
      };
      await push('1.0.0');
      await addRegistry(`${registry.host}/org`);
      const source = chart(
        { repoURL: `${registry.host}/org`, helm: { values: 'colour: green\n' } },
        'eighth',
      );
      await deploy(world, source);
      await untilSynced(world, '1.0.0');
      await untilData(world, 'eighth-config', 'colour', 'green');
      await push('1.1.0');
      await untilSynced(world, '1.1.0');
      const details = await world.call('GET', `${world.name}/revisions/1.1.0/chartdetails`);
      assert.equal(details.body['description'], 'A chart of eighth');
    },
  },
  {
    name: 'an artifact of plain files is deployed by its digest, follows its tag, and can be rolled back',
    async run(world) {
      const repo = `oci://${registry.host}/org/ninth`;
      const push = (value: string): string =>
        registry.pushFiles('org/ninth', 'stable', { 'prod/config.yaml': configMap('ninth', { value }) });
      const first = push('one');
      await addRegistry(repo, { type: 'oci' });
      const source = { repoURL: repo, path: 'prod', targetRevision: 'stable' };
      await deploy(world, source as ApplicationSource, { syncPolicy: {} });
      await world.until('it is compared', async () => {
        return (await world.application())?.status?.sync?.revision === first;
      });
      await world.cli('app', 'sync', world.name);
      await untilSynced(world, first);
      const second = push('two');
      await world.until('the tag is seen to have moved', async () => {
        return (await world.application())?.status?.sync?.revision === second;
      });
      await world.cli('app', 'sync', world.name);
      await untilSynced(world, second);
      await untilData(world, 'ninth', 'value', 'two');
      assert.equal((await world.application())?.status?.sourceType, 'Directory');
      const rolledBack = await world.call('POST', `${world.name}/rollback`, { id: 0 });
      assert.equal(rolledBack.status, 200, JSON.stringify(rolledBack.body));
      await untilData(world, 'ninth', 'value', 'one');
    },
  },
  {
    name: 'an artifact that cannot be used is a condition with the remedy',
    async run(world) {
      const repo = `oci://${registry.host}/org/tenth`;
      await addRegistry(repo, { type: 'oci' });
      registry.push('org/tenth', 'image', [
        { mediaType: 'application/vnd.oci.image.layer.v1.tar+zstd', bytes: Buffer.from('x') },
      ]);
      registry.pushFiles('org/tenth', '1.0.0', { 'a.yaml': configMap('tenth', { v: '1' }) });
      const rows: [Partial<ApplicationSource>, RegExp][] = [
        [
          { targetRevision: 'image' },
          /its layers are application\/vnd.oci.image.layer.v1.tar\+zstd; push one/,
        ],
        [{ targetRevision: 'gone' }, /has no tag "gone"; check targetRevision/],
        [{ targetRevision: '1.0.0', path: 'nowhere' }, /nowhere: app path does not exist/],
        [{ repoURL: `oci://${registry.host}/org/Tenth` }, /"Tenth" is no name in a registry/],
      ];
      for (const [more, message] of rows) {
        const source = { repoURL: repo, path: '.', targetRevision: '1.0.0', ...more };
        await deploy(world, source as ApplicationSource);
        await untilCondition(world, 'ComparisonError', message);
      }
      await deploy(world, { repoURL: repo, path: '.', targetRevision: '1.x' } as ApplicationSource);
      await untilData(world, 'tenth', 'v', '1');
    },
  },
];

const DEPENDENT = (repository: string, version: string): string =>
  `apiVersion: v2\nname: shop\nversion: 0.1.0\ndependencies: [{name: library, version: "${version}", repository: "${repository}"}]\n`;

/** Charts in Git that name others instead of having them. */
const dependencyStories: readonly Scenario[] = [
  {
    name: 'a chart in Git gets the dependencies it names, at the version its lock file has',
    async run(world) {
      const library = (version: string) => ({
        ...configChart('library', version),
        'templates/api.yaml':
          'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: library-api}\ndata: {has: "{{ .Capabilities.APIVersions.Has "apps/v1" }}"}\n',
      });
      for (const version of ['1.0.0', '1.4.0']) await charts.publish('library', version, library(version));
      await world.commit({
        'Chart.yaml': DEPENDENT(charts.url, '1.x'),
        'values.yaml': 'library: {colour: blue}\n',
        'templates/own.yaml': configMap('own', { v: '1' }),
      });
      await world.apply({ syncPolicy: AUTOMATED });
      // Somebody else may have had the index read between the two versions, and what is kept of it serves for seconds.
      await refresh(world, 'hard');
      await untilData(world, 'library-config', 'version', '1.4.0');
      await untilData(world, 'library-config', 'colour', 'blue');
      await untilData(world, 'library-api', 'has', 'true');
      await world.commit({
        'Chart.lock': `dependencies: [{name: library, version: 1.0.0, repository: "${charts.url}"}]\n`,
      });
      await untilData(world, 'library-config', 'version', '1.0.0');
    },
  },
  {
    name: 'a hard refresh takes a newer version of a dependency, however lately it was published',
    async run(world) {
      await charts.publish('follower', '1.0.0');
      await world.commit({ 'Chart.yaml': DEPENDENT(charts.url, '1.x').replaceAll('library', 'follower') });
      await world.apply({ syncPolicy: AUTOMATED });
      await untilData(world, 'follower-config', 'version', '1.0.0');
      await charts.publish('follower', '1.4.0');
      await refresh(world, 'hard');
      await untilData(world, 'follower-config', 'version', '1.4.0');
    },
  },
  {
    name: "S-I3: a dependency comes only from where the project permits, with that repository's credential alone",
    async run(world) {
      await charts.publish('library', '1.0.0');
      const project = (sourceRepos: string[]) => ({
        apiVersion: 'argoproj.io/v1alpha1',
        kind: 'AppProject',
        metadata: { name: world.name },
        spec: { sourceRepos, destinations: [{ server: '*', namespace: '*' }] },
      });
      await world.create('argoproj.io/v1alpha1', 'appprojects', project([world.repoUrl]), 'argocd');
      await world.commit({ 'Chart.yaml': DEPENDENT(charts.url, '1.0.0') });
      const before = charts.requests.filter(({ authorization }) => authorization !== undefined).length;
      await world.apply({ syncPolicy: AUTOMATED, project: world.name });
      await untilCondition(
        world,
        'ComparisonError',
        /Dependency library cannot be fetched: application repo http.* is not permitted in project/,
      );
      const { spec } = project([world.repoUrl, charts.url]);
      await world.patch('argoproj.io/v1alpha1', 'appprojects', world.name, { spec }, 'argocd');
      await refresh(world);
      await untilData(world, 'library-config', 'version', '1.0.0');
      assert.equal(charts.requests.filter(({ authorization }) => authorization !== undefined).length, before);
    },
  },
  {
    name: 'a dependency that cannot be had is a condition with the remedy',
    async run(world) {
      await charts.publish('library', '1.0.0');
      const rows: [string, string, RegExp][] = [
        [charts.url, '9.x', /Chart library of .* has no version that is "9.x"/],
        ['@stable', '1.x', /names its repository "@stable", which only the machine of its author knows/],
        ['http://169.254.169.254', '1.x', /link-local addresses are refused/],
        [`${charts.url}/nowhere`, '1.x', /answered 404/],
      ];
      for (const [repository, version, message] of rows) {
        await world.commit({ 'Chart.yaml': DEPENDENT(repository, version) });
        await world.apply({ syncPolicy: AUTOMATED });
        await untilCondition(world, 'ComparisonError', message);
      }
    },
  },
];

/** Repositories as people and pages look at them. */
const repositoryStories: readonly Scenario[] = [
  {
    name: 'repositories of charts are added by command, listed with their connection, and tell what they have',
    async run(world) {
      const repo = `${charts.url}/`.slice(0, -1);
      await charts.publish('listed', '1.0.0');
      await charts.publish('listed', '1.10.0');
      await charts.publish('listed', '1.9.0');
      const added = await world.cli('repo', 'add', repo, '--type', 'helm', '--name', 'shop');
      assert.equal(added.code, 0, added.stderr);
      const oci = `oci://${registry.host}/org/listed`;
      registry.pushFiles('org/listed', '1.0.0', { 'a.yaml': 'a: 1' });
      const credentials = ['--username', 'ann', '--password', PASSWORD, '--insecure-oci-force-http'];
      const second = await world.cli('repo', 'add', oci, '--type', 'oci', ...credentials);
      assert.equal(second.code, 0, second.stderr);
      const wrong = await world.cli(
        'repo',
        'add',
        `${oci}x`,
        '--type',
        'oci',
        ...credentials.with(3, 'wrong'),
      );
      assert.notEqual(wrong.code, 0);
      assert.match(wrong.stderr, /cannot be used: .*answered 401; check the credential/);
      const missing = await world.cli('repo', 'add', `${repo}/nothing`, '--type', 'helm');
      assert.match(
        missing.stderr,
        /cannot be used: Cannot read the index of Helm repository .* answered 404/,
      );
      const list = await world.cli('repo', 'list');
      assert.match(list.stdout, /^helm +shop +http:\/\/127\S+ +false +false +false +false +Successful/m);
      assert.match(list.stdout, /^oci +oci:\/\/127\S+ +false +false +false +true +Successful/m);
      const one = (url: string, what: string): string =>
        `${host.plane().url}/api/v1/repositories/${encodeURIComponent(url)}/${what}`;
      const { items } = (await (await fetch(one(repo, 'helmcharts'))).json()) as {
        items: { name: string }[];
      };
      assert.deepEqual(
        items.find(({ name }) => name === 'listed'),
        { name: 'listed', versions: ['1.10.0', '1.9.0', '1.0.0'] },
      );
      assert.deepEqual(await (await fetch(one(oci, 'oci-tags'))).json(), { branches: [], tags: ['1.0.0'] });
      for (const url of [one(repo, 'oci-tags'), one(oci, 'helmcharts')]) {
        const answer = await fetch(url);
        assert.equal(answer.status, 400, await answer.text());
      }
    },
  },
  {
    name: 'an artifact tells who made it, when, and what of',
    async run(world) {
      const repo = `oci://${registry.host}/org/described`;
      const layer = { mediaType: FILE_LAYER, bytes: tarOf({ 'a.yaml': configMap('described', { v: '1' }) }) };
      const digest = registry.push('org/described', '1.0.0', [layer], {
        'org.opencontainers.image.created': '2026-01-02T03:04:05Z',
        'org.opencontainers.image.authors': 'Ann',
        'org.opencontainers.image.source': 'https://example.com/described',
      });
      await addRegistry(repo, { type: 'oci' });
      await deploy(world, { repoURL: repo, path: '.', targetRevision: '1.0.0' } as ApplicationSource);
      await untilSynced(world, digest);
      const { status, body } = await world.call('GET', `${world.name}/revisions/${digest}/ocimetadata`);
      assert.equal(status, 200);
      assert.deepEqual(body, {
        createdAt: '2026-01-02T03:04:05Z',
        authors: 'Ann',
        imageUrl: '',
        docsUrl: '',
        sourceUrl: 'https://example.com/described',
        version: '',
        description: '',
      });
    },
  },
];

/** The repository goes away for everybody. */
const alone: readonly Scenario[] = [
  {
    name: 'without its repository an application stays as it is, says why, and can be rolled back',
    async run(world) {
      await charts.publish('away', '1.0.0');
      await deploy(world, chart({}, 'away'), { syncPolicy: {} });
      await world.cli('app', 'sync', world.name);
      await untilSynced(world, '1.0.0');
      await charts.publish('away', '1.1.0');
      await refresh(world);
      await world.cli('app', 'sync', world.name);
      await untilSynced(world, '1.1.0');
      await charts.down();
      try {
        const found = await refresh(world, 'hard');
        assert.match(
          found.status?.conditions?.find(({ type }) => type === 'ComparisonError')?.message ?? '',
          /Cannot read the index of Helm repository .*ECONNREFUSED; check the address/,
        );
        assert.equal(found.status?.sync?.status, 'Unknown');
        await untilData(world, 'away-config', 'version', '1.1.0');
        await world.crash();
        const rolledBack = await world.call('POST', `${world.name}/rollback`, { id: 0 });
        assert.equal(rolledBack.status, 200, JSON.stringify(rolledBack.body));
        await untilData(world, 'away-config', 'version', '1.0.0');
      } finally {
        await charts.up();
      }
      const back = await refresh(world);
      assert.equal(
        back.status?.conditions?.find(({ type }) => type === 'ComparisonError'),
        undefined,
      );
    },
  },
];

describe('charts of Helm repositories', () => {
  before(async () => {
    charts = await startChartServer();
    registry = await startRegistry({ user: 'ann', password: PASSWORD, realm: 'own' });
    await charts.publish('web', '1.0.0');
    host = await startHost('embedded', {
      timing: { pollMs: 1_000, revisionPassMs: 200, waveDelayMs: 50, leaseMs: 15_000 },
    });
  });
  after(async () => {
    await host?.close();
    await charts?.close();
    await registry?.close();
  });
  describe('beside each other', { concurrency: 4 }, () => {
    for (const [index, story] of [
      ...stories,
      ...registryStories,
      ...dependencyStories,
      ...repositoryStories,
    ].entries())
      test(story.name, { timeout: TIMEOUT_MS }, () => host.run(story, index));
  });
  describe('alone', () => {
    for (const [index, story] of alone.entries())
      test(story.name, { timeout: TIMEOUT_MS }, () => host.run(story, 100 + index));
  });
  test('the journal of all of it verifies', async () => {
    const verification = await host.plane().journal.verify();
    assert.equal(verification.ok, true, JSON.stringify(verification));
  });
});
