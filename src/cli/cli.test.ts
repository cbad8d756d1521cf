// The command line in process against a real server: what it prints, what it changes, how it ends.
import assert from 'node:assert/strict';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { application, PASSWORD, startTestServer, type TestServer } from '../../test/support/api-server.ts';
import { type TestCli, testCli } from '../../test/support/cli.ts';
import { splitWords } from './flags.ts';
import { commands } from './registry.ts';

async function signedIn(server: TestServer): Promise<TestCli> {
  const cli = await testCli();
  const { code, stderr } = await cli.run(
    'login',
    server.url.replace('http://', ''),
    '--plaintext',
    '--username',
    'admin',
    '--password',
    PASSWORD,
  );
  assert.deepEqual([code, stderr], [0, '']);
  return cli;
}

test('the help names every command', async () => {
  await using cli = await testCli();
  const { code, stdout } = await cli.run('--help');
  assert.equal(code, 0);
  assert.equal(
    stdout,
    `Usage: fairlead [options] [command]

GitOps continuous delivery for Kubernetes

Options:
  -h, --help                   display help for command

Commands:
  up [options]                 Run everything on this machine: an embedded Kubernetes API, a Git server, the
                               control plane, the page
  serve [options]              Run the control plane against a cluster
  apiserver [options]          Run only the embedded Kubernetes API
  login [options] [SERVER]     Sign in to a server and keep the session
  relogin [options]            Sign in again to the server of the context, the same way as before
  logout [options] <CONTEXT>   End the session of a context, on the server and here
  context [options] [CONTEXT]  List the contexts, or switch to one; --delete forgets one
  account                      Accounts
  app                          Applications
  appset                       ApplicationSets, which generate applications
  proj                         Projects
  cluster                      Clusters that are deployed to
  repo                         Repositories and how they are reached
  repocreds                    Credentials lent to repositories by their address
  cert                         TLS certificates and SSH host keys of Git servers
  gpg                          OpenPGP keys that signatures are verified with
  audit                        The record of everything that happened
  admin                        Tools for administrators
  configure [options]          Change how this command works for you
  version [options]            Print the versions of this command and of the server
  names [options] <KIND>       Print names, one a line, as completion scripts want them: applications,
                               applicationsets, projects, clusters, contexts
  completion <SHELL>           Print a completion script for bash, zsh or fish
`,
  );
});

test('the help of a command has its flags, how to connect, and examples', async () => {
  await using cli = await testCli();
  const { stdout } = await cli.run('app', 'delete', '--help');
  assert.equal(
    stdout,
    `Usage: fairlead app delete [options] <APPNAME...>

Delete an application and, unless --cascade=false, its resources

Options:
  -N, --app-namespace <namespace>   Namespace of the application
  --project <name>                  Project the application must belong to
  --cascade                         Delete the resources, too (default: true)
  -p, --propagation-policy <value>  How Kubernetes deletes what the resources own (choices: "foreground",
                                    "background", "orphan")
  --wait                            Wait until it is gone
  --timeout <seconds>               With --wait: give up after this long; 0: never (default: 0)
  -y, --yes                         Do not ask
  -o, --output <format>             Print what was changed instead of a sentence (choices: "json", "yaml")
  -h, --help                        display help for command

Connection:
  --server <address>                Server, as HOST:PORT or URL
  --auth-token <token>              Token instead of a sign-in
  --context <name>                  Context of the configuration file
  --config <file>                   Configuration file
  --insecure                        Do not verify the server certificate
  --plaintext                       Use HTTP without TLS
  --core                            Without a server, straight to the cluster of the kubeconfig
  --kubeconfig <file>               With --core: kubeconfig (default KUBECONFIG, else ~/.kube/config)
  --kube-context <name>             With --core: context of the kubeconfig
  -H, --header <header>             Further header of every request, may be repeated

Examples:
  fairlead app delete web --yes
  fairlead app delete web --cascade=false
`,
  );
});

test('every command has a help, and no two share their words', async () => {
  await using cli = await testCli();
  assert.equal(new Set(commands.map(({ words }) => words)).size, commands.length);
  for (const command of commands) {
    const { code, stdout } = await cli.run(...command.words.split(' '), '--help');
    assert.equal(code, 0, command.words);
    assert.ok(stdout.startsWith(`Usage: fairlead ${command.words} `), command.words);
  }
});

const WRONG: Record<string, { argv: string[]; code: number; want: RegExp }> = {
  'no server': {
    argv: ['app', 'list'],
    code: 20,
    want: /No server is known; sign in with: fairlead login SERVER/,
  },
  'an unknown command': {
    argv: ['app', 'gett'],
    code: 1,
    want: /unknown command 'gett'[\s\S]*Did you mean get/,
  },
  'an unknown flag': { argv: ['app', 'get', 'web', '--refrsh'], code: 1, want: /unknown option '--refrsh'/ },
  'a missing name': { argv: ['app', 'get'], code: 1, want: /missing required argument 'APPNAME'/ },
  'a format that does not exist': {
    argv: ['app', 'list', '-o', 'xml'],
    code: 1,
    want: /Allowed choices are/,
  },
  'a number that is none': {
    argv: ['app', 'wait', 'web', '--timeout', 'soon'],
    code: 1,
    want: /"soon" is not a number/,
  },
  'a server that is not there': {
    argv: ['app', 'list', '--server', '127.0.0.1:1', '--plaintext'],
    code: 11,
    want: /Cannot reach http:\/\/127\.0\.0\.1:1: .*check the address/,
  },
  'a context that does not exist': {
    argv: ['app', 'list', '--context', 'x'],
    code: 20,
    want: /There is no context "x"/,
  },
  'no terminal to ask on': { argv: ['login', 'localhost:1'], code: 1, want: /give --username/ },
  'an address that is none': { argv: ['serve', '--listen', 'here'], code: 1, want: /write HOST:PORT/ },
};

for (const [name, { argv, code, want }] of Object.entries(WRONG)) {
  test(`says what is wrong and what to do: ${name}`, async () => {
    await using cli = await testCli();
    const result = await cli.run(...argv);
    assert.match(result.stderr, want);
    assert.equal(result.code, code);
    assert.equal(result.stdout, '');
  });
}

test('login keeps the session where only its owner reads it, logout ends it', async () => {
  await using server = await startTestServer();
  await using cli = await signedIn(server);
  const file = join(cli.directory, 'config');
  assert.equal((await stat(file)).mode & 0o777, 0o600);
  assert.match(
    await readFile(file, 'utf8'),
    /current-context: 127\.0\.0\.1:\d+\n[\s\S]*plain-text: true[\s\S]*auth-token: ey/,
  );
  assert.equal((await cli.run('app', 'list')).code, 0);
  const name = server.url.replace('http://', '');
  assert.equal((await cli.run('logout', name)).stdout, `Logged out from '${name}'\n`);
  const after = await cli.run('app', 'list');
  assert.deepEqual(
    [after.code, after.stderr],
    [20, 'Error: no session information; sign in with: fairlead login SERVER\n'],
  );
});

test('a wrong password is said as such', async () => {
  await using server = await startTestServer();
  await using cli = await testCli();
  const result = await cli.run('login', server.url, '--username', 'admin', '--password', 'x');
  assert.deepEqual([result.code, result.stderr], [20, 'Error: Invalid username or password\n']);
});

test('works right after `fairlead up` in the same directory, without a login', async () => {
  await using server = await startTestServer();
  await using cli = await testCli();
  await mkdir(join(cli.directory, '.fairlead'));
  const ready = { url: server.url, gitUrl: '', kubeconfig: '', username: 'admin', password: PASSWORD };
  await writeFile(join(cli.directory, '.fairlead', 'ready.json'), JSON.stringify(ready));
  for (let i = 0; i < 3; i += 1) {
    assert.deepEqual(await cli.run('app', 'list', '-o', 'name'), { code: 0, stdout: '', stderr: '' });
  }
  const { records } = await server.ports.journal.query({ filters: { action: 'session.login' } });
  assert.equal(records.length, 1, 'the session is kept for the next call');
});

test('takes server, token and flags from the environment', async () => {
  await using server = await startTestServer();
  await server.applications.create(application('web'));
  const authToken = await server.signIn();
  await using cli = await testCli({
    server: server.url.replace('http://', ''),
    authToken,
    cliOptions: "--plaintext --header 'X-Test: a b'",
  });
  assert.equal((await cli.run('app', 'list', '-o', 'name')).stdout, 'argocd/web\n');
  assert.deepEqual(splitWords(`--a "b c" --d='e f' g`), ['--a', 'b c', '--d=e f', 'g']);
});

test('app create, list, get, set', async () => {
  const commit = {
    author: 'Ada Lovelace <ada@example.com>',
    date: new Date().toISOString(),
    message: 'Raise the limit\n\nbody',
    tags: [],
    revision: 'a'.repeat(40),
  };
  await using server = await startTestServer({ views: { commit: async () => commit } });
  await using cli = await signedIn(server);
  const created = await cli.run(
    'app',
    'create',
    'web',
    '--repo',
    'https://git.example.com/apps.git',
    '--path',
    'web',
    '--dest-name',
    'in-cluster',
    '--dest-namespace',
    'web',
    '--sync-policy',
    'auto',
    '--auto-prune',
    '--set-finalizer',
  );
  assert.deepEqual(created, { code: 0, stdout: "application 'argocd/web' created\n", stderr: '' });
  await server.applications.patch('argocd', 'web', {
    status: {
      sync: { status: 'Synced', revision: 'a'.repeat(40) },
      health: { status: 'Degraded', message: '1 of 2 pods\nready' },
      conditions: [
        { type: 'SyncError', message: 'no way \u001b[31m red', lastTransitionTime: '2026-01-02T03:04:05Z' },
      ],
      resources: [
        {
          group: 'apps',
          kind: 'Deployment',
          namespace: 'web',
          name: 'web',
          status: 'Synced',
          health: { status: 'Degraded' },
        },
      ],
      operationState: {
        phase: 'Succeeded',
        message: 'done',
        startedAt: new Date().toISOString(),
        finishedAt: new Date().toISOString(),
        operation: { initiatedBy: { automated: true } },
      },
    },
  });
  assert.equal(
    (await cli.run('app', 'list')).stdout,
    'NAME        CLUSTER     NAMESPACE  PROJECT  STATUS  HEALTH    SYNCPOLICY  CONDITIONS\n' +
      'argocd/web  in-cluster  web        default  Synced  Degraded  Auto-Prune  SyncError\n',
  );
  const shown = await cli.run('app', 'get', 'argocd/web');
  assert.equal(
    shown.stdout,
    `Name:               argocd/web
Project:            default
Server:             in-cluster
Namespace:          web
URL:                ${server.url}/applications/argocd/web
Source:
- Repo:             https://git.example.com/apps.git
  Target:           HEAD
  Path:             web
SyncWindow:         Sync Allowed
Sync Policy:        Auto-Prune
Sync Status:        Synced to HEAD (aaaaaaa)
Commit:             aaaaaaa Ada Lovelace <ada@example.com>, 0s ago: Raise the limit
Health Status:      Degraded (1 of 2 pods)
Last Sync:          Succeeded 0s ago, by automated sync (done)

CONDITION  LAST TRANSITION       MESSAGE
SyncError  2026-01-02T03:04:05Z  no way \\u001b[31m red

GROUP  KIND        NAMESPACE  NAME  STATUS  HEALTH    HOOK  MESSAGE
apps   Deployment  web        web   Synced  Degraded
`,
  );
  assert.equal((await cli.run('app', 'get', 'web', '--hard-refresh', '-o', 'name')).stdout, 'argocd/web\n');
  assert.deepEqual(server.refreshes, ['argocd/web hard']);
  assert.equal((await cli.run('app', 'set', 'web', '-p', 'image.tag=2', '--sync-policy', 'none')).code, 0);
  const spec = server.applications.get('argocd', 'web')?.spec;
  assert.deepEqual(
    [spec?.source?.helm?.parameters, spec?.syncPolicy?.automated],
    [[{ name: 'image.tag', value: '2' }], undefined],
  );
  assert.match((await cli.run('app', 'set', 'web')).stderr, /Say what to change/);
});

test('app create -f takes manifests, and refuses other kinds', async () => {
  await using server = await startTestServer();
  await using cli = await signedIn(server);
  const file = join(cli.directory, 'app.yaml');
  await writeFile(
    file,
    `${JSON.stringify(application('one'))}\n---\n${JSON.stringify(application('two'))}\n`,
  );
  assert.equal(
    (await cli.run('app', 'create', '-f', file)).stdout,
    "application 'argocd/one' created\napplication 'argocd/two' created\n",
  );
  await writeFile(file, 'kind: Secret\n');
  assert.match((await cli.run('app', 'create', '-f', file)).stderr, /no Application/);
});

/** Ends the operation of `web` as a controller would, as soon as it is written. */
function endOperations(server: TestServer, phase: string, resources: object[] = []): () => void {
  return server.applications.watch(({ application: app }) => {
    if (app.operation === undefined) return;
    const time = new Date().toISOString();
    const operationState = {
      operation: app.operation,
      phase,
      message: 'as told',
      startedAt: time,
      finishedAt: time,
      syncResult: { revision: 'b'.repeat(40), resources },
    };
    setImmediate(() =>
      server.applications.patch('argocd', app.metadata.name ?? '', {
        operation: null,
        status: { operationState },
      }),
    );
  });
}

test('app sync waits for the end and exits by it', async () => {
  await using server = await startTestServer();
  await using cli = await signedIn(server);
  const old = {
    operation: {},
    phase: 'Failed',
    startedAt: '2026-01-01T00:00:00Z',
    finishedAt: '2026-01-01T00:00:01Z',
  };
  const resources = [
    { group: 'apps', kind: 'Deployment', namespace: 'web', name: 'web', status: 'OutOfSync' },
  ];
  await server.applications.create(
    application('web', { status: { operationState: old, resources, sync: { status: 'OutOfSync' } } }),
  );
  const stop = endOperations(server, 'Succeeded');
  const synced = await cli.run(
    'app',
    'sync',
    'web',
    '--prune=true',
    '--resource',
    'apps:Deployment:web',
    '--timeout',
    '10',
  );
  assert.equal(synced.code, 0, synced.stderr);
  assert.match(synced.stdout, /Sync Revision: {6}b{40}\nPhase: {14}Succeeded\n/);
  stop();

  const stopFailing = endOperations(server, 'Failed');
  const failed = await cli.run('app', 'sync', 'web', '--timeout', '10');
  assert.equal(failed.code, 1);
  assert.match(failed.stderr, /Operation has completed with phase: Failed/);
  stopFailing();

  const stopPruning = endOperations(server, 'Succeeded', [
    { group: '', version: 'v1', kind: 'ConfigMap', namespace: 'web', name: 'old', status: 'PruneSkipped' },
  ]);
  const unpruned = await cli.run('app', 'sync', 'web', '--timeout', '10');
  assert.deepEqual([unpruned.code, /1 resources require pruning/.test(unpruned.stderr)], [1, true]);
  stopPruning();

  assert.match(
    (await cli.run('app', 'sync', 'web', '--resource', 'apps:Deployment:nope')).stderr,
    /No resource of web matches/,
  );
  assert.equal((await cli.run('app', 'sync', 'web', '--async')).code, 0);
});

test('app wait returns when all is well, and says what is missing when time is up', async () => {
  await using server = await startTestServer();
  await using cli = await signedIn(server);
  const status = (sync: string, health: string) => ({ sync: { status: sync }, health: { status: health } });
  await server.applications.create(application('web', { status: status('OutOfSync', 'Progressing') }));
  const late = await cli.run('app', 'wait', 'web', '--timeout', '0.05');
  assert.equal(late.code, 20);
  assert.match(
    late.stderr,
    /timed out \(0\.05s\) waiting for app "web" match desired state: sync is OutOfSync, health is Progressing/,
  );
  const waiting = cli.run('app', 'wait', 'web', '--timeout', '10', '-o', 'json');
  setImmediate(() => server.applications.patch('argocd', 'web', { status: status('Synced', 'Healthy') }));
  assert.equal((await waiting).code, 0);
  assert.equal((await cli.run('app', 'wait', 'nothing')).code, 20);
  const gone = cli.run('app', 'wait', 'web', '--delete', '--timeout', '10');
  setImmediate(() => server.applications.delete('argocd', 'web', {}));
  assert.equal((await gone).code, 0);
});

test('app diff shows lines and owners, and exits 1', async () => {
  const item = {
    group: '',
    kind: 'ConfigMap',
    namespace: 'web',
    name: 'settings',
    targetState: '',
    liveState: '',
    normalizedLiveState: '{"data": {"a": "1"}}',
    predictedLiveState: '{"data": {"a": "2"}}',
    fields: [
      {
        path: '.data.a',
        desired: '2',
        live: '1',
        owners: [{ manager: 'kubectl-edit', operation: 'Update' }],
      },
    ],
  };
  await using server = await startTestServer({ views: { managedResources: async () => [item] } });
  await server.applications.create(application('web'));
  await using cli = await signedIn(server);
  const result = await cli.run('app', 'diff', 'web');
  assert.equal(
    result.stdout,
    '\n===== /ConfigMap web/settings ======\n@@ -1,2 +1,2 @@\n data:\n-  a: "1"\n+  a: "2"\n# .data.a was last written by kubectl-edit\n',
  );
  assert.equal(result.code, 1);
  assert.equal((await cli.run('app', 'diff', 'web', '--diff-exit-code', '7')).code, 7);
  assert.equal((await cli.run('app', 'diff', 'web', '--exit-code=false')).code, 0);
});

test('app history, rollback, terminate-op, resources, logs, manifests, delete', async () => {
  const manifests = async () => ({
    revision: 'a'.repeat(40),
    manifests: [{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings' } }],
  });
  await using server = await startTestServer({ views: { manifests } });
  await using cli = await signedIn(server);
  const source = { repoURL: 'https://git.example.com/apps.git', path: 'web', targetRevision: 'main' };
  const entry = (id: number) => ({
    id,
    revision: String(id).repeat(40),
    source,
    deployedAt: '2026-01-01T00:00:00Z',
    initiatedBy: { username: 'admin' },
  });
  await server.applications.create(application('web', { status: { history: [entry(1), entry(2)] } }));
  assert.equal(
    (await cli.run('app', 'history', 'web')).stdout,
    'ID  DATE                  REVISION        BY\n1   2026-01-01T00:00:00Z  main (1111111)  admin\n2   2026-01-01T00:00:00Z  main (2222222)  admin\n',
  );
  const stop = endOperations(server, 'Succeeded');
  assert.equal((await cli.run('app', 'rollback', 'web', '--timeout', '10')).code, 0);
  stop();
  assert.equal((await cli.run('app', 'terminate-op', 'web')).code, 20);
  assert.match((await cli.run('app', 'resources', 'web')).stdout, /ConfigMap {2}web {8}settings {2}No/);
  assert.equal((await cli.run('app', 'logs', 'web')).stdout, 'starting\nready\nGET /\n');
  assert.equal(
    (await cli.run('app', 'manifests', 'web')).stdout,
    '---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings\n',
  );
  assert.match((await cli.run('app', 'delete', 'web')).stderr, /without a terminal say --yes/);
  const gone = await cli.run('app', 'delete', 'web', '--yes', '--cascade=false', '--wait', '--timeout', '5');
  assert.deepEqual(gone, { code: 0, stdout: "application 'web' deleted\n", stderr: '' });
  assert.deepEqual(server.applications.list(), []);
});

test('audit verify says that the record is whole, audit query what it holds', async () => {
  await using server = await startTestServer();
  await using cli = await signedIn(server);
  assert.match(
    (await cli.run('audit', 'verify')).stdout,
    /^The record is whole: 1 records checked, head 1:[0-9a-f]{64}\n$/,
  );
  assert.match(
    (await cli.run('audit', 'query', '--action', 'session.*')).stdout,
    /user:admin {2}session\.login {2}Account admin {2}succeeded/,
  );
  const wrong = await cli.run('audit', 'verify', '--head', `9:${'0'.repeat(64)}`);
  assert.deepEqual([wrong.code, /broken/.test(wrong.stdout)], [1, true]);
});

test('up, serve and apiserver hand on what their flags say', async () => {
  const started: unknown[] = [];
  const note = async (options: unknown): Promise<void> => {
    started.push(options);
  };
  const none = async (): Promise<never> => assert.fail('no cluster is meant');
  const processes = { up: note, serve: note, apiServer: note, core: none, cluster: none };
  await using cli = await testCli({ processes });
  await cli.run('up');
  await cli.run('up', '--fresh', '--port', '9000', '--data-dir', '/tmp/x');
  await cli.run('serve', '--no-install-crds', '--auth', 'off', '--listen', ':80', '--role=server');
  await cli.run('apiserver', '--kubeconfig-out', 'k.yaml');
  assert.deepEqual(started, [
    { fresh: false, dataDir: '.fairlead', listen: '127.0.0.1:8080' },
    { fresh: true, dataDir: '/tmp/x', listen: '127.0.0.1:9000' },
    {
      namespace: 'argocd',
      applicationNamespaces: [],
      listen: '0.0.0.0:80',
      dataDir: '.fairlead',
      installCrds: false,
      role: 'server',
      auth: 'off',
    },
    { listen: '127.0.0.1:6443', dataDir: '.fairlead', kubeconfigOut: 'k.yaml' },
  ]);
});

test('completion scripts know every noun and verb', async () => {
  await using cli = await testCli();
  for (const shell of ['bash', 'zsh', 'fish']) {
    const { code, stdout } = await cli.run('completion', shell);
    assert.equal(code, 0);
    for (const word of ['terminate-op', 'apply-out-of-sync-only', 'verify'])
      assert.ok(stdout.includes(word), `${shell} ${word}`);
  }
  assert.equal((await cli.run('completion', 'tcsh')).code, 1);
});
