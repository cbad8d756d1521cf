import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, before, test } from 'node:test';
import { startGitServer, type TestGitServer } from '../../test/support/git-server.ts';

let server: TestGitServer;
before(async () => {
  server = await startGitServer({ user: 'ada', password: 'pw' });
});
after(() => server.close());

const env = {
  PATH: process.env['PATH'] ?? '',
  HOME: '/nonexistent',
  GIT_TERMINAL_PROMPT: '0',
  GIT_CONFIG_GLOBAL: '/dev/null',
};
const git = (cwd: string, ...args: string[]): string =>
  execFileSync('git', args, { cwd, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

/** execFileSync would stop this process, and with it the server: run git beside it. */
const gitBeside = async (cwd: string, ...args: string[]): Promise<number | null> => {
  const { spawn } = await import('node:child_process');
  const child = spawn('git', args, { cwd, env, stdio: 'ignore' });
  return await new Promise((resolve) => child.once('close', resolve));
};

test('a push is told with the refs it changed, before and after', async () => {
  const repository = await server.repository('team/app');
  repository.write({ 'a.yaml': 'a: 1\n' });
  git(repository.workTree, 'add', '-A');
  repository.git('commit', '-q', '-m', 'one');
  const first = repository.git('rev-parse', 'HEAD');
  const url = repository.url.replace('http://', 'http://ada:pw@');
  assert.equal(await gitBeside(repository.workTree, 'push', '-q', url, 'HEAD:main', 'HEAD:refs/tags/v1'), 0);
  repository.git('commit', '-q', '--allow-empty', '-m', 'two');
  const second = repository.git('rev-parse', 'HEAD');
  assert.equal(await gitBeside(repository.workTree, 'push', '-q', url, 'HEAD:main', ':refs/tags/v1'), 0);
  assert.equal(await gitBeside(repository.workTree, 'push', '-q', url, 'HEAD:main'), 0); // nothing to push
  assert.deepEqual(server.pushes, [
    {
      repository: 'team/app.git',
      changes: [
        { ref: 'refs/heads/main', after: first },
        { ref: 'refs/tags/v1', after: first },
      ],
    },
    {
      repository: 'team/app.git',
      changes: [
        { ref: 'refs/heads/main', before: first, after: second },
        { ref: 'refs/tags/v1', before: first },
      ],
    },
  ]);
});

test('a wrong or missing password is refused', async () => {
  const repository = await server.repository('closed');
  assert.notEqual(await gitBeside('/', 'ls-remote', repository.url), 0);
  assert.notEqual(await gitBeside('/', 'ls-remote', repository.url.replace('http://', 'http://ada:no@')), 0);
  assert.equal(await gitBeside('/', 'ls-remote', repository.url.replace('http://', 'http://ada:pw@')), 0);
});

for (const path of [
  '/../etc.git/info/refs',
  '/a/..%2fb.git/info/refs',
  '/.git/config',
  '/x.git/config',
  '/x.git/objects/../config',
  '/',
]) {
  test(`${path} is not served`, async () => {
    const response = await fetch(`${server.url}${path}`, {
      headers: { Authorization: `Basic ${btoa('ada:pw')}` },
    });
    assert.equal(response.status, 404);
  });
}
