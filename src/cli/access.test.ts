// Accounts, keys, policies and signing in from the command line, against a running server.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { account, memoryAccounts, memoryPolicies } from '../../test/support/access.ts';
import { PASSWORD, request, startTestServer } from '../../test/support/api-server.ts';
import { testCli } from '../../test/support/cli.ts';
import { memoryProjects } from '../../test/support/memory-projects.ts';
import { type Account, compileRbac, type TokenFacts } from '../access/index.ts';
import { systemClock } from '../lib/index.ts';
import { hashPassword } from '../server/index.ts';

const POLICY = 'p, role:dev, applications, sync, shop/*, allow\ng, dev, role:dev\n';

async function world() {
  const passwordHash = await hashPassword(PASSWORD);
  const accounts = new Map<string, Account>([
    ['admin', account('admin', { passwordHash, capabilities: ['login'] })],
    ['dev', account('dev', { passwordHash })],
    ['ci', account('ci', { capabilities: ['apiKey'], enabled: false })],
  ]);
  const role = { name: 'ci', policies: [] };
  const shop = {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'AppProject',
    metadata: { name: 'shop', namespace: 'argocd', resourceVersion: '1' },
    spec: { roles: [role] },
  };
  const projectTokens = new Map<string, readonly TokenFacts[]>([['shop/ci', []]]);
  const server = await startTestServer({
    ports: {
      accounts: memoryAccounts(accounts, projectTokens),
      policies: memoryPolicies(POLICY, { projects: [{ name: 'shop', roles: [role] }] }),
      projects: memoryProjects(shop),
    },
  });
  const cli = await testCli();
  const signIn = (username: string, password = PASSWORD) =>
    cli.run('login', server.url, '--name', 'test', '--username', username, '--password', password);
  return {
    server,
    cli,
    signIn,
    accounts,
    projectTokens,
    async [Symbol.asyncDispose]() {
      await cli[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

test('account list, get and get-user-info print what argocd prints', async () => {
  await using it = await world();
  await it.signIn('admin');
  assert.equal(
    (await it.cli.run('account', 'list')).stdout,
    `NAME   ENABLED  CAPABILITIES
admin  true     login
dev    true     login, apiKey
ci     false    apiKey
`,
  );
  assert.equal((await it.cli.run('account', 'list', '-o', 'name')).stdout, 'admin\ndev\nci\n');
  assert.equal(
    (await it.cli.run('account', 'get')).stdout,
    `Name:               admin
Enabled:            true
Capabilities:       login

Tokens:
NONE
`,
  );
  const { stdout } = await it.cli.run('account', 'get', '--account', 'dev', '-o', 'json');
  assert.equal(JSON.parse(stdout).name, 'dev');
  assert.equal(
    (await it.cli.run('account', 'get-user-info')).stdout,
    'Logged In: true\nUsername: admin\nIssuer: argocd\nGroups: \n',
  );
});

test('a key is made, works, is listed, and is refused once it is deleted', async () => {
  await using it = await world();
  await it.signIn('admin');
  const made = await it.cli.run(
    'account',
    'generate-token',
    '--account',
    'dev',
    '--id',
    'k1',
    '--expires-in',
    '1h',
  );
  assert.deepEqual([made.code, made.stderr], [0, '']);
  const key = made.stdout.trim();
  const own = await it.cli.run('account', 'get-user-info', '--server', it.server.url, '--auth-token', key);
  assert.match(own.stdout, /^Logged In: true\nUsername: dev$/m);
  // An account sees itself, also without any right to see accounts.
  const shown = await it.cli.run('account', 'get', '--server', it.server.url, '--auth-token', key);
  assert.match(shown.stdout, /^ID\s+ISSUED AT\s+EXPIRING AT\nk1\s+\S+Z\s+\S+Z$/m);
  const other = await it.cli.run(
    'account',
    'get',
    '--account',
    'admin',
    '--server',
    it.server.url,
    '--auth-token',
    key,
  );
  assert.equal(other.code, 20);
  assert.equal((await it.cli.run('account', 'delete-token', 'k1', '--account', 'dev')).code, 0);
  const after = await it.cli.run('account', 'get-user-info', '--server', it.server.url, '--auth-token', key);
  assert.equal(after.stdout, 'Logged In: false\n');
  const never = await it.cli.run('account', 'generate-token', '--account', 'dev', '--expires-in', 'soon');
  assert.deepEqual(
    [never.code, never.stderr],
    [1, 'Error: --expires-in "soon" is no duration; write 12h or 7d\n'],
  );
});

test('an account without apiKey gets no key', async () => {
  await using it = await world();
  await it.signIn('admin');
  const { code, stderr } = await it.cli.run('account', 'generate-token');
  assert.deepEqual([code, stderr.includes("account 'admin' does not have apiKey capability")], [20, true]);
});

test('account can-i says yes and no', async () => {
  await using it = await world();
  await it.signIn('dev');
  const ask = async (...words: string[]) => (await it.cli.run('account', 'can-i', ...words)).stdout.trim();
  assert.equal(await ask('sync', 'applications', 'shop/web'), 'yes');
  assert.equal(await ask('sync', 'applications', 'bank/web'), 'no');
  assert.equal(await ask('delete', 'applications', 'shop/web'), 'no');
  const wrong = await it.cli.run('account', 'can-i', 'sync', 'apps', '*');
  assert.match(wrong.stderr, /"apps" is no resource; one of: applications/);
});

test('update-password changes it, ends the sessions of before and keeps this one', async () => {
  await using it = await world();
  await it.signIn('dev');
  const before = await it.cli.run(
    'account',
    'update-password',
    '--current-password',
    'wrong',
    '--new-password',
    'long enough',
  );
  assert.match(before.stderr, /current password does not match/);
  const done = await it.cli.run(
    'account',
    'update-password',
    '--current-password',
    PASSWORD,
    '--new-password',
    'long enough',
  );
  assert.deepEqual([done.code, done.stdout], [0, "Password updated\nContext 'test' updated\n"]);
  assert.match((await it.cli.run('account', 'get-user-info')).stdout, /Username: dev/);
  assert.equal((await it.signIn('dev')).code, 20);
  assert.equal((await it.signIn('dev', 'long enough')).code, 0);
});

test('bcrypt prints a hash that the server takes', async () => {
  await using it = await world();
  const { stdout } = await it.cli.run('account', 'bcrypt', '--password', 'from a command');
  it.accounts.set('dev', account('dev', { passwordHash: stdout.trim() }));
  assert.equal((await it.signIn('dev', 'from a command')).code, 0);
});

test('proj role create-token, list-tokens and delete-token', async () => {
  await using it = await world();
  await it.signIn('admin');
  const made = await it.cli.run(
    'proj',
    'role',
    'create-token',
    'shop',
    'ci',
    '--id',
    'pipeline',
    '-e',
    '1h',
    '--token-only',
  );
  const token = made.stdout.trim();
  const who = () => request(it.server.url, 'GET', '/api/v1/session/userinfo', token);
  assert.equal(((await who()).body as { username: string }).username, 'proj:shop:ci');
  const [known] = it.projectTokens.get('shop/ci') ?? [];
  const iat = String(known?.iat);
  assert.equal((await it.cli.run('proj', 'role', 'delete-token', 'shop', 'ci', iat)).code, 0);
  assert.deepEqual((await who()).body, { loggedIn: false });
  const missing = await it.cli.run('proj', 'role', 'create-token', 'shop', 'nobody');
  assert.match(missing.stderr, /has no role 'nobody'/);
});

test('relogin renews the session of the context, logout ends it on the server', async () => {
  await using it = await world();
  await it.signIn('dev');
  const again = await it.cli.run('relogin', '--password', PASSWORD);
  assert.deepEqual([again.code, again.stdout], [0, "'dev' logged in successfully\nContext 'test' updated\n"]);
  const { stdout } = await it.cli.run('context');
  assert.match(stdout, /^\*\s+test\s/m);
  assert.equal((await it.cli.run('logout', 'test')).code, 0);
  assert.match((await it.cli.run('account', 'list')).stderr, /no session information; sign in with/);
});

test('without a provider login --sso says so', async () => {
  await using it = await world();
  const { code, stderr } = await it.cli.run('login', it.server.url, '--sso');
  assert.deepEqual(
    [code, stderr],
    [20, 'Error: The server has no identity provider; sign in without --sso\n'],
  );
});

test('a command line without a browser is let in by a person who confirms its code', async () => {
  await using it = await world();
  const dev = await request(it.server.url, 'POST', '/api/v1/session', undefined, {
    username: 'dev',
    password: PASSWORD,
  });
  const { token } = dev.body as { token: string };
  const approve = (userCode: string, by: string | undefined) =>
    request(it.server.url, 'POST', '/api/v1/fairlead/device/approve', by, { userCode });
  let asked = 0;
  const clock = {
    ...systemClock,
    // Asks twice before the person confirms; no time passes.
    async sleep() {
      asked += 1;
      if (asked === 2) assert.equal((await approve(code, token)).status, 200);
    },
  };
  let code = '';
  await using cli = await testCli({
    clock,
    terminal: {
      isInteractive: false,
      stdout: () => {},
      stderr: (text) => {
        code = /confirm the code (\S+)/.exec(text)?.[1] ?? code;
      },
    },
  });
  assert.equal((await cli.run('login', it.server.url, '--sso', '--device')).code, 0);
  assert.equal(asked, 2);
  await using reader = await testCli();
  const info = await reader.run('account', 'get-user-info', '--config', join(cli.directory, 'config'));
  assert.match(info.stdout, /Username: dev/);
  assert.equal((await approve('WRONG', token)).status, 400);
  assert.equal((await approve('BCDF-GHJK', undefined)).status, 401);
});

test('a key may not let a command line in', async () => {
  await using it = await world();
  await it.signIn('admin');
  const made = await it.cli.run('account', 'generate-token', '--account', 'dev');
  const answer = await request(it.server.url, 'POST', '/api/v1/fairlead/device/approve', made.stdout.trim(), {
    userCode: 'BCDF-GHJK',
  });
  assert.equal(answer.status, 403);
});

test('admin settings rbac can answers from CSV and from a config map, like the server', async () => {
  await using it = await world();
  const csv = join(it.cli.directory, 'policy.csv');
  const map = join(it.cli.directory, 'cm.yaml');
  await writeFile(csv, POLICY);
  await writeFile(
    map,
    'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: argocd-rbac-cm\ndata:\n  policy.default: role:readonly\n  policy.csv: |\n    p, role:dev, applications, *, shop/*, allow\n',
  );
  const can = async (...words: string[]) => {
    const { code, stdout } = await it.cli.run('admin', 'settings', 'rbac', 'can', ...words);
    return `${stdout.trim()} ${code}`;
  };
  assert.equal(await can('role:dev', 'sync', 'app', 'shop/web', '--policy-file', csv), 'Yes 0');
  assert.equal(await can('dev', 'sync', 'applications', 'bank/web', '--policy-file', csv), 'No 1');
  assert.equal(await can('anybody', 'get', 'clusters', '--policy-file', map), 'Yes 0');
  assert.equal(await can('anybody', 'get', 'clusters', '--policy-file', map, '--default-role', ''), 'No 1');
  assert.equal(
    await can('role:admin', 'delete', 'app', '--policy-file', csv, '--use-builtin-policy=false'),
    'No 1',
  );
  assert.equal(await can('role:dev', 'sync', 'app', 'shop/web', '-q', '--policy-file', csv), ' 0');
  assert.equal(
    compileRbac({ data: { 'policy.csv': POLICY }, projects: [], accounts: [], inheritsFineGrained: false })
      .isDegraded,
    false,
  );
  const wrong = await it.cli.run(
    'admin',
    'settings',
    'rbac',
    'can',
    'dev',
    'sink',
    'app',
    '--policy-file',
    csv,
  );
  assert.deepEqual([wrong.code, wrong.stderr], [1, "Error: 'sink' is no action that policies know\n"]);
});

test('admin settings rbac validate names each line that cannot be read', async () => {
  await using it = await world();
  const file = join(it.cli.directory, 'policy.csv');
  const validate = () => it.cli.run('admin', 'settings', 'rbac', 'validate', '--policy-file', file);
  await writeFile(file, POLICY);
  assert.deepEqual([(await validate()).code, (await validate()).stdout], [0, 'Policy is valid.\n']);
  await writeFile(file, `${POLICY}p, dev, applicationz, sync, */*, allow\n`);
  const idle = await validate();
  assert.deepEqual([idle.code, idle.stdout], [0, 'Policy is valid.\n']);
  assert.match(
    idle.stderr,
    /^Warning: policy\.csv, line 3: no resource is called applicationz; there are app/,
  );
  await writeFile(file, `${POLICY}p, dev, applications, sync\nq, x\n`);
  const { code, stdout } = await validate();
  assert.equal(code, 1);
  assert.match(stdout, /^Policy is invalid:\n {2}policy\.csv, line 3: .*\n {2}policy\.csv, line 4: /);
});

test('signing out with a key ends neither the key nor another one of the same name', async () => {
  await using it = await world();
  await it.signIn('admin');
  const made = await it.cli.run('account', 'generate-token', '--account', 'dev', '--id', 'pipeline');
  const token = await it.cli.run('proj', 'role', 'create-token', 'shop', 'ci', '--id', 'pipeline', '-t');
  const key = made.stdout.trim();
  await request(it.server.url, 'DELETE', '/api/v1/session', key);
  for (const [name, bearer] of [
    ['dev', key],
    ['proj:shop:ci', token.stdout.trim()],
  ] as const) {
    const { body } = await request(it.server.url, 'GET', '/api/v1/session/userinfo', bearer);
    assert.equal((body as { username?: string }).username, name);
  }
});
