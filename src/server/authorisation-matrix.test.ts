// S-F1: every route × eight callers × an object of one's own, of others, and missing, on a running server. What is
// expected stands in a table of its own, by the kind of right; the routes come from the server's table.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { account, memoryAccounts, memoryPolicies } from '../../test/support/access.ts';
import { application, applicationSet, request, startTestServer } from '../../test/support/api-server.ts';
import { memoryProjects } from '../../test/support/memory-projects.ts';
import type { Account, TokenFacts } from '../access/index.ts';
import { silentLogger } from '../lib/index.ts';
import type { AppProject } from '../model/index.ts';
import { routes } from './routes/table.ts';

const POLICY = `
p, viewer, applications, get, shop/*, allow
p, viewer, projects, get, shop, allow
p, dev, applications, *, shop/*, allow
p, dev, logs, get, shop/*, allow
p, dev, projects, get, shop, allow
p, dev, applicationsets, *, shop/*, allow
p, foreign, applications, *, bank/*, allow
p, foreign, logs, get, bank/*, allow
p, foreign, projects, *, bank, allow
p, foreign, applicationsets, get, bank/*, allow
g, reader, role:readonly
`;
const project = (name: string): AppProject => ({
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'AppProject',
  metadata: { name, namespace: 'argocd' },
  spec: {
    roles: [
      {
        name: 'ci',
        policies: [
          `p, proj:${name}:ci, applications, sync, ${name}/*, allow`,
          `p, proj:${name}:ci, applications, get, ${name}/*, allow`,
        ],
      },
    ],
  },
});
const PROJECTS = [project('shop'), project('bank')];
const ROLES = [
  'anonymous',
  'nobody',
  'viewer',
  'dev',
  'foreign',
  'reader',
  'project token',
  'admin',
] as const;
type Role = (typeof ROLES)[number];
const OBJECTS = ['own', 'foreign', 'missing'] as const;
type Subject = (typeof OBJECTS)[number];

/** Rights as people would say them: by caller, what may be done to things of shop (own) and of bank (foreign). */
const RIGHTS: Record<
  Role,
  { own: readonly string[]; foreign: readonly string[]; global: readonly string[] }
> = {
  anonymous: { own: [], foreign: [], global: [] },
  nobody: { own: [], foreign: [], global: [] },
  viewer: { own: ['applications get', 'projects get'], foreign: [], global: [] },
  dev: {
    own: ['get', 'create', 'update', 'delete', 'sync', 'override', 'rollback']
      .map((a) => `applications ${a}`)
      .concat('logs get', 'projects get', 'applicationsets get', 'applicationsets delete'),
    foreign: [],
    global: [],
  },
  foreign: {
    own: [],
    foreign: ['get', 'create', 'update', 'delete', 'sync', 'override', 'rollback']
      .map((a) => `applications ${a}`)
      .concat('logs get', 'projects get', 'projects update', 'projects create', 'projects delete')
      .concat('applicationsets get'),
    global: [],
  },
  reader: {
    own: ['applications get', 'logs get', 'projects get', 'applicationsets get'],
    foreign: ['applications get', 'logs get', 'projects get', 'applicationsets get'],
    global: [
      'accounts get',
      'clusters get',
      'repositories get',
      'certificates get',
      'gpgkeys get',
      'write-repositories get',
      'notifications get',
    ],
  },
  'project token': {
    own: ['applications get', 'applications sync', 'projects get'],
    foreign: [],
    global: [],
  },
  admin: { own: ['*'], foreign: ['*'], global: ['*'] },
};

const table = routes({
  options: {
    host: '127.0.0.1',
    port: 0,
    auth: 'on',
    controlNamespace: 'argocd',
    uiDirectory: '/nonexistent',
  },
});

/** The path about an own, a foreign or a missing object. */
function pathOf(path: string, subject: Subject): string {
  const names = { own: 'shop', foreign: 'bank', missing: 'nothing' };
  const accounts = { own: 'dev', foreign: 'foreign', missing: 'nothing' };
  const isAccount = path.startsWith('/api/v1/account/');
  const isProject = path.startsWith('/api/v1/projects/');
  return path
    .replace(
      ':name',
      isAccount
        ? accounts[subject]
        : isProject
          ? names[subject]
          : { own: 'shop-web', foreign: 'bank-web', missing: 'no-web' }[subject],
    )
    .replace(':project', names[subject])
    .replace(
      ':id',
      isAccount ? 'key' : { own: 'in-cluster', foreign: 'in-cluster', missing: 'no-cluster' }[subject],
    )
    .replace(
      /^\/terminal$/,
      `/terminal?pod=web-1&appName=${{ own: 'shop-web', foreign: 'bank-web', missing: 'no-web' }[subject]}`,
    )
    .replace(':podName', 'web-1')
    .replace(':revision', 'main')
    .replace(':resource/:action/*', 'applications/get/shop/shop-web')
    .replace(/:\w+/g, '1')
    .replace('*', 'x');
}

const PER_PROJECT = new Set(['applications', 'logs', 'projects', 'applicationsets', 'exec']);

function mayBy(role: Role, subject: Subject, resource: string, action: string): boolean {
  // An account's own facts and keys are its own.
  if (resource === 'accounts' && role === { own: 'dev', foreign: 'foreign', missing: '' }[subject])
    return true;
  const { own, foreign, global } = RIGHTS[role];
  const rights = !PER_PROJECT.has(resource)
    ? global
    : subject === 'own'
      ? own
      : subject === 'foreign'
        ? foreign
        : [];
  if (rights.includes('*') || (subject === 'missing' && role === 'admin')) return true;
  // A right on every project holds for one that is missing, too.
  if (subject === 'missing' && PER_PROJECT.has(resource) && role === 'reader')
    return own.includes(`${resource} ${action}`);
  return rights.includes(`${resource} ${action}`);
}

test('S-F1: the authorisation matrix: every route × 8 callers × own, foreign and missing', async (t) => {
  const keys = new Map<string, readonly TokenFacts[]>([
    ['shop/ci', []],
    ['bank/ci', []],
  ]);
  const known = new Map<string, Account>(
    ['admin', 'nobody', 'viewer', 'dev', 'foreign', 'reader'].map((name) => [name, account(name)]),
  );
  const roles = PROJECTS.map(({ metadata, spec }) => ({
    name: metadata.name ?? '',
    roles: spec.roles ?? [],
  }));
  const projects = memoryProjects(...PROJECTS);
  await using server = await startTestServer({
    ports: {
      accounts: memoryAccounts(known, keys),
      policies: memoryPolicies(POLICY, { projects: roles }),
      projects,
      log: silentLogger,
    },
  });
  const tokens = await mintTokens(server.ports, ROLES);
  let checked = 0;
  const wrong: string[] = [];
  for (const route of table) {
    const { access, method, path } = route;
    for (const role of ROLES) {
      for (const subject of OBJECTS) {
        const names = ['shop', 'bank'] as const;
        for (const name of names) {
          const app = application(`${name}-web`);
          if (projects.get(name) === undefined) await projects.create(project(name));
          if (server.applications.get('argocd', `${name}-web`) === undefined)
            await server.applications.create({ ...app, spec: { ...app.spec, project: name } });
          if (server.sets.get('argocd', `${name}-web`) === undefined)
            await server.sets.create(applicationSet(`${name}-web`, name));
        }
        // What signs out gets a session of its own; the others go on.
        const endsSession = path === '/auth/logout' || (method === 'DELETE' && path === '/api/v1/session');
        const token = endsSession ? (await mintTokens(server.ports, [role]))[role] : tokens[role];
        const answer = await statusOf(server.url, method, pathOf(path, subject), token, route.accepts);
        checked += 1;
        const where = `${method} ${pathOf(path, subject)} as ${role}, ${subject}: ${answer}`;
        if (access === 'public') {
          if (answer === 403) wrong.push(where);
        } else if (role === 'anonymous') {
          if (answer !== 401) wrong.push(where);
        } else if (access.scope !== 'list') {
          const isLogs = path.endsWith('/logs');
          const may =
            mayBy(role, subject, access.resource, access.action) &&
            (!isLogs || mayBy(role, subject, 'logs', 'get')) &&
            (!path.endsWith('/rollback') || mayBy(role, subject, 'applications', 'sync')) &&
            (path !== '/terminal' || mayBy(role, subject, 'exec', 'create'));
          // What is missing is never told apart from what is foreign unless its project is named.
          const isHidden = access.scope !== 'object' && subject === 'missing';
          if ((answer === 403) !== (!may || isHidden)) wrong.push(where);
        } else if (answer === 401) wrong.push(where);
        // The handler decides here: whoever has no right at all changes nothing.
        else if (method !== 'GET' && role === 'nobody' && answer < 400) wrong.push(where);
      }
    }
  }
  assert.equal(checked, table.length * ROLES.length * OBJECTS.length);
  t.diagnostic(`${checked} calls, ${table.length} routes`);
  assert.deepEqual(wrong, []);
});

test('S-F2: foreign and missing objects get the same bytes', async () => {
  const known = new Map<string, Account>([['viewer', account('viewer')]]);
  await using server = await startTestServer({
    ports: { accounts: memoryAccounts(known), policies: memoryPolicies(POLICY) },
  });
  const app = application('bank-web');
  await server.applications.create({ ...app, spec: { ...app.spec, project: 'bank' } });
  await server.sets.create(applicationSet('bank-web', 'bank'));
  const tokens = await mintTokens(server.ports, ['viewer']);
  for (const path of ['applications/', 'applicationsets/', 'projects/', 'clusters/', 'account/']) {
    const [foreign, missing] = await Promise.all(
      ['bank-web', 'miss-web'].map((name) =>
        request(server.url, 'GET', `/api/v1/${path}${name}`, tokens['viewer']),
      ),
    );
    assert.equal(foreign?.status, 403, path);
    assert.equal(
      JSON.stringify(foreign?.body).replaceAll('bank-web', 'miss-web'),
      JSON.stringify(missing?.body),
    );
  }
});

async function mintTokens(
  ports: Parameters<typeof startTestServer>[0] extends infer _
    ? Awaited<ReturnType<typeof startTestServer>>['ports']
    : never,
  roles: readonly Role[],
): Promise<Record<string, string | undefined>> {
  const { sessionTokens } = await import('./auth/session-tokens.ts');
  const issuer = sessionTokens({ ...ports });
  const result: Record<string, string | undefined> = {};
  for (const role of roles) {
    if (role === 'anonymous') continue;
    if (role !== 'project token') result[role] = (await issuer.issue(role)).token;
    else {
      const { token, id, iat, exp } = await issuer.issueKey('proj:shop:ci', 3_600, 'matrix');
      await ports.accounts.addProjectToken('shop', 'ci', { id, iat, exp });
      result[role] = token;
    }
  }
  return result;
}

/** Only the status: streams are left when their headers are there. */
async function statusOf(
  url: string,
  method: string,
  path: string,
  token: string | undefined,
  accepts: string,
): Promise<number> {
  const leave = new AbortController();
  const response = await fetch(`${url}${path}`, {
    method,
    redirect: 'manual',
    signal: AbortSignal.any([leave.signal, AbortSignal.timeout(1_500)]),
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(method === 'GET'
        ? {}
        : { 'content-type': accepts === 'form' ? 'application/x-www-form-urlencoded' : 'application/json' }),
    },
    ...(method === 'GET' || method === 'DELETE'
      ? {}
      : { body: accepts === 'form' ? '' : path.endsWith('/rollback') ? '{"id":1}' : '{}' }),
  }).catch((error: unknown) => {
    // Routes that wait for something answer refusals at once; one that waits has let the caller in.
    if (error instanceof DOMException && error.name === 'TimeoutError') return { status: 200 };
    throw error;
  });
  leave.abort();
  return response.status;
}
