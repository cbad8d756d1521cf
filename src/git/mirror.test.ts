import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type GitFixture, gitFixture } from '../../test/support/git-deps.ts';
import { startGitServer, type TestGitServer } from '../../test/support/git-server.ts';
import { GitError, type GitErrorCode } from './errors.ts';

let server: TestGitServer;
let git: GitFixture;
before(async () => {
  server = await startGitServer();
  git = gitFixture();
});
after(() => {
  git.close();
  server.close();
});

const is = (code: GitErrorCode) => (error: unknown) => error instanceof GitError && error.code === code;
/** The clone that holds a commit. */
const gitDirOf = (commit: string): string => {
  const root = join(git.dataDir, 'git');
  const names = readdirSync(root).filter((name) => name.endsWith('.git'));
  return join(root, names.find((name) => cloneHolds(join(root, name), commit)) ?? 'none');
};
const cloneHolds = (gitDir: string, commit: string): boolean => {
  try {
    execFileSync('git', [`--git-dir=${gitDir}`, 'cat-file', '-e', commit], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
};

test('a fetch gives an immutable snapshot of HEAD, branches and peeled tags', async () => {
  const repository = await server.repository('snapshot');
  const commit = repository.push({ 'a.yaml': 'a: 1\n' });
  repository.git('tag', '-a', 'v1.0.0', '-m', 'one');
  repository.git('push', '-q', 'origin', 'v1.0.0');
  const snapshot = await git.mirror(repository.url).fetch();
  assert.equal(snapshot.head, commit);
  assert.equal(snapshot.headRef, 'refs/heads/main');
  assert.deepEqual(
    [...snapshot.refs],
    [
      ['refs/heads/main', commit],
      ['refs/tags/v1.0.0', commit],
    ],
  );
});

test('fetches asked for while one runs are one more fetch, which sees every push made before', async () => {
  const repository = await server.repository('shared');
  repository.push({ 'a.yaml': 'a: 1\n' });
  const mirror = git.mirror(repository.url);
  await mirror.fetch();
  server.requests.length = 0;
  const first = mirror.fetch();
  const commit = repository.push({ 'a.yaml': 'a: 2\n' });
  const rest = await Promise.all(Array.from({ length: 50 }, () => mirror.fetch()));
  await first;
  assert.ok(rest.every((snapshot) => snapshot.head === commit));
  assert.equal(server.requests.filter((line) => line.startsWith('GET')).length, 2);
});

test('poll() fetches nothing while the refs stay as they are', async () => {
  const repository = await server.repository('poll');
  repository.push({ 'a.yaml': 'a: 1\n' });
  const mirror = git.mirror(repository.url);
  const before = await mirror.fetch();
  server.requests.length = 0;
  assert.equal((await mirror.poll()).digest, before.digest);
  assert.equal(server.requests.length, 2); // capabilities and ls-refs, no pack
  const commit = repository.push({ 'a.yaml': 'a: 2\n' });
  assert.equal((await mirror.poll()).head, commit);
});

test('one who gives up waiting does not end the fetch of the others', async () => {
  const repository = await server.repository('abort');
  const commit = repository.push({ 'a.yaml': 'a: 1\n' });
  const mirror = git.mirror(repository.url);
  const stop = new AbortController();
  const impatient = mirror.fetch(stop.signal);
  const patient = mirror.fetch();
  stop.abort();
  await assert.rejects(impatient, { name: 'AbortError' });
  assert.equal((await patient).head, commit);
});

test('an empty repository has no HEAD and gets one with its first push', async () => {
  const repository = await server.repository('empty');
  const mirror = git.mirror(repository.url);
  assert.equal((await mirror.fetch()).head, undefined);
  await assert.rejects(mirror.resolve(''), is('GIT_REF_NOT_FOUND'));
  const commit = repository.push({ 'a.yaml': 'a: 1\n' });
  assert.equal((await mirror.poll()).head, commit);
});

test('resolve() finds pinned, abbreviated, foreign and unreachable commits', async () => {
  const repository = await server.repository('resolve');
  const first = repository.push({ 'a.yaml': 'a: 1\n' });
  repository.git('push', '-q', 'origin', 'HEAD:refs/pull/7/head');
  repository.push({ 'a.yaml': 'a: 2\n' });
  const mirror = git.mirror(repository.url);
  assert.deepEqual(await mirror.resolve(first), { id: first, target: first });
  assert.equal((await mirror.resolve(first.slice(0, 8))).id, first);
  assert.equal((await mirror.resolve('refs/pull/7/head')).id, first);
  // A commit that no branch or tag holds any more.
  repository.write({ 'b.yaml': 'b: 1\n' });
  repository.git('add', '-A');
  repository.git('commit', '-q', '-m', 'lost');
  const lost = repository.git('rev-parse', 'HEAD');
  repository.git('push', '-q', 'origin', 'HEAD:refs/heads/gone');
  repository.git('push', '-q', 'origin', ':refs/heads/gone');
  assert.equal((await mirror.resolve(lost)).id, lost);
  await assert.rejects(mirror.resolve('1'.repeat(40)), is('GIT_REF_NOT_FOUND'));
  await assert.rejects(mirror.resolve('1234567'), is('GIT_REF_NOT_FOUND'));
  await assert.rejects(mirror.resolve('refs/pull/8/head'), is('GIT_REF_NOT_FOUND'));
  assert.equal((await mirror.resolve('main')).target, 'main'); // the vanished ref does not stop the others
});

test('a rewritten branch, a moved tag and a branch that became a directory are followed', async () => {
  const repository = await server.repository('rewrite');
  const first = repository.push({ 'a.yaml': 'a: 1\n' });
  repository.git('push', '-q', 'origin', 'HEAD:refs/heads/team', 'HEAD:refs/tags/v1');
  const mirror = git.mirror(repository.url);
  await mirror.fetch();
  repository.git('commit', '-q', '--amend', '-m', 'rewritten');
  const second = repository.git('rev-parse', 'HEAD');
  repository.git('push', '-q', '--force', 'origin', 'HEAD:refs/heads/main', 'HEAD:refs/tags/v1');
  repository.git('push', '-q', 'origin', ':refs/heads/team');
  repository.git('push', '-q', 'origin', 'HEAD:refs/heads/team/a');
  const snapshot = await mirror.fetch();
  assert.deepEqual(
    [...snapshot.refs],
    [
      ['refs/heads/main', second],
      ['refs/heads/team/a', second],
      ['refs/tags/v1', second],
    ],
  );
  assert.equal(await mirror.isAncestor(first, second), false);
  assert.equal((await mirror.resolve(first)).id, first); // still there for what runs it
});

test('commitInfo(), changedPaths() and isAncestor() describe history', async () => {
  const repository = await server.repository('history');
  const first = repository.push(
    { 'a/x.yaml': '1', 'b.yaml': '1', 'c/d/e.yaml': '1' },
    'First\n\nWith a body',
  );
  const second = repository.push({ 'a/x.yaml': '2', 'b.yaml': undefined, 'c/d': 'now a file' });
  repository.git('tag', 'v1');
  repository.git('push', '-q', 'origin', 'v1');
  const mirror = git.mirror(repository.url);
  await mirror.fetch();
  assert.deepEqual(await mirror.changedPaths(first, second), ['a/x.yaml', 'b.yaml', 'c/d', 'c/d/e.yaml']);
  assert.equal(await mirror.isAncestor(first, second), true);
  const info = await mirror.commitInfo(second);
  assert.deepEqual([info.author, info.parents, info.tags], ['Ada <ada@example.com>', [first], ['v1']]);
  assert.equal((await mirror.commitInfo(first)).message, 'First\n\nWith a body\n');
});

test('what a killed process left is cleaned up: no marker, locks, half-written packs', async () => {
  const repository = await server.repository('leftovers');
  const commit = repository.push({ 'a.yaml': 'leftovers: 1\n' });
  await git.mirror(repository.url).fetch();
  const gitDir = gitDirOf(commit);
  writeFileSync(join(gitDir, 'packed-refs.lock'), '');
  writeFileSync(join(gitDir, 'HEAD.lock'), '');
  writeFileSync(join(gitDir, 'objects/pack/tmp_pack_x'), 'half');
  const later = gitFixture(git.dataDir);
  const second = repository.push({ 'a.yaml': 'a: 2\n' });
  assert.equal((await later.mirror(repository.url).fetch()).head, second);
  assert.equal(existsSync(join(gitDir, 'packed-refs.lock')), false);
  assert.equal(existsSync(join(gitDir, 'objects/pack/tmp_pack_x')), false);
  later.mirrors.close();

  rmSync(join(gitDir, 'fairlead-complete'));
  rmSync(join(gitDir, 'HEAD'));
  const latest = gitFixture(git.dataDir);
  assert.equal((await latest.mirror(repository.url).fetch()).head, second);
  latest.mirrors.close();
});

test('a damaged clone is noticed, an error for that read, and whole again after the next fetch', async () => {
  const repository = await server.repository('damage');
  const commit = repository.push({ 'dir/a.yaml': 'damage: 1\n' });
  const mirror = git.mirror(repository.url);
  await mirror.fetch();
  const gitDir = gitDirOf(commit);
  for (const entry of readdirSync(join(gitDir, 'objects'), { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) {
      execFileSync('chmod', ['u+w', join(entry.parentPath, entry.name)]);
      truncateSync(join(entry.parentPath, entry.name), 3);
    }
  }
  git.mirrors.close();
  await assert.rejects(mirror.objects.blob('1'.repeat(40)), is('GIT_CORRUPT'));
  // The refs did not move; the damage alone is reason enough.
  const { head } = await mirror.poll();
  assert.equal(head, commit);
  assert.equal(
    (await mirror.objects.find(await mirror.objects.rootTree(commit), 'dir/a.yaml'))?.kind,
    'file',
  );
});

const FAULTS: Record<string, { status: number; headers?: Record<string, string>; code: GitErrorCode }> = {
  'no such repository': { status: 404, code: 'GIT_REPOSITORY_NOT_FOUND' },
  'a refused credential': {
    status: 401,
    headers: { 'WWW-Authenticate': 'Basic realm="git"' },
    code: 'GIT_AUTH',
  },
  'a forbidden repository': { status: 403, code: 'GIT_AUTH' },
  'a rate limit': { status: 429, code: 'GIT_UNREACHABLE' },
  'a broken server': { status: 500, code: 'GIT_UNREACHABLE' },
};
for (const [name, { status, headers, code }] of Object.entries(FAULTS)) {
  test(`${name} is ${code}, and the last snapshot stays readable`, async () => {
    const repository = await server.repository(`fault-${status}`);
    const commit = repository.push({ 'a.yaml': 'a: 1\n' });
    const mirror = git.mirror(repository.url);
    await mirror.fetch();
    server.fault = (_request, response) => {
      response.writeHead(status, headers).end();
      return true;
    };
    try {
      await assert.rejects(mirror.fetch(), is(code));
      await assert.rejects(mirror.poll(), is(code));
    } finally {
      server.fault = undefined;
    }
    assert.equal(mirror.snapshot?.head, commit);
    assert.equal((await mirror.resolve('main')).id, commit);
    assert.equal((await mirror.fetch()).head, commit);
  });
}

test('an answer cut off in the middle is an error and leaves the mirror as it was', async () => {
  const repository = await server.repository('cut');
  const commit = repository.push({ 'a.yaml': 'a: 1\n' });
  const mirror = git.mirror(repository.url);
  await mirror.fetch();
  repository.push({ 'a.yaml': 'x'.repeat(200_000) });
  server.fault = (request, response) => {
    if (!request.url?.endsWith('git-upload-pack')) return false;
    response.writeHead(200, { 'content-type': 'application/x-git-upload-pack-result' });
    response.write('0011');
    response.destroy();
    return true;
  };
  try {
    await assert.rejects(mirror.fetch(), GitError);
  } finally {
    server.fault = undefined;
  }
  assert.equal(mirror.snapshot?.head, commit);
});

test('S-H5: a credential travels in a header, appears in no argument or message, and follows no redirect', async () => {
  const guarded = await startGitServer({ user: 'ada', password: 'hunter2-canary' });
  const catcher = await startGitServer();
  try {
    const repository = await guarded.repository('secret');
    const commit = repository.push({ 'a.yaml': 'a: 1\n' });
    const credential = { kind: 'basic', username: 'ada', password: 'hunter2-canary' } as const;
    assert.equal((await git.mirror(repository.url, { credential }).fetch()).head, commit);
    await assert.rejects(git.mirror(repository.url).fetch(), is('GIT_AUTH'));
    const wrong = { ...credential, password: 'wrong' };
    await assert.rejects(git.mirror(repository.url, { credential: wrong }).fetch(), is('GIT_AUTH'));

    let seen = 0;
    catcher.fault = (_request, response) => {
      seen += 1;
      response.writeHead(404).end();
      return true;
    };
    guarded.fault = (request, response) => {
      response.writeHead(302, { Location: `${catcher.url}${request.url}` }).end();
      return true;
    };
    await assert.rejects(
      git.mirror(repository.url, { credential }).fetch(),
      (error: unknown) => is('GIT_REDIRECTED')(error) && !String(error).includes('hunter2'),
    );
    assert.equal(seen, 0);
    for (const entry of readdirSync(git.dataDir, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile() || entry.name.endsWith('.pack')) continue;
      assert.doesNotMatch(readFileSync(join(entry.parentPath, entry.name), 'latin1'), /hunter2/);
    }
  } finally {
    guarded.close();
    catcher.close();
  }
});

test('S-H6: objects another credential fetched are not readable before an own fetch', async () => {
  const repository = await server.repository('tenants');
  repository.push({ 'a.yaml': 'a: 1\n' });
  await git.mirror(repository.url).fetch();
  const other = git.mirror(repository.url, { credential: { kind: 'bearer', token: 't' } });
  assert.throws(() => other.objects, GitError);
});

test('a hook in the mirror never runs', async () => {
  const repository = await server.repository('hooks');
  const commit = repository.push({ 'a.yaml': 'hooks: 1\n' });
  const mirror = git.mirror(repository.url);
  await mirror.fetch();
  const canary = join(git.dataDir, 'canary');
  mkdirSync(join(gitDirOf(commit), 'hooks'), { recursive: true });
  for (const hook of ['reference-transaction', 'post-merge', 'post-checkout']) {
    writeFileSync(join(gitDirOf(commit), 'hooks', hook), `#!/bin/sh\ntouch ${canary}\n`, { mode: 0o755 });
  }
  repository.push({ 'a.yaml': 'a: 2\n' });
  await mirror.fetch();
  assert.equal(existsSync(canary), false);
});
