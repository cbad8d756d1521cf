import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type GitFixture, gitFixture } from '../../../test/support/git-deps.ts';
import { startGitServer, type TestGitServer } from '../../../test/support/git-server.ts';
import { VirtualClock } from '../../../test/support/virtual-clock.ts';
import { normaliseUrl, placeOf } from '../../git/index.ts';
import { seededRandom, silentLogger } from '../../lib/index.ts';
import type { Repository } from '../../model/index.ts';
import { RepositoryTracker } from './tracker.ts';

let server: TestGitServer;
let fixture: GitFixture;
before(async () => {
  server = await startGitServer();
  fixture = gitFixture();
});
after(async () => {
  fixture.close();
  await server.close();
});

test('a snapshot that is young enough serves everybody without another fetch', async () => {
  const { fetches, repository, tracker } = await setUp('young');
  const first = await tracker.snapshot(repository, 0);
  const again = await Promise.all([1, 2, 3].map(() => tracker.snapshot(repository, 0)));
  assert.ok(again.every((snapshot) => snapshot === first));
  assert.equal(fetches(), 1);
});

test('who needs newer refs than the snapshot has shares one fetch with all others who do', async () => {
  const { clock, fetches, push, repository, tracker } = await setUp('newer');
  await tracker.snapshot(repository, 0);
  const sha = push({ 'a.txt': '2' });
  clock.advance(1_000);
  const all = await Promise.all([1, 2, 3].map(() => tracker.snapshot(repository, clock.monotonic())));
  assert.ok(all.every(({ refs }) => refs.refs.get('refs/heads/main') === sha));
  assert.equal(fetches(), 2);
});

test('listeners hear of refs that moved, and of nothing else', async () => {
  const { clock, push, repository, tracker } = await setUp('moved');
  const heard: string[] = [];
  tracker.onMoved((key) => heard.push(key));
  await tracker.snapshot(repository, 0);
  clock.advance(1_000);
  await tracker.snapshot(repository, clock.monotonic());
  assert.deepEqual(heard, [normaliseUrl(repository.url)]);
  push({ 'a.txt': '2' });
  clock.advance(1_000);
  await tracker.snapshot(repository, clock.monotonic());
  assert.equal(heard.length, 2);
});

test('a webhook for a repository nobody uses is none of our business', async () => {
  const { fetches, tracker } = await setUp('unknown');
  assert.equal(await tracker.announce(['https://example.test/other.git']), false);
  assert.equal(fetches(), 0);
});

test('a webhook finds the repository under any spelling of its address', async () => {
  const { clock, push, repository, tracker } = await setUp('spelling');
  await tracker.snapshot(repository, 0);
  const sha = push({ 'a.txt': '2' });
  clock.advance(1_000);
  assert.equal(
    await tracker.announce([
      repository.url
        .replace(/\.git$/, '')
        .toUpperCase()
        .replace('HTTP', 'http'),
    ]),
    true,
  );
  assert.equal((await tracker.snapshot(repository, 0)).refs.refs.get('refs/heads/main'), sha);
});

async function setUp(name: string) {
  const { url, push } = await server.repository(name);
  push({ 'a.txt': '1' });
  const repository: Repository = { url, type: 'git', credential: { kind: 'none' } };
  const clock = new VirtualClock();
  const requestsBefore = server.requests.length;
  const tracker = new RepositoryTracker(
    {
      clock,
      random: seededRandom(1),
      log: silentLogger,
      openMirror: (wanted) => fixture.mirrors.get(wanted),
      keyOf: ({ url }) => normaliseUrl(url),
      placeOf: ({ url }) => placeOf(url),
    },
    { pollMs: 120_000, pollJitterMs: 0 },
  );
  const fetches = (): number =>
    server.requests
      .slice(requestsBefore)
      .filter((request) => request.includes(`/${name}.git/info/refs`) && request.includes('upload-pack'))
      .length;
  return { clock, fetches, push, repository, tracker };
}
