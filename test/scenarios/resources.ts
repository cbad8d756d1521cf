// Single objects through the API: patched, deleted and compared by hand, and what is refused.
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { tarEntry } from '../support/tar.ts';
import {
  assert,
  configMap,
  dataOf,
  type Scenario,
  untilOutOfSync,
  untilSynced,
  type World,
} from './world.ts';

const DEPLOYMENT = `apiVersion: apps/v1
kind: Deployment
metadata: {name: front}
spec:
  replicas: 2
  selector: {matchLabels: {app: front}}
  template:
    metadata: {labels: {app: front}}
    spec: {containers: [{name: front, image: "example.com/front:1"}]}
`;
const SECRET = 'apiVersion: v1\nkind: Secret\nmetadata: {name: keys}\nstringData: {token: canary-value}\n';

interface ObjectName {
  readonly group?: string;
  readonly version?: string;
  readonly kind: string;
  readonly name: string;
}

function target(world: World, { group = '', version = 'v1', kind, name }: ObjectName, more = ''): string {
  const namespace = kind === 'Namespace' ? '' : world.namespace;
  return `${world.name}/resource?group=${group}&version=${version}&kind=${kind}&namespace=${namespace}&resourceName=${name}${more}`;
}

async function synced(world: World, files: Record<string, string>): Promise<void> {
  const revision = await world.commit(files);
  await world.apply({ syncPolicy: { automated: {} } });
  await untilSynced(world, revision);
}

async function patch(world: World, name: ObjectName, type: string, body: unknown) {
  return await world.call(
    'POST',
    target(world, name, `&patchType=${encodeURIComponent(type)}`),
    JSON.stringify(body),
  );
}

const SETTINGS = { kind: 'ConfigMap', name: 'settings' };

export const resources: readonly Scenario[] = [
  {
    name: 'an object is patched by hand in three ways, and the record says where but not what',
    async run(world) {
      await synced(world, { 'a.yaml': configMap('settings', { v: '1' }), 'd.yaml': DEPLOYMENT });
      const merged = await patch(world, SETTINGS, 'application/merge-patch+json', { data: { w: 'hand' } });
      assert.equal(merged.status, 200, JSON.stringify(merged.body));
      const manifest = JSON.parse(String(merged.body['manifest'])) as { data: object; metadata: object };
      assert.deepEqual(manifest.data, { v: '1', w: 'hand' });
      assert.ok(!('managedFields' in manifest.metadata));
      const steps = [{ op: 'replace', path: '/data/w', value: 'again' }];
      const stepped = await patch(world, SETTINGS, 'application/json-patch+json', steps);
      assert.equal(stepped.status, 200, JSON.stringify(stepped.body));
      assert.equal((await dataOf(world, 'settings'))?.['w'], 'again');
      const strategic = await patch(
        world,
        { group: 'apps', kind: 'Deployment', name: 'front' },
        'application/strategic-merge-patch+json',
        {
          spec: { template: { spec: { containers: [{ name: 'front', env: [{ name: 'A', value: 'b' }] }] } } },
        },
      );
      assert.equal(strategic.status, 200, JSON.stringify(strategic.body));
      const deployment = JSON.parse(String(strategic.body['manifest'])) as {
        spec: { template: { spec: { containers: { image: string; env: object[] }[] } } };
      };
      const [container] = deployment.spec.template.spec.containers;
      assert.equal(container?.image, 'example.com/front:1');
      assert.deepEqual(container?.env, [{ name: 'A', value: 'b' }]);
      const recorded = JSON.stringify(await world.journal('resource.patch'));
      assert.match(recorded, /"members":\["\/data\/w"\]/);
      assert.doesNotMatch(recorded, /again/);
    },
  },
  {
    name: 'what is no patch, no kind or no object of the application is refused and changes nothing',
    async run(world) {
      await synced(world, { 'a.yaml': configMap('settings', { v: '1' }) });
      await world.create('v1', 'configmaps', {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'foreign' },
        data: { v: '1' },
      });
      const merge = 'application/merge-patch+json';
      const answers = [
        await patch(world, SETTINGS, merge, 7),
        await patch(world, SETTINGS, 'text/plain', {}),
        await patch(world, SETTINGS, 'application/json-patch+json', [{ op: 'fly', path: '/data' }]),
        await patch(world, SETTINGS, merge, { data: { v: { not: 'text' } } }),
        await patch(world, { kind: 'ConfigMap', name: 'foreign' }, merge, { data: { v: '2' } }),
        await patch(world, { kind: 'ConfigMap', name: 'nothing' }, merge, { data: { v: '2' } }),
        await world.call('POST', `${world.name}/resource?kind=ConfigMap`, '{}'),
        await world.call('DELETE', `${world.name}/resource?kind=ConfigMap`),
        await world.call('DELETE', target(world, { kind: 'ConfigMap', name: 'foreign' })),
      ];
      assert.deepEqual(
        answers.map(({ status }) => status),
        [400, 400, 400, 400, 404, 404, 400, 400, 404],
        JSON.stringify(answers),
      );
      for (const { body } of answers) assert.match(String(body['message']), /\S \S/);
      assert.deepEqual(await dataOf(world, 'settings'), { v: '1' });
      assert.deepEqual(await dataOf(world, 'foreign'), { v: '1' });
    },
  },
  {
    name: 'a Secret is patched without its values coming back, and no patch can read one',
    async run(world) {
      await synced(world, { 's.yaml': SECRET });
      const keys = { kind: 'Secret', name: 'keys' };
      const patched = await patch(world, keys, 'application/merge-patch+json', {
        stringData: { more: 'canary-two' },
      });
      assert.equal(patched.status, 200, JSON.stringify(patched.body));
      assert.doesNotMatch(JSON.stringify(patched.body), /canary|Y2FuYXJ5/);
      for (const step of [
        { op: 'copy', from: '/data/token', path: '/metadata/labels' },
        { op: 'move', from: '/data', path: '/metadata/annotations' },
        { op: 'copy', from: '', path: '/metadata/annotations/x' },
        { op: 'test', path: '/data/token', value: 'Y2FuYXJ5LXZhbHVl' },
      ]) {
        const { status, body } = await patch(world, keys, 'application/json-patch+json', [step]);
        assert.equal(status, 403, JSON.stringify([step, body]));
        assert.doesNotMatch(JSON.stringify(body), /canary|Y2FuYXJ5/);
      }
      const data = (await world.get('v1', 'secrets', 'keys'))?.['data'];
      const { more = '' } = data as Record<string, string>;
      assert.equal(Buffer.from(more, 'base64').toString(), 'canary-two');
    },
  },
  {
    name: 'an object and a child of another are deleted by hand; orphaned children stay',
    async run(world) {
      await synced(world, { 'a.yaml': configMap('settings', { v: '1' }), 'd.yaml': DEPLOYMENT });
      const set = await world.until('the Deployment has a ReplicaSet', async () => {
        const sets = await world.list('apps/v1', 'replicasets');
        return sets.find((item) => item.metadata.ownerReferences?.[0]?.name === 'front');
      });
      const name = set.metadata.name ?? '';
      const child = { group: 'apps', kind: 'ReplicaSet', name };
      const first = await world.until('the tree has the ReplicaSet', async () => {
        const answer = await world.call('DELETE', target(world, child, '&force=true'));
        return answer.status === 404 ? undefined : answer;
      });
      assert.equal(first.status, 200, JSON.stringify(first.body));
      await world.until('the Deployment makes it anew', async () => {
        const sets = await world.list('apps/v1', 'replicasets');
        return sets.some(
          ({ metadata }) => metadata.uid !== set.metadata.uid && metadata.deletionTimestamp === undefined,
        );
      });
      const orphaning = await world.call(
        'DELETE',
        target(world, { group: 'apps', kind: 'Deployment', name: 'front' }, '&orphan=true'),
      );
      assert.equal(orphaning.status, 200, JSON.stringify(orphaning.body));
      await world.until(
        'the Deployment is gone',
        async () => (await world.get('apps/v1', 'deployments', 'front')) === undefined,
      );
      const left = await world.list('apps/v1', 'replicasets');
      assert.ok(left.length > 0, 'the ReplicaSet stays');
      const gone = await world.call('DELETE', target(world, SETTINGS));
      assert.equal(gone.status, 200, JSON.stringify(gone.body));
      await untilOutOfSync(world);
      assert.equal(await world.get('v1', 'configmaps', 'settings'), undefined);
      assert.match(JSON.stringify(await world.journal('resource.delete')), /"propagation":"Orphan"/);
    },
  },
  {
    name: 'what a manifest would change is said by dry run, without changing it',
    async run(world) {
      await synced(world, { 'a.yaml': configMap('settings', { v: '1' }) });
      const asked = async (...manifests: object[]) => {
        const query = manifests.map((item) => `targetManifests=${encodeURIComponent(JSON.stringify(item))}`);
        const { status, body } = await world.call('GET', `${world.name}/server-side-diff?${query.join('&')}`);
        assert.equal(status, 200, JSON.stringify(body));
        return body as {
          modified: boolean;
          items: { name: string; predictedLiveState: string; fields: object[] }[];
        };
      };
      const same = await asked();
      assert.equal(same.modified, false, JSON.stringify(same));
      const wanted = {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'settings' },
        data: { v: '2' },
      };
      const { modified, items } = await asked(wanted);
      assert.equal(modified, true);
      assert.equal(items.length, 1);
      assert.equal((JSON.parse(items[0]?.predictedLiveState ?? '') as typeof wanted).data.v, '2');
      assert.deepEqual(await dataOf(world, 'settings'), { v: '1' });
      const broken = await world.call('GET', `${world.name}/server-side-diff?targetManifests=%7B%22a%22`);
      assert.equal(broken.status, 400, JSON.stringify(broken.body));
    },
  },
  {
    name: 'the command line shows what another revision and a local directory would change',
    async run(world) {
      const before = await world.commit({
        'a.yaml': configMap('settings', { v: '1' }),
        'b.yaml': configMap('extra', {}),
      });
      await world.apply({ syncPolicy: { automated: {} } });
      await untilSynced(world, before);
      const local = await mkdtemp(join(tmpdir(), 'fairlead-local-diff-'));
      try {
        await writeFile(join(local, 'a.yaml'), configMap('settings', { v: '3' }));
        const diff = await world.cli('app', 'diff', world.name, '--local', local);
        assert.equal(diff.code, 1, diff.stderr);
        assert.match(diff.stdout, /-.*v: "1"/);
        assert.match(diff.stdout, /\+.*v: "3"/);
        // What the directory does not have would be pruned.
        assert.match(diff.stdout, /ConfigMap \S+\/extra/);
      } finally {
        await rm(local, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
      }
      const next = await world.commit({ 'a.yaml': configMap('settings', { v: '2' }) });
      await untilSynced(world, next);
      const same = await world.cli('app', 'diff', world.name, '--revision', next);
      assert.deepEqual([same.code, same.stdout], [0, ''], same.stderr);
      const back = await world.cli('app', 'diff', world.name, '--revision', before, '-o', 'json');
      assert.equal(back.code, 1, back.stderr);
      assert.deepEqual(
        (JSON.parse(back.stdout) as { name: string }[]).map(({ name }) => name),
        ['settings'],
      );
      const both = await world.cli('app', 'diff', world.name, '--revision', before, '--local', '.');
      assert.match(both.stderr, /Give --local or --revision, not both/);
      assert.deepEqual(await dataOf(world, 'settings'), { v: '2' });
    },
  },
  {
    name: 'files that come with a request are rendered like those of the source, and nothing is kept',
    async run(world) {
      await synced(world, { 'a.yaml': configMap('settings', { v: '1' }) });
      const files = gzipSync(
        Buffer.concat([
          tarEntry('a.yaml', configMap('settings', { v: '9' })),
          tarEntry('s.yaml', SECRET),
          Buffer.alloc(1024),
        ]),
      );
      const send = async (lines: readonly unknown[]) =>
        await world.callText(
          'POST',
          'manifestsWithFiles',
          lines.map((line) => JSON.stringify(line)).join('\n'),
        );
      const half = Math.ceil(files.length / 2);
      const chunks = [files.subarray(0, half), files.subarray(half)].map((part) => ({
        chunk: { chunk: part.toString('base64') },
      }));
      const checksum = createHash('sha256').update(files).digest('hex');
      const query = { query: { name: world.name, checksum, appNamespace: 'argocd' } };
      const { status, body } = await send([query, ...chunks]);
      assert.equal(status, 200, JSON.stringify(body));
      const manifests = (body['manifests'] as string[]).map(
        (text) => JSON.parse(text) as { kind: string; data: object },
      );
      assert.deepEqual(manifests.find(({ kind }) => kind === 'ConfigMap')?.data, { v: '9' });
      assert.doesNotMatch(JSON.stringify(body), /canary|Y2FuYXJ5/);
      for (const [lines, want] of [
        [[query, chunks[0]], /not those of the checksum/],
        [[query], /No files were sent/],
        [chunks, /The first line must be a query/],
        [[{ query: { name: world.name } }, { chunk: { chunk: 'aGVsbG8=' } }], /no gzipped tar archive/],
        [[{ query: { name: world.name, chekcsum: '' } }], /unknown member: \[0\]\.query\.chekcsum/],
      ] as const) {
        const refused = await send(lines);
        assert.equal(refused.status, 400, JSON.stringify(refused.body));
        assert.match(String(refused.body['message']), want);
      }
      const nobody = await send([{ query: { name: 'nothing' } }, ...chunks]);
      assert.equal(nobody.status, 403, JSON.stringify(nobody.body));
      assert.deepEqual(await dataOf(world, 'settings'), { v: '1' });
    },
  },
  {
    name: 'a chart says what it is; a directory is none',
    async run(world) {
      const chart =
        'apiVersion: v2\nname: c\nversion: 0.1.0\ndescription: Shows things\nhome: https://shop.test\nmaintainers: [{name: Ann, email: ann@shop.test}, {name: Bob}]\n';
      const revision = await world.commit({ 'Chart.yaml': chart, 'templates/a.yaml': configMap('a', {}) });
      await world.apply();
      await untilOutOfSync(world);
      const details = await world.call('GET', `${world.name}/revisions/${revision}/chartdetails`);
      assert.deepEqual(details.body, {
        description: 'Shows things',
        maintainers: ['Ann <ann@shop.test>', 'Bob'],
        home: 'https://shop.test',
      });
      const next = await world.commit({
        'Chart.yaml': null,
        'templates/a.yaml': null,
        'a.yaml': configMap('a', {}),
      });
      const none = await world.call('GET', `${world.name}/revisions/${next}/chartdetails`);
      assert.equal(none.status, 400, JSON.stringify(none.body));
    },
  },
];
