// Where the built page lies. In a checkout it is built when it is missing; a published package brings it along.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { messageOf } from '../lib/index.ts';
import type { ControlPlaneDeps } from './compose.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const BUILD_TIMEOUT_MS = 120_000;

/** The folder of the page; it may be missing when it could not be built, and the server then says how. */
export async function uiDirectory({
  exec,
  log,
  path,
}: Pick<ControlPlaneDeps, 'exec' | 'log' | 'path'>): Promise<string> {
  const directory = join(ROOT, 'ui', 'dist');
  const script = join(ROOT, 'tools', 'build-ui.ts');
  if (existsSync(join(directory, 'index.html')) || !existsSync(script)) return directory;
  try {
    const { exitCode, stderr } = await exec.run({
      command: process.execPath,
      args: [script],
      cwd: ROOT,
      env: { PATH: `${join(ROOT, 'node_modules', '.bin')}:${path}` },
      timeoutMs: BUILD_TIMEOUT_MS,
    });
    if (exitCode !== 0) log.warn('the page could not be built', { stderr });
  } catch (error) {
    log.warn('the page could not be built', { reason: messageOf(error) });
  }
  return directory;
}

/** The repository that `fairlead up` starts with. */
export const SAMPLE = join(ROOT, 'examples', 'sample');
