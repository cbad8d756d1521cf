// Charts and artifacts of OCI registries: what a target means, what is verified, who sees the credential. The registry
// follows the distribution specification; the one of Debian is in test/real.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { configChart, packagedChart, startChartServer } from '../../../test/support/chart-repository.ts';
import {
  CHART_LAYER,
  FILE_LAYER,
  type MemoryRegistry,
  type RegistryOptions,
  startRegistry,
  tarOf,
} from '../../../test/support/memory-registry.ts';
import { tarEntry } from '../../../test/support/tar.ts';
import { sha256, silentLogger, systemClock, systemRandom } from '../../lib/index.ts';
import type { Repository } from '../../model/index.ts';
import { createPackages, type PackagePlace, type Packages } from '../index.ts';

const PASSWORD = 'canary-registry-password';
const DEPS = { clock: systemClock, random: systemRandom, log: silentLogger };

let folder: string;
let chart: Buffer;
const opened: MemoryRegistry[] = [];

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fairlead-oci-'));
  chart = await packagedChart(configChart('web', '1.0.0'));
});
after(async () => {
  for (const registry of opened) await registry.close();
  await rm(folder, { recursive: true, force: true });
});

async function registryOf(options: RegistryOptions = {}): Promise<MemoryRegistry> {
  const registry = await startRegistry(options);
  opened.push(registry);
  return registry;
}

let folders = 0;
function open(): Packages {
  return createPackages({ ...DEPS, dataDir: join(folder, `data-${folders++}`) });
}

function repository(url: string, more: Partial<Repository> = {}): Repository {
  return {
    url,
    type: 'oci',
    credential: { kind: 'basic', username: 'ann', password: PASSWORD },
    forceHttp: true,
    ...more,
  };
}

interface Wanted {
  readonly url: string;
  readonly chart?: string;
  readonly target?: string;
  readonly more?: Partial<Repository>;
}

function placeOf(packages: Packages, { url, chart: name, target = '', more = {} }: Wanted): PackagePlace {
  const source = { repoURL: url, targetRevision: target, ...(name === undefined ? {} : { chart: name }) };
  const place = packages.placeOf(source, repository(url, more));
  assert.ok(place !== undefined);
  return place;
}

async function revisionOf(packages: Packages, wanted: Wanted): Promise<string> {
  const place = placeOf(packages, wanted);
  return (await packages.feed(place).fetch()).resolve(place.chart, wanted.target ?? '');
}

async function filesOf(packages: Packages, wanted: Wanted): Promise<Record<string, string>> {
  const { tree } = await packages.artifact(placeOf(packages, wanted), await revisionOf(packages, wanted));
  const entries = await tree.list('');
  const files = entries.filter(({ kind }) => kind === 'file');
  return Object.fromEntries(
    await Promise.all(
      files.map(async ({ name }) => [name, Buffer.from(await tree.read(name)).toString()] as const),
    ),
  );
}

test('a chart is found by its version, a range over all pages of tags, and a plus in a version', async () => {
  const registry = await registryOf({ pageSize: 3 });
  const layer = [{ mediaType: CHART_LAYER, bytes: chart }];
  for (const tag of ['1.0.0', '1.1.0', '1.2.0', '1.10.0', '2.0.0', '0.1.0_build.7', 'latest'])
    registry.push('org/web', tag, layer);
  const packages = open();
  const of = (target: string): Promise<string> =>
    revisionOf(packages, { url: `${registry.host}/org`, chart: 'web', target });
  assert.equal(await of('1.x'), '1.10.0');
  assert.equal(await of(''), '2.0.0');
  assert.equal(await of('1.1.0'), '1.1.0');
  assert.equal(await of('0.1.0+build.7'), '0.1.0+build.7');
  await assert.rejects(of('3.x'), /Chart 127.*\/org\/web has no version that is "3.x" among its 6/);
  await assert.rejects(of('one'), /is neither a version nor a range/);
  for (const url of [`${registry.host}/org`, `oci://${registry.host}/org`, `oci://${registry.host}/org/`]) {
    const files = await filesOf(packages, { url, chart: 'web', target: '1.0.0' });
    assert.match(files['Chart.yaml'] ?? '', /name: web/, url);
  }
});

test('an artifact is found by tag, range and digest, and its revision is the digest', async () => {
  const registry = await registryOf();
  const url = `oci://${registry.host}/org/config`;
  const first = registry.pushFiles('org/config', '1.0.0', { 'a.yaml': 'v: 1\n', 'sub/b.yaml': 'v: 1\n' });
  const second = registry.pushFiles('org/config', '1.1.0', { 'a.yaml': 'v: 2\n' });
  const third = registry.pushFiles('org/config', 'latest', { 'a.yaml': 'v: 3\n' });
  const packages = open();
  assert.equal(await revisionOf(packages, { url, target: '1.0.0' }), first);
  assert.equal(await revisionOf(packages, { url, target: '1.x' }), second);
  assert.equal(await revisionOf(packages, { url }), second);
  assert.equal(await revisionOf(packages, { url, target: 'latest' }), third);
  assert.equal(await revisionOf(packages, { url, target: first }), first);
  assert.deepEqual(await filesOf(packages, { url, target: first }), { 'a.yaml': 'v: 1\n' });
  await assert.rejects(revisionOf(packages, { url, target: 'nothing' }), /has no tag "nothing"; check/);
  const missing = `sha256:${'0'.repeat(64)}`;
  await assert.rejects(packages.artifact(placeOf(packages, { url, target: missing }), missing), {
    code: 'PACKAGE_VERSION_NOT_FOUND',
  });
  assert.equal(await packages.kept(placeOf(packages, { url }), first), first);
});

test('a chart without a secret of its own is one of files, too', async () => {
  const registry = await registryOf();
  registry.push('org/web', '1.0.0', [
    { mediaType: CHART_LAYER, bytes: chart },
    { mediaType: 'application/vnd.cncf.helm.chart.provenance.v1.prov', bytes: Buffer.from('signed') },
  ]);
  const files = await filesOf(open(), { url: `oci://${registry.host}/org/web`, target: '1.0.0' });
  assert.match(files['Chart.yaml'] ?? '', /name: web/);
});

for (const realm of ['basic', 'own'] as const) {
  test(`a registry that wants ${realm === 'basic' ? 'a password' : 'a token'} gets it, and nothing else does`, async () => {
    const registry = await registryOf({ user: 'ann', password: PASSWORD, realm });
    registry.push('org/web', '1.0.0', [{ mediaType: CHART_LAYER, bytes: chart }]);
    const url = `${registry.host}/org`;
    const packages = open();
    await filesOf(packages, { url, chart: 'web', target: '1.0.0' });
    const tokens = registry.requests.filter(({ path }) => path.startsWith('/token'));
    assert.equal(tokens.length, realm === 'basic' ? 0 : 1);
    if (realm === 'own') {
      assert.match(tokens[0]?.path ?? '', /scope=repository%3Aorg%2Fweb%3Apull/);
      const elsewhere = registry.requests.filter(({ path }) => !path.startsWith('/token'));
      assert.ok(elsewhere.every(({ authorization }) => authorization?.startsWith('Basic') !== true));
    }
    await assert.rejects(
      revisionOf(open(), { url, chart: 'web', target: '1.x', more: { credential: { kind: 'none' } } }),
      { code: 'PACKAGE_AUTH', retry: 'on-change' },
    );
    const wrong = { kind: 'basic', username: 'ann', password: 'wrong' } as const;
    await assert.rejects(
      revisionOf(open(), { url, chart: 'web', more: { credential: wrong } }),
      (error: Error) => {
        assert.ok(!/canary|wrong/.test(error.message), error.message);
        return true;
      },
    );
  });
}

test('S-H5: a token server of somebody else gets no credential', async () => {
  const thief = await startChartServer();
  const realms = [
    () => `${thief.url}/token`,
    () => `https://auth.example.com/token`,
    () => `http://127.0.0.1@evil.example.com/token`,
    () => `file:///etc/passwd`,
    () => 'nonsense',
  ];
  try {
    for (const realm of realms) {
      const registry = await registryOf({ user: 'ann', password: PASSWORD, realm });
      registry.push('org/web', '1.0.0', [{ mediaType: CHART_LAYER, bytes: chart }]);
      // Another port of the loopback is the same machine, but another name is somebody else.
      const url = `${registry.host.replace('127.0.0.1', 'localhost')}/org`;
      await assert.rejects(revisionOf(open(), { url, chart: 'web' }), { code: 'PACKAGE_AUTH' }, realm());
    }
    assert.deepEqual(thief.requests, []);
  } finally {
    await thief.close();
  }
});

test('S-H5: a blob that is kept elsewhere is fetched there without the credential', async () => {
  const storage = await startChartServer();
  const registry = await registryOf({ user: 'ann', password: PASSWORD });
  const bytes = tarOf({ 'a.yaml': 'v: 1\n' });
  registry.push('org/config', '1.0.0', [{ mediaType: FILE_LAYER, bytes }]);
  storage.files.set('blob', bytes);
  registry.fault = (request, response) => {
    if (request.url?.includes('/blobs/') !== true) return false;
    response.writeHead(307, { location: `${storage.url}/blob` }).end();
    return true;
  };
  try {
    const url = `oci://${registry.host}/org/config`;
    assert.deepEqual(await filesOf(open(), { url, target: '1.0.0' }), { 'a.yaml': 'v: 1\n' });
    assert.deepEqual(storage.requests, [{ path: '/blob', authorization: undefined }]);
  } finally {
    await storage.close();
  }
});

test('what a registry gives under a digest that is not its own is refused', async () => {
  const registry = await registryOf();
  const url = `oci://${registry.host}/org/config`;
  const digest = registry.pushFiles('org/config', '1.0.0', { 'a.yaml': 'v: 1\n' });
  const other = tarOf({ 'a.yaml': 'v: evil\n' });
  for (const blob of registry.blobs.keys()) registry.blobs.set(blob, other);
  await assert.rejects(filesOf(open(), { url, target: digest }), { code: 'PACKAGE_DIGEST_MISMATCH' });
  registry.manifests.set(`org/config@${digest}`, Buffer.from('{"schemaVersion":2,"layers":[]}'));
  await assert.rejects(filesOf(open(), { url, target: digest }), { code: 'PACKAGE_DIGEST_MISMATCH' });
});

const link = (name: string, target: string): Buffer => {
  const entry = tarEntry(name, '', { type: '2' });
  entry.write(target, 157);
  return entry;
};
const tgz = (...entries: Buffer[]): Buffer => gzipSync(Buffer.concat([...entries, Buffer.alloc(1024)]));

const LAYERS: Record<string, { layers: { mediaType: string; bytes: Buffer }[]; code: string }> = {
  'has no layer': { layers: [], code: 'PACKAGE_MALFORMED' },
  'has several layers': {
    layers: ['a', 'b'].map((name) => ({ mediaType: FILE_LAYER, bytes: tarOf({ [name]: 'x' }) })),
    code: 'PACKAGE_MALFORMED',
  },
  'is an image': {
    layers: [{ mediaType: 'application/vnd.docker.image.rootfs.diff.tar.gzip', bytes: tarOf({ a: 'x' }) }],
    code: 'PACKAGE_MALFORMED',
  },
  'is no archive': {
    layers: [{ mediaType: FILE_LAYER, bytes: Buffer.alloc(2048, 'x') }],
    code: 'PACKAGE_ARCHIVE_INVALID',
  },
  'is empty': { layers: [{ mediaType: FILE_LAYER, bytes: tgz() }], code: 'PACKAGE_ARCHIVE_INVALID' },
  'climbs out': {
    layers: [{ mediaType: FILE_LAYER, bytes: tarOf({ '../a': 'x' }) }],
    code: 'PACKAGE_ARCHIVE_INVALID',
  },
  'has a link that leaves it': {
    layers: [{ mediaType: FILE_LAYER, bytes: tgz(tarEntry('a', 'x'), link('b', '../../etc/passwd')) }],
    code: 'PACKAGE_ARCHIVE_INVALID',
  },
  'has an absolute link': {
    layers: [{ mediaType: FILE_LAYER, bytes: tgz(tarEntry('a', 'x'), link('b', '/etc/passwd')) }],
    code: 'PACKAGE_ARCHIVE_INVALID',
  },
  'is a bomb': {
    layers: [{ mediaType: FILE_LAYER, bytes: gzipSync(Buffer.alloc(80 * 1024 * 1024)) }],
    code: 'PACKAGE_TOO_LARGE',
  },
};

for (const [what, { layers, code }] of Object.entries(LAYERS)) {
  test(`an artifact is refused that ${what}`, async () => {
    const registry = await registryOf();
    registry.push('org/bad', '1.0.0', layers);
    await assert.rejects(filesOf(open(), { url: `oci://${registry.host}/org/bad`, target: '1.0.0' }), {
      code,
    });
  });
}

test('a link to a file of the artifact is that file, and a tar need not be zipped', async () => {
  const registry = await registryOf();
  registry.push('org/config', '1.0.0', [
    {
      mediaType: 'application/vnd.oci.image.layer.v1.tar',
      bytes: Buffer.concat([tarEntry('a.yaml', 'v: 1\n'), link('b.yaml', './a.yaml'), Buffer.alloc(1024)]),
    },
  ]);
  const files = await filesOf(open(), { url: `oci://${registry.host}/org/config`, target: '1.0.0' });
  assert.deepEqual(files, { 'a.yaml': 'v: 1\n', 'b.yaml': 'v: 1\n' });
});

test('S-C3: a list of tags without end, or one that goes on elsewhere, is an error', async () => {
  const registry = await registryOf();
  const url = `${registry.host}/org`;
  let page = 0;
  registry.fault = (_request, response) => {
    page += 1;
    const tags = Array.from({ length: 1000 }, (_, i) => `1.${page}.${i}`);
    response
      .writeHead(200, { link: `</v2/org/web/tags/list?last=${page}>; rel="next"` })
      .end(JSON.stringify({ tags }));
    return true;
  };
  await assert.rejects(revisionOf(open(), { url, chart: 'web', target: '1.x' }), {
    code: 'PACKAGE_TOO_LARGE',
  });
  for (const next of ['http://169.254.169.254/v2/org/web/tags/list', '/v2/org/other/tags/list']) {
    registry.fault = (_request, response) => {
      response.writeHead(200, { link: `<${next}>; rel="next"` }).end('{"tags":["1.0.0"]}');
      return true;
    };
    await assert.rejects(revisionOf(open(), { url, chart: 'web', target: '1.x' }), {
      code: 'PACKAGE_MALFORMED',
    });
  }
});

const ADDRESSES: readonly (readonly [url: string, chart: string | undefined, message: RegExp])[] = [
  ['oci://', undefined, /is no address of an artifact; use oci:\/\/host\/path/],
  ['oci://registry.example.com', undefined, /is no address of an artifact; use/],
  ['oci://registry.example.com/Org', undefined, /"Org" is no name in a registry/],
  [
    'oci://registry.example.com/org/web:1.0',
    undefined,
    /no name in a registry; .* the tag as targetRevision/,
  ],
  ['oci://ann:secret@registry.example.com/org', undefined, /holds a user or password/],
  ['oci://registry.example.com/../v2', undefined, /no name in a registry/],
  ['registry.example.com/org', 'We/b', /is no name of a chart/],
  ['-oProxy=x/org', 'web', /is no address of an artifact/],
];

for (const [url, name, message] of ADDRESSES) {
  test(`an address is refused: ${url} ${name ?? ''}`, () => {
    assert.throws(
      () => placeOf(open(), { url, ...(name === undefined ? {} : { chart: name }) }),
      (error: Error) => {
        assert.match(error.message, message);
        assert.ok(!error.message.includes('secret'), error.message);
        return true;
      },
    );
  });
}

for (const host of ['169.254.169.254', '[fe80::1]:5000', '0.0.0.0:5000']) {
  test(`S-I1: nobody is sent to the registry ${host}`, async () => {
    const wanted = { url: `oci://${host}/org/web`, target: '1.0.0' };
    await assert.rejects(revisionOf(open(), wanted), { code: 'PACKAGE_URL_REFUSED' });
  });
}

test('an index may name charts in a registry, which gets no credential of the index', async () => {
  const registry = await registryOf();
  const index = await startChartServer({ user: 'ann', password: PASSWORD });
  registry.push('org/web', '1.0.0', [{ mediaType: CHART_LAYER, bytes: chart }]);
  const entry = { name: 'web', version: '1.0.0', urls: [`oci://${registry.host}/org/web:1.0.0`] };
  index.instead.set(
    'index.yaml',
    Buffer.from(JSON.stringify({ apiVersion: 'v1', entries: { web: [entry] } })),
  );
  try {
    const packages = open();
    const place = packages.placeOf(
      { repoURL: index.url, chart: 'web' },
      repository(index.url, { type: 'helm' }),
    );
    assert.ok(place !== undefined);
    // The registry of an index is reached over https alone; this one does not speak it.
    await assert.rejects(packages.artifact(place, '1.0.0'), { code: /PACKAGE_(TLS|UNREACHABLE)/ });
    assert.ok(registry.requests.every(({ authorization }) => authorization === undefined));
  } finally {
    await index.close();
  }
});

test('the archive of a version is the one that was fetched, until somebody asks anew', async () => {
  const registry = await registryOf();
  registry.push('org/web', '1.0.0', [{ mediaType: CHART_LAYER, bytes: chart }]);
  const packages = open();
  const wanted = { url: `${registry.host}/org`, chart: 'web', target: '1.0.0' };
  const place = placeOf(packages, wanted);
  const first = await packages.artifact(place, '1.0.0');
  assert.equal(first.digest, sha256(chart));
  const other = await packagedChart({ ...configChart('web', '1.0.0'), 'values.yaml': 'colour: blue\n' });
  registry.push('org/web', '1.0.0', [{ mediaType: CHART_LAYER, bytes: other }]);
  assert.equal((await packages.artifact(place, '1.0.0')).digest, first.digest);
  assert.equal((await packages.artifact(place, '1.0.0', { isFresh: true })).digest, sha256(other));
});
