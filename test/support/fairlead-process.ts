// Fairlead as a process of its own: started as a user does, watched, signalled, ended. Never outlives the test.
import { type ChildProcess, spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
export const LAUNCHER = join(ROOT, 'bin', 'fairlead.js');

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface FairleadProcess {
  readonly child: ChildProcess;
  /** Everything written so far. */
  output(): { readonly stdout: string; readonly stderr: string };
  /** Resolves when stdout matches; rejects when the process ends first or after the deadline. */
  until(pattern: RegExp, timeoutMs?: number): Promise<RegExpExecArray>;
  /** Sends a signal, unless the process has ended, and waits for the end. */
  end(signal?: NodeJS.Signals): Promise<Ended>;
  readonly ended: Promise<Ended>;
}

export interface ProcessOptions {
  readonly cwd: string;
  readonly env?: Record<string, string>;
  /** The Node that starts the launcher; default the one that runs the test. */
  readonly node?: string;
  readonly launcher?: string;
}

const POLL_MS = 10;

export function startFairlead(args: readonly string[], options: ProcessOptions): FairleadProcess {
  const { cwd, node = process.execPath, launcher = LAUNCHER } = options;
  const env = { PATH: process.env.PATH ?? '', HOME: cwd, ...options.env };
  const child = spawn(node, [launcher, ...args], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => {
    output.stdout += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    output.stderr += chunk.toString();
  });
  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      process.off('exit', kill);
      resolve({ code, signal, ...output });
    });
  });
  return {
    child,
    output: () => output,
    ended,
    async until(pattern, timeoutMs = 20_000) {
      const deadline = performance.now() + timeoutMs;
      for (;;) {
        const found = pattern.exec(output.stdout);
        if (found !== null) return found;
        const isOver = child.exitCode !== null || child.signalCode !== null;
        if (isOver || performance.now() > deadline) {
          const how = isOver
            ? `ended (${child.exitCode ?? child.signalCode})`
            : `said nothing in ${timeoutMs} ms`;
          throw new Error(
            `fairlead ${args.join(' ')} ${how} before ${pattern}:\n${output.stdout}${output.stderr}`,
          );
        }
        await sleep(POLL_MS);
      }
    },
    async end(signal = 'SIGINT') {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal);
      return await ended;
    },
  };
}

/** Runs a command to its end. */
export async function runFairlead(args: readonly string[], options: ProcessOptions): Promise<Ended> {
  return await startFairlead(args, options).ended;
}

/** The first of `count` ports in a row that nobody listens on now. */
export async function freePortRange(count: number): Promise<number> {
  for (let tries = 0; tries < 50; tries++) {
    const first = 20_000 + Math.floor(Math.random() * 12_000);
    const free = await Promise.all(Array.from({ length: count }, (_, offset) => isFree(first + offset)));
    if (free.every(Boolean)) return first;
  }
  throw new Error('no free ports');
}

function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
