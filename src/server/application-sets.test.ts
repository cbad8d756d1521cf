// ApplicationSets over REST: what is shown to whom, what is refused and why, and that no right reaches further than the
// project it was given for. What a set generates is given; the generators have tests of their own.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { account, memoryAccounts, memoryPolicies } from '../../test/support/access.ts';
import {
  application,
  applicationSet,
  request,
  startTestServer,
  type TestServer,
} from '../../test/support/api-server.ts';
import { memoryProjects } from '../../test/support/memory-projects.ts';
import type {
  Application,
  ApplicationSet,
  ApplicationSetList,
  ApplicationSetTree,
  ApplicationSetWatchEvent,
} from '../contract/index.ts';
import type { AppProject } from '../model/index.ts';
import { sessionTokens } from './auth/session-tokens.ts';

const LIST = '/api/v1/applicationsets';
const POLICY = `
p, ann, applicationsets, *, shop/*, allow
p, eve, applicationsets, *, bank/*, allow
p, bob, applicationsets, create, shop/*, allow
`;
const project = (name: string): AppProject => ({
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'AppProject',
  metadata: { name, namespace: 'argocd' },
  spec: { sourceRepos: [`https://git.example.com/${name}.git`] },
});

async function sharedServer(): Promise<TestServer & { as(name: string): Promise<string> }> {
  const names = ['admin', 'ann', 'bob', 'eve'];
  const server = await startTestServer({
    ports: {
      accounts: memoryAccounts(new Map(names.map((name) => [name, account(name)]))),
      policies: memoryPolicies(POLICY),
      projects: memoryProjects(project('default'), project('shop'), project('bank')),
    },
  });
  return Object.assign(server, {
    as: async (name: string) => (await sessionTokens({ ...server.ports }).issue(name)).token,
  });
}

async function callAs(server: TestServer, token: string, method: string, path: string, body?: unknown) {
  const { status, body: answer } = await request(server.url, method, path, token, body);
  const { message = '' } = answer as { message?: string };
  return { status, message, body: answer };
}

function generated(name: string): Application {
  const app = application(name);
  return { ...app, spec: { ...app.spec, project: 'shop' } };
}

test('a set is created once, answered as it is when asked for again, and changed only with upsert', async () => {
  await using server = await sharedServer();
  const ann = await server.as('ann');
  const post = (set: ApplicationSet, query = '') => callAs(server, ann, 'POST', `${LIST}${query}`, set);
  const created = await post(applicationSet('web', 'shop'));
  assert.equal(created.status, 200, created.message);
  assert.equal((created.body as ApplicationSet).metadata.uid, 'uid-argocd/web');
  const again = await post(applicationSet('web', 'shop'));
  assert.deepEqual(again.body, created.body);
  const changed = applicationSet('web', 'shop');
  changed.spec = { ...changed.spec, goTemplate: true };
  const refused = await post(changed);
  assert.equal(refused.status, 400);
  assert.match(refused.message, /existing ApplicationSet spec is different; use upsert flag/);
  const updated = await post(changed, '?upsert=true');
  assert.equal((updated.body as ApplicationSet).spec.goTemplate, true, updated.message);
  const { records } = await server.ports.journal.query({});
  assert.deepEqual(
    [...new Set(records.map(({ action }) => action))],
    ['applicationset.update', 'applicationset.create'],
  );
});

test('a change that somebody else was faster with is decided again, unless the caller names the version', async () => {
  await using server = await sharedServer();
  const ann = await server.as('ann');
  const set = applicationSet('web', 'shop');
  const { resourceVersion } = (await server.sets.create(set)).metadata;
  server.sets.conflicts = 2;
  const changed = { ...set, spec: { ...set.spec, goTemplate: true } };
  const updated = await callAs(server, ann, 'POST', `${LIST}?upsert=true`, changed);
  assert.equal(updated.status, 200, updated.message);
  const stale = { ...set, metadata: { ...set.metadata, resourceVersion } };
  assert.equal((await callAs(server, ann, 'POST', `${LIST}?upsert=true`, stale)).status, 409);
});

test('a dry run writes nothing and says which applications there would be', async () => {
  await using server = await sharedServer();
  const ann = await server.as('ann');
  server.sets.generated = [generated('web-a'), generated('web-b')];
  const set = applicationSet('web', 'shop');
  const preview = await callAs(server, ann, 'POST', `${LIST}?dryRun=true`, set);
  assert.equal(preview.status, 200, preview.message);
  const { status } = preview.body as ApplicationSet;
  assert.deepEqual(
    status?.resources?.map(({ kind, name }) => `${kind} ${name}`),
    ['Application web-a', 'Application web-b'],
  );
  assert.deepEqual(server.sets.list(), []);
  const answer = await callAs(server, ann, 'POST', `${LIST}/generate`, { applicationSet: set });
  const { applications } = answer.body as { applications: Application[] };
  assert.deepEqual(
    applications.map(({ metadata }) => metadata.name),
    ['web-a', 'web-b'],
  );
  assert.equal((await server.ports.journal.query({})).records.length, 0);
});

test('a dry run shows nothing of a set of others that has the same name', async () => {
  await using server = await sharedServer();
  const foreign = applicationSet('web', 'bank');
  await server.sets.create({ ...foreign, metadata: { ...foreign.metadata, labels: { secret: 'yes' } } });
  const ann = await server.as('ann');
  const preview = await callAs(server, ann, 'POST', `${LIST}?dryRun=true`, applicationSet('web', 'shop'));
  assert.equal(preview.status, 200, preview.message);
  assert.doesNotMatch(JSON.stringify(preview.body), /secret|uid/);
  const taken = await callAs(server, ann, 'POST', `${LIST}?upsert=true`, applicationSet('web', 'shop'));
  assert.equal(taken.status, 400, taken.message);
  assert.equal(server.sets.get('argocd', 'web')?.spec.template.spec.project, 'bank');
});

test('S-F11: a project that only a template or another generator tells is refused, since no right can be checked on it', async () => {
  await using server = await sharedServer();
  const admin = await server.as('admin');
  const base = applicationSet('web', 'shop');
  const withProject = (name: string): ApplicationSet => applicationSet('web', name);
  const generator = (template: Record<string, unknown>): ApplicationSet => ({
    ...base,
    spec: {
      ...base.spec,
      generators: [{ matrix: { generators: [{ list: { elements: [], template } }, { clusters: {} }] } }],
    },
  });
  for (const [set, seen] of [
    [withProject('{{project}}'), /spec\.template\.spec\.project: "\{\{project\}\}" is a template/],
    [
      generator({ spec: { project: 'bank' } }),
      /generators\[0\]\.matrix\.generators\[0\]\.list\.template\.spec\.project: "bank" is another project/,
    ],
    [generator({ spec: { project: '{{.x}}' } }), /is another project/],
    [withProject('none'), /references project none which does not exist/],
  ] as const) {
    for (const [path, body] of [
      [LIST, set],
      [`${LIST}?dryRun=true`, set],
      [`${LIST}/generate`, { applicationSet: set }],
    ] as const) {
      const refused = await callAs(server, admin, 'POST', path, body);
      assert.equal(refused.status, 400, path);
      assert.match(refused.message, seen);
    }
  }
  assert.deepEqual(server.sets.list(), []);
});

test('S-F11: who may create sets of one project reads by their generators only what the project and the own rights permit', async () => {
  await using server = await sharedServer();
  const [ann, admin] = [await server.as('ann'), await server.as('admin')];
  const base = applicationSet('web', 'shop');
  const tokenRef = { secretName: 'argocd-secret', key: 'server.secretkey' };
  const files = { revision: 'main', files: [{ path: '**/values.yaml' }] };
  const permitted = { git: { repoURL: 'https://git.example.com/shop.git', ...files } };
  const github = { organization: 'x', api: 'https://evil.test', tokenRef };
  for (const [generator, seen] of [
    [{ git: { repoURL: 'https://git.example.com/bank.git', ...files } }, /project shop does not permit/],
    [{ git: { repoURL: 'https://{{host}}/bank.git', ...files } }, /is a template/],
    [{ clusters: {} }, /clusters that you may not see/],
    [{ scmProvider: { github } }, /scmProvider: it signs in with a Secret/],
    [{ matrix: { generators: [permitted, { clusters: {} }] } }, /matrix\.generators\[1\]\.clusters/],
  ] as const) {
    const set = { ...base, spec: { ...base.spec, generators: [generator] } };
    for (const [path, body] of [
      [LIST, set],
      [`${LIST}?dryRun=true`, set],
      [`${LIST}/generate`, { applicationSet: set }],
    ] as const) {
      const refused = await callAs(server, ann, 'POST', path, body);
      assert.equal(refused.status, 403, `${path} ${JSON.stringify(generator)}: ${refused.message}`);
      assert.match(refused.message, seen);
    }
    const answer = await callAs(server, admin, 'POST', `${LIST}/generate`, { applicationSet: set });
    assert.equal(answer.status, 200, answer.message);
  }
  const set = { ...base, spec: { ...base.spec, generators: [permitted] } };
  assert.equal((await callAs(server, ann, 'POST', LIST, set)).status, 200);
});

test('what a body may not say is refused with the member', async () => {
  await using server = await sharedServer();
  const admin = await server.as('admin');
  const set = applicationSet('web', 'shop');
  for (const [body, seen] of [
    [{}, /metadata/],
    [{ ...set, spec: { ...set.spec, generator: [] } }, /unknown member: spec\.generator/],
    [{ ...set, spec: { ...set.spec, generators: [] } }, /spec\.generators: empty/],
    [{ ...set, spec: { ...set.spec, generators: [{ lists: {} }] } }, /spec\.generators\[0\]\.lists/],
    [{ ...set, metadata: { name: 'No Name' } }, /"No Name" is no name/],
    [{ ...set, spec: { ...set.spec, syncPolicy: { applicationsSync: 'never' } } }, /applicationsSync/],
    ['[]', /body/],
  ] as const) {
    const refused = await callAs(server, admin, 'POST', LIST, body);
    assert.equal(refused.status, 400, JSON.stringify(body));
    assert.match(refused.message, seen);
  }
  const elsewhere = { ...set, metadata: { name: 'web', namespace: 'not-served' } };
  const refused = await callAs(server, admin, 'POST', LIST, elsewhere);
  assert.equal(refused.status, 403);
  assert.match(refused.message, /namespace 'not-served' is not permitted/);
});

test('rights count by project and name, and what is not there looks like what belongs to others', async () => {
  await using server = await sharedServer();
  const [ann, eve, bob] = [await server.as('ann'), await server.as('eve'), await server.as('bob')];
  await server.sets.create(applicationSet('web', 'shop'));
  for (const [method, rest] of [
    ['GET', ''],
    ['GET', '/events'],
    ['GET', '/resource-tree'],
    ['DELETE', ''],
  ] as const) {
    for (const token of [eve, bob]) {
      const foreign = await callAs(server, token, method, `${LIST}/web${rest}`);
      const missing = await callAs(server, token, method, `${LIST}/not${rest}`);
      assert.equal(foreign.status, 403, `${method} ${rest}`);
      assert.equal(JSON.stringify(foreign.body).replaceAll('web', 'not'), JSON.stringify(missing.body));
    }
  }
  // Whoever may see everything of a project may hear that something of it is not there.
  assert.equal((await callAs(server, ann, 'GET', `${LIST}/not?project=shop`)).status, 404);
  assert.equal((await callAs(server, ann, 'GET', `${LIST}/not?project=bank`)).status, 403);
  assert.equal((await callAs(server, ann, 'GET', `${LIST}/web?project=bank`)).status, 403);
  const denied = await callAs(server, eve, 'POST', LIST, applicationSet('mine', 'shop'));
  assert.equal(denied.status, 403);
  assert.match(denied.message, /applicationsets, create, shop\/argocd\/mine/);
  const changed = { ...applicationSet('web', 'shop') };
  changed.spec = { ...changed.spec, goTemplate: true };
  assert.equal((await callAs(server, bob, 'POST', `${LIST}?upsert=true`, changed)).status, 400);
  const moved = await callAs(server, ann, 'POST', `${LIST}?upsert=true`, applicationSet('web', 'bank'));
  assert.equal(moved.status, 403);
  assert.equal((await callAs(server, ann, 'DELETE', `${LIST}/web`)).status, 200);
  assert.deepEqual(server.sets.list(), []);
});

test('lists are filtered by right, project, label and namespace, and shaped like every list', async () => {
  await using server = await sharedServer();
  const admin = await server.as('admin');
  for (const [name, where, namespace] of [
    ['b', 'shop', 'argocd'],
    ['a', 'shop', 'team'],
    ['c', 'bank', 'argocd'],
  ] as const) {
    const set = applicationSet(name, where);
    const managedFields = [{ manager: 'kubectl' }];
    await server.sets.create({
      ...set,
      metadata: { ...set.metadata, namespace, labels: { tier: name }, managedFields },
    });
  }
  const names = async (query: string, token = admin): Promise<string> => {
    const { body } = await callAs(server, token, 'GET', `${LIST}${query}`);
    const list = body as ApplicationSetList;
    assert.doesNotMatch(JSON.stringify(list), /managedFields/);
    return list.items.map(({ metadata }) => metadata.name).join();
  };
  assert.equal(await names(''), 'a,b,c');
  assert.equal(await names('', await server.as('ann')), 'a,b');
  assert.equal(await names('', await server.as('bob')), '');
  assert.equal(await names('?projects=bank'), 'c');
  assert.equal(await names('?project=shop&projects=bank'), 'a,b,c');
  assert.equal(await names('?selector=tier!%3Da'), 'b,c');
  assert.equal(await names('?appsetNamespace=team'), 'a');
  assert.equal(await names('?sort=-metadata.name&limit=1'), 'c');
  const page = (
    await callAs(
      server,
      admin,
      'GET',
      `${LIST}?sort=metadata.name&limit=2&fields=items.metadata.name,metadata`,
    )
  ).body;
  const { metadata, items } = page as { metadata: { total: number; continue: string }; items: unknown[] };
  assert.deepEqual([metadata.total, items], [3, [{ metadata: { name: 'a' } }, { metadata: { name: 'b' } }]]);
  assert.equal((await callAs(server, admin, 'GET', `${LIST}?selector=(`)).status, 400);
  server.sets.synced = false;
  assert.equal((await callAs(server, admin, 'GET', LIST)).status, 503);
});

test('the tree of a set has its applications with their health', async () => {
  await using server = await sharedServer();
  const set = await server.sets.create(applicationSet('web', 'shop'));
  const { uid = '' } = set.metadata;
  const owner = { apiVersion: 'argoproj.io/v1alpha1', kind: 'ApplicationSet', name: 'web', uid };
  for (const [name, owners] of [
    ['web-b', [owner]],
    ['web-a', [owner]],
    ['other', []],
  ] as const) {
    const app = application(name);
    await server.applications.create({
      ...app,
      metadata: { ...app.metadata, ownerReferences: [...owners] },
      status: { health: { status: 'Healthy' } },
    });
  }
  const { body } = await callAs(server, await server.as('ann'), 'GET', `${LIST}/web/resource-tree`);
  const { nodes } = body as ApplicationSetTree;
  assert.deepEqual(
    nodes.map(({ kind, name, health, parentRefs }) => [kind, name, health?.status, parentRefs?.[0]?.uid]),
    [
      ['Application', 'web-a', 'Healthy', uid],
      ['Application', 'web-b', 'Healthy', uid],
    ],
  );
});

test('a stream begins with what is there, goes on with changes, and shows nobody what is not theirs', async () => {
  await using server = await sharedServer();
  await server.sets.create(applicationSet('old', 'shop'));
  await server.sets.create(applicationSet('hidden', 'bank'));
  const ann = await server.as('ann');
  await using stream = await openStream(server, ann, '');
  assert.deepEqual(await stream.next(), 'ADDED old');
  await server.sets.create(applicationSet('also-hidden', 'bank'));
  const created = await server.sets.create(applicationSet('new', 'shop'));
  assert.deepEqual(await stream.next(), 'ADDED new');
  await server.sets.replace({ ...created, spec: { ...created.spec, goTemplate: true } });
  assert.deepEqual(await stream.next(), 'MODIFIED new');
  await server.sets.delete('argocd', 'old', {});
  assert.deepEqual(await stream.next(), 'DELETED old');
});

test('a reader who comes back hears what was changed and deleted meanwhile', async () => {
  await using server = await sharedServer();
  await server.sets.create(applicationSet('gone', 'shop'));
  const kept = await server.sets.create(applicationSet('kept', 'shop'));
  await server.sets.create(applicationSet('still', 'shop'));
  const since = server.sets.resourceVersion();
  await server.sets.delete('argocd', 'gone', {});
  await server.sets.replace({ ...kept, spec: { ...kept.spec, goTemplate: true } });
  const query = `?resourceVersion=${since}&fields=result.type,result.applicationSet.metadata.name`;
  await using stream = await openStream(server, await server.as('ann'), query);
  assert.deepEqual([await stream.next(), await stream.next()], ['DELETED gone', 'MODIFIED kept']);
});

/** Each line as `TYPE name`. */
async function openStream(server: TestServer, token: string, query: string) {
  const leave = new AbortController();
  const response = await fetch(`${server.url}/api/v1/stream/applicationsets${query}`, {
    headers: { authorization: `Bearer ${token}` },
    signal: AbortSignal.any([leave.signal, AbortSignal.timeout(10_000)]),
  });
  assert.equal(response.status, 200);
  const lines = linesOf(response);
  return {
    async next(): Promise<string> {
      const { value = '' } = await lines.next();
      const { type, applicationSet: set } = (JSON.parse(value) as { result: ApplicationSetWatchEvent })
        .result;
      return `${type} ${set.metadata.name}`;
    },
    async [Symbol.asyncDispose]() {
      leave.abort();
    },
  };
}

async function* linesOf({ body }: Response): AsyncGenerator<string, undefined> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
      yield text.slice(0, end);
      text = text.slice(end + 1);
    }
  }
  return undefined;
}
