// The only file that starts child processes. Arguments are always an array (no shell), the environment is exactly
// what is passed in, every run has a deadline and an output limit, and a whole process group dies together.
import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { CodedError } from './errors.ts';
import { limits } from './limits.ts';

export type ExecErrorCode =
  | 'EXEC_NOT_FOUND'
  | 'EXEC_TIMEOUT'
  | 'EXEC_OUTPUT_LIMIT'
  | 'EXEC_START'
  | 'EXEC_ABORTED';

/** The process could not run to its end; a non-zero exit is a result, not an ExecError. */
export class ExecError extends CodedError<ExecErrorCode> {}

export interface ExecRequest {
  /** Program: an absolute path, or a name looked up on the PATH of `env`. */
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  /** The whole environment of the child. Nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  /** Written to stdin, then closed; stdin is empty without it. */
  readonly input?: string | Uint8Array;
  readonly timeoutMs: number;
  /** Limit of stdout; default `limits.childOutputBytes`. */
  readonly maxOutputBytes?: number;
  readonly signal?: AbortSignal;
  /** What the program leaves running stays; else it ends with the program. For those that open something for a person. */
  readonly leavesOthers?: boolean;
}

export interface ExecResult {
  readonly exitCode: number;
  readonly stdout: Buffer;
  /** The last `limits.childErrorBytes` of stderr, as text. */
  readonly stderr: string;
}

/** A process that stays: its streams, and the promise of its end. */
export interface OpenProcess {
  readonly pid: number;
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Resolves with the exit code (128 + signal number when killed); never rejects. */
  readonly ended: Promise<number>;
  /** Ends the whole process group. */
  kill(signal?: NodeJS.Signals): void;
}

export interface Exec {
  /** Runs to the end. Rejects with ExecError when the process could not start, ran out of time or wrote too much. */
  run(request: ExecRequest): Promise<ExecResult>;
  /** Starts a process and hands over its streams; `timeoutMs` and `maxOutputBytes` are the caller's business here. */
  open(request: Omit<ExecRequest, 'timeoutMs' | 'maxOutputBytes' | 'input'>): OpenProcess;
}

/** The real thing: node:child_process. */
export const systemExec: Exec = { run, open };

/**
 * Runs a program that a person works in (an editor): it has this process's terminal until it ends. There is no deadline,
 * because the person is the one who ends it.
 * @returns its exit code
 */
export function runOnTerminal(request: Pick<ExecRequest, 'command' | 'args' | 'env'>): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(request.command, [...request.args], { env: { ...request.env }, stdio: 'inherit' });
    child.once('error', (error: NodeJS.ErrnoException) => reject(startError(request, error)));
    child.once('close', (code, signal) => resolve(code ?? (signal === null ? 1 : 137)));
  });
}

function open(request: Omit<ExecRequest, 'timeoutMs' | 'maxOutputBytes' | 'input'>): OpenProcess {
  const child = spawn(request.command, [...request.args], {
    ...(request.cwd === undefined ? {} : { cwd: request.cwd }),
    env: { ...request.env },
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true, // its own process group, so that kill() reaches what the child started
  });
  // A child that ends early closes the pipe; its exit code tells why, the broken pipe adds nothing.
  child.stdin.on('error', () => {});
  const ended = new Promise<number>((resolve) => {
    child.once('error', () => resolve(127));
    child.once('close', (code, signal) => resolve(code ?? (signal === null ? 1 : 137)));
  });
  const kill = (signal: NodeJS.Signals = 'SIGKILL'): void => killGroup(child, signal);
  request.signal?.addEventListener('abort', () => kill(), { once: true });
  return {
    pid: child.pid ?? -1,
    stdin: child.stdin,
    stdout: child.stdout,
    stderr: child.stderr,
    ended,
    kill,
  };
}

function run(request: ExecRequest): Promise<ExecResult> {
  const maxOutput = request.maxOutputBytes ?? limits.childOutputBytes;
  return new Promise((resolve, reject) => {
    if (request.signal?.aborted === true) {
      reject(aborted(request));
      return;
    }
    const child = spawn(request.command, [...request.args], {
      ...(request.cwd === undefined ? {} : { cwd: request.cwd }),
      env: { ...request.env },
      stdio: [request.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
      detached: true,
    });
    const stdout: Buffer[] = [];
    let stdoutBytes = 0;
    let stderr = '';
    let failure: ExecError | undefined;
    const stop = (error: ExecError): void => {
      failure ??= error;
      killGroup(child, 'SIGKILL');
    };
    const timer = setTimeout(
      () =>
        stop(
          new ExecError(
            'EXEC_TIMEOUT',
            'backoff',
            `${describe(request)} did not end within ${request.timeoutMs} ms`,
          ),
        ),
      request.timeoutMs,
    );
    const onAbort = (): void => stop(aborted(request));
    request.signal?.addEventListener('abort', onAbort, { once: true });
    child.stdout?.on('data', (chunk: Buffer) => {
      stdoutBytes += chunk.length;
      if (stdoutBytes > maxOutput) {
        stop(
          new ExecError(
            'EXEC_OUTPUT_LIMIT',
            'on-change',
            `${describe(request)} wrote more than ${maxOutput} bytes, the limit for one run`,
          ),
        );
      } else {
        stdout.push(chunk);
      }
    });
    child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
      stderr = (stderr + chunk).slice(-limits.childErrorBytes);
    });
    child.stdin?.on('error', () => {});
    if (request.input !== undefined) child.stdin?.end(request.input);
    child.once('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      request.signal?.removeEventListener('abort', onAbort);
      reject(startError(request, error));
    });
    // What it leaves in the background would outlive its deadline, and hold its output open.
    child.once('exit', () => {
      if (request.leavesOthers !== true) killGroup(child, 'SIGKILL');
    });
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      request.signal?.removeEventListener('abort', onAbort);
      if (failure !== undefined) reject(failure);
      else resolve({ exitCode: code ?? (signal === null ? 1 : 137), stdout: Buffer.concat(stdout), stderr });
    });
  });
}

function killGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // The group is gone already, or the platform has none: the direct child is what is left to end.
    child.kill(signal);
  }
}

function describe(request: Pick<ExecRequest, 'command' | 'args'>): string {
  // Only the verb: arguments may hold values people put credentials into.
  return request.args.length === 0 ? request.command : `${request.command} ${request.args[0]}`;
}

function aborted(request: ExecRequest): ExecError {
  return new ExecError('EXEC_ABORTED', 'backoff', `${describe(request)} was cancelled`);
}

function startError(request: Pick<ExecRequest, 'command' | 'args'>, error: NodeJS.ErrnoException): ExecError {
  if (error.code === 'ENOENT') {
    return new ExecError(
      'EXEC_NOT_FOUND',
      'on-change',
      `Cannot start ${request.command}: no such program. Install it or put it on the PATH`,
      { cause: error },
    );
  }
  return new ExecError(
    'EXEC_START',
    'backoff',
    `Cannot start ${request.command}: ${error.code ?? error.message}`,
    {
      cause: error,
    },
  );
}
