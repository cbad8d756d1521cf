// The command line straight on a cluster: `--core`, and what administrators do with a kubeconfig alone.
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { startApiServer } from '../../src/apiserver/index.ts';
import { openCluster, startCore } from '../../src/app/index.ts';
import { wellKnown } from '../../src/k8s/index.ts';
import { silentLogger, systemClock, systemExec, systemRandom } from '../../src/lib/index.ts';
import { applicationCrds } from '../../src/model/index.ts';
import { startHost } from '../scenarios/host.ts';
import { configMap, dataOf, untilOutOfSync, untilSynced, type World } from '../scenarios/world.ts';
import { type TestCli, testCli } from '../support/cli.ts';
import { adminPassword } from '../support/signed-in.ts';

const DEPS = { clock: systemClock, random: systemRandom, exec: systemExec, log: silentLogger };

/** A command line whose only way to the cluster is the kubeconfig. */
async function cliOf(kubeconfig: string): Promise<{ cli: TestCli; file: string }> {
  const none = async (): Promise<never> => assert.fail('no process is meant');
  const cli = await testCli({
    processes: { up: none, serve: none, apiServer: none, core: startCore, cluster: openCluster },
  });
  const file = join(cli.directory, 'kubeconfig');
  await writeFile(file, kubeconfig);
  return { cli, file };
}

test('--core reads, compares and changes applications of a cluster without its server', {
  timeout: 180_000,
}, async () => {
  const host = await startHost('embedded', { auth: 'on' });
  const { cli, file } = await cliOf(host.kubeconfig());
  const core = ['--core', '--kubeconfig', file];
  const ok = async (...argv: string[]): Promise<string> => {
    const { code, stdout, stderr } = await cli.run(...argv, ...core);
    assert.equal(code, 0, `${argv.join(' ')}: ${stderr}`);
    return stdout;
  };
  try {
    await host.run({ name: 'core', run: (world) => story(world, cli, core, ok) }, 950);
  } finally {
    await cli[Symbol.asyncDispose]();
    await host.close();
  }
});

async function story(
  world: World,
  cli: TestCli,
  core: readonly string[],
  ok: (...argv: string[]) => Promise<string>,
): Promise<void> {
  const { name } = world;
  const revision = await world.commit({ 'a.yaml': configMap('settings', { v: '1' }) });
  await world.apply();
  await untilOutOfSync(world);
  assert.deepEqual(
    (JSON.parse(await ok('app', 'list', '-o', 'json')) as { metadata: { name: string } }[]).map(
      (app) => app.metadata.name,
    ),
    [name],
  );
  await ok('app', 'sync', name, '--timeout', '60');
  await untilSynced(world, revision);
  const next = await world.commit({ 'a.yaml': configMap('settings', { v: '2' }) });
  await world.until(
    'the change is seen',
    async () => (await untilOutOfSync(world)).status?.sync?.revision === next,
  );
  const diff = await cli.run('app', 'diff', name, '--refresh', ...core);
  assert.deepEqual([diff.code, /v: "2"/.test(diff.stdout)], [1, true], diff.stderr);
  const same = await cli.run('app', 'diff', name, '--refresh', '--revision', revision, ...core);
  assert.deepEqual([same.code, same.stdout], [0, ''], same.stderr);
  await ok('app', 'set', name, '--sync-policy', 'auto');
  await untilSynced(world, next);
  assert.equal((await dataOf(world, 'settings'))?.['v'], '2');
  assert.match(await ok('app', 'get-resource', name, '--kind', 'ConfigMap', '-o', 'json'), /"v": "2"/);
  const wrong = await cli.run('app', 'list', '--core', '--kubeconfig', '/nonexistent');
  assert.match(wrong.stderr, /Error: Cannot read kubeconfig \/nonexistent/);
}

test('a server for one call answers nobody but its program', { timeout: 120_000 }, async () => {
  const host = await startHost('embedded');
  const { cli, file } = await cliOf(host.kubeconfig());
  try {
    await using server = await startCore({ kubeconfig: file });
    const { name, value } = server.header;
    const status = async (headers: Record<string, string>): Promise<number> =>
      (await fetch(`${server.url}/api/v1/applications`, { headers })).status;
    assert.deepEqual(
      [await status({}), await status({ [name]: `${value}x` }), await status({ [name]: value })],
      [401, 401, 200],
    );
  } finally {
    await cli[Symbol.asyncDispose]();
    await host.close();
  }
});

test('an installation is exported, and imported into another cluster', { timeout: 180_000 }, async () => {
  const host = await startHost('embedded', { auth: 'on' });
  const { cli, file } = await cliOf(host.kubeconfig());
  const other = await startApiServer({ ...DEPS, listen: { host: '127.0.0.1', port: 0 } });
  const target = join(cli.directory, 'other');
  try {
    await writeFile(target, other.kubeconfig());
    await host.run({ name: 'backup', run: (world) => backup(world, cli, file, target) }, 960);
    const password = await cli.run('admin', 'initial-password', '--kubeconfig', file);
    assert.equal(password.stdout.trim(), await adminPassword(host.plane()));
    const none = await cli.run('admin', 'initial-password', '--kubeconfig', target);
    assert.match(none.stderr, /There is no Secret argocd-initial-admin-secret/);
  } finally {
    await cli[Symbol.asyncDispose]();
    await other.close();
    await host.close();
  }
});

async function backup(world: World, cli: TestCli, source: string, target: string): Promise<void> {
  await world.commit({ 'a.yaml': configMap('settings', { v: '1' }) });
  await world.apply({}, { labels: { team: 'shop' } });
  await untilOutOfSync(world);
  const file = join(cli.directory, 'backup.yaml');
  const exported = await cli.run('admin', 'export', '--kubeconfig', source, '--out', file);
  assert.equal(exported.code, 0, exported.stderr);
  const documents = parseAllDocuments(await readFile(file, 'utf8')).map(
    (document) => document.toJS() as { kind: string; metadata: Record<string, unknown> },
  );
  const kinds = new Set(documents.map(({ kind }) => kind));
  for (const kind of ['Secret', 'AppProject', 'Application']) assert.ok(kinds.has(kind), kind);
  for (const { metadata } of documents) assert.ok(!('uid' in metadata) && !('resourceVersion' in metadata));

  await using cluster = await openCluster({ kubeconfig: target });
  const { client } = cluster;
  await client.create(wellKnown.namespaces, {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: 'argocd' },
  });
  for (const crd of applicationCrds()) await client.create(wellKnown.customResourceDefinitions, crd);
  const run = async (...argv: string[]): Promise<string> => {
    const { code, stdout, stderr } = await cli.run('admin', 'import', file, '--kubeconfig', target, ...argv);
    assert.equal(code, 0, stderr);
    return stdout;
  };
  await world.until(
    'the kinds are served',
    async () => (await cli.run('admin', 'import', file, '--kubeconfig', target, '--dry-run')).code === 0,
  );
  assert.match(await run('--dry-run'), new RegExp(`Application:?.*${world.name} created \\(dry run\\)`));
  const first = JSON.parse(await run('-o', 'json')) as { action: string }[];
  assert.deepEqual([...new Set(first.map(({ action }) => action))], ['created']);
  const second = JSON.parse(await run('-o', 'json')) as { action: string; object: string }[];
  assert.deepEqual([...new Set(second.map(({ action }) => action))], ['unchanged'], JSON.stringify(second));

  const pruned = join(cli.directory, 'less.yaml');
  const text = await readFile(file, 'utf8');
  await writeFile(
    pruned,
    text
      .split('---\n')
      .filter((part) => !/kind: Application\n/.test(part))
      .join('---\n'),
  );
  const less = await cli.run('admin', 'import', pruned, '--kubeconfig', target, '--prune');
  assert.match(less.stdout, new RegExp(`${world.name} pruned`), less.stderr);
  const foreign = join(cli.directory, 'foreign.yaml');
  await writeFile(foreign, `${text}---\napiVersion: v1\nkind: Pod\nmetadata: {name: p}\n`);
  const refused = await cli.run('admin', 'import', foreign, '--kubeconfig', target);
  assert.match(refused.stderr, /which is no part of an installation; nothing was changed/);
}
