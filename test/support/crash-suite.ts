// Kills a control plane at the writes of a story and holds the end against that of an undisturbed run.
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import type { CrashMode } from './crash-proxy.ts';
import { crashStories } from './crash-stories.ts';
import { type CrashFault, type CrashReport, type CrashStory, runCrashStory } from './crash-world.ts';
import { startGitServer, type TestGitServer } from './git-server.ts';

export const CRASH_MODES: readonly CrashMode[] = ['before', 'after', 'lost-answer'];

/** @param choose which faults of a story with so many writes are tried */
export function crashSuite(choose: (story: CrashStory, writes: number) => readonly CrashFault[]): void {
  let git: TestGitServer;
  before(async () => {
    git = await startGitServer();
  });
  after(() => git.close());

  suite('killed in the middle of', { concurrency: 2 }, () => {
    for (const story of crashStories) {
      test(story.name, async (t) => {
        const undisturbed = await runCrashStory(story, git);
        assert.deepEqual(undisturbed.journal, []);
        t.diagnostic(`${undisturbed.writes.length} writes`);
        for (const fault of choose(story, undisturbed.writes.length)) {
          await t.test(`${fault.mode} write ${fault.point}`, async () => {
            compare(await runCrashStory(story, git, fault), undisturbed);
          });
        }
      });
    }
  });
}

function compare(got: CrashReport, undisturbed: CrashReport): void {
  const told = got.writes.join('\n');
  for (const key of new Set([...Object.keys(undisturbed.state), ...Object.keys(got.state)])) {
    assert.deepEqual(
      got.state[key],
      undisturbed.state[key],
      `${key}\n${told}\n${difference(got.state[key], undisturbed.state[key])}`,
    );
  }
  for (const which of ['created', 'deleted'] as const) {
    const more = Object.entries(got[which]).filter(([key, count]) => count > (undisturbed[which][key] ?? 0));
    assert.deepEqual(more, [], `${which} more often than without a fault\n${told}`);
  }
  const deletes = ({ writes }: CrashReport): string[] =>
    writes.filter((write) => write.startsWith('DELETE '));
  const allowed = new Set(deletes(undisturbed));
  assert.deepEqual(
    deletes(got).filter((write) => !allowed.has(write)),
    [],
    told,
  );
  assert.deepEqual(got.journal, [], told);
  assert.doesNotMatch(got.log, /because of a bug/);
}

/** Only the members that differ: whole objects would hide them. */
function difference(got: unknown, expected: unknown): string {
  const lines = (value: unknown): string[] => JSON.stringify(value ?? null, undefined, 1).split('\n');
  const [have, want] = [lines(got), lines(expected)];
  return [
    ...have.filter((line) => !want.includes(line)).map((line) => `+ ${line}`),
    ...want.filter((line) => !have.includes(line)).map((line) => `- ${line}`),
  ].join('\n');
}
