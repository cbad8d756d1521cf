// The API over real sockets: what a client sends, what it gets, what is stored.
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { account, memoryAccounts, memoryPolicies } from '../../test/support/access.ts';
import { application, PASSWORD, request, startTestServer } from '../../test/support/api-server.ts';
import type { Application, ApplicationList } from '../contract/index.ts';
import { sessionTokens } from './auth/session-tokens.ts';
import type { ServerPorts } from './index.ts';

const APPS = '/api/v1/applications';

test('a session: cookie or bearer token, gone after sign-out', async () => {
  await using server = await startTestServer();
  const credentials = { username: 'admin', password: PASSWORD };
  const signedIn = await request(server.url, 'POST', '/api/v1/session', undefined, credentials);
  const { token } = signedIn.body as { token: string };
  const cookie = signedIn.headers.get('set-cookie') ?? '';
  assert.match(cookie, /^argocd\.token=[\w.-]+; Path=\/; Max-Age=86400; HttpOnly; SameSite=Lax, /);
  const withCookie = await request(server.url, 'GET', '/api/v1/session/userinfo', undefined, undefined, {
    cookie: cookie.split(';')[0] ?? '',
  });
  assert.deepEqual(withCookie.body, { loggedIn: true, username: 'admin', iss: 'argocd', groups: [] });

  assert.equal((await request(server.url, 'DELETE', '/api/v1/session', token)).status, 200);
  assert.equal((await request(server.url, 'GET', APPS, token)).status, 401);
  assert.deepEqual((await request(server.url, 'GET', '/api/v1/session/userinfo', token)).body, {
    loggedIn: false,
  });
});

test('S-E6: guesses are locked out, and wrong names answer like wrong passwords', async () => {
  await using server = await startTestServer();
  const guess = (username: string, password: string) =>
    request(server.url, 'POST', '/api/v1/session', undefined, { username, password });
  const [wrong, unknown] = [await guess('admin', 'x'), await guess('nobody', 'x')];
  assert.deepEqual(
    [wrong.status, wrong.body],
    [401, { error: 'Invalid username or password', code: 16, message: 'Invalid username or password' }],
  );
  assert.deepEqual(unknown.body, wrong.body);
  for (let i = 0; i < 4; i += 1) await guess('admin', 'x');
  const locked = await guess('admin', PASSWORD);
  assert.equal(locked.status, 429);
  assert.equal((locked.body as { code: number }).code, 8);
});

test('S-E1: without authentication everybody is admin, but a forged token is still refused', async () => {
  await using server = await startTestServer({ options: { auth: 'off' } });
  assert.equal((await request(server.url, 'GET', APPS)).status, 200);
  assert.equal((await request(server.url, 'GET', APPS, 'forged')).status, 401);
  assert.equal(
    (await request(server.url, 'GET', APPS, undefined, undefined, { cookie: 'argocd.token=old' })).status,
    200,
  );
});

test('while the store is not complete, lists and reads answer 503, never "none"', async () => {
  await using server = await startTestServer();
  server.applications.synced = false;
  for (const path of [APPS, `${APPS}/web`, '/api/v1/stream/applications']) {
    assert.equal((await server.call('GET', path)).status, 503, path);
  }
});

test('a list filters, orders, pages and projects', async () => {
  await using server = await startTestServer();
  for (const [i, name] of ['web', 'api', 'db', 'cache'].entries()) {
    const status = {
      sync: { status: i % 2 === 0 ? 'Synced' : 'OutOfSync' },
      health: { status: i === 2 ? 'Degraded' : 'Healthy' },
    };
    const app = application(name, {
      metadata: {
        name,
        namespace: i === 3 ? 'team' : 'argocd',
        labels: { tier: name === 'web' ? 'front' : 'back' },
      },
      status,
    });
    await server.applications.create({ ...app, spec: { ...app.spec, project: i < 2 ? 'shop' : 'default' } });
  }
  const names = async (query: string): Promise<string[]> => {
    const { body } = await server.call('GET', `${APPS}?${query}`);
    return (body as ApplicationList).items.map(({ metadata }) => metadata.name ?? '');
  };
  assert.deepEqual(await names(''), ['api', 'cache', 'db', 'web']);
  assert.deepEqual(await names('projects=shop'), ['api', 'web']);
  assert.deepEqual(await names('project=shop&project=default&name=db'), ['db']);
  assert.deepEqual(await names('selector=tier%3Dfront'), ['web']);
  assert.deepEqual(await names('appNamespace=team'), ['cache']);
  assert.deepEqual(await names('repo=https://git.example.com/apps.git&sync=OutOfSync'), ['api', 'cache']);
  assert.deepEqual(await names('health=Degraded,Missing'), ['db']);
  assert.deepEqual(await names('search=SHOP%20we'), ['web']);
  assert.deepEqual(await names('search=tier%3Dback&sort=-name'), ['db', 'cache', 'api']);
  assert.deepEqual(await names('sort=health'), ['db', 'api', 'cache', 'web']);
  assert.deepEqual(await names('limit=2&offset=1'), ['cache', 'db']);

  const first = (await server.call('GET', `${APPS}?limit=3&fields=items.metadata.name,metadata`))
    .body as ApplicationList;
  assert.equal(first.metadata.total, 4);
  assert.deepEqual(first.items, [
    { metadata: { name: 'api' } },
    { metadata: { name: 'cache' } },
    { metadata: { name: 'db' } },
  ]);
  await server.applications.delete('argocd', 'api', {});
  assert.deepEqual(
    await names(`limit=3&continue=${first.metadata.continue}`),
    ['web'],
    'a deletion before the page shifts nothing',
  );
});

test('an application is created, read, changed and deleted', async () => {
  await using server = await startTestServer();
  const created = await server.call('POST', APPS, {
    ...application('web'),
    status: { sync: { status: 'Synced' } },
  });
  assert.equal(created.status, 200);
  assert.equal((created.body as Application).status, undefined, 'a client sets no status');
  assert.equal(
    (await server.call('POST', APPS, application('web'))).status,
    200,
    'the same again is no error',
  );

  const other = application('web');
  const different = { ...other, spec: { ...other.spec, project: 'shop' } };
  const refused = await server.call('POST', APPS, different);
  assert.deepEqual([refused.status, (refused.body as { code: number }).code], [400, 3]);
  assert.match(
    (refused.body as { message: string }).message,
    /existing application spec is different; use upsert/,
  );
  assert.equal((await server.call('POST', `${APPS}?upsert=true`, different)).status, 200);
  assert.equal(server.applications.get('argocd', 'web')?.spec.project, 'shop');

  const patch = {
    name: 'web',
    patch: JSON.stringify([
      { op: 'replace', path: '/spec/source/targetRevision', value: 'v2' },
      { op: 'add', path: '/operation', value: {} },
    ]),
  };
  assert.equal((await server.call('PATCH', `${APPS}/web`, patch)).status, 200);
  assert.equal(server.applications.get('argocd', 'web')?.spec.source?.targetRevision, 'v2');
  assert.equal(server.applications.get('argocd', 'web')?.operation, undefined, 'a patch starts no operation');
  const merge = {
    patch: '{"metadata": {"labels": {"a": "1"}}, "spec": {"source": {"path": null}}}',
    patchType: 'merge',
  };
  assert.equal((await server.call('PATCH', `${APPS}/web`, merge)).status, 200);
  assert.deepEqual(server.applications.get('argocd', 'web')?.metadata.labels, { a: '1' });
  assert.equal(server.applications.get('argocd', 'web')?.spec.source?.path, undefined);

  const spec = { ...application('web').spec, destination: { name: 'in-cluster', namespace: 'web' } };
  assert.deepEqual((await server.call('PUT', `${APPS}/web/spec`, spec)).body, spec);
  const stale = {
    ...application('web'),
    metadata: { name: 'web', namespace: 'argocd', resourceVersion: '1' },
  };
  assert.equal((await server.call('PUT', `${APPS}/web`, stale)).status, 409);

  assert.equal((await server.call('DELETE', `${APPS}/web`)).status, 200);
  const deleting = server.applications.get('argocd', 'web');
  assert.deepEqual(deleting?.metadata.finalizers, ['resources-finalizer.argocd.argoproj.io']);
  assert.equal((await server.call('DELETE', `${APPS}/web`)).status, 200, 'deleting again is no error');
});

const DELETIONS: Record<string, { query: string; left?: string[] | undefined; status?: number }> = {
  'cascade=false takes the finalizer off': { query: 'cascade=false' },
  'propagationPolicy=orphan leaves the resources': { query: 'propagationPolicy=orphan' },
  'propagationPolicy=background': {
    query: 'propagationPolicy=background',
    left: ['resources-finalizer.argocd.argoproj.io/background'],
  },
  'propagationPolicy=Foreground': {
    query: 'propagationPolicy=Foreground',
    left: ['resources-finalizer.argocd.argoproj.io/foreground'],
  },
  'an unknown policy is refused': { query: 'propagationPolicy=later', status: 400 },
  'a policy without a cascade is refused': {
    query: 'cascade=false&propagationPolicy=foreground',
    status: 400,
  },
};

for (const [name, { query, left, status = 200 }] of Object.entries(DELETIONS)) {
  test(`DELETE: ${name}`, async () => {
    await using server = await startTestServer();
    const metadata = {
      name: 'web',
      namespace: 'argocd',
      finalizers: ['resources-finalizer.argocd.argoproj.io'],
    };
    await server.applications.create(application('web', { metadata }));
    assert.equal((await server.call('DELETE', `${APPS}/web?${query}`)).status, status);
    const seen = server.applications.get('argocd', 'web');
    if (status !== 200) assert.equal(seen?.metadata.deletionTimestamp, undefined);
    else assert.deepEqual(seen?.metadata.finalizers, left);
  });
}

const REFUSED: Record<string, { app: object; want: RegExp }> = {
  'no source': {
    app: { metadata: { name: 'x' }, spec: { project: '', destination: { server: 's' } } },
    want: /spec\.source: missing/,
  },
  'two destinations': {
    app: {
      metadata: { name: 'x' },
      spec: { project: '', source: { repoURL: 'r' }, destination: { server: 's', name: 'n' } },
    },
    want: /either server or name/,
  },
  'a bad name': {
    app: {
      metadata: { name: 'A_b' },
      spec: { project: '', source: { repoURL: 'r' }, destination: { server: 's' } },
    },
    want: /metadata\.name: "A_b"/,
  },
  'a wrong type': {
    app: { metadata: { name: 'x' }, spec: { project: '', source: { repoURL: 7 }, destination: {} } },
    want: /spec\.source\.repoURL/,
  },
};

for (const [name, { app, want }] of Object.entries(REFUSED)) {
  test(`POST refuses an application with ${name}`, async () => {
    await using server = await startTestServer();
    const { status, body } = await server.call('POST', APPS, app);
    assert.equal(status, 400);
    assert.match((body as { message: string }).message, want);
  });
}

test('what the project forbids is said before anything is stored', async () => {
  const validate = async () => [
    { type: 'InvalidSpecError', message: 'destination is not permitted in project default' },
  ];
  await using server = await startTestServer({ views: { validate } });
  const refused = await server.call('POST', APPS, application('web'));
  assert.equal(refused.status, 400);
  assert.match(
    (refused.body as { message: string }).message,
    /InvalidSpecError: destination is not permitted/,
  );
  assert.deepEqual(server.applications.list(), []);
  assert.equal((await server.call('POST', `${APPS}?validate=false`, application('web'))).status, 200);
});

test('a read with refresh waits for it', async () => {
  await using server = await startTestServer();
  await server.applications.create(application('web'));
  assert.equal((await server.call('GET', `${APPS}/web?refresh=hard`)).status, 200);
  await server.call('GET', `${APPS}?name=web&refresh=normal`);
  assert.deepEqual(server.refreshes, ['argocd/web hard', 'argocd/web normal']);
});

test('S-F2: a missing application is not told from a forbidden one, unless a permitted project is named', async () => {
  await using server = await startTestServer();
  await server.applications.create(application('web'));
  assert.equal((await server.call('GET', `${APPS}/nothing`)).status, 403);
  assert.equal((await server.call('GET', `${APPS}/nothing?project=default`)).status, 404);
  assert.equal((await server.call('GET', `${APPS}/web?project=default`)).status, 200);
  assert.equal((await server.call('GET', `${APPS}/web?project=other`)).status, 404);
  assert.equal((await server.call('GET', `${APPS}/web?appNamespace=other`)).status, 403);
});

test('a sync writes the operation with the caller and the fallbacks of the application', async () => {
  await using server = await startTestServer();
  const app = application('web');
  const syncPolicy = { syncOptions: ['CreateNamespace=true'], retry: { limit: 3 } };
  await server.applications.create({ ...app, spec: { ...app.spec, syncPolicy } });
  const resources = [{ group: 'apps', kind: 'Deployment', name: 'web', namespace: 'web' }];
  const answer = await server.call('POST', `${APPS}/web/sync`, {
    name: 'web',
    prune: true,
    resources,
    infos: [{ name: 'why', value: 'test' }],
  });
  assert.equal(answer.status, 200);
  assert.deepEqual(server.applications.get('argocd', 'web')?.operation, {
    sync: {
      prune: true,
      dryRun: false,
      syncStrategy: { hook: {} },
      resources,
      syncOptions: ['CreateNamespace=true'],
    },
    initiatedBy: { username: 'admin' },
    info: [{ name: 'why', value: 'test' }],
    retry: { limit: 3 },
  });
  const second = await server.call('POST', `${APPS}/web/sync`, {});
  assert.deepEqual([second.status, (second.body as { code: number }).code], [400, 9]);
});

test('ten syncs at once: one begins, nine are told that another is in progress', async () => {
  await using server = await startTestServer();
  await server.applications.create(application('web'));
  await server.signIn();
  const answers = await Promise.all(
    Array.from({ length: 10 }, () => server.call('POST', `${APPS}/web/sync`, {})),
  );
  assert.equal(answers.filter(({ status }) => status === 200).length, 1);
  assert.equal(answers.filter(({ status }) => status === 400).length, 9);
});

test('a sync elsewhere than automated sync goes is refused', async () => {
  await using server = await startTestServer();
  const app = application('web');
  await server.applications.create({ ...app, spec: { ...app.spec, syncPolicy: { automated: {} } } });
  const other = await server.call('POST', `${APPS}/web/sync`, { revision: 'v2' });
  assert.match(
    (other.body as { message: string }).message,
    /Cannot sync to v2: auto-sync currently set to main/,
  );
  assert.equal((await server.call('POST', `${APPS}/web/sync`, { revision: 'v2', dryRun: true })).status, 200);
});

test('a rollback repeats an entry of the history, and holds it under automated sync', async () => {
  await using server = await startTestServer();
  const source = { repoURL: 'https://git.example.com/apps.git', path: 'old' };
  const history = [{ id: 3, revision: 'a'.repeat(40), source, deployedAt: '2026-01-01T00:00:00Z' }];
  await server.applications.create(application('web', { status: { history } }));
  assert.equal((await server.call('POST', `${APPS}/web/rollback`, { id: 9 })).status, 400);
  assert.equal((await server.call('POST', `${APPS}/web/rollback`, { id: '3' })).status, 200);
  const sync = server.applications.get('argocd', 'web')?.operation?.sync;
  assert.deepEqual([sync?.revision, sync?.source], ['a'.repeat(40), source]);

  const app = application('auto', { status: { history } });
  await server.applications.create({ ...app, spec: { ...app.spec, syncPolicy: { automated: {} } } });
  const held = await server.call('POST', `${APPS}/auto/rollback`, { id: 3, reason: 'too slow' });
  assert.equal(held.status, 200);
  const hold = server.applications.get('argocd', 'auto')?.metadata.annotations?.['fairlead.dev/hold'] ?? '';
  const { by, since, ...rest } = JSON.parse(hold) as Record<string, unknown>;
  assert.deepEqual(rest, { revision: 'a'.repeat(40), reason: 'too slow', source });
  assert.equal(typeof by, 'string');
  assert.match(String(since), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  assert.equal((await server.call('DELETE', `${APPS}/auto/hold`)).status, 200);
  assert.equal(
    server.applications.get('argocd', 'auto')?.metadata.annotations?.['fairlead.dev/hold'],
    undefined,
  );
  assert.equal((await server.call('DELETE', `${APPS}/auto/hold`)).status, 400);
});

test('a running operation is asked to end, one that did not begin is taken back', async () => {
  await using server = await startTestServer();
  const operation = { sync: {} };
  await server.applications.create(application('web', { operation }));
  assert.equal((await server.call('DELETE', `${APPS}/web/operation`)).status, 200);
  assert.equal(server.applications.get('argocd', 'web')?.operation, undefined);
  assert.equal((await server.call('DELETE', `${APPS}/web/operation`)).status, 400);
  const operationState = { operation, phase: 'Running', startedAt: '2026-01-01T00:00:00Z' };
  await server.applications.patch('argocd', 'web', { operation, status: { operationState } });
  assert.equal((await server.call('DELETE', `${APPS}/web/operation`)).status, 200);
  assert.equal(server.applications.get('argocd', 'web')?.status?.operationState?.phase, 'Terminating');
});

test('every change is in the journal before it is made, with its end and without parameters', async () => {
  await using server = await startTestServer();
  const app = application('web');
  const source = {
    repoURL: 'https://user:s3cr3t@git.example.com/apps.git',
    path: 'web',
    helm: { parameters: [{ name: 'password', value: 'hunter2' }] },
  };
  await server.call('POST', APPS, { ...app, spec: { ...app.spec, source } });
  await server.call('POST', `${APPS}/web/rollback`, { id: 1 });
  await server.call('DELETE', `${APPS}/web`);
  const { records } = await server.ports.journal.query({ after: 0 });
  assert.deepEqual(
    records.map(({ action, kind, outcome, actor }) => [action, outcome ?? kind, actor.name]),
    [
      ['session.login', 'succeeded', 'admin'],
      ['application.create', 'intent', 'admin'],
      ['application.create', 'succeeded', 'admin'],
      ['application.delete', 'intent', 'admin'],
      ['application.delete', 'succeeded', 'admin'],
    ],
  );
  assert.doesNotMatch(JSON.stringify(records), /s3cr3t|hunter2|correct horse/);
});

test('without a journal nothing is written', async () => {
  const broken: Partial<ServerPorts['journal']> = {
    intent: () => Promise.reject(new Error('disk full')),
    fact: async () => undefined,
  };
  await using server = await startTestServer({ ports: { journal: broken as ServerPorts['journal'] } });
  const answer = await server.call('POST', APPS, application('web'));
  assert.equal(answer.status, 500);
  assert.doesNotMatch(JSON.stringify(answer.body), /disk full/);
  assert.deepEqual(server.applications.list(), []);
});

test('the page: its files, its own paths, nothing outside its folder', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'fairlead-ui-'));
  try {
    await mkdir(join(directory, 'dist', 'assets'), { recursive: true });
    await writeFile(join(directory, 'secret.txt'), 'secret');
    await writeFile(join(directory, 'dist', 'index.html'), '<!doctype html><title>Fairlead</title>');
    await writeFile(
      join(directory, 'dist', 'assets', 'index-Ab3dE6gH.js'),
      `console.log("${'x'.repeat(4_000)}")`,
    );
    await using server = await startTestServer({ options: { uiDirectory: join(directory, 'dist') } });
    const get = (path: string, headers = {}) =>
      request(server.url, 'GET', path, undefined, undefined, headers);
    assert.match(String((await get('/')).body), /<title>Fairlead/);
    const deep = await get('/applications/argocd/web.v1');
    assert.deepEqual([deep.status, deep.headers.get('cache-control')], [200, 'no-cache']);
    const script = await get('/assets/index-Ab3dE6gH.js', { 'accept-encoding': 'gzip, br' });
    assert.match(script.headers.get('cache-control') ?? '', /immutable/);
    assert.equal(script.headers.get('content-encoding'), 'br');
    assert.equal(
      (await get('/assets/index-Ab3dE6gH.js', { 'if-none-match': script.headers.get('etag') ?? '' })).status,
      304,
    );
    assert.equal((await get('/assets/gone-12345678.js')).status, 404);
    for (const path of [
      '/..%2fsecret.txt',
      '/%2e%2e/secret.txt',
      '/assets/..%2f..%2fsecret.txt',
      '/..%5csecret.txt',
    ]) {
      assert.doesNotMatch(String((await get(path)).body), /^secret/, path);
    }
    assert.deepEqual((await get('/api/nothing')).body, {
      error: 'Not Found: GET /api/nothing',
      code: 5,
      message: 'Not Found: GET /api/nothing',
    });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});

test('while the page is not built, it says how to build it', async () => {
  await using server = await startTestServer();
  const { status, body } = await request(server.url, 'GET', '/applications');
  assert.equal(status, 503);
  assert.match(String(body), /npm run prepare/);
});

test("a patch that meets somebody else's change is decided again on it: both stay", async () => {
  await using server = await startTestServer();
  const { applications } = server;
  await applications.create(application('web'));
  const write = applications.patch.bind(applications);
  let isFirst = true;
  applications.patch = async (namespace, name, body) => {
    if (isFirst) {
      isFirst = false;
      await write(namespace, name, { metadata: { labels: { theirs: '1' } }, spec: { project: 'shop' } });
    }
    return await write(namespace, name, body);
  };
  const patch = { patch: '{"metadata": {"labels": {"ours": "1"}}}', patchType: 'merge' };
  assert.equal((await server.call('PATCH', `${APPS}/web`, patch)).status, 200);
  const app = applications.get('argocd', 'web');
  assert.deepEqual([app?.metadata.labels, app?.spec.project], [{ theirs: '1', ours: '1' }, 'shop']);
});

test('rolling back and syncing another revision need rights of their own where the settings say so', async () => {
  const settings: Record<string, string> = {};
  const policy = `p, syncer, applications, *, default/*, allow
p, syncer, applications, override, */*, deny
p, syncer, applications, rollback, */*, deny
p, roller, applications, get, default/*, allow
p, roller, applications, rollback, default/*, allow
`;
  const accounts = new Map(['syncer', 'roller'].map((name) => [name, account(name)] as const));
  await using server = await startTestServer({
    ports: {
      accounts: memoryAccounts(accounts),
      policies: memoryPolicies(policy),
      information: {
        version: () => ({}),
        settings: () => ({ userLoginsDisabled: false, execEnabled: false, statusBadgeEnabled: false }),
        config: (key) => settings[key] ?? '',
        problem: () => undefined,
      },
    },
  });
  await server.applications.create(application('web'));
  const issuer = sessionTokens(server.ports);
  const post = async (who: string, path: string, body: object) => {
    const { token } = await issuer.issue(who);
    const { status } = await request(server.url, 'POST', `/api/v1/applications/web/${path}`, token, body);
    return status;
  };
  // 400: there is no such entry of the history, which only the permitted learn.
  assert.deepEqual(
    [await post('syncer', 'rollback', { id: 1 }), await post('roller', 'rollback', { id: 1 })],
    [400, 403],
  );
  settings['server.rbac.rollback.enforce.enable'] = 'true';
  assert.deepEqual(
    [await post('syncer', 'rollback', { id: 1 }), await post('roller', 'rollback', { id: 1 })],
    [403, 400],
  );
  settings['application.sync.requireOverridePrivilegeForRevisionSync'] = 'true';
  assert.equal(await post('syncer', 'sync', { revision: 'v1.2.3' }), 403);
  assert.equal(await post('syncer', 'sync', { revision: 'main' }), 200);
});
