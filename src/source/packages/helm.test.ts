// Charts of Helm repositories: what is fetched, from whom and how often, what is refused, who sees the credential.
// Charts are made by the official helm; servers are real ones on the loopback.
import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { type ChartServer, configChart, startChartServer } from '../../../test/support/chart-repository.ts';
import { tarEntry } from '../../../test/support/tar.ts';
import { addressGuard, sha256, silentLogger, systemClock, systemRandom } from '../../lib/index.ts';
import type { Repository } from '../../model/index.ts';
import { createPackages, type PackagePlace, type Packages } from '../index.ts';

const DEPS = { clock: systemClock, random: systemRandom, log: silentLogger };
const PASSWORD = 'canary-chart-password';
const BASIC = `Basic ${Buffer.from(`ann:${PASSWORD}`).toString('base64')}`;

let folder: string;
let server: ChartServer;
let other: ChartServer;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fairlead-packages-'));
  server = await startChartServer({ user: 'ann', password: PASSWORD });
  other = await startChartServer();
  for (const version of ['1.0.0', '1.2.0', '2.0.0-rc.1', '0.9.0+build.3'])
    await server.publish('web', version);
});
after(async () => {
  await server?.close();
  await other?.close();
  await rm(folder, { recursive: true, force: true });
});

function repository(url: string, more: Partial<Repository> = {}): Repository {
  return {
    url,
    type: 'helm',
    credential: { kind: 'basic', username: 'ann', password: PASSWORD },
    ...more,
  };
}

let folders = 0;
function open(dataDir = join(folder, `data-${folders++}`)): Packages {
  return createPackages({ ...DEPS, dataDir });
}

function placeOf(
  packages: Packages,
  chart: string,
  { passCredentials = false, at = repository(server.url) } = {},
): PackagePlace {
  const place = packages.placeOf({ repoURL: at.url, chart, helm: { passCredentials } }, at);
  assert.ok(place !== undefined);
  return place;
}

async function resolved(packages: Packages, chart: string, target: string): Promise<string> {
  const place = placeOf(packages, chart);
  return (await packages.feed(place).fetch()).resolve(chart, target);
}

const TARGETS: readonly (readonly [target: string, revision: string | RegExp])[] = [
  ['', '1.2.0'],
  ['*', '1.2.0'],
  ['1.x', '1.2.0'],
  ['~1.0', '1.0.0'],
  ['>=1 <1.2', '1.0.0'],
  ['1.0.0', '1.0.0'],
  ['v1.0.0', '1.0.0'],
  ['1.0', '1.0.0'],
  ['>=2.0.0-0', '2.0.0-rc.1'],
  ['0.9.0+build.3', '0.9.0+build.3'],
  ['3.x', /has no version that is "3.x" among its 4 \(newest: 2.0.0-rc.1\)/],
  ['latest', /"latest" is neither a version nor a range/],
  ['>=', /neither a version nor a range/],
];

test('a targetRevision is a version of the index, or the highest in its range', async () => {
  const packages = open();
  for (const [target, revision] of TARGETS) {
    if (typeof revision === 'string') assert.equal(await resolved(packages, 'web', target), revision, target);
    else await assert.rejects(resolved(packages, 'web', target), revision, target);
  }
});

test('the files of a version are those of the chart, by content', async () => {
  const packages = open();
  const artifact = await packages.artifact(placeOf(packages, 'web'), '1.2.0');
  assert.equal(artifact.revision, '1.2.0');
  assert.equal(artifact.repository, server.url);
  assert.match(artifact.digest, /^[0-9a-f]{64}$/);
  assert.equal(
    Buffer.from(await artifact.tree.read('values.yaml')).toString(),
    configChart('web', '1.2.0')['values.yaml'],
  );
  const checkout = await artifact.materialise(['']);
  assert.match(await readFile(join(checkout.directory, 'Chart.yaml'), 'utf8'), /^name: web$/m);
  checkout.release();
});

test('an index that did not change is not sent again, a version is fetched once, also after a restart', async () => {
  const dataDir = join(folder, 'once');
  const packages = open(dataDir);
  const place = placeOf(packages, 'web');
  const first = await packages.feed(place).fetch();
  let notModified = 0;
  server.fault = (request) => {
    if (request.headers['if-none-match'] !== undefined) notModified += 1;
    return false;
  };
  const again = await packages.feed(place).poll();
  server.fault = undefined;
  assert.equal(notModified, 1);
  assert.equal(again, first);
  await packages.artifact(place, '1.0.0');
  const before = server.requests.length;
  await Promise.all([1, 2, 3].map(() => packages.artifact(place, '1.0.0')));
  const restarted = open(dataDir);
  assert.equal(await restarted.kept(placeOf(restarted, 'web'), '1.0.0'), '1.0.0');
  await restarted.artifact(placeOf(restarted, 'web'), '1.0.0');
  assert.equal(server.requests.length, before);
});

test('what was fetched with one credential is not there for another', async () => {
  const dataDir = join(folder, 'credentials');
  const packages = open(dataDir);
  await packages.artifact(placeOf(packages, 'web'), '1.0.0');
  const at = repository(server.url, { credential: { kind: 'none' } });
  const anonymous = placeOf(packages, 'web', { at });
  assert.equal(await packages.kept(anonymous, '1.0.0'), undefined);
  await assert.rejects(packages.artifact(anonymous, '1.0.0'), { code: 'PACKAGE_AUTH' });
});

test('an archive that was changed on disk is fetched again', async () => {
  const dataDir = join(folder, 'damaged');
  await open(dataDir).artifact(placeOf(open(), 'web'), '1.0.0');
  const blobs = join(dataDir, 'packages', 'blobs');
  const [blob = ''] = await readdir(blobs);
  await writeFile(join(blobs, blob), 'not the chart');
  const artifact = await open(dataDir).artifact(placeOf(open(), 'web'), '1.0.0');
  assert.equal(artifact.digest, blob);
  assert.equal(sha256(await readFile(join(blobs, blob))), blob);
});

test('S-H5: an archive elsewhere gets no credential unless the source says so', async () => {
  const archive = server.files.get('web-1.0.0.tgz') as Buffer;
  other.instead.set('elsewhere.tgz', archive);
  server.instead.set('index.yaml', index('web', '1.0.0', `${other.url}/elsewhere.tgz`, sha256(archive)));
  try {
    const seen = other.requests.length;
    await open().artifact(placeOf(open(), 'web'), '1.0.0');
    assert.deepEqual(other.requests.slice(seen), [{ path: '/elsewhere.tgz', authorization: undefined }]);
    await open().artifact(placeOf(open(), 'web', { passCredentials: true }), '1.0.0');
    assert.equal(other.requests.at(-1)?.authorization, BASIC);
  } finally {
    server.instead.clear();
  }
});

test('S-H5: a redirect is followed without the credential when it leaves the origin, and not for ever', async () => {
  const archive = server.files.get('web-1.0.0.tgz') as Buffer;
  other.instead.set('moved.tgz', archive);
  const seen = other.requests.length;
  server.fault = (request, response) => {
    if (request.url !== '/web-1.0.0.tgz') return false;
    response.writeHead(302, { location: `http://bob:other@${new URL(other.url).host}/moved.tgz` }).end();
    return true;
  };
  await open().artifact(placeOf(open(), 'web'), '1.0.0');
  assert.deepEqual(other.requests.slice(seen), [{ path: '/moved.tgz', authorization: undefined }]);
  server.fault = (_request, response) => {
    response.writeHead(301, { location: '/index.yaml' }).end();
    return true;
  };
  await assert.rejects(resolved(open(), 'web', ''), { code: 'PACKAGE_REDIRECTED' });
  server.fault = (_request, response) => {
    response.writeHead(307, { location: 'http://169.254.169.254/latest/meta-data' }).end();
    return true;
  };
  await assert.rejects(resolved(open(), 'web', ''), /link-local addresses are refused/);
  server.fault = undefined;
});

for (const address of [
  'http://169.254.169.254',
  'http://2852039166/charts',
  'http://0xa9fea9fe',
  'http://[::ffff:169.254.169.254]',
  'http://0.0.0.0:1',
]) {
  test(`S-I1: nobody is sent to ${address}`, async () => {
    const at = repository(address);
    const packages = open();
    await assert.rejects(packages.feed(placeOf(packages, 'web', { at })).fetch(), {
      code: 'PACKAGE_URL_REFUSED',
    });
    await assert.rejects(packages.check(at, new AbortController().signal), { code: 'PACKAGE_URL_REFUSED' });
  });
}

test('S-I1: a name counts as what it resolves to when it is connected to', async () => {
  const answers = ['127.0.0.1', '127.0.0.1', '169.254.169.254'];
  const guard = addressGuard({
    resolve: async () => [{ address: answers.shift() ?? '169.254.169.254', family: 4 }],
  });
  const url = server.url.replace('127.0.0.1', 'charts.test');
  const ask = async (): Promise<string> => {
    const packages = createPackages({ ...DEPS, dataDir: join(folder, 'rebinding'), guard });
    const at = repository(url);
    return (await packages.feed(placeOf(packages, 'web', { at })).fetch()).resolve('web', '1.0.0');
  };
  assert.equal(await ask(), '1.0.0');
  assert.equal(await ask(), '1.0.0');
  await assert.rejects(ask(), { code: 'PACKAGE_URL_REFUSED' });
});

function index(chart: string, version: string, url: string, digest?: string): Buffer {
  const entry = { name: chart, version, urls: [url], ...(digest === undefined ? {} : { digest }) };
  return Buffer.from(JSON.stringify({ apiVersion: 'v1', entries: { [chart]: [entry] } }));
}

const tgz = (...entries: Buffer[]): Buffer => gzipSync(Buffer.concat([...entries, Buffer.alloc(1024)]));
const CHART = tarEntry('web/Chart.yaml', 'apiVersion: v2\nname: web\nversion: 1.0.0\n');

const ARCHIVES: Record<string, { bytes: Buffer; code: string }> = {
  'is no archive': { bytes: Buffer.from('hello'), code: 'PACKAGE_ARCHIVE_INVALID' },
  'has no Chart.yaml': { bytes: tgz(tarEntry('web/a', 'x')), code: 'PACKAGE_ARCHIVE_INVALID' },
  'has files outside of its chart': {
    bytes: tgz(CHART, tarEntry('loose', 'x')),
    code: 'PACKAGE_ARCHIVE_INVALID',
  },
  'climbs out': { bytes: tgz(CHART, tarEntry('web/../../x', 'x')), code: 'PACKAGE_ARCHIVE_INVALID' },
  'climbs out in one step': { bytes: tgz(CHART, tarEntry('../x', 'x')), code: 'PACKAGE_ARCHIVE_INVALID' },
  'has an absolute path': { bytes: tgz(CHART, tarEntry('/etc/x', 'x')), code: 'PACKAGE_ARCHIVE_INVALID' },
  'has a link': { bytes: tgz(CHART, tarEntry('web/l', '', { type: '2' })), code: 'PACKAGE_ARCHIVE_INVALID' },
  'has a size that lies': {
    bytes: tgz(CHART, tarEntry('web/a', 'x', { size: 900_000 })),
    code: 'PACKAGE_ARCHIVE_INVALID',
  },
  'is a bomb': { bytes: gzipSync(Buffer.alloc(80 * 1024 * 1024)), code: 'PACKAGE_TOO_LARGE' },
  'has one huge file': {
    bytes: tgz(CHART, tarEntry('web/a', 'x'.repeat(11 * 1024 * 1024))),
    code: 'PACKAGE_TOO_LARGE',
  },
};

for (const [what, { bytes, code }] of Object.entries(ARCHIVES)) {
  test(`a chart is refused whose archive ${what}`, async () => {
    server.instead.set('bad.tgz', bytes);
    server.instead.set('index.yaml', index('web', '1.0.0', 'bad.tgz', sha256(bytes)));
    try {
      await assert.rejects(
        open().artifact(placeOf(open(), 'web'), '1.0.0'),
        (error: Error & { code: string }) => {
          assert.equal(error.code, code, error.message);
          assert.ok(error.message.length < 600);
          return true;
        },
      );
    } finally {
      server.instead.clear();
    }
  });
}

test('a blob that is not what the index says is refused and not kept', async () => {
  const dataDir = join(folder, 'tampered');
  server.instead.set('web-1.0.0.tgz', server.files.get('web-1.2.0.tgz') as Buffer);
  const failed = open(dataDir).artifact(placeOf(open(), 'web'), '1.0.0');
  await assert.rejects(failed, { code: 'PACKAGE_DIGEST_MISMATCH', retry: 'on-change' });
  server.instead.clear();
  await assert.rejects(readdir(join(dataDir, 'packages', 'blobs')), { code: 'ENOENT' });
});

const INDEXES: Record<string, { body: string; code: string; says?: RegExp }> = {
  'is empty': { body: '', code: 'PACKAGE_MALFORMED' },
  'is a web page': { body: '<html>canary</html>', code: 'PACKAGE_MALFORMED' },
  'is no YAML': { body: 'entries: [canary\n: :', code: 'PACKAGE_MALFORMED' },
  'has no entries': { body: 'apiVersion: v1\n', code: 'PACKAGE_MALFORMED' },
  'has entries of another shape': { body: 'apiVersion: v1\nentries: [1]\n', code: 'PACKAGE_MALFORMED' },
  'has a chart without a name': {
    body: 'apiVersion: v1\nentries:\n  web:\n  - name: ""\n    version: 1.0.0\n    urls: [a.tgz]\n',
    code: 'PACKAGE_VERSION_NOT_FOUND',
  },
  'has versions that are none': {
    body: 'apiVersion: v1\nentries:\n  web:\n  - name: web\n    version: one\n    urls: [a.tgz]\n',
    code: 'PACKAGE_VERSION_NOT_FOUND',
  },
  'names no archive': {
    body: 'apiVersion: v1\nentries:\n  web:\n  - name: web\n    version: 1.0.0\n',
    code: 'PACKAGE_VERSION_NOT_FOUND',
  },
  'has other charts': {
    body: 'apiVersion: v1\nentries: {}\n',
    code: 'PACKAGE_CHART_NOT_FOUND',
    says: /lists 0 charts/,
  },
  'tries to reach the prototype': {
    body: '{"apiVersion":"v1","entries":{"__proto__":[{"name":"web","version":"1.0.0","urls":["a"]}]}}',
    code: 'PACKAGE_CHART_NOT_FOUND',
  },
};

for (const [what, { body, code, says = /./ }] of Object.entries(INDEXES)) {
  test(`an index is no list of versions when it ${what}`, async () => {
    server.instead.set('index.yaml', Buffer.from(body));
    try {
      await assert.rejects(resolved(open(), 'web', ''), (error: Error & { code: string }) => {
        assert.equal(error.code, code, error.message);
        assert.match(error.message, says);
        assert.ok(!error.message.includes('canary'), error.message);
        return true;
      });
    } finally {
      server.instead.clear();
    }
  });
}

test('a large index is read without holding everything else up', async () => {
  const versions = Array.from(
    { length: 4_000 },
    (_, i) =>
      `  - name: web\n    version: 1.0.${i}\n    description: ${'d'.repeat(300)}\n    urls:\n    - web-${i}.tgz\n`,
  );
  server.instead.set('index.yaml', gzipSync(`apiVersion: v1\nentries:\n  web:\n${versions.join('')}`));
  server.fault = (request, response) => {
    if (request.url !== '/index.yaml') return false;
    response.writeHead(200, { 'content-encoding': 'gzip' }).end(server.instead.get('index.yaml'));
    return true;
  };
  assert.equal(await resolved(open(), 'web', ''), '1.0.3999');
  server.fault = undefined;
  server.instead.clear();
});

/** Writes until the other side has enough. */
function endless(response: ServerResponse, chunk: Buffer): void {
  const more = (): void => {
    while (!response.destroyed && response.write(chunk));
    if (!response.destroyed) response.once('drain', more);
  };
  more();
}

const FAULTS: Record<string, { answer(response: ServerResponse): void; code: string; retry?: string }> = {
  'an index of 50 MB': {
    answer: (response) => void response.writeHead(200, { 'content-length': 50_000_000 }).write('x'),
    code: 'PACKAGE_TOO_LARGE',
  },
  'an index without end': {
    answer: (response) => endless(response.writeHead(200), Buffer.alloc(1024 * 1024, 0x20)),
    code: 'PACKAGE_TOO_LARGE',
  },
  'a gzipped bomb': {
    answer: (response) =>
      void response
        .writeHead(200, { 'content-encoding': 'gzip' })
        .end(gzipSync(Buffer.alloc(60 * 1024 * 1024, 0x20))),
    code: 'PACKAGE_TOO_LARGE',
  },
  'less than it promised': {
    answer: (response) =>
      void response
        .writeHead(200, { 'content-length': 1000 })
        .write('apiVersion: v1', () => response.destroy()),
    code: 'PACKAGE_UNREACHABLE',
    retry: 'backoff',
  },
  'nothing at all': {
    answer: (response) => void response.destroy(),
    code: 'PACKAGE_UNREACHABLE',
    retry: 'backoff',
  },
  'that it is overloaded': {
    answer: (response) => void response.writeHead(503).end('canary'),
    code: 'PACKAGE_UNREACHABLE',
    retry: 'backoff',
  },
  'that it wants another credential': {
    answer: (response) => void response.writeHead(403).end('canary'),
    code: 'PACKAGE_AUTH',
    retry: 'on-change',
  },
  'headers without end': {
    answer: (response) => void response.writeHead(200, { filler: 'x'.repeat(200_000) }).end(),
    code: 'PACKAGE_UNREACHABLE',
    retry: 'backoff',
  },
};

for (const [what, { answer, code, retry = 'on-change' }] of Object.entries(FAULTS)) {
  test(`S-C3: a server that answers ${what} is an error, and never an empty list`, async () => {
    server.fault = (_request, response) => {
      answer(response);
      return true;
    };
    try {
      await assert.rejects(resolved(open(), 'web', ''), (error: Error & { code: string; retry: string }) => {
        assert.deepEqual([error.code, error.retry], [code, retry], error.message);
        assert.ok(!error.message.includes('canary') && !error.message.includes(PASSWORD), error.message);
        return true;
      });
    } finally {
      server.fault = undefined;
    }
  });
}

test('an archive of 200 MB is refused before it is read', async () => {
  server.fault = (request, response) => {
    if (request.url !== '/web-1.0.0.tgz') return false;
    response.writeHead(200, { 'content-length': 200_000_000 }).write('x');
    return true;
  };
  await assert.rejects(open().artifact(placeOf(open(), 'web'), '1.0.0'), { code: 'PACKAGE_TOO_LARGE' });
  server.fault = undefined;
});
