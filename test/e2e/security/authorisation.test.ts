// Section 1.6 of the security requirements: what people of one project can find out about, and do to, things of others.
// The matrix of every route (S-F1) stands in src/server/authorisation-matrix.test.ts, policies (S-F10) in
// src/access/rbac.test.ts, what a project allows (S-F4, S-F8, S-F12) in test/scenarios/projects.ts.
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { wellKnown } from '../../../src/k8s/index.ts';
import { hashPassword } from '../../../src/server/index.ts';
import { routes } from '../../../src/server/routes/table.ts';
import { startGitServer, type TestGitServer } from '../../support/git-server.ts';
import { type SignInWorld, signInWorld } from '../../support/sign-in-world.ts';

const APPLICATIONS = {
  group: 'argoproj.io',
  version: 'v1alpha1',
  kind: 'Application',
  resource: 'applications',
  namespaced: true,
};
const SETS = { ...APPLICATIONS, kind: 'ApplicationSet', resource: 'applicationsets' };
const PROJECTS = { ...APPLICATIONS, kind: 'AppProject', resource: 'appprojects' };
const PASSWORD = 'correct horse battery';
const CANARY = 'canary-of-another-project';
const POLICY = `
p, ann, applications, *, shop/*, allow
p, ann, applications, override, shop/*, deny
p, ann, applicationsets, *, shop/*, allow
p, ann, projects, get, shop, allow
p, ann, repositories, *, shop/*, allow
p, ann, clusters, *, shop/*, allow
`;
const table = routes({
  options: { host: '', port: 0, auth: 'on', controlNamespace: 'argocd', uiDirectory: '/nonexistent' },
});

interface Answer {
  readonly status: number;
  readonly text: string;
}

suite('authorisation', () => {
  let world: SignInWorld;
  let git: TestGitServer;
  let repoUrl: string;
  let ann: string;
  let admin: string;

  before(async () => {
    world = await signInWorld();
    git = await startGitServer({ user: 'bank', password: CANARY });
    repoUrl = (await git.repository('bank')).url;
    await world.kube.patch(
      wellKnown.secrets,
      { namespace: 'argocd', name: 'argocd-secret' },
      { type: 'merge', body: { stringData: { 'accounts.ann.password': await hashPassword(PASSWORD) } } },
    );
    await world.configure('argocd-rbac-cm', { 'policy.csv': POLICY });
    await world.configure('argocd-cm', { 'accounts.ann': 'login' });
    ann = await world.until('ann may sign in', () => tokenOf('ann', PASSWORD));
    admin = (await tokenOf('admin', world.password)) ?? '';
    for (const name of ['shop', 'bank']) {
      await world.kube.create(PROJECTS, {
        apiVersion: 'argoproj.io/v1alpha1',
        kind: 'AppProject',
        metadata: { name, namespace: 'argocd' },
        spec: { sourceRepos: ['*'], destinations: [{ server: '*', namespace: '*' }] },
      });
      await world.kube.create(APPLICATIONS, {
        apiVersion: 'argoproj.io/v1alpha1',
        kind: 'Application',
        metadata: { name: `${name}-web`, namespace: 'argocd' },
        spec: {
          project: name,
          source: { repoURL: 'https://127.0.0.1:9/none.git', path: '.' },
          destination: { server: 'https://kubernetes.default.svc', namespace: name },
        },
      });
    }
    await world.kube.create(SETS, {
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'ApplicationSet',
      metadata: { name: 'bank-web', namespace: 'argocd' },
      spec: {
        generators: [{ list: { elements: [] } }],
        template: {
          metadata: { name: '{{name}}' },
          spec: {
            project: 'bank',
            source: { repoURL: 'https://127.0.0.1:9/none.git', path: '.' },
            destination: { server: 'https://kubernetes.default.svc', namespace: 'bank' },
          },
        },
      },
    });
    await world.until('the set is known', async () => {
      return (await call('GET', '/api/v1/applicationsets/bank-web', admin)).status === 200;
    });
    for (const name of ['shop-web', 'bank-web'])
      await world.until(`${name} is known`, async () => {
        return (await call('GET', `/api/v1/applications/${name}`, admin)).status === 200;
      });
    const added = await call('POST', '/api/v1/repositories', admin, {
      repo: repoUrl,
      username: 'bank',
      password: CANARY,
      project: 'bank',
    });
    assert.equal(added.status, 200, added.text);
    await world.until('the repository is known', async () =>
      (await call('GET', '/api/v1/repositories', admin)).text.includes(repoUrl),
    );
  });

  after(async () => {
    await world?.[Symbol.asyncDispose]();
    git?.close();
  });

  const call = async (method: string, path: string, token: string, body?: unknown): Promise<Answer> => {
    const response = await fetch(`${world.url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(method === 'GET' ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, text: await response.text() };
  };
  const tokenOf = async (username: string, password: string): Promise<string | undefined> => {
    const answer = await call('POST', '/api/v1/session', '', { username, password });
    return (JSON.parse(answer.text) as { token?: string }).token;
  };
  const repository = (url: string): string => `/api/v1/repositories/${encodeURIComponent(url)}`;
  const cluster = (url: string): string => `/api/v1/clusters/${encodeURIComponent(url)}`;

  test('S-F2: on every route an application or ApplicationSet of others answers in the very bytes of one that is not there', async () => {
    const named = table.filter(({ access }) => access !== 'public' && /^application/.test(access.scope));
    assert.ok(named.length > 20);
    for (const { method, path } of named) {
      const answers = await Promise.all(
        ['bank-web', 'miss-web'].map(async (name) => {
          const where = path.replace(':name', name).replace(/:\w+|\*/g, 'x');
          const body = method === 'GET' || method === 'DELETE' ? undefined : {};
          const { status, text } = await call(method, where, ann, body);
          return { status, text: text.replaceAll(name, 'NAME') };
        }),
      );
      assert.equal(answers[0]?.status, 403, `${method} ${path}: ${answers[0]?.text}`);
      assert.deepEqual(answers[0], answers[1], `${method} ${path}`);
    }
  });

  test('S-F2: other objects of others answer like ones that are not there, and no list counts them', async () => {
    const pairs: [string, string, string][] = [
      ['GET', '/api/v1/projects/bank', '/api/v1/projects/none'],
      ['DELETE', '/api/v1/projects/bank', '/api/v1/projects/none'],
      ['GET', repository(repoUrl), repository('https://none.test/x.git')],
      ['DELETE', repository(repoUrl), repository('https://none.test/x.git')],
      [
        'GET',
        `${repository(repoUrl)}?appProject=bank`,
        `${repository('https://none.test/x')}?appProject=bank`,
      ],
      ['GET', cluster('https://kubernetes.default.svc'), cluster('https://none.test')],
      ['GET', '/api/v1/account/admin', '/api/v1/account/none'],
      ['POST', '/api/v1/projects/bank/roles/ci/token', '/api/v1/projects/none/roles/ci/token'],
    ];
    for (const [method, foreign, missing] of pairs) {
      const body = method === 'POST' ? {} : undefined;
      const [a, b] = [await call(method, foreign, ann, body), await call(method, missing, ann, body)];
      assert.equal(a.status, 403, `${method} ${foreign}: ${a.text}`);
      assert.deepEqual(a, b, `${method} ${foreign}`);
    }
    for (const query of [
      '',
      '?projects=bank',
      '?project=bank',
      '?name=bank-web',
      '?search=bank',
      '?limit=1',
    ]) {
      const { text } = await call('GET', `/api/v1/applications${query}`, ann);
      const list = JSON.parse(text) as { metadata: { total: number }; items: unknown[] };
      assert.doesNotMatch(text, /bank/, query);
      assert.ok(list.metadata.total <= 1, query);
    }
    for (const path of [
      'applicationsets',
      'repositories',
      'clusters',
      'projects',
      'repocreds',
      'certificates',
    ])
      assert.doesNotMatch((await call('GET', `/api/v1/${path}`, ann)).text, /bank|kubernetes\.default/, path);
  });

  test('S-F3: whoever may sync but not override brings no manifests along', async () => {
    const path = '/api/v1/applications/shop-web/sync';
    const manifests = ['{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x"}}'];
    const refused = await call('POST', path, ann, { manifests });
    assert.equal(refused.status, 403, refused.text);
    assert.match(refused.text, /override/);
  });

  test('S-F3: whoever may sync but not override uploads no files to be rendered', async () => {
    const query = JSON.stringify({ query: { name: 'shop-web', checksum: '' } });
    const chunk = JSON.stringify({ chunk: { chunk: 'H4sIAAAAAAAAAw==' } });
    const refused = await fetch(`${world.url}/api/v1/applications/manifestsWithFiles`, {
      method: 'POST',
      headers: { authorization: `Bearer ${ann}`, 'content-type': 'application/json' },
      body: `${query}\n${chunk}\n`,
    });
    const text = await refused.text();
    assert.equal(refused.status, 403, text);
    assert.match(text, /override/);
  });

  test('S-F3: where the settings demand it, another revision needs the right to override, a rollback its own', async () => {
    await world.configure('argocd-cm', {
      'application.sync.requireOverridePrivilegeForRevisionSync': 'true',
      'server.rbac.rollback.enforce.enable': 'true',
    });
    await world.configure('argocd-rbac-cm', {
      'policy.csv': `${POLICY}p, ann, applications, rollback, shop/*, deny\n`,
    });
    const path = '/api/v1/applications/shop-web';
    await world.until('the settings count', async () => {
      const { status } = await call('POST', `${path}/rollback`, ann, { id: 1 });
      return status === 403;
    });
    for (const body of [{ revision: 'evil' }, { revisions: ['evil'], sourcePositions: [1] }]) {
      const refused = await call('POST', `${path}/sync`, ann, body);
      assert.equal(refused.status, 403, refused.text);
      assert.match(refused.text, /another revision needs the right to override/);
    }
    // What it tracks anyway is no other revision.
    const tracked = await call('POST', `${path}/sync`, ann, { revision: 'HEAD', dryRun: true });
    assert.notEqual(tracked.status, 403, tracked.text);
    await world.configure('argocd-cm', {
      'application.sync.requireOverridePrivilegeForRevisionSync': '',
      'server.rbac.rollback.enforce.enable': '',
    });
    await world.configure('argocd-rbac-cm', { 'policy.csv': POLICY });
  });

  test('S-F3: an application moves neither into a project of others nor out of it', async () => {
    const moved = await call('PATCH', '/api/v1/applications/shop-web', ann, {
      patch: '{"spec":{"project":"bank"}}',
      patchType: 'merge',
    });
    assert.equal(moved.status, 403, moved.text);
    const taken = await call('POST', '/api/v1/applications?upsert=true', ann, {
      metadata: { name: 'bank-web' },
      spec: {
        project: 'shop',
        source: { repoURL: 'https://127.0.0.1:9/none.git', path: '.' },
        destination: { server: 'https://kubernetes.default.svc', namespace: 'shop' },
      },
    });
    assert.ok(taken.status >= 400, taken.text);
    const { text } = await call('GET', '/api/v1/applications/bank-web', admin);
    assert.equal((JSON.parse(text) as { spec: { project: string } }).spec.project, 'bank');
  });

  test('S-F5: a change of one repository cannot be a change of another, nor of all of them', async () => {
    const body = { repo: repoUrl, username: 'bank', password: CANARY };
    for (const project of ['bank', '', undefined]) {
      const named = { ...body, ...(project === undefined ? {} : { project }) };
      for (const [method, path] of [
        ['POST', '/api/v1/repositories?upsert=true'],
        ['PUT', repository(repoUrl)],
      ] as const)
        assert.equal((await call(method, path, ann, named)).status, 403, `${method} for ${project}`);
    }
    const own = await call('POST', '/api/v1/repositories', ann, { ...body, project: 'shop' });
    assert.equal(own.status, 200, own.text);
    await world.until('it is known', async () =>
      (await call('GET', '/api/v1/repositories', ann)).text.includes(repoUrl),
    );
    // Without a project it would lend its credential to everybody.
    assert.equal((await call('PUT', repository(repoUrl), ann, body)).status, 403);
    const other = { ...body, repo: 'https://other.test/x.git', project: 'shop' };
    assert.equal((await call('PUT', repository(repoUrl), ann, other)).status, 400);
    const { text } = await call('GET', '/api/v1/repositories', admin);
    const { items } = JSON.parse(text) as { items: { project?: string }[] };
    assert.deepEqual(items.map(({ project }) => project).sort(), ['bank', 'shop']);
    assert.ok(!text.includes(CANARY));
  });

  test('S-F5: the right to repositories is none to what is pushed with', async () => {
    const body = { repo: repoUrl, username: 'bank', password: CANARY, project: 'shop' };
    const at = `/api/v1/write-repositories/${encodeURIComponent(repoUrl)}`;
    for (const [method, path] of [
      ['POST', '/api/v1/write-repositories'],
      ['POST', `${at}/validate`],
      ['PUT', at],
    ] as const) {
      const refused = await call(method, path, ann, body);
      assert.equal(refused.status, 403, `${method} ${path}: ${refused.text}`);
    }
    assert.equal((await call('POST', '/api/v1/write-repositories', admin, body)).status, 200);
    await world.until('it is known', async () =>
      (await call('GET', '/api/v1/write-repositories', admin)).text.includes(repoUrl),
    );
    assert.doesNotMatch((await call('GET', '/api/v1/write-repositories', ann)).text, /bank/);
    const none = '/api/v1/write-repositories/https%3A%2F%2Fnone.test%2Fx.git';
    for (const method of ['GET', 'DELETE'])
      assert.deepEqual(await call(method, at, ann), await call(method, none, ann), method);
    const reader = { 'policy.csv': `${POLICY}p, ann, write-repositories, get, shop/*, allow\n` };
    await world.configure('argocd-rbac-cm', reader);
    await world.until('ann may see it', async () => (await call('GET', at, ann)).status === 200);
    assert.equal((await call('DELETE', at, ann)).status, 403);
    await world.configure('argocd-rbac-cm', { 'policy.csv': POLICY });
  });

  test('S-F5: nobody takes over a cluster that belongs to others, under any spelling or name', async () => {
    const body = { project: 'shop', config: { bearerToken: CANARY } };
    for (const server of [
      'https://kubernetes.default.svc',
      'https://kubernetes.default.svc/',
      'HTTPS://Kubernetes.default.svc',
    ])
      for (const query of ['', '?upsert=true'])
        assert.equal(
          (await call('POST', `/api/v1/clusters${query}`, ann, { ...body, server })).status,
          403,
          `${server} ${query}`,
        );
    const named = await call('POST', '/api/v1/clusters', ann, {
      ...body,
      server: 'https://127.0.0.1:9',
      name: 'in-cluster',
    });
    assert.equal(named.status, 409, named.text);
    const { text } = await call('GET', '/api/v1/clusters', admin);
    assert.equal((JSON.parse(text) as { items: unknown[] }).items.length, 1);
    assert.ok(!text.includes(CANARY));
  });
});
