import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type GitFixture, gitFixture } from '../../test/support/git-deps.ts';
import { startGitServer, type TestGitServer } from '../../test/support/git-server.ts';
import { createCheckouts, GitError, type GitErrorCode } from '../git/index.ts';
import { silentLogger, systemRandom } from '../lib/index.ts';
import { gitArtifact } from './git.ts';

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
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8');

/** Links that must not be followed, each with the path that reads it. */
const BAD_LINKS: Record<string, { link: string; read: string }> = {
  absolute: { link: '/etc/passwd', read: 'link' },
  'climbing out': { link: '../outside', read: 'link' },
  'climbing out through directories': { link: 'dir/../../outside', read: 'link' },
  'to itself': { link: 'link', read: 'link' },
  'to a directory outside, then up': { link: '../..', read: 'link/etc' },
  'with a NUL-like escape': { link: 'dir\\..\\..\\x', read: 'link' },
};
for (const [name, { link, read }] of Object.entries(BAD_LINKS)) {
  test(`a link ${name} is refused by name, and the rest of the repository stays readable`, async () => {
    const repository = await server.repository(`bad-${name.replace(/[^a-z]/gi, '-')}`);
    repository.push({ link: `link:${link}`, 'dir/a.yaml': 'a: 1\n', 'app/x.yaml': 'x: 1\n' });
    const { tree, materialise } = await git.artifact(repository.url);
    await assert.rejects(
      tree.stat(read),
      (error: unknown) => is('GIT_LINK_OUT_OF_BOUNDS')(error) && String(error).includes('link'),
    );
    await assert.rejects(tree.read(read), is('GIT_LINK_OUT_OF_BOUNDS'));
    await assert.rejects(tree.list(''), is('GIT_LINK_OUT_OF_BOUNDS'));
    await assert.rejects(materialise(['']), is('GIT_LINK_OUT_OF_BOUNDS'));
    assert.equal(text(await tree.read('app/x.yaml')), 'x: 1\n');
    (await materialise(['app'])).release();
  });
}

test('links inside the repository are followed: files, directories, chains, out of the path and back', async () => {
  const repository = await server.repository('links');
  repository.push({
    'common/values.yaml': 'v: 1\n',
    'common/more/deep.yaml': 'd: 1\n',
    'app/values.yaml': 'link:../common/values.yaml',
    'app/more': 'link:../common/more',
    'app/chain': 'link:more',
    'app/dangling': 'link:nowhere',
  });
  const artifact = await git.artifact(repository.url);
  assert.equal(text(await artifact.tree.read('app/values.yaml')), 'v: 1\n');
  assert.equal(text(await artifact.tree.read('app/chain/deep.yaml')), 'd: 1\n');
  assert.deepEqual(
    (await artifact.tree.list('app')).map(({ name, kind }) => `${name} ${kind}`),
    ['chain directory', 'more directory', 'values.yaml file'],
  );
  assert.deepEqual(
    (await artifact.tree.closure('app')).map(({ path }) => path),
    ['app', 'common/more', 'common/values.yaml'],
  );
  const checkout = await artifact.materialise(['app']);
  const files = readdirSync(checkout.directory, { recursive: true, withFileTypes: true });
  assert.ok(files.every((file) => file.isFile() || file.isDirectory()));
  assert.equal(readFileSync(join(checkout.directory, 'app/chain/deep.yaml'), 'utf8'), 'd: 1\n');
  assert.equal(existsSync(join(checkout.directory, 'common')), false);
  checkout.release();
});

test('a directory link to its own parent is refused when laid out', async () => {
  const repository = await server.repository('nest');
  repository.push({ 'app/a.yaml': 'a: 1\n', 'app/loop': 'link:../app' });
  const { materialise } = await git.artifact(repository.url);
  await assert.rejects(materialise(['app']), is('GIT_LINK_OUT_OF_BOUNDS'));
});

test('paths that climb out, are absolute, reach .git or hold odd characters are refused', async () => {
  const repository = await server.repository('paths');
  repository.push({ 'a/x': '1' });
  const { tree, materialise } = await git.artifact(repository.url);
  for (const path of [
    '../x',
    '/etc/passwd',
    'a/../../x',
    '.git/config',
    'a/.GIT/x',
    'a\\b',
    'a\0b',
    'a\nb',
  ]) {
    await assert.rejects(tree.read(path), is('GIT_PATH_NOT_FOUND'), path);
    await assert.rejects(materialise([path]), is('GIT_PATH_NOT_FOUND'), path);
  }
});

test('a submodule is an error only for a path inside it', async () => {
  const repository = await server.repository('submodule');
  const commit = repository.push({ 'app/a.yaml': 'a: 1\n' });
  repository.git('update-index', '--add', '--cacheinfo', `160000,${commit},app/vendor`);
  repository.git('commit', '-q', '-m', 'submodule');
  repository.git('push', '-q', 'origin', 'HEAD:main');
  const { tree, materialise } = await git.artifact(repository.url);
  await assert.rejects(tree.read('app/vendor/x'), is('GIT_SUBMODULE'));
  assert.deepEqual(
    (await tree.list('app')).map(({ name }) => name),
    ['a.yaml'],
  );
  (await materialise(['app'])).release();
});

test('a tree with an entry named .git in any case is refused before anything is written', async () => {
  const repository = await server.repository('dotgit');
  repository.push({ 'a.yaml': 'a: 1\n' });
  const blob = repository.git('hash-object', '-w', 'a.yaml');
  const raw = Buffer.concat([Buffer.from('100644 .GiT\0'), Buffer.from(blob, 'hex')]);
  const tree = execFileSync('git', ['hash-object', '-w', '-t', 'tree', '--literally', '--stdin'], {
    cwd: repository.workTree,
    input: raw,
    encoding: 'utf8',
  }).trim();
  const commit = repository.git('commit-tree', tree, '-m', 'evil');
  repository.git('push', '-q', '--force', 'origin', `${commit}:refs/heads/main`);
  await assert.rejects(git.artifact(repository.url), is('GIT_TREE_REFUSED'));
});

test('two commits with the same sub-tree share one checkout, and a change elsewhere does not make another', async () => {
  const repository = await server.repository('share');
  repository.push({ 'app/a.yaml': 'a: 1\n', 'app/run.sh': '#!/bin/sh\n', 'other/b.yaml': 'b: 1\n' });
  const first = await (await git.artifact(repository.url)).materialise(['app']);
  repository.push({ 'other/b.yaml': 'b: 2\n' });
  const second = await (await git.artifact(repository.url)).materialise(['app']);
  assert.equal(second.directory, first.directory);
  assert.equal(statSync(join(first.directory, 'app/a.yaml')).mode & 0o222, 0);
  assert.equal(lstatSync(join(first.directory, 'app/run.sh')).mode & 0o111, 0o111);
  repository.push({ 'app/a.yaml': 'a: 2\n' });
  const third = await (await git.artifact(repository.url)).materialise(['app']);
  assert.notEqual(third.directory, first.directory);
  for (const checkout of [first, second, third]) checkout.release();
});

test('checkouts beyond the bound go when nobody uses them, the oldest first, and what a former process left goes', async () => {
  const repository = await server.repository('evict');
  const files = Object.fromEntries([1, 2, 3].map((n) => [`app${n}/a.txt`, String(n).repeat(10_000)]));
  const commit = repository.push(files);
  mkdirSync(join(git.dataDir, 'checkouts'), { recursive: true });
  writeFileSync(join(git.dataDir, 'checkouts', 'half'), 'x');
  const options = { maxBytes: 24_000 };
  const checkouts = createCheckouts(
    { random: systemRandom, log: silentLogger, dataDir: git.dataDir },
    options,
  );
  const mirror = git.mirror(repository.url);
  await mirror.fetch();
  const artifact = await gitArtifact({ mirror, checkouts }, commit);
  const held = await artifact.materialise(['app1']);
  const second = await artifact.materialise(['app2']);
  second.release();
  const third = await artifact.materialise(['app3']);
  third.release();
  third.release(); // twice is once
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(existsSync(held.directory), true);
  assert.equal(existsSync(join(git.dataDir, 'checkouts', 'half')), false);
  held.release();
  const again = await artifact.materialise(['app2']);
  assert.equal(readFileSync(join(again.directory, 'app2/a.txt'), 'utf8'), '2'.repeat(10_000));
  again.release();
});

test('a file above the limit is an error, and the next read works', async () => {
  const repository = await server.repository('large');
  repository.push({ 'big.yaml': 'x'.repeat(300_000), 'small.yaml': 'a: 1\n' });
  const { tree } = await git.artifact(repository.url);
  await assert.rejects(tree.read('big.yaml', 1000), is('GIT_LIMIT'));
  const [small, big] = await Promise.all([tree.read('small.yaml'), tree.read('big.yaml')]);
  assert.deepEqual([small.length, big.length], [5, 300_000]);
});
