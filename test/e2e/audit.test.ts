// The record of what happened, as an auditor meets it: who changed what, out of the box, by command and by event.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type Host, startHost } from '../scenarios/host.ts';
import { AUTOMATED, configMap, untilSynced, type World } from '../scenarios/world.ts';
import { testCli } from '../support/cli.ts';

const CANARY = 'canary-5e1f77';
let host: Host;
let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fairlead-audit-'));
  host = await startHost('embedded');
});
after(async () => {
  await host.close();
  await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
});

let index = 800;
const scenario = (name: string, run: (world: World) => Promise<void>): void => {
  test(name, () => host.run({ name, run }, index++));
};
const records = async (action: string, name: string) =>
  (await host.plane().journal.query({ filters: { action, object: { name } } })).records;

scenario(
  'configuration edited around the API is recorded with its manager, without values',
  async (world) => {
    const argocd = 'argocd';
    const name = `${world.name}-secret`;
    const data = { token: Buffer.from(CANARY).toString('base64') };
    await world.create(
      'v1',
      'secrets',
      { apiVersion: 'v1', kind: 'Secret', metadata: { name }, data },
      argocd,
    );
    await world.patch('v1', 'secrets', name, { stringData: { token: `${CANARY}-2`, other: 'x' } }, argocd);
    const update = await world.until(
      'the change is recorded',
      async () => (await records('config.update', name))[0],
    );
    assert.deepEqual(update.actor, { kind: 'kubernetes', name: 'kubectl-edit' });
    const {
      before: was,
      after: is,
      changed,
    } = update.detail as { before: string; after: string; changed: string[] };
    assert.match(was, /^[0-9a-f]{64}$/);
    assert.notEqual(was, is);
    assert.deepEqual(changed, ['data.other', 'data.token']);
    await world.delete('v1', 'secrets', name, argocd);
    await world.until(
      'the deletion is recorded',
      async () => (await records('config.delete', name)).length === 1,
    );
    assert.equal((await records('config.create', name))[0]?.actor.name, 'kubectl-client-side-apply');
    const all = JSON.stringify(await host.plane().journal.query({ limit: 1000 }));
    assert.ok(!all.includes(CANARY) && !all.includes(data.token), 'no value of a Secret is recorded');
  },
);

scenario('an application edited with kubectl is recorded; our own status writes are not', async (world) => {
  await world.commit({ 'cm.yaml': configMap('settings', { a: '1' }) });
  await world.apply({ syncPolicy: AUTOMATED });
  await untilSynced(world);
  await world.patch(
    'argoproj.io/v1alpha1',
    'applications',
    world.name,
    { spec: { revisionHistoryLimit: 3 } },
    'argocd',
  );
  const edit = await world.until(
    'the edit is recorded',
    async () => (await records('config.update', world.name))[0],
  );
  assert.equal(edit.actor.name, 'kubectl-edit');
  assert.deepEqual((edit.detail as { changed: string[] }).changed, ['spec.revisionHistoryLimit']);
  assert.equal((await records('config.update', world.name)).length, 1);
});

scenario(
  'writes by API have actor, address, reason and both digests; events tell of them as Argo CD does',
  async (world) => {
    await world.commit({ 'cm.yaml': configMap('settings', { a: '1' }) });
    await world.apply();
    await world.until(
      'it is compared',
      async () => (await world.application())?.status?.sync?.status === 'OutOfSync',
    );
    const url = `${host.plane().url}/api/v1/applications/${world.name}`;
    const headers = { 'content-type': 'application/json', 'x-audit-reason': 'CHG-42' };
    const patch = JSON.stringify({ spec: { revisionHistoryLimit: 7 } });
    const body = JSON.stringify({ name: world.name, patch, patchType: 'merge' });
    assert.equal((await fetch(url, { method: 'PATCH', headers, body })).status, 200);
    assert.equal((await fetch(`${url}/sync`, { method: 'POST', headers, body: '{}' })).status, 200);
    await untilSynced(world);
    const [end, intent] = await records('application.update', world.name);
    assert.equal(intent?.reason, 'CHG-42');
    assert.match(intent?.sourceAddress ?? '', /127\.0\.0\.1/);
    const was = (intent?.detail as { before?: string } | undefined)?.before ?? '';
    const is = (end?.detail as { after?: string } | undefined)?.after ?? '';
    assert.ok(/^[0-9a-f]{64}$/.test(was) && /^[0-9a-f]{64}$/.test(is) && was !== is);

    const wanted = [
      /^ResourceUpdated Normal \S+ updated application spec$/,
      /^OperationStarted Normal .+ initiated sync to [0-9a-f]{40}$/,
      /^OperationCompleted Normal Sync operation to [0-9a-f]{40} succeeded$/,
      /^ResourceUpdated Normal Updated sync status: OutOfSync -> Synced$/,
    ];
    await world.until('all events are there', async () => {
      const { items } = (await (await fetch(`${url}/events`)).json()) as {
        items: { reason: string; type: string; message: string; count: number }[];
      };
      const lines = items.map(({ reason, type, message }) => `${reason} ${type} ${message}`);
      return wanted.every((pattern) => lines.some((line) => pattern.test(line)));
    });
  },
);

test('the command line queries, exports and verifies, with a head kept in a file', async () => {
  await using cli = await testCli({ server: host.plane().url });
  const run = cli.run;
  const verified = await run('audit', 'verify', '-o', 'json');
  assert.equal(verified.code, 0, verified.stderr);
  await writeFile(join(folder, 'head.json'), verified.stdout);
  const exported = await run('audit', 'export', '--action', 'config.*');
  const lines = exported.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { seq: number; action: string });
  assert.ok(lines.length >= 4 && lines.every(({ action }) => action.startsWith('config.')));
  assert.deepEqual(
    lines.map(({ seq }) => seq),
    lines.map(({ seq }) => seq).sort((a, b) => a - b),
  );
  const csv = (await run('audit', 'export', '--format', 'csv', '--application', 's802')).stdout
    .trim()
    .split('\n');
  assert.match(csv[0] ?? '', /^seq,time,kind,actorKind,actor,action/);
  assert.ok(csv.length > 3 && csv.slice(1).every((line) => line.includes('s802')));
  await writeFile(join(folder, 'all.jsonl'), (await run('audit', 'export')).stdout);
  for (const head of ['head.json', 'all.jsonl']) {
    const again = await run('audit', 'verify', '--head', join(folder, head));
    assert.equal(again.code, 0, again.stdout + again.stderr);
  }
  const { hash } = (
    JSON.parse(await readFile(join(folder, 'head.json'), 'utf8')) as { head: { hash: string } }
  ).head;
  assert.equal((await run('audit', 'verify', '--head', hash)).code, 0);
  const foreign = await run('audit', 'verify', '--head', 'f'.repeat(64));
  assert.equal(foreign.code, 1);
  assert.match(foreign.stdout, /truncated/);
  const none = await run('audit', 'query', '--project', 'nothing-there', '-o', 'json');
  assert.deepEqual((JSON.parse(none.stdout) as { items: unknown[] }).items, []);
});
