// A private directory for one child process, removed afterwards.
import { chmod, mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { AdapterDeps } from './request.ts';

/** Runs `task` with a fresh directory that nobody else uses. */
export async function withScratch<T>(
  deps: Pick<AdapterDeps, 'random' | 'scratchDir'>,
  task: (directory: string) => Promise<T>,
): Promise<T> {
  const directory = join(deps.scratchDir, Buffer.from(deps.random.bytes(10)).toString('hex'));
  await mkdir(directory, { recursive: true, mode: 0o700 });
  try {
    return await task(directory);
  } finally {
    await removeAll(directory);
  }
}

/** Also what the program took its own rights from. */
async function removeAll(directory: string): Promise<void> {
  const remove = (): Promise<void> => rm(directory, { recursive: true, force: true });
  await remove().catch(async () => {
    await makeRemovable(directory);
    await remove();
  });
}

async function makeRemovable(directory: string): Promise<void> {
  await chmod(directory, 0o700).catch(() => undefined);
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    if (entry.isDirectory()) await makeRemovable(join(directory, entry.name));
  }
}

/**
 * Environment of a render child: a home of its own, no network (a proxy that is not there), and Go settings that
 * suit a process living 20 ms: no garbage collection until memory grows. helm and kubectl unpack kubectl's message
 * catalogue each time they start; the default one costs 10 ms of 26, the French one almost nothing, and none of its
 * texts is about rendering.
 */
export function childEnvironment(home: string, path: string): Record<string, string> {
  return {
    PATH: path,
    HOME: home,
    TMPDIR: home,
    LANG: 'C',
    LC_MESSAGES: 'fr_FR.UTF-8',
    HTTP_PROXY: 'http://127.0.0.1:9',
    HTTPS_PROXY: 'http://127.0.0.1:9',
    GOMAXPROCS: '2',
    GOGC: 'off',
    GOMEMLIMIT: '256MiB',
  };
}
