// S-H9: names, commit messages, branch names, the words of tools and of pods that steer terminals, break lines or turn
// the direction of text. They are stored as they came, and never obeyed: by the command line, the log or the record.
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { parse } from 'yaml';
import { jsonLogger } from '../../../src/lib/index.ts';
import { startTestServer } from '../../support/api-server.ts';
import { type TestCli, testCli } from '../../support/cli.ts';
import { startGitServer, type TestGitServer } from '../../support/git-server.ts';
import { paintedApplication, STEERING, STEERS } from '../../support/hostile-texts.ts';
import { type SignInWorld, signInWorld } from '../../support/sign-in-world.ts';

const APPLICATIONS = {
  group: 'argoproj.io',
  version: 'v1alpha1',
  kind: 'Application',
  resource: 'applications',
  namespaced: true,
};
/** git takes this for a branch: no controls, but a turned direction. */
const BRANCH = 'feature/\u202egpj\u2066-"}{';
const CHART = {
  'Chart.yaml': 'apiVersion: v2\nname: web\nversion: 1.0.0\n',
  'templates/fail.yaml': `{{ fail ${JSON.stringify(STEERING)} }}\n`,
};
const MAP = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: map}\ndata: {a: b}\n';

suite('texts that steer', () => {
  let world: SignInWorld;
  let git: TestGitServer;
  let cli: TestCli;
  let token: string;
  const lines: string[] = [];

  before(async () => {
    world = await signInWorld(
      {},
      jsonLogger({ level: 'debug', now: Date.now, write: (line) => void lines.push(line) }),
    );
    git = await startGitServer();
    cli = await testCli();
    const session = await fetch(`${world.url}/api/v1/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ username: 'admin', password: world.password }),
    });
    ({ token } = (await session.json()) as { token: string });
    const repository = await git.repository('shop');
    repository.write({
      ...Object.fromEntries(Object.entries(CHART).map(([path, text]) => [`chart/${path}`, text])),
    });
    repository.write({ 'plain/map.yaml': MAP });
    repository.git('config', 'user.name', `Eve\u202e\u001b[31m`);
    repository.git('add', '-A');
    repository.git(
      'commit',
      '-q',
      '-m',
      `Greet ${STEERING}`,
      '--author',
      'Eve\u202e\u009b31m <eve@shop.test>',
    );
    repository.git('push', '-q', 'origin', `HEAD:refs/heads/${BRANCH}`);
    for (const name of ['chart', 'plain']) {
      await world.kube.create(APPLICATIONS, {
        apiVersion: 'argoproj.io/v1alpha1',
        kind: 'Application',
        metadata: { name, namespace: 'argocd' },
        spec: {
          project: 'default',
          source: { repoURL: repository.url, path: name, targetRevision: BRANCH },
          destination: { server: 'https://kubernetes.default.svc', namespace: 'default' },
        },
      });
    }
    await world.kube.create(APPLICATIONS, paintedApplication('painted', STEERING));
    await world.until('the chart has failed', async () =>
      JSON.stringify(await application('chart')).includes('ComparisonError'),
    );
    await world.until('the plain one is compared', async () =>
      JSON.stringify(await application('plain')).includes('"status":"OutOfSync"'),
    );
  });

  after(async () => {
    await world?.[Symbol.asyncDispose]();
    await cli?.[Symbol.asyncDispose]();
    git?.close();
  });

  const application = async (name: string): Promise<unknown> =>
    await world.kube.get(APPLICATIONS, { namespace: 'argocd', name });
  const call = (method: string, path: string, body?: unknown): Promise<Response> =>
    fetch(`${world.url}/api/v1/${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  const run = async (...words: string[]) =>
    await cli.run(...words, '--server', world.url, '--auth-token', token);

  /** Nothing that steers, and no line that a text of others began. */
  const assertTame = (what: string, text: string): void => {
    assert.doesNotMatch(text, STEERS, what);
    assert.doesNotMatch(text, /^FORGED/m, what);
  };

  test('S-H9: no command of the command line obeys what it prints', async () => {
    const commands = [
      ...[
        'app list',
        'app list -o wide',
        'audit query',
        'audit query --search FORGED',
        'repo list',
        'proj list',
      ],
      ...['painted', 'chart', 'plain'].flatMap((name) => [
        ...['get', 'history', 'resources', 'explain', 'diff'].map((verb) => `app ${verb} ${name}`),
        `app get ${name} -o tree`,
        `app get ${name} --show-operation`,
      ]),
      'app sync chart --timeout 60',
      'app manifests plain --source git',
    ];
    for (const command of commands) {
      const { stdout, stderr } = await run(...command.split(' '));
      assertTame(`${command}, stdout`, stdout);
      assertTame(`${command}, stderr`, stderr);
    }
    assert.match(
      (await run('app', 'get', 'plain')).stdout,
      /Commit: .* Eve\\u202e\\u009b31m .*Greet sly\\u001b\[2J/,
    );
    assert.match((await run('app', 'get', 'chart')).stdout, /sly.*\\u001b\[2J/);
  });

  test('S-H9: JSON and YAML of the command line are as tame, and hold the very texts', async () => {
    const { status } = (await application('painted')) as { status: unknown };
    for (const [format, read] of [
      ['json', (text: string): unknown => JSON.parse(text)],
      ['yaml', (text: string): unknown => parse(text)],
    ] as const) {
      const { stdout } = await run('app', 'get', 'painted', '-o', format);
      assertTame(
        format,
        stdout.replace(/^.*"?(FORGED|externalURLs).*$/gm, (line) => line.replace(/FORGED/g, '')),
      );
      const shown = (read(stdout) as { status: { health: unknown; conditions: unknown } }).status;
      assert.deepEqual(
        [shown.health, shown.conditions],
        [(status as typeof shown).health, (status as typeof shown).conditions],
      );
    }
    const lines = (await run('audit', 'export')).stdout.trim().split('\n');
    for (const line of lines) JSON.parse(line);
    assertTame('audit export', lines.join('\n'));
    assertTame('audit export', (await run('audit', 'export', '--format', 'csv')).stdout);
  });

  test('S-H9: one event is one line of the log, whatever it tells of', async () => {
    await call('POST', 'applications/painted/sync', {
      revision: STEERING,
      infos: [{ name: STEERING, value: STEERING }],
    });
    await call('GET', `applications/${encodeURIComponent(STEERING)}`);
    await fetch(
      `${world.url}/auth/callback?${new URLSearchParams({ code: STEERING, state: STEERING, error: STEERING })}`,
    );
    await fetch(`${world.url}/api/v1/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ username: STEERING, password: STEERING }),
    });
    const log = jsonLogger({ level: 'debug', now: Date.now, write: (line) => void lines.push(line) });
    log.with({ [STEERING]: STEERING }).warn(STEERING, { error: new Error(STEERING), names: [STEERING] });
    assert.ok(lines.length > 2);
    for (const line of lines) {
      assert.match(line, /^\{[^\n]*\}\n$/);
      assert.doesNotMatch(line, STEERS);
      JSON.parse(line);
    }
  });

  test('S-H9: the record keeps the texts as they came, and its chain is whole', async () => {
    const made = await call('POST', 'projects', {
      project: { metadata: { name: 'sly' }, spec: { description: STEERING, sourceRepos: [STEERING] } },
    });
    assert.ok([200, 400].includes(made.status), await made.text());
    const synced = await call('POST', 'applications/plain/sync', {
      infos: [{ name: 'why', value: STEERING }],
    });
    assert.equal(synced.status, 200);
    await world.until('the sync has ended', async () =>
      JSON.stringify(await application('plain')).includes('"finishedAt"'),
    );
    const verdict = await run('audit', 'verify');
    assert.equal(verdict.code, 0, verdict.stdout + verdict.stderr);
    assertTame('audit verify', verdict.stdout);
  });
});

test('S-H9: logs of pods and hooks do not steer the terminal that they are read in', async () => {
  const rows = STEERING.split('\n').map((content, i) => ({
    content,
    timeStamp: '2026-01-02T03:04:05Z',
    timeStampStr: '2026-01-02T03:04:05Z',
    podName: `hook-${i}${STEERING}`,
    last: false,
  }));
  const logs = {
    open: async () => ({
      lines: (async function* () {
        yield* rows;
      })(),
      close() {},
    }),
  };
  await using server = await startTestServer({ ports: { logs } });
  await server.applications.create(paintedApplication('web', STEERING) as never);
  await using cli = await testCli();
  const at = ['--server', server.url, '--auth-token', await server.signIn()];
  for (const more of [[], ['--prefix', '--timestamps']]) {
    const { code, stdout, stderr } = await cli.run('app', 'logs', 'web', ...more, ...at);
    assert.equal(code, 0, stderr);
    assert.doesNotMatch(stdout, STEERS);
    assert.equal(stdout.trimEnd().split('\n').length, rows.length);
  }
});
