// The service behind npm @backstage-community/plugin-argocd-backend, as it is published, against a running control
// plane: it signs in, lists, finds, reads, asks for commits, and makes a project with an application.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { startHost } from '../scenarios/host.ts';
import { AUTOMATED, configMap, untilSynced, type World } from '../scenarios/world.ts';
import { adminPassword } from '../support/signed-in.ts';
import { clientsFolder, missingClients } from './clients/install.ts';

interface App {
  readonly metadata: {
    readonly name: string;
    readonly instance: { readonly name: string; readonly url: string };
  };
  readonly spec: { readonly project: string };
}

interface Service {
  listArgoApps(instance: string, options: object): Promise<{ items: App[] }>;
  findApplications(
    options: object,
  ): Promise<{ name: string; url: string; appName: string[]; applications?: App[] }[]>;
  getApplication(instance: string, options: object): Promise<App>;
  getRevisionDetails(
    instance: string,
    app: string,
    revision: string,
    options?: object,
  ): Promise<Record<string, unknown>>;
  createArgoResources(options: object): Promise<{ applicationUrl: string }>;
}

/** The package's own class over the package's own configuration reader. */
function serviceOf(url: string, password: string): Service {
  const load = createRequire(join(clientsFolder(), 'package.json'));
  const { ConfigReader } = load('@backstage/config') as { ConfigReader: new (data: object) => unknown };
  const { ArgoCDService } = load('@backstage-community/plugin-argocd-node') as {
    ArgoCDService: new (config: unknown, logger: object) => Service;
  };
  const silent = (): void => {};
  const instances = [{ name: 'main', url, username: 'admin', password }];
  const config = new ConfigReader({ argocd: { appLocatorMethods: [{ type: 'config', instances }] } });
  return new ArgoCDService(config, { info: silent, warn: silent, error: silent, debug: silent });
}

test('the Backstage plugin finds, reads and makes applications', {
  skip: missingClients(),
  timeout: 180_000,
}, async () => {
  const host = await startHost('embedded', { auth: 'on' });
  try {
    const { url } = host.plane();
    const service = serviceOf(url, await adminPassword(host.plane()));
    await host.run({ name: 'backstage', run: (world) => story(world, service, url) }, 940);
    const stranger = serviceOf(url, 'wrong');
    await assert.rejects(stranger.listArgoApps('main', {}), /Unauthorized: Invalid credentials/);
  } finally {
    await host.close();
  }
});

const run = promisify(execFile);

/** Pushes the scenario's branch to the repository's default branch, too. */
async function toHead(world: World): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-head-'));
  const branch = (await world.application())?.spec.source?.targetRevision ?? '';
  try {
    await run('git', ['clone', '--quiet', '--branch', branch, world.repoUrl, folder]);
    await run('git', ['push', '--quiet', '--force', 'origin', 'HEAD:main'], { cwd: folder });
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
  }
}

async function story(world: World, service: Service, url: string): Promise<void> {
  const { name } = world;
  const revision = await world.commit({ 'a.yaml': configMap('settings', { v: '1' }) }, 'Begin');
  await world.apply({ syncPolicy: AUTOMATED }, { labels: { team: name } });
  await untilSynced(world, revision);

  const { items } = await service.listArgoApps('main', { selector: `team=${name}` });
  assert.deepEqual(
    items.map(({ metadata }) => [metadata.name, metadata.instance]),
    [[name, { name: 'main', url }]],
  );
  assert.deepEqual((await service.listArgoApps('main', { selector: 'team=nobody' })).items, []);
  assert.deepEqual((await service.listArgoApps('main', { project: 'none' })).items, []);
  const [found] = await service.findApplications({ appName: name, expand: 'applications' });
  assert.deepEqual([found?.name, found?.appName, found?.applications?.length], ['main', [name], 1]);
  const app = await service.getApplication('main', { appName: name, appNamespace: 'argocd' });
  assert.equal(app.spec.project, 'default');
  const commit = await service.getRevisionDetails('main', name, revision, {
    appNamespace: 'argocd',
    sourceIndex: '0',
  });
  assert.deepEqual([commit['message'], commit['revisionID']], ['Begin', revision]);
  assert.ok(Date.parse(String(commit['date'])) > 0 && String(commit['author']) !== '');
  await assert.rejects(
    service.getApplication('main', { appName: 'nothing' }),
    /Insufficient permissions|not found/,
  );

  // What it makes follows HEAD.
  await toHead(world);
  // Announces the repository, so that the branch is known.
  await untilSynced(world, await world.commit({ 'b.yaml': configMap('more', {}) }));
  const made = await service.createArgoResources({
    instanceName: 'main',
    appName: `${name}-made`,
    namespace: world.namespace,
    repoUrl: world.repoUrl,
    path: world.path,
    label: 'made',
  });
  assert.equal(made.applicationUrl, `${url}/applications/argocd/${name}-made?view=tree&resource=`);
  const created = await service.getApplication('main', { appName: `${name}-made`, project: `${name}-made` });
  assert.equal(created.spec.project, `${name}-made`);
}
