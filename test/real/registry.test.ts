// Charts and artifacts of a real OCI registry over TLS: pushed by the official helm and by the protocol, found by version,
// range, tag and digest, with the password and the certificate of the repository.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { promisify } from 'node:util';
import { Agent, request } from 'undici';
import { sha256, silentLogger, systemClock, systemRandom } from '../../src/lib/index.ts';
import type { Repository } from '../../src/model/index.ts';
import { createPackages, type PackagePlace, type Packages } from '../../src/source/index.ts';
import { configChart, officialHelm, packagedChart } from '../support/chart-repository.ts';
import { FILE_LAYER, tarOf } from '../support/memory-registry.ts';
import {
  type DockerRegistry,
  missingRegistry,
  startDockerRegistry,
} from '../support/providers/docker-registry.ts';

const run = promisify(execFile);

suite('a real registry', { skip: missingRegistry() }, () => {
  let folder: string;
  let registry: DockerRegistry;
  let agent: Agent;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fairlead-real-registry-'));
    registry = await startDockerRegistry();
    agent = new Agent({ connect: { ca: registry.certificate } });
    for (const version of ['1.0.0', '1.2.0', '2.0.0', '1.2.0+build.1']) await pushChart(version);
  });
  after(async () => {
    await agent?.destroy();
    await registry?.[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
  });

  async function pushChart(version: string): Promise<void> {
    const archive = join(folder, `web-${version}.tgz`);
    await writeFile(archive, await packagedChart(configChart('web', version)));
    const { user, password, certificateFile, host } = registry;
    const login = ['--username', user, '--password', password, '--ca-file', certificateFile];
    await run(await officialHelm(), ['push', archive, `oci://${host}/org`, ...login], {
      env: { HOME: folder, PATH: process.env.PATH ?? '' },
    });
  }

  async function send(method: string, url: string, body?: Buffer, type = 'application/octet-stream') {
    const { user, password } = registry;
    const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
    const answer = await request(url, {
      dispatcher: agent,
      method: method as 'PUT',
      headers: { authorization, 'content-type': type },
      body: body ?? null,
    });
    await answer.body.dump();
    assert.ok(answer.statusCode < 300, `${method} ${url}: ${answer.statusCode}`);
    return answer;
  }

  async function pushBlob(name: string, bytes: Buffer) {
    const digest = `sha256:${sha256(bytes)}`;
    const begun = await send('POST', `https://${registry.host}/v2/${name}/blobs/uploads/`);
    const location = new URL(String(begun.headers['location']), `https://${registry.host}`);
    location.searchParams.set('digest', digest);
    await send('PUT', location.href, bytes);
    return { digest, size: bytes.byteLength };
  }

  /** @returns the digest of the manifest */
  async function pushFiles(name: string, tag: string, files: Record<string, string>): Promise<string> {
    const mediaType = 'application/vnd.oci.image.manifest.v1+json';
    const config = {
      mediaType: 'application/vnd.oci.image.config.v1+json',
      ...(await pushBlob(name, Buffer.from('{}'))),
    };
    const layer = { mediaType: FILE_LAYER, ...(await pushBlob(name, tarOf(files))) };
    const manifest = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, config, layers: [layer] }));
    await send('PUT', `https://${registry.host}/v2/${name}/manifests/${tag}`, manifest, mediaType);
    return `sha256:${sha256(manifest)}`;
  }

  function open(): Packages {
    const deps = { clock: systemClock, random: systemRandom, log: silentLogger };
    return createPackages({ ...deps, dataDir: join(folder, 'data') });
  }

  function repositoryOf(url: string, more: Partial<Repository> = {}, isTrusted = true): Repository {
    const { user: username, password, certificate: tlsCertificates } = registry;
    const trust = isTrusted ? { tlsCertificates } : {};
    return { url, type: 'oci', credential: { kind: 'basic', username, password }, ...trust, ...more };
  }

  function placeOf(packages: Packages, target: string, more: Partial<Repository> = {}): PackagePlace {
    const repoURL = `${registry.host}/org`;
    const place = packages.placeOf(
      { repoURL, chart: 'web', targetRevision: target },
      repositoryOf(repoURL, more),
    );
    assert.ok(place !== undefined);
    return place;
  }

  async function resolved(target: string, more: Partial<Repository> = {}): Promise<string> {
    const packages = open();
    return (await packages.feed(placeOf(packages, target, more)).fetch()).resolve('web', target);
  }

  test('charts that helm pushed are found by version and range, and their files are read', async () => {
    assert.equal(await resolved('1.0.0'), '1.0.0');
    assert.equal(await resolved('1.x'), '1.2.0');
    assert.equal(await resolved('1.2.0+build.1'), '1.2.0+build.1');
    assert.equal(await resolved(''), '2.0.0');
    await assert.rejects(resolved('9.x'), { code: 'PACKAGE_VERSION_NOT_FOUND' });
    const packages = open();
    const { tree } = await packages.artifact(placeOf(packages, '1.x'), '1.2.0');
    assert.match(Buffer.from(await tree.read('Chart.yaml')).toString(), /version: 1.2.0/);
  });

  test('plain files are found by tag, and their revision is the digest of the manifest', async () => {
    const digest = await pushFiles('org/config', 'stable', { 'a.yaml': 'v: 1\n' });
    const packages = open();
    const repoURL = `oci://${registry.host}/org/config`;
    const place = packages.placeOf({ repoURL, targetRevision: 'stable' }, repositoryOf(repoURL));
    assert.ok(place !== undefined);
    assert.equal((await packages.feed(place).fetch()).resolve('', 'stable'), digest);
    const { tree } = await packages.artifact(place, digest);
    assert.equal(Buffer.from(await tree.read('a.yaml')).toString(), 'v: 1\n');
  });

  test('a wrong password, none, and a certificate that nobody trusts are told apart', async () => {
    const { signal } = new AbortController();
    const check = (more: Partial<Repository>, isTrusted = true): Promise<void> =>
      open().check(repositoryOf(`${registry.host}/org`, more, isTrusted), signal);
    await check({});
    await check({ insecure: true }, false);
    const wrong = { kind: 'basic', username: 'ann', password: 'wrong' } as const;
    await assert.rejects(check({ credential: wrong }), { code: 'PACKAGE_AUTH' });
    await assert.rejects(check({ credential: { kind: 'none' } }), { code: 'PACKAGE_AUTH' });
    await assert.rejects(check({}, false), { code: 'PACKAGE_TLS' });
    await assert.rejects(resolved('1.0.0', { credential: wrong }), { code: 'PACKAGE_AUTH' });
  });
});
