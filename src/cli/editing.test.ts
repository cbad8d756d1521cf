// Changing applications and projects by hand, and what needs no server: in process against a server.
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse, stringify } from 'yaml';
import { application, PASSWORD, startTestServer, type TestServer } from '../../test/support/api-server.ts';
import { type TestCli, testCli } from '../../test/support/cli.ts';
import type { Application } from '../model/index.ts';

interface World extends AsyncDisposable {
  readonly cli: TestCli;
  readonly server: TestServer;
  ok(...argv: readonly string[]): Promise<string>;
  fails(...argv: readonly string[]): Promise<string>;
  app(): Application;
}

const SPEC: Application['spec'] = {
  ...application('web').spec,
  source: {
    repoURL: 'https://git.example.com/apps.git',
    path: 'web',
    targetRevision: 'main',
    ref: 'values',
    helm: {
      valueFiles: ['a.yaml', 'b.yaml'],
      values: 'x: 1',
      parameters: [
        { name: 'image.tag', value: '1' },
        { name: 'replicas', value: '2' },
      ],
      passCredentials: true,
    },
    kustomize: { namePrefix: 'p-', images: ['nginx:1.2', 'redis=registry:5000/redis@sha256:abc'] },
  },
};

/** @param edits what the person makes of the text, one after the other */
async function start(edits: ((text: string) => string)[] = [], isInteractive = false): Promise<World> {
  const server = await startTestServer();
  await server.applications.create(application('web', { spec: SPEC }));
  const edit = async (file: string): Promise<void> => {
    const change = edits.shift();
    assert.ok(change !== undefined, 'the editor was opened once more than expected');
    await writeFile(file, change(await readFile(file, 'utf8')));
  };
  const prompts: string[] = [];
  const cli = await testCli({
    edit,
    prompt: {
      ask: async (question) => {
        prompts.push(question);
        return 'n';
      },
    },
    ...(isInteractive ? { terminal: { stdout: () => {}, stderr: () => {}, isInteractive: true } } : {}),
  });
  const address = server.url.replace('http://', '');
  const signedIn = await cli.run(
    'login',
    address,
    '--plaintext',
    '--username',
    'admin',
    '--password',
    PASSWORD,
  );
  assert.equal(signedIn.code, 0, signedIn.stderr);
  return {
    cli,
    server,
    async ok(...argv) {
      const { code, stderr, stdout } = await cli.run(...argv);
      assert.equal(code, 0, `${argv.join(' ')}: ${stderr}`);
      return stdout;
    },
    async fails(...argv) {
      const { code, stderr } = await cli.run(...argv);
      assert.notEqual(code, 0, argv.join(' '));
      return stderr;
    },
    app() {
      const app = server.applications.get('argocd', 'web');
      assert.ok(app !== undefined);
      return app;
    },
    async [Symbol.asyncDispose]() {
      await cli[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

test('app edit saves what was typed', async () => {
  await using world = await start([(text) => text.replace('targetRevision: main', 'targetRevision: v2')]);
  assert.match(await world.ok('app', 'edit', 'web'), /application 'argocd\/web' changed/);
  assert.equal(world.app().spec.source?.targetRevision, 'v2');
});

test('app edit without a change changes nothing', async () => {
  await using world = await start([(text) => `# a remark\n${text}`]);
  const { code, stderr } = await world.cli.run('app', 'edit', 'web');
  assert.deepEqual([code, stderr], [0, 'Edit cancelled, no changes made\n']);
});

test('app edit brings a refused text back with the reason, until it is right', async () => {
  const seen: string[] = [];
  await using world = await start(
    [
      (text) => text.replace('targetRevision:', 'targetRevison:'),
      (text) => {
        seen.push(text);
        return text.replace('targetRevison: main', 'targetRevision: v3');
      },
    ],
    true,
  );
  await world.ok('app', 'edit', 'web');
  assert.match(seen[0] ?? '', /^#! .*unknown member: spec\.source\.targetRevison/);
  assert.equal(world.app().spec.source?.targetRevision, 'v3');
});

test('without a terminal a refused text fails with the reason', async () => {
  await using world = await start([(text) => `${text}sorce: {}\n`]);
  assert.match(await world.fails('app', 'edit', 'web'), /Nothing was changed: .*spec\.sorce/);
  assert.deepEqual(world.app().spec, SPEC);
});

test('app patch prints the application as it is then', async () => {
  await using world = await start();
  const step = '[{"op": "replace", "path": "/spec/source/path", "value": "web2"}]';
  const printed = parse(await world.ok('app', 'patch', 'web', '--patch', step)) as Application;
  assert.equal(printed.spec.source?.path, 'web2');
  const merge = '{"spec": {"source": {"targetRevision": "v2"}}}';
  const json = await world.ok('app', 'patch', 'web', '--type', 'merge', '--patch', merge, '-o', 'json');
  assert.equal((JSON.parse(json) as Application).spec.source?.targetRevision, 'v2');
  assert.match(await world.fails('app', 'patch', 'web', '--patch', '{'), /The patch is not JSON/);
  assert.match(
    await world.fails('app', 'patch', 'web', '--type', 'merge', '--patch', '{"spec": {"sorce": 1}}'),
    /spec\.sorce/,
  );
});

const UNSET: Record<
  string,
  { flags: string[]; check: (source: NonNullable<Application['spec']['source']>) => unknown; want: unknown }
> = {
  'a parameter': {
    flags: ['-p', 'image.tag'],
    check: ({ helm }) => helm?.parameters,
    want: [{ name: 'replicas', value: '2' }],
  },
  'values files': {
    flags: ['--values', 'a.yaml', '--values', 'b.yaml'],
    check: ({ helm }) => helm?.valueFiles,
    want: [],
  },
  'values in place': { flags: ['--values-literal'], check: ({ helm }) => helm?.values, want: undefined },
  'passed credentials': {
    flags: ['--pass-credentials'],
    check: ({ helm }) => helm?.passCredentials,
    want: undefined,
  },
  'a name prefix': {
    flags: ['--nameprefix'],
    check: ({ kustomize }) => kustomize?.namePrefix,
    want: undefined,
  },
  'an image by its name': {
    flags: ['--kustomize-image', 'nginx'],
    check: ({ kustomize }) => kustomize?.images,
    want: ['redis=registry:5000/redis@sha256:abc'],
  },
  'an image that replaces another': {
    flags: ['--kustomize-image', 'redis'],
    check: ({ kustomize }) => kustomize?.images,
    want: ['nginx:1.2'],
  },
  'the ref': { flags: ['--ref'], check: ({ ref }) => ref, want: undefined },
};

for (const [name, { flags, check, want }] of Object.entries(UNSET)) {
  test(`app unset takes away ${name}`, async () => {
    await using world = await start();
    await world.ok('app', 'unset', 'web', ...flags);
    const { source } = world.app().spec;
    assert.ok(source !== undefined);
    assert.deepEqual(check(source), want);
    const again = await world.fails('app', 'unset', 'web', ...flags);
    assert.match(again, /has nothing of that set/);
  });
}

test('commands that change something print it as JSON when asked', async () => {
  await using world = await start();
  const set = JSON.parse(
    await world.ok('app', 'set', 'web', '--revision', 'v9', '-o', 'json'),
  ) as Application;
  assert.equal(set.spec.source?.targetRevision, 'v9');
  const flags = [
    '--repo',
    'https://git.example.com/a.git',
    '--path',
    'x',
    '--dest-name',
    'in-cluster',
    '-o',
    'json',
  ];
  const created = JSON.parse(await world.ok('app', 'create', 'two', ...flags)) as Application;
  assert.equal(created.metadata.name, 'two');
});

test('proj edit saves what was typed', async () => {
  await using world = await start([(text) => `${text === '{}\n' ? '' : text}description: ours\n`]);
  await world.ok('proj', 'create', 'shop');
  assert.match(await world.ok('proj', 'edit', 'shop'), /project 'shop' changed/);
  assert.equal(world.server.ports.projects.get('shop')?.spec.description, 'ours');
});

test('configure keeps the choice to be asked, and what is there stays', async () => {
  await using world = await start([], true);
  await world.ok('proj', 'create', 'shop');
  await world.ok('configure', '--prompts-enabled');
  await world.ok('proj', 'delete', 'shop');
  assert.ok(world.server.ports.projects.get('shop') !== undefined, 'the answer was no');
  await world.ok('configure', '--prompts-enabled=false');
  await world.ok('proj', 'delete', 'shop');
  assert.equal(world.server.ports.projects.get('shop'), undefined);
});

test('names lists what completion scripts complete', async () => {
  await using world = await start();
  assert.equal(await world.ok('names', 'applications'), 'web\n');
  assert.equal(await world.ok('names', 'clusters'), 'in-cluster\n');
  assert.match(await world.ok('names', 'contexts'), /127\.0\.0\.1/);
  assert.match(
    await world.fails('names', 'things'),
    /none of applications, applicationsets, projects, clusters, contexts/,
  );
  const script = await world.ok('completion', 'bash');
  assert.match(script, /"app get"\*\) words="\$\(fairlead names applications 2>\/dev\/null\)"/);
  assert.match(await world.ok('completion', 'fish'), /-a '\(fairlead names projects 2>\/dev\/null\)'/);
});

test('context -o json lists the contexts', async () => {
  await using world = await start();
  const [only] = JSON.parse(await world.ok('context', '-o', 'json')) as { current: boolean }[];
  assert.equal(only?.current, true);
});

test('admin app generate-spec prints and rewrites manifests without a server', async () => {
  await using cli = await testCli();
  const flags = ['--repo', 'https://git.example.com/a.git', '--path', 'x', '--dest-name', 'in-cluster'];
  const printed = parse(
    (await cli.run('admin', 'app', 'generate-spec', 'web', ...flags)).stdout,
  ) as Application;
  assert.deepEqual([printed.metadata.name, printed.spec.source?.path], ['web', 'x']);
  const file = join(cli.directory, 'web.yaml');
  await writeFile(file, stringify(printed));
  const inline = await cli.run('admin', 'app', 'generate-spec', '-f', file, '-i', '--revision', 'v2');
  assert.equal(inline.code, 0, inline.stderr);
  assert.equal((parse(await readFile(file, 'utf8')) as Application).spec.source?.targetRevision, 'v2');
  assert.match(
    (await cli.run('admin', 'app', 'generate-spec', 'web')).stderr,
    /name its repository with --repo/,
  );
  assert.match(
    (await cli.run('admin', 'app', 'generate-spec', 'web', '-i', ...flags)).stderr,
    /--inline needs a file/,
  );
});

const SETTINGS: Record<string, { key: string; text: string; says: RegExp | 'valid' }> = {
  'a URL': { key: 'url', text: 'https://cd.shop.test', says: 'valid' },
  'no URL': { key: 'url', text: 'cd.shop.test', says: /no http or https URL/ },
  'a flag': { key: 'statusbadge.enabled', text: 'maybe', says: /neither "true" nor "false"/ },
  'a duration': { key: 'timeout.reconciliation', text: 'soon', says: /no duration/ },
  'a link': { key: 'application.links', text: '[{title: A, url: "https://a.test/{{"}]', says: /\[0\]/ },
  'a good link': {
    key: 'resource.links',
    text: '[{title: A, url: "https://a.test/{{.app.metadata.name}}"}]',
    says: 'valid',
  },
  'no YAML': { key: 'resource.exclusions', text: '[', says: /no YAML/ },
  'a filter': { key: 'resource.exclusions', text: '[{kinds: Event}]', says: /kinds, which is no list/ },
  'an account': { key: 'accounts.ann', text: 'login, fly', says: /no list of login and apiKey/ },
};

for (const [name, { key, text, says }] of Object.entries(SETTINGS)) {
  test(`admin settings validate: ${name}`, async () => {
    await using cli = await testCli();
    const file = join(cli.directory, 'cm.yaml');
    await writeFile(
      file,
      stringify({
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'argocd-cm' },
        data: { [key]: text },
      }),
    );
    const { code, stdout } = await cli.run(
      'admin',
      'settings',
      'validate',
      '--argocd-cm-path',
      file,
      '-o',
      'json',
    );
    const [finding] = JSON.parse(stdout) as { key: string; problem: string | null }[];
    assert.equal(finding?.key, key);
    assert.equal(code, says === 'valid' ? 0 : 1);
    if (says === 'valid') assert.equal(finding?.problem, null);
    else assert.match(finding?.problem ?? '', says);
  });
}

test('admin dashboard serves without a sign-in and does not act', async () => {
  const started: unknown[] = [];
  const none = async (): Promise<never> => assert.fail('not meant');
  const processes = {
    up: none,
    apiServer: none,
    core: none,
    cluster: none,
    serve: async (options: unknown) => void started.push(options),
  };
  await using cli = await testCli({ processes });
  await cli.run('admin', 'dashboard', '--port', '9999', '--kubeconfig', 'k');
  assert.deepEqual(started, [
    {
      namespace: 'argocd',
      applicationNamespaces: [],
      listen: '127.0.0.1:9999',
      dataDir: '.fairlead-dashboard',
      installCrds: false,
      role: 'server',
      auth: 'off',
      kubeconfig: 'k',
    },
  ]);
});
