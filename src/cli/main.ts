// The entry point: gives the command line the real machine, and the process its exit code.
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { text as readAll } from 'node:stream/consumers';
import { openCluster, readEnvironment, runApiServer, runServe, runUp, startCore } from '../app/index.ts';
import { runOnTerminal, systemClock, systemRandom } from '../lib/index.ts';
import type { CliEnvironment } from './environment.ts';
import { CliError } from './errors.ts';
import { splitWords } from './flags.ts';
import { openBrowser } from './open-browser.ts';
import { processTerminal } from './output.ts';
import { runCli } from './run.ts';

process.exitCode = await runCli(process.argv.slice(2), machine());

function machine(): CliEnvironment {
  const { editor, variables, ...environment } = readEnvironment();
  return {
    ...environment,
    terminal: processTerminal(),
    prompt: { ask },
    fetch: globalThis.fetch,
    insecureFetch,
    clock: systemClock,
    random: systemRandom,
    openBrowser: (url) => openBrowser({ PATH: environment.path, HOME: environment.home }, url),
    processes: { up: runUp, serve: runServe, apiServer: runApiServer, core: startCore, cluster: openCluster },
    edit: (file) => edit(editor, file),
    runProgram: (command, args) => runOnTerminal({ command, args, env: variables }),
    version: packageVersion(),
    signal: interruption(),
    readStdin: () => readAll(process.stdin),
  };
}

/** The first Ctrl-C asks to stop in order; a second one ends the process as it always does. */
function interruption(): AbortSignal {
  const controller = new AbortController();
  const stop = (): void => {
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
    controller.abort();
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  return controller.signal;
}

/** The variable may hold arguments, too: `code --wait`. */
async function edit(
  { command, env }: { command: string; env: Readonly<Record<string, string>> },
  file: string,
) {
  const [program = 'vi', ...args] = splitWords(command);
  const code = await runOnTerminal({ command: program, args: [...args, file], env });
  if (code !== 0)
    throw new CliError('FAILED', `The editor ${program} ended with code ${code}; nothing was changed`);
}

async function ask(question: string, isSecret: boolean): Promise<string> {
  let isMuted = false;
  const output = new Writable({
    write(chunk, _encoding, done) {
      if (!isMuted) process.stderr.write(chunk);
      done();
    },
  });
  const lines = createInterface({ input: process.stdin, output, terminal: process.stdin.isTTY === true });
  try {
    const answer = lines.question(question);
    isMuted = isSecret;
    return await answer;
  } finally {
    lines.close();
    if (isSecret) process.stderr.write('\n');
  }
}

async function insecureFetch(): Promise<typeof fetch> {
  const { Agent, fetch: undiciFetch } = await import('undici');
  const dispatcher = new Agent({ connect: { rejectUnauthorized: false } });
  // The same standard function; only the two packages' type declarations differ.
  return ((input: string, init?: object) =>
    undiciFetch(input, { ...init, dispatcher })) as unknown as typeof fetch;
}

function packageVersion(): string {
  const file = new URL('../../package.json', import.meta.url);
  const { version } = JSON.parse(readFileSync(file, 'utf8')) as { version: string };
  return version;
}
