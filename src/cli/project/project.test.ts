// `fairlead proj …` in process against a server, as people use it.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { PASSWORD, startTestServer } from '../../../test/support/api-server.ts';
import { type TestCli, testCli } from '../../../test/support/cli.ts';
import type { AppProject } from '../../model/index.ts';

const SERVER = 'https://kubernetes.default.svc';

interface World extends AsyncDisposable {
  readonly cli: TestCli;
  /** Runs a command that must succeed, and gives what it printed. */
  ok(...argv: readonly string[]): Promise<string>;
  /** Runs a command that must fail, and gives its complaint. */
  fails(...argv: readonly string[]): Promise<string>;
  project(name?: string): AppProject['spec'];
}

async function start(): Promise<World> {
  const server = await startTestServer();
  const cli = await testCli({
    clock: { ...server.ports.clock, now: () => Date.parse('2026-03-01T22:30:00Z') },
  });
  const address = server.url.replace('http://', '');
  const signIn = ['login', address, '--plaintext', '--username', 'admin', '--password', PASSWORD];
  assert.equal((await cli.run(...signIn)).code, 0);
  return {
    cli,
    async ok(...argv) {
      const { code, stderr, stdout } = await cli.run('proj', ...argv);
      assert.deepEqual([code, stderr], [0, ''], argv.join(' '));
      return stdout;
    },
    async fails(...argv) {
      const { code, stderr } = await cli.run('proj', ...argv);
      assert.notEqual(code, 0, argv.join(' '));
      return stderr;
    },
    project: (name = 'shop') => server.ports.projects.get(name)?.spec ?? {},
    async [Symbol.asyncDispose]() {
      await cli[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

test('proj create, list, get, set and delete', async () => {
  await using world = await start();
  const flags = ['-d', `${SERVER},shop`, '-d', 'in-cluster,*', '-s', 'https://git.example.com/*'];
  const out = await world.ok(
    'create',
    'shop',
    ...flags,
    '--allow-cluster-resource',
    '/Namespace',
    '--orphaned-resources',
  );
  assert.equal(out, "project 'shop' created\n");
  assert.deepEqual(world.project(), {
    destinations: [
      { server: SERVER, namespace: 'shop' },
      { name: 'in-cluster', namespace: '*' },
    ],
    sourceRepos: ['https://git.example.com/*'],
    clusterResourceWhitelist: [{ group: '', kind: 'Namespace' }],
    orphanedResources: {},
  });
  await world.ok('set', 'shop', '--description', 'the shop', '--orphaned-resources=false');
  assert.equal(
    await world.ok('get', 'shop'),
    `Name:                        shop
Description:                 the shop
Destinations:                https://kubernetes.default.svc,shop
                             in-cluster,*
Destination Service Accounts: <none>
Repositories:                https://git.example.com/*
Source Namespaces:           <none>
Scoped Repositories:         <none>
Allowed Cluster Resources:   /Namespace
Scoped Clusters:             <none>
Denied Namespaced Resources: <none>
Signature keys:              <none>
Orphaned Resources:          disabled
`,
  );
  assert.equal(
    await world.ok('list'),
    `NAME  DESCRIPTION  DESTINATIONS    SOURCES                    CLUSTER-RESOURCE-WHITELIST  NAMESPACE-RESOURCE-BLACKLIST  SIGNATURE-KEYS  ORPHANED-RESOURCES  DESTINATION-SERVICE-ACCOUNTS
shop  the shop     2 destinations  https://git.example.com/*  /Namespace                  <none>                        <none>          disabled            <none>
`,
  );
  assert.equal(await world.ok('list', '-o', 'name'), 'shop\n');
  assert.equal(await world.ok('delete', 'shop'), "project 'shop' deleted\n");
  assert.match(await world.fails('get', 'shop'), /"shop" not found/);
});

test('proj create reads a manifest and refuses another kind of file', async () => {
  await using world = await start();
  const file = join(world.cli.directory, 'project.yaml');
  await writeFile(file, 'kind: AppProject\nmetadata: {name: shop}\nspec: {sourceRepos: ["*"]}\n');
  await world.ok('create', '-f', file);
  assert.deepEqual(world.project().sourceRepos, ['*']);
  assert.match(await world.fails('create', '-f', file, '--description', 'x'), /use upsert flag/);
  await world.ok('create', '-f', file, '--description', 'x', '--upsert');
  await writeFile(file, 'spec: {sourceRepos: 7}');
  assert.match(await world.fails('create', '-f', file), /holds no AppProject: metadata: .*spec\.sourceRepos/);
});

test('proj add-… and remove-… change one entry, and say when there is nothing to change', async () => {
  await using world = await start();
  await world.ok('create', 'shop');
  const steps: [string[], Partial<AppProject['spec']>][] = [
    [['add-source', 'shop', 'https://a'], { sourceRepos: ['https://a'] }],
    [['remove-source', 'shop', 'https://a'], { sourceRepos: [] }],
    [['add-destination', 'shop', SERVER, 'a'], { destinations: [{ server: SERVER, namespace: 'a' }] }],
    [['remove-destination', 'shop', SERVER, 'a'], { destinations: [] }],
    [
      ['add-destination', 'shop', 'edge', 'a', '--name'],
      { destinations: [{ name: 'edge', namespace: 'a' }] },
    ],
    [['add-source-namespace', 'shop', 'team-*'], { sourceNamespaces: ['team-*'] }],
    [['remove-source-namespace', 'shop', 'team-*'], { sourceNamespaces: [] }],
    [['add-signature-key', 'shop', 'AAAABBBBCCCCDDDD'], { signatureKeys: [{ keyID: 'AAAABBBBCCCCDDDD' }] }],
    [['remove-signature-key', 'shop', 'AAAABBBBCCCCDDDD'], { signatureKeys: [] }],
    [
      ['add-orphaned-ignore', 'shop', '', 'Secret', '--name', 'x-*'],
      { orphanedResources: { ignore: [{ group: '', kind: 'Secret', name: 'x-*' }] } },
    ],
    [
      ['remove-orphaned-ignore', 'shop', '', 'Secret', '--name', 'x-*'],
      { orphanedResources: { ignore: [] } },
    ],
    [
      ['add-destination-service-account', 'shop', '*', 'a', 'deployer', '--service-account-namespace', 'ops'],
      {
        destinationServiceAccounts: [{ server: '*', namespace: 'a', defaultServiceAccount: 'ops:deployer' }],
      },
    ],
    [
      ['remove-destination-service-account', 'shop', '*', 'a', 'deployer'],
      { destinationServiceAccounts: [] },
    ],
    [
      ['allow-cluster-resource', 'shop', 'apps', 'Thing', 'shop-*'],
      { clusterResourceWhitelist: [{ group: 'apps', kind: 'Thing', name: 'shop-*' }] },
    ],
    [['deny-cluster-resource', 'shop', 'apps', 'Thing', 'shop-*'], { clusterResourceWhitelist: [] }],
    [
      ['deny-namespace-resource', 'shop', '', 'Secret'],
      { namespaceResourceBlacklist: [{ group: '', kind: 'Secret' }] },
    ],
    [['allow-namespace-resource', 'shop', '', 'Secret'], { namespaceResourceBlacklist: [] }],
  ];
  for (const [argv, want] of steps) {
    await world.ok(...argv);
    const [member = ''] = Object.keys(want);
    assert.deepEqual({ [member]: world.project()[member as keyof AppProject['spec']] }, want, argv.join(' '));
  }
  await world.ok('add-source', 'shop', 'https://a');
  assert.match(await world.fails('add-source', 'shop', 'https://a'), /source repository is already defined/);
  assert.match(await world.fails('remove-source', 'shop', 'https://b'), /source repository does not exist/);
});

test('proj role: create, policies, groups, show, delete', async () => {
  await using world = await start();
  await world.ok('create', 'shop');
  assert.equal(
    await world.ok('role', 'create', 'shop', 'dev', '--description', 'people'),
    "Role 'dev' created\n",
  );
  await world.ok('role', 'add-policy', 'shop', 'dev', '-a', 'sync', '-o', '*');
  await world.ok('role', 'add-group', 'shop', 'dev', 'developers');
  assert.equal(
    await world.ok('role', 'get', 'shop', 'dev'),
    `Role Name:     dev
Description:   people
Policies:
p, proj:shop:dev, projects, get, shop, allow
p, proj:shop:dev, applications, sync, shop/*, allow
Groups:
developers
JWT Tokens:
ID  ISSUED-AT  EXPIRES-AT
`,
  );
  assert.equal(await world.ok('role', 'list', 'shop'), 'ROLE-NAME  DESCRIPTION\ndev        people\n');
  await world.ok('role', 'remove-policy', 'shop', 'dev', '-a', 'sync', '-o', '*');
  await world.ok('role', 'remove-group', 'shop', 'dev', 'developers');
  assert.deepEqual(world.project().roles, [{ name: 'dev', description: 'people', policies: [], groups: [] }]);
  assert.equal(await world.ok('role', 'delete', 'shop', 'dev'), "Role 'dev' deleted\n");
  assert.match(await world.fails('role', 'get', 'shop', 'dev'), /role 'dev' does not exist/);
});

test('proj windows: add, list, update, switch, delete', async () => {
  await using world = await start();
  await world.ok('create', 'shop');
  const night = ['--kind', 'deny', '--schedule', '0 22 * * *', '--duration', '8h', '--applications', '*'];
  await world.ok('windows', 'add', 'shop', ...night);
  await world.ok(
    'windows',
    'add',
    'shop',
    '--schedule',
    '0 12 * * *',
    '--namespaces',
    'a,b',
    '--manual-sync',
  );
  assert.equal(
    await world.ok('windows', 'list', 'shop'),
    `ID  STATUS    KIND   SCHEDULE    DURATION  APPLICATIONS  NAMESPACES  CLUSTERS  MANUALSYNC  TIMEZONE  USEANDOPERATOR  SYNCOVERRUN
0   Active    deny   0 22 * * *  8h        *             -           -         Disabled    UTC       Disabled        Disabled
1   Inactive  allow  0 12 * * *  1h        -             a,b         -         Enabled     UTC       Disabled        Disabled
`,
  );
  await world.ok('windows', 'update', 'shop', '0', '--duration', '2h', '--time-zone', 'Europe/Berlin');
  await world.ok('windows', 'enable-manual-sync', 'shop', '0');
  await world.ok('windows', 'disable-manual-sync', 'shop', '1');
  await world.ok('windows', 'enable-sync-overrun', 'shop', '1');
  const [first, second] = world.project().syncWindows ?? [];
  assert.deepEqual([first?.duration, first?.timeZone, first?.manualSync], ['2h', 'Europe/Berlin', true]);
  assert.deepEqual([second?.manualSync, second?.syncOverrun], [false, true]);
  await world.ok('windows', 'delete', 'shop', '0');
  assert.equal(world.project().syncWindows?.length, 1);
  assert.match(await world.fails('windows', 'delete', 'shop', '7'), /There is no window 7/);
  assert.match(
    await world.fails('windows', 'add', 'shop', '--schedule', '0 12 * *', '--applications', '*'),
    /has 4 fields; write five/,
  );
  assert.match(await world.fails('windows', 'add', 'shop'), /Say what it concerns/);
});

test('admin proj generate-spec prints a manifest without a server', async () => {
  await using cli = await testCli();
  const { code, stdout } = await cli.run('admin', 'proj', 'generate-spec', 'shop', '-s', '*', '-d', '*,shop');
  assert.equal(code, 0);
  assert.equal(
    stdout,
    `apiVersion: argoproj.io/v1alpha1
kind: AppProject
metadata:
  name: shop
spec:
  destinations:
    - server: "*"
      namespace: shop
  sourceRepos:
    - "*"
`,
  );
});

test('proj source-integrity git policies says whose signatures commits need', async () => {
  await using world = await start();
  await world.ok('create', 'shop');
  const policies = (...words: readonly string[]) => ['source-integrity', 'git', 'policies', ...words];
  const [key, other] = ['D56C4FCA57A46444', 'FDC79815400D88A9'];
  const url = 'https://git.example.com/*';
  assert.equal(
    await world.ok(...policies('add', 'shop', '--repo-url', url, '--gpg-mode', 'strict', '--gpg-key', key)),
    'Policy 0 added\n',
  );
  const changes = ['--add-repo-url', '!https://git.example.com/tests', '--add-gpg-key', other];
  await world.ok(
    ...policies('update', 'shop', '0', '--gpg-mode', 'head', ...changes, '--delete-gpg-key', key),
  );
  assert.deepEqual(world.project().sourceIntegrity, {
    git: {
      policies: [
        {
          repos: [{ url }, { url: '!https://git.example.com/tests' }],
          gpg: { mode: 'head', keys: [other] },
        },
      ],
    },
  });
  assert.equal(
    await world.ok(...policies('list', 'shop')),
    `ID  REPO-URLS                                                  GPG                     SSH  SIGSTORE
0   https://git.example.com/*, !https://git.example.com/tests  head: FDC79815400D88A9
`,
  );
  assert.match(await world.fails(...policies('add', 'shop', '--repo-url', url)), /--gpg-mode or --ssh-mode/);
  assert.match(await world.fails(...policies('add', 'shop', '--gpg-mode', 'head')), /--repo-url/);
  assert.match(await world.fails(...policies('update', 'shop', '7')), /There is no policy 7; list them/);
  assert.match(
    await world.fails(...policies('update', 'shop', '0', '--delete-gpg-key', key)),
    /'D56C4FCA57A46444' is not in the policy/,
  );
  await world.ok(...policies('delete', 'shop', '0', '--yes'));
  assert.equal(world.project().sourceIntegrity, undefined);
});

test('admin proj update-role-policy changes the roles of many projects, and only says so at first', async () => {
  await using world = await start();
  for (const project of ['team-a', 'team-b', 'other']) {
    await world.ok('create', project);
    for (const role of ['dev', 'ops']) await world.ok('role', 'create', project, role);
  }
  const update = (...words: readonly string[]) =>
    world.cli.run('admin', 'proj', 'update-role-policy', 'team-*', ...words);
  const policies = (project: string) =>
    (world.project(project).roles ?? []).map((role) => role.policies ?? []);
  const dry = await update('set', 'get', '--resource', 'logs', '--role', 'd*');
  assert.equal(
    dry.stdout,
    'get set in role dev of project team-a (dry run)\nget set in role dev of project team-b (dry run)\n',
  );
  assert.deepEqual(policies('team-a'), [[], []]);
  await update('set', 'get', '--resource', 'logs', '--role', 'd*', '--dry-run=false');
  assert.deepEqual(policies('team-a'), [['p, proj:team-a:dev, logs, get, team-a/*, allow'], []]);
  assert.deepEqual(policies('other'), [[], []]);
  const again = await update('set', 'get', '--resource', 'logs', '--role', 'd*', '--dry-run=false');
  assert.equal(again.stdout, 'Nothing to change\n');
  await update('remove', 'get', '--resource', 'logs', '--dry-run=false');
  assert.deepEqual(policies('team-b'), [[], []]);
  assert.equal((await update('add', 'get')).code, 1);
});
