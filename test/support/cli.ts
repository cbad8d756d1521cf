// Runs the command line in process, with its own home, a captured terminal and no environment.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CliEnvironment, runCli } from '../../src/cli/index.ts';
import { systemClock, systemRandom } from '../../src/lib/index.ts';

export interface CliResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface TestCli extends AsyncDisposable {
  readonly directory: string;
  run(...argv: readonly string[]): Promise<CliResult>;
}

/** A command line in an empty directory. @param overrides what a test gives instead */
export async function testCli(overrides: Partial<CliEnvironment> = {}): Promise<TestCli> {
  const directory = await mkdtemp(join(tmpdir(), 'fairlead-cli-'));
  return {
    directory,
    async run(...argv) {
      const captured = { stdout: '', stderr: '' };
      const code = await runCli(argv, {
        cwd: directory,
        home: directory,
        path: process.env.PATH ?? '',
        cliConfigFile: join(directory, 'config'),
        terminal: {
          stdout: (text) => {
            captured.stdout += text;
          },
          stderr: (text) => {
            captured.stderr += text;
          },
          isInteractive: false,
        },
        prompt: { ask: async () => '' },
        fetch: globalThis.fetch,
        insecureFetch: async () => globalThis.fetch,
        clock: systemClock,
        random: systemRandom,
        openBrowser: async () => false,
        processes: {
          up: async () => {},
          serve: async () => {},
          apiServer: async () => {},
          core: async () => {
            throw new Error('this test has no cluster');
          },
          cluster: async () => {
            throw new Error('this test has no cluster');
          },
        },
        edit: async () => {},
        runProgram: async () => 0,
        version: '0.1.0',
        signal: new AbortController().signal,
        readStdin: async () => '',
        ...overrides,
      });
      return { code, ...captured };
    },
    async [Symbol.asyncDispose]() {
      await rm(directory, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
    },
  };
}
