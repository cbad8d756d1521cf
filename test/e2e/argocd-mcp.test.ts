// The npm package argocd-mcp, as it is published, against a running control plane: every tool it has.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startHost } from '../scenarios/host.ts';
import { configMap, untilOutOfSync, untilSynced, type World } from '../scenarios/world.ts';
import { type McpClient, startMcp } from '../support/mcp-client.ts';
import { adminToken } from '../support/signed-in.ts';

const PROGRAM = fileURLToPath(import.meta.resolve('argocd-mcp'));
const DEPLOYMENT = `apiVersion: apps/v1
kind: Deployment
metadata: {name: front}
spec:
  replicas: 1
  selector: {matchLabels: {app: front}}
  template:
    metadata: {labels: {app: front}}
    spec: {containers: [{name: front, image: "example.com/front:1"}]}
`;

test('argocd-mcp lists, reads, syncs, follows, changes and deletes applications', {
  timeout: 180_000,
}, async () => {
  const host = await startHost('embedded', { auth: 'on' });
  const cwd = await mkdtemp(join(tmpdir(), 'fairlead-mcp-'));
  try {
    const env = { ARGOCD_BASE_URL: host.plane().url, ARGOCD_API_TOKEN: await adminToken(host.plane()) };
    await using mcp = await startMcp(PROGRAM, ['stdio'], { cwd, env });
    await host.run({ name: 'argocd-mcp', run: (world) => story(world, mcp) }, 920);
  } finally {
    await host.close();
    await rm(cwd, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
  }
});

async function story(world: World, mcp: McpClient): Promise<void> {
  const { name } = world;
  const app = { applicationName: name, applicationNamespace: 'argocd' };
  const revision = await world.commit({ 'a.yaml': configMap('settings', { v: '1' }), 'd.yaml': DEPLOYMENT });
  await world.apply();
  await untilOutOfSync(world);

  const listed = await mcp.call('list_applications', { search: name, limit: 5 });
  assert.deepEqual(
    [listed.items.length, listed.items[0].metadata.name, listed.items[0].status.sync.status],
    [1, name, 'OutOfSync'],
  );
  assert.deepEqual((await mcp.call('list_applications', { search: 'nothing-of-this-name' })).items, []);
  assert.equal((await mcp.call('get_application', app)).spec.project, 'default');
  assert.equal((await mcp.call('get_appproject', { projectName: 'default' })).metadata.name, 'default');
  assert.equal((await mcp.call('list_clusters', { name: 'in-cluster' })).items[0].name, 'in-cluster');
  assert.deepEqual((await mcp.call('list_clusters', { name: 'nowhere' })).items, []);

  const started = await mcp.call('sync_application', {
    ...app,
    prune: true,
    syncOptions: ['CreateNamespace=false'],
  });
  assert.deepEqual(started.operation?.sync?.syncOptions, ['CreateNamespace=false'], JSON.stringify(started));
  await untilSynced(world, revision);

  const tree = await world.until('the tree has the Pod', async () => {
    const { nodes = [] } = await mcp.call('get_application_resource_tree', app);
    return nodes.some(({ kind }: { kind: string }) => kind === 'Pod') ? nodes : undefined;
  });
  const deployment = tree.find(({ kind }: { kind: string }) => kind === 'Deployment');
  const resourceRef = {
    group: 'apps',
    version: 'v1',
    kind: 'Deployment',
    namespace: world.namespace,
    name: 'front',
    uid: deployment.uid,
  };
  const managed = await mcp.call('get_application_managed_resources', {
    applicationName: name,
    kind: 'ConfigMap',
  });
  assert.deepEqual(
    managed.items.map((item: { name: string }) => item.name),
    ['settings'],
  );
  const [manifest] = await mcp.call('get_resources', { ...app, resourceRefs: [resourceRef] });
  assert.equal(JSON.parse(manifest).metadata.name, 'front');
  assert.equal((await mcp.call('get_resources', app)).length, tree.length);

  const events = await world.until('the application has events', async () => {
    const { items } = await mcp.call('get_application_events', app);
    return items.length > 0 ? items : undefined;
  });
  assert.ok(events.every((event: { reason: string }) => event.reason !== ''));
  const ofDeployment = await mcp.call('get_resource_events', {
    ...app,
    resourceUID: deployment.uid,
    resourceNamespace: world.namespace,
    resourceName: 'front',
  });
  assert.ok(Array.isArray(ofDeployment.items), JSON.stringify(ofDeployment));
  // A container that has not begun has no logs yet, which the client shows as none.
  await world.until('the logs can be read to their end', async () => {
    const asked = { ...app, resourceRef, container: 'front' };
    const logs = await mcp.call('get_application_workload_logs', asked);
    return logs.at(-1)?.last === true;
  });

  const { actions } = await mcp.call('get_resource_actions', { ...app, resourceRef });
  assert.ok(
    actions.some((action: { name: string }) => action.name === 'restart'),
    JSON.stringify(actions),
  );
  assert.deepEqual(await mcp.call('run_resource_action', { ...app, resourceRef, action: 'restart' }), {});
  await world.until('the Deployment was restarted', async () => {
    const [text] = await mcp.call('get_resources', { ...app, resourceRefs: [resourceRef] });
    return /restartedAt/.test(text);
  });

  await changes(world, mcp);
}

/** What it writes: a second application of the same directory, somewhere else. */
async function changes(world: World, mcp: McpClient): Promise<void> {
  const name = `${world.name}-second`;
  const { repoURL = '', path = '', targetRevision = '' } = (await world.application())?.spec.source ?? {};
  const application = {
    metadata: { name, namespace: 'argocd' },
    spec: {
      project: 'default',
      source: { repoURL, path, targetRevision },
      destination: { server: 'https://kubernetes.default.svc', namespace: `${world.namespace}-second` },
      syncPolicy: {
        syncOptions: ['CreateNamespace=true'],
        retry: { limit: 2, backoff: { duration: '5s', maxDuration: '1m', factor: 2 } },
      },
    },
  };
  const created = await mcp.call('create_application', { application });
  assert.equal(created.metadata?.name, name, JSON.stringify(created));
  const { destination } = application.spec;
  const moved = { ...destination, namespace: `${world.namespace}-third` };
  const changed = { ...application, spec: { ...application.spec, destination: moved } };
  const updated = await mcp.call('update_application', { applicationName: name, application: changed });
  assert.equal(updated.spec?.destination.namespace, moved.namespace, JSON.stringify(updated));
  const deleted = { applicationName: name, applicationNamespace: 'argocd', cascade: false };
  assert.deepEqual(await mcp.call('delete_application', deleted), {});
  await world.until('it is gone', async () => (await world.application(name)) === undefined);
}
