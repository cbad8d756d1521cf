// The whole table at once: who may call what, what strangers see, and what broken input does to any route.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { application, request, startTestServer } from '../../test/support/api-server.ts';
import { routes } from './routes/table.ts';

const OPTIONS = {
  options: {
    host: '127.0.0.1',
    port: 0,
    auth: 'on',
    controlNamespace: 'argocd',
    uiDirectory: '/nonexistent',
  },
} as const;
const table = routes(OPTIONS);
const pathOf = (path: string): string =>
  path
    .replace(':name', 'web')
    .replace(':podName', 'web-1')
    .replace(':revision', 'main')
    .replace(':id', 'in-cluster');

test('the public routes are these and no others', () => {
  const open = table
    .filter(({ access }) => access === 'public')
    .map(({ method, path }) => `${method} ${path}`);
  assert.deepEqual(open.sort(), [
    'DELETE /api/v1/session',
    'GET /api/badge',
    'GET /api/dex/callback',
    'GET /api/v1/fairlead/openapi.json',
    'GET /api/v1/session/userinfo',
    'GET /api/v1/settings',
    'GET /api/version',
    'GET /auth/callback',
    'GET /auth/continue.js',
    'GET /auth/login',
    'GET /auth/logout',
    'GET /healthz',
    'GET /swagger-ui',
    'GET /swagger-ui/reference.css',
    'GET /swagger.json',
    'POST /api/dex/callback',
    'POST /api/v1/fairlead/cli-session',
    'POST /api/v1/fairlead/device',
    'POST /api/v1/fairlead/device/session',
    'POST /api/v1/session',
    'POST /auth/callback',
  ]);
});

test('who may call what', () => {
  const rows = table.map(({ method, path, access }) =>
    access === 'public'
      ? `${method} ${path}: public`
      : `${method} ${path}: ${access.resource}, ${access.action} (${access.scope})`,
  );
  assert.deepEqual(
    rows.sort(),
    [
      'GET /api/v1/applicationsets: applicationsets, get (list)',
      'POST /api/v1/applicationsets: applicationsets, create (list)',
      'POST /api/v1/applicationsets/generate: applicationsets, create (list)',
      'GET /api/v1/applicationsets/:name: applicationsets, get (application-set)',
      'DELETE /api/v1/applicationsets/:name: applicationsets, delete (application-set)',
      'GET /api/v1/applicationsets/:name/events: applicationsets, get (application-set)',
      'GET /api/v1/applicationsets/:name/resource-tree: applicationsets, get (application-set)',
      'GET /api/v1/stream/applicationsets: applicationsets, get (list)',
      'GET /api/v1/repositories: repositories, get (list)',
      'POST /api/v1/repositories: repositories, create (list)',
      'GET /api/v1/repositories/:repo: repositories, get (list)',
      'PUT /api/v1/repositories/:repo: repositories, update (list)',
      'DELETE /api/v1/repositories/:repo: repositories, delete (list)',
      'POST /api/v1/repositories/:repo/appdetails: repositories, get (list)',
      'POST /api/v1/repositories/:repo/validate: repositories, create (list)',
      'GET /api/v1/repositories/:repo/apps: repositories, get (list)',
      'GET /api/v1/repositories/:repo/helmcharts: repositories, get (list)',
      'GET /api/v1/repositories/:repo/oci-tags: repositories, get (list)',
      'GET /api/v1/repositories/:repo/refs: repositories, get (list)',
      'GET /api/v1/repocreds: repositories, get (list)',
      'POST /api/v1/repocreds: repositories, create (list)',
      'PUT /api/v1/repocreds/:url: repositories, update (object)',
      'DELETE /api/v1/repocreds/:url: repositories, delete (object)',
      'GET /api/v1/write-repositories: write-repositories, get (list)',
      'POST /api/v1/write-repositories: write-repositories, create (list)',
      'GET /api/v1/write-repositories/:repo: write-repositories, get (list)',
      'PUT /api/v1/write-repositories/:repo: write-repositories, update (list)',
      'DELETE /api/v1/write-repositories/:repo: write-repositories, delete (list)',
      'POST /api/v1/write-repositories/:repo/validate: write-repositories, create (list)',
      'GET /api/v1/write-repocreds: write-repositories, get (list)',
      'POST /api/v1/write-repocreds: write-repositories, create (list)',
      'PUT /api/v1/write-repocreds/:url: write-repositories, update (object)',
      'DELETE /api/v1/write-repocreds/:url: write-repositories, delete (object)',
      'GET /api/v1/certificates: certificates, get (list)',
      'POST /api/v1/certificates: certificates, create (list)',
      'DELETE /api/v1/certificates: certificates, delete (list)',
      'GET /api/v1/gpgkeys: gpgkeys, get (list)',
      'GET /api/v1/gpgkeys/:keyID: gpgkeys, get (object)',
      'POST /api/v1/gpgkeys: gpgkeys, create (list)',
      'DELETE /api/v1/gpgkeys: gpgkeys, delete (list)',
      'POST /api/v1/clusters: clusters, create (list)',
      'PUT /api/v1/clusters/:id: clusters, update (list)',
      'POST /api/v1/clusters/:id/invalidate-cache: clusters, update (list)',
      'POST /api/v1/clusters/:id/rotate-auth: clusters, update (list)',
      'DELETE /api/v1/clusters/:id: clusters, delete (list)',
      'DELETE /api/v1/applications/:name/resource: applications, get (application)',
      'GET /api/badge: public',
      'POST /api/v1/applications/manifestsWithFiles: applications, get (list)',
      'POST /api/v1/fairlead/applications/:name/compare: applications, get (application)',
      'GET /api/v1/fairlead/openapi.json: public',
      'GET /swagger-ui/reference.css: public',
      'GET /swagger-ui: public',
      'GET /swagger.json: public',
      'GET /api/v1/applications/:name/links: applications, get (application)',
      'GET /api/v1/applications/:name/resource/links: applications, get (application)',
      'GET /api/v1/applications/:name/revisions/:revision/chartdetails: applications, get (application)',
      'GET /api/v1/applications/:name/revisions/:revision/ocimetadata: applications, get (application)',
      'GET /api/v1/applications/:name/server-side-diff: applications, get (application)',
      'GET /api/v1/projects/:name/links: projects, get (object)',
      'GET /api/v1/settings/plugins: applications, get (list)',
      'POST /api/v1/applications/:name/resource: applications, get (application)',
      'DELETE /api/v1/applications/:name/hold: applications, sync (application)',
      'DELETE /api/v1/applications/:name/operation: applications, sync (application)',
      'DELETE /api/v1/applications/:name: applications, delete (application)',
      'DELETE /api/v1/account/:name/token/:id: accounts, update (object)',
      'DELETE /api/v1/projects/:project/roles/:role/token/:iat: projects, update (object)',
      'DELETE /api/v1/session: public',
      'GET /api/dex/callback: public',
      'GET /api/v1/account/:name: accounts, get (object)',
      'GET /api/v1/account/can-i/:resource/:action/*: accounts, get (list)',
      'GET /api/v1/account: accounts, get (list)',
      'GET /auth/callback: public',
      'GET /auth/continue.js: public',
      'GET /auth/login: public',
      'GET /auth/logout: public',
      'POST /api/dex/callback: public',
      'POST /api/v1/account/:name/token: accounts, update (object)',
      'POST /api/v1/fairlead/cli-session: public',
      'POST /api/v1/fairlead/device/approve: accounts, get (list)',
      'POST /api/v1/fairlead/device/session: public',
      'POST /api/v1/fairlead/device: public',
      'POST /api/v1/projects/:project/roles/:role/token: projects, update (object)',
      'POST /auth/callback: public',
      'PUT /api/v1/account/password: accounts, get (list)',
      'GET /api/v1/applications/:name/events: applications, get (application)',
      'GET /api/v1/applications/:name/logs: applications, get (application)',
      'GET /api/v1/applications/:name/managed-resources: applications, get (application)',
      'GET /api/v1/applications/:name/manifests: applications, get (application)',
      'GET /api/v1/applications/:name/pods/:podName/logs: applications, get (application)',
      'GET /api/v1/applications/:name/resource-tree: applications, get (application)',
      'GET /api/v1/applications/:name/resource/actions: applications, get (application)',
      'GET /api/v1/applications/:name/resource: applications, get (application)',
      'GET /api/v1/applications/:name/revisions/:revision/metadata: applications, get (application)',
      'GET /api/v1/applications/:name: applications, get (application)',
      'GET /api/v1/applications: applications, get (list)',
      'GET /api/v1/clusters/:id: clusters, get (list)',
      'GET /api/v1/clusters: clusters, get (list)',
      'GET /api/v1/fairlead/applications/:name/explain: applications, get (application)',
      'GET /api/v1/fairlead/applications/:name/wait: applications, get (application)',
      'GET /api/v1/fairlead/audit/verify: audit, get (object)',
      'GET /api/v1/fairlead/audit: audit, get (object)',
      'DELETE /api/v1/projects/:name: projects, delete (object)',
      'GET /api/v1/applications/:name/syncwindows: applications, get (application)',
      'GET /api/v1/projects/:name/detailed: projects, get (object)',
      'GET /api/v1/projects/:name/events: projects, get (object)',
      'GET /api/v1/projects/:name/globalprojects: projects, get (object)',
      'GET /api/v1/projects/:name/syncwindows: projects, get (object)',
      'GET /api/v1/fairlead/notifications/templates: notifications, get (object)',
      'GET /api/v1/fairlead/notifications/triggers: notifications, get (object)',
      'GET /api/v1/fairlead/warnings: accounts, get (list)',
      'GET /api/v1/notifications/services: notifications, get (object)',
      'GET /api/v1/notifications/templates: notifications, get (object)',
      'GET /api/v1/notifications/triggers: notifications, get (object)',
      'GET /api/v1/projects/:name: projects, get (object)',
      'POST /api/v1/projects: projects, create (list)',
      'PUT /api/v1/projects/:name: projects, update (object)',
      'GET /api/v1/projects: projects, get (list)',
      'GET /api/v1/session/userinfo: public',
      'GET /api/v1/settings: public',
      'GET /api/v1/stream/applications/:name/resource-tree: applications, get (application)',
      'GET /api/v1/stream/applications: applications, get (list)',
      'GET /api/version: public',
      'GET /healthz: public',
      'GET /terminal: applications, get (application)',
      'GET /metrics: metrics, get (object)',
      'PATCH /api/v1/applications/:name: applications, update (application)',
      'POST /api/v1/applications/:name/resource/actions/v2: applications, get (application)',
      'POST /api/v1/applications/:name/resource/actions: applications, get (application)',
      'POST /api/v1/applications/:name/confirm-deletion: applications, update (application)',
      'POST /api/v1/applications/:name/rollback: applications, get (application)',
      'POST /api/v1/applications/:name/sync: applications, sync (application)',
      'POST /api/v1/applications: applications, create (list)',
      'POST /api/v1/fairlead/notifications/templates/:name/notify: notifications, update (object)',
      'POST /api/v1/fairlead/notifications/triggers/:name/run: notifications, update (object)',
      'POST /api/v1/session: public',
      'PUT /api/v1/applications/:name/spec: applications, update (application)',
      'PUT /api/v1/applications/:name: applications, update (application)',
    ].sort(),
  );
});

test('strangers get 401 on every protected route, whether the application exists or not', async () => {
  await using server = await startTestServer();
  await server.applications.create(application('web'));
  for (const route of table.filter(({ access }) => access !== 'public')) {
    for (const path of [pathOf(route.path), pathOf(route.path).replace('/web', '/nothing-there')]) {
      const answer = await request(server.url, route.method, path);
      assert.equal(answer.status, 401, `${route.method} ${path}`);
      assert.deepEqual(answer.body, {
        error: 'no session information',
        code: 16,
        message: 'no session information',
      });
    }
  }
});

test('what strangers may read holds no name, version or address', async () => {
  await using server = await startTestServer();
  await server.applications.create(application('web'));
  const answers = await Promise.all(
    [
      '/api/version',
      '/api/v1/settings',
      '/api/v1/session/userinfo',
      '/healthz',
      '/metrics',
      '/api/badge?name=web',
    ].map((path) => request(server.url, 'GET', path)),
  );
  const text = JSON.stringify(answers.map(({ body }) => body));
  for (const secret of ['v0.1.0', 'argocd', 'web', 'example.com', 'kubernetes'])
    assert.ok(!text.includes(secret), secret);
});

test('S-G6: every answer carries the security headers', async () => {
  await using server = await startTestServer();
  for (const path of ['/', '/api/version', '/api/v1/applications', '/nothing', '/api/nothing']) {
    const { headers } = await request(server.url, 'GET', path);
    assert.match(
      headers.get('content-security-policy') ?? '',
      /script-src 'self';.*frame-ancestors 'none'/,
      path,
    );
    assert.doesNotMatch(headers.get('content-security-policy') ?? '', /unsafe/);
    assert.equal(headers.get('x-content-type-options'), 'nosniff');
    assert.equal(headers.get('x-powered-by'), null);
  }
});

const BROKEN: Record<string, string> = {
  'no JSON': '{"name": ',
  'a list': '[1, 2]',
  'a text': '"text"',
  null: 'null',
  'wrong types':
    '{"metadata": 7, "spec": [], "patch": {}, "id": {}, "prune": "x", "username": [], "resources": 3}',
  'a prototype': '{"__proto__": {"admin": true}, "constructor": {"prototype": {"x": 1}}}',
  'deep nesting': `${'['.repeat(50_000)}${']'.repeat(50_000)}`,
  'a NUL and a lone surrogate':
    '{"metadata": {"name": "a\\u0000\\ud800"}, "spec": {}, "patch": "\\ud800", "id": "\\u0000", "prune": "\\u0000"}',
};

test('malformed bodies are refused by every route that reads one, and change nothing', async () => {
  await using server = await startTestServer();
  await server.applications.create(application('web'));
  const before = JSON.stringify(server.applications.list());
  const token = await server.signIn();
  for (const route of table.filter(({ body }) => body !== undefined)) {
    for (const [name, body] of Object.entries(BROKEN)) {
      const answer = await request(server.url, route.method, pathOf(route.path), token, body);
      const where = `${route.method} ${route.path} ${name}: ${answer.status}`;
      assert.ok(answer.status >= 400 && answer.status < 500, where);
      assert.doesNotMatch(JSON.stringify(answer.body), /at .*\.ts:|node_modules/);
    }
  }
  assert.equal(JSON.stringify(server.applications.list()), before);
});

test('malformed queries are refused and never end in an error of ours', async () => {
  await using server = await startTestServer();
  await server.applications.create(application('web'));
  const token = await server.signIn();
  const query =
    'limit=-1&offset=x&fields=..,,&selector=((&continue=%00&sort=x&refresh=y&validate=q&id=z&tailLines=x&since=x';
  for (const route of table.filter(({ path }) => !path.includes('/stream/') && !path.endsWith('/logs'))) {
    const answer = await request(
      server.url,
      route.method,
      `${pathOf(route.path)}?${query}`,
      token,
      route.method === 'GET' ? undefined : {},
    );
    assert.ok(
      answer.status < 500 || answer.status === 503,
      `${route.method} ${route.path}: ${answer.status}`,
    );
  }
});

test('S-G4: changes need JSON and come from our own pages', async () => {
  await using server = await startTestServer();
  await server.applications.create(application('web'));
  const token = await server.signIn();
  const sync = (headers: Record<string, string>) =>
    request(server.url, 'POST', '/api/v1/applications/web/sync', token, '{}', headers);
  assert.equal((await sync({ 'content-type': 'text/plain' })).status, 415);
  assert.equal((await sync({ 'content-type': 'application/x-www-form-urlencoded' })).status, 415);
  assert.equal((await sync({ origin: 'https://elsewhere.example' })).status, 403);
  assert.equal((await sync({ origin: 'null' })).status, 403);
  assert.equal((await sync({ origin: server.url })).status, 200);
});

test('a body over 5 MB is refused', async () => {
  await using server = await startTestServer();
  const answer = await request(
    server.url,
    'POST',
    '/api/v1/session',
    undefined,
    `{"username": "${'x'.repeat(6_000_000)}"}`,
  );
  assert.equal(answer.status, 413);
  const webhook = await request(server.url, 'POST', '/api/webhook', undefined, 'x'.repeat(6_000_000), {
    'content-type': 'text/plain',
  });
  assert.equal(webhook.status, 413);
});

test('the webhook gets the body as it was sent', async () => {
  await using server = await startTestServer();
  const answer = await request(server.url, 'POST', '/api/webhook', undefined, '{ "a" : 1 }');
  assert.deepEqual([answer.status, answer.body], [200, '11 bytes']);
});
