// Opens an address in the person's browser, with what each system has for that.
import { systemExec } from '../lib/index.ts';

const START_MS = 10_000;
const PROGRAMS: Readonly<Record<string, readonly string[]>> = {
  darwin: ['open'],
  win32: ['rundll32', 'url.dll,FileProtocolHandler'],
};

/** False when nothing could be opened; the address is then for the person to open. */
export async function openBrowser(env: Readonly<Record<string, string>>, url: string): Promise<boolean> {
  const [command = 'xdg-open', ...args] = PROGRAMS[process.platform] ?? ['xdg-open'];
  try {
    const { exitCode } = await systemExec.run({
      command,
      args: [...args, url],
      env,
      timeoutMs: START_MS,
      leavesOthers: true,
    });
    return exitCode === 0;
  } catch {
    return false;
  }
}
