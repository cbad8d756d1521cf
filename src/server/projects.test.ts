// Projects through the API: what is refused and why, and what windows do to syncs.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { application, startTestServer } from '../../test/support/api-server.ts';
import { memoryProjects } from '../../test/support/memory-projects.ts';
import type { AppProject, ProjectSpec } from '../model/index.ts';

const OPEN: ProjectSpec = {
  sourceRepos: ['*'],
  destinations: [{ server: '*', namespace: '*' }],
};

function project(name: string, spec: ProjectSpec = OPEN): AppProject {
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'AppProject',
    metadata: { name, namespace: 'argocd', resourceVersion: '1' },
    spec,
  };
}

function start(...projects: readonly AppProject[]) {
  return startTestServer({ ports: { projects: memoryProjects(...projects) } });
}

function messageOf({ body }: { body: unknown }): string {
  return String((body as { message?: unknown }).message);
}

test('a project is created, read, changed and deleted', async () => {
  await using server = await start();
  const body = {
    project: { metadata: { name: 'shop' }, spec: { sourceRepos: ['https://git.example.com/*'] } },
  };
  assert.equal((await server.call('POST', '/api/v1/projects', body)).status, 200);
  assert.equal((await server.call('POST', '/api/v1/projects', body)).status, 200, 'the same again is fine');
  const read = (await server.call('GET', '/api/v1/projects/shop')).body as AppProject;
  assert.deepEqual(read.spec.sourceRepos, ['https://git.example.com/*']);
  const changed = { ...read, spec: { ...read.spec, description: 'the shop' } };
  assert.equal((await server.call('PUT', '/api/v1/projects/shop', { project: changed })).status, 200);
  const stale = await server.call('PUT', '/api/v1/projects/shop', { project: changed });
  assert.equal(stale.status, 409, messageOf(stale));
  assert.equal((await server.call('DELETE', '/api/v1/projects/shop')).status, 200);
  assert.equal((await server.call('GET', '/api/v1/projects/shop')).status, 404);
});

test('another project of the same name needs upsert', async () => {
  await using server = await start(project('shop'));
  const body = { project: { metadata: { name: 'shop' }, spec: { description: 'x' } } };
  const refused = await server.call('POST', '/api/v1/projects', body);
  assert.equal(refused.status, 400);
  assert.match(messageOf(refused), /existing project spec is different/);
  assert.equal((await server.call('POST', '/api/v1/projects', { ...body, upsert: true })).status, 200);
});

const INVALID: Record<string, { spec: ProjectSpec; want: RegExp }> = {
  'a window without a kind': {
    spec: { syncWindows: [{ schedule: '* * * * *', duration: '1h' }] },
    want: /syncWindows: .*kind must be allow or deny/,
  },
  'a window with a schedule of six fields': {
    spec: { syncWindows: [{ kind: 'deny', schedule: '0 0 * * * *', duration: '1h' }] },
    want: /has 6 fields; write five/,
  },
  'a policy about another project': {
    spec: { roles: [{ name: 'dev', policies: ['p, proj:shop:dev, applications, get, other/*, allow'] }] },
    want: /must have an object of the project: shop\/\*/,
  },
  'a policy of another subject': {
    spec: { roles: [{ name: 'dev', policies: ['p, role:admin, applications, get, shop/*, allow'] }] },
    want: /must have the subject proj:shop:dev/,
  },
  'two roles of one name': {
    spec: { roles: [{ name: 'dev' }, { name: 'dev' }] },
    want: /roles: dev is there twice/,
  },
  'a destination that denies all': {
    spec: { destinations: [{ server: '!*', namespace: 'a' }] },
    want: /would deny every cluster/,
  },
  'a service account that is a pattern': {
    spec: { destinationServiceAccounts: [{ server: '*', namespace: '*', defaultServiceAccount: 'dep*' }] },
    want: /without patterns/,
  },
  'a namespace expression that could run for ever': {
    spec: { sourceNamespaces: ['/^(a+)+$/'] },
    want: /sourceNamespaces: .*too costly/,
  },
};
for (const [name, { spec, want }] of Object.entries(INVALID)) {
  test(`a project with ${name} is refused`, async () => {
    await using server = await start();
    const answer = await server.call('POST', '/api/v1/projects', {
      project: { metadata: { name: 'shop' }, spec },
    });
    assert.equal(answer.status, 400);
    assert.match(messageOf(answer), want);
  });
}

test('a change that would shut applications out is refused with their names', async () => {
  await using server = await start(project('default'));
  await server.applications.create(application('web'));
  const current = (await server.call('GET', '/api/v1/projects/default')).body as AppProject;
  const put = (spec: ProjectSpec) =>
    server.call('PUT', '/api/v1/projects/default', { project: { ...current, spec } });
  const source = await put({ ...OPEN, sourceRepos: ['https://elsewhere.example/*'] });
  assert.match(messageOf(source), /project update 1 applications source became invalid \(web\)/);
  const both = await put({ sourceRepos: [], destinations: [] });
  assert.match(
    messageOf(both),
    /source became invalid \(web\) and 1 applications destination became invalid/,
  );
  assert.equal((await put({ ...OPEN, description: 'fine' })).status, 200);
});

test('default and projects in use are not deleted', async () => {
  await using server = await start(project('default'), project('shop'));
  await server.applications.create(
    application('web', { spec: { ...application('web').spec, project: 'shop' } }),
  );
  assert.match(messageOf(await server.call('DELETE', '/api/v1/projects/default')), /'default' is reserved/);
  assert.match(
    messageOf(await server.call('DELETE', '/api/v1/projects/shop')),
    /referenced by 1 applications/,
  );
});

test('a closed window refuses a sync by hand with window and remedy, and lets a dry run through', async () => {
  const always = { kind: 'deny', schedule: '* * * * *', duration: '1h', applications: ['web'] };
  await using server = await start(project('default', { ...OPEN, syncWindows: [always] }));
  await server.applications.create(application('web'));
  await server.applications.create(application('api'));
  const refused = await server.call('POST', '/api/v1/applications/web/sync', {});
  assert.equal(refused.status, 403);
  assert.match(
    messageOf(refused),
    /cannot sync: blocked by sync window of project default: deny window "\* \* \* \* \*" \(1h, UTC\) is open.*manualSync/,
  );
  assert.equal((await server.call('POST', '/api/v1/applications/web/sync', { dryRun: true })).status, 200);
  assert.equal((await server.call('POST', '/api/v1/applications/api/sync', {})).status, 200);
  const windows = await server.call('GET', '/api/v1/applications/web/syncwindows');
  const { reason, ...facts } = windows.body as Record<string, unknown>;
  assert.deepEqual(facts, {
    activeWindows: [always],
    assignedWindows: [always],
    canSync: false,
    canAutoSync: false,
  });
  assert.match(String(reason), /is open until/);
  const open = await server.call('GET', '/api/v1/projects/default/syncwindows');
  assert.deepEqual(open.body, { windows: [always] });
});
