// What `fairlead appset` asks, refuses and prints: in process against a server. The story with a controller is in
// test/e2e/application-sets.test.ts.
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  application,
  applicationSet,
  PASSWORD,
  startTestServer,
  type TestServer,
} from '../../test/support/api-server.ts';
import { type TestCli, testCli } from '../../test/support/cli.ts';
import { memoryProjects } from '../../test/support/memory-projects.ts';
import { yamlText } from './output.ts';

interface World extends AsyncDisposable {
  readonly server: TestServer;
  readonly cli: TestCli;
  readonly asked: string[];
  /** What was printed by a command that ended well. */
  ok(...argv: readonly string[]): Promise<string>;
  /** What was said by a command that failed. */
  fails(...argv: readonly string[]): Promise<string>;
}

/** @param answers what the person types, one after the other; none: there is no terminal */
async function start(answers?: readonly string[], stdin = ''): Promise<World> {
  const metadata = { name: 'default', namespace: 'argocd' };
  const project = { apiVersion: 'argoproj.io/v1alpha1', kind: 'AppProject', metadata, spec: {} };
  const server = await startTestServer({ ports: { projects: memoryProjects(project) } });
  const left = [...(answers ?? [])];
  const asked: string[] = [];
  const printed: string[] = [];
  const terminal = {
    stdout: (text: string) => void printed.push(text),
    stderr: (text: string) => void printed.push(text),
    isInteractive: true,
  };
  const cli = await testCli({
    readStdin: async () => stdin,
    prompt: {
      ask: async (question) => {
        asked.push(question);
        return left.shift() ?? '';
      },
    },
    ...(answers === undefined ? {} : { terminal }),
  });
  const login = ['login', server.url.replace('http://', ''), '--plaintext', '--username', 'admin'];
  assert.equal((await cli.run(...login, '--password', PASSWORD)).code, 0);
  return {
    server,
    cli,
    asked,
    async ok(...argv) {
      const { code, stdout, stderr } = await cli.run(...argv);
      assert.equal(code, 0, `${argv.join(' ')}\n${stderr}`);
      return stdout;
    },
    async fails(...argv) {
      const { code, stderr } = await cli.run(...argv);
      assert.notEqual(code, 0, argv.join(' '));
      return stderr;
    },
    async [Symbol.asyncDispose]() {
      await cli[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

const manifest = (name: string): string => yamlText(applicationSet(name));

test('appset delete asks for each set, or for all that are left at once', async () => {
  await using world = await start(['n', 'A']);
  for (const name of ['a', 'b', 'c']) await world.server.sets.create(applicationSet(name));
  await world.ok('appset', 'delete', 'a', 'argocd/b', 'c');
  assert.deepEqual(world.asked, [
    "Delete ApplicationSet 'a' and all its applications? [y/n/A], A: this and all others ",
    "Delete ApplicationSet 'argocd/b' and all its applications? [y/n/A], A: this and all others ",
  ]);
  assert.deepEqual(
    world.server.sets.list().map(({ metadata }) => metadata.name),
    ['a'],
  );
});

test('appset delete without a terminal wants --yes, and says what it deleted', async () => {
  await using world = await start();
  await world.server.sets.create(applicationSet('a'));
  assert.match(await world.fails('appset', 'delete', 'a'), /without a terminal say --yes/);
  const deleted = await world.ok('appset', 'delete', 'a', '-y', '--wait', '-o', 'json');
  assert.deepEqual(JSON.parse(deleted), [{ name: 'a' }]);
  assert.deepEqual(world.server.sets.list(), []);
});

test('appset create reads from stdin and from several files, and wants names', async () => {
  await using world = await start(undefined, manifest('piped'));
  assert.equal(await world.ok('appset', 'create', '-'), "ApplicationSet 'piped' created\n");
  const [one, two] = [join(world.cli.directory, 'one.yaml'), join(world.cli.directory, 'two.yaml')];
  await writeFile(one, manifest('one'));
  await writeFile(two, `${manifest('two')}---\n${manifest('three')}`);
  await world.ok('appset', 'create', one, two);
  assert.equal(
    await world.ok('appset', 'list', '-o', 'name'),
    'argocd/one\nargocd/piped\nargocd/three\nargocd/two\n',
  );
  await writeFile(two, (await readFile(two, 'utf8')).replace('  name: two\n', '  labels: {a: b}\n'));
  assert.match(await world.fails('appset', 'create', two), /has no metadata\.name/);
  await writeFile(two, '');
  assert.match(await world.fails('appset', 'create', two), /No ApplicationSet is in/);
});

test('appset generate prints one application by itself and several as a list', async () => {
  await using world = await start(undefined, manifest('web'));
  world.server.sets.generated = [application('web-a')];
  assert.match(await world.ok('appset', 'generate', '-', '-o', 'yaml'), /^apiVersion: /);
  world.server.sets.generated = [application('web-a'), application('web-b')];
  assert.match(await world.ok('appset', 'generate', '-', '-o', 'yaml'), /^- apiVersion: /);
  assert.match(await world.ok('appset', 'generate', '-'), /^NAME\s.*REPO\s+PATH\s+TARGET\nargocd\/web-a\s/);
});

test('appset create --wait says what is missing when time is up', async () => {
  await using world = await start(undefined, manifest('web'));
  world.server.sets.generated = [application('web-a')];
  const said = await world.fails('appset', 'create', '-', '--wait', '--timeout', '0.2');
  assert.match(said, /timed out \(0\.2s\) waiting for ApplicationSet "web".*not there: web-a/);
});
