// Runs child processes by way of one small helper process. Starting a process copies the page tables of the starter:
// 0.6 ms for a process of 50 MiB, 6 ms and more for one of 300 MiB, on its event loop. The helper stays small.
import { fileURLToPath } from 'node:url';
import { CodedError, type Retry } from './errors.ts';
import {
  type Exec,
  ExecError,
  type ExecErrorCode,
  type ExecRequest,
  type ExecResult,
  type OpenProcess,
} from './exec.ts';
import { encodeFrame, FrameReader } from './exec-frames.ts';

/** What travels to the helper; `input` goes as the frame's bytes, the signal stays here. */
export interface HelperRequest {
  readonly id: number;
  readonly cancel?: true;
  readonly hasInput?: boolean;
  readonly request?: Omit<ExecRequest, 'input' | 'signal'>;
}

/** What comes back; stdout is the frame's bytes. */
export interface HelperAnswer {
  readonly id: number;
  readonly result?: { readonly exitCode: number; readonly stderr: string };
  readonly error?: { readonly code: ExecErrorCode; readonly retry: Retry; readonly message: string };
}

export interface HelperExec extends Exec {
  /** Ends the helper and everything it runs. */
  close(): void;
}

interface Pending {
  resolve(result: ExecResult): void;
  reject(error: unknown): void;
}

const PROGRAM = fileURLToPath(new URL('./exec-helper-main.ts', import.meta.url));
const TYPESCRIPT = new URL('../../bin/typescript.js', import.meta.url).href;

/**
 * `run` goes through the helper, which starts with the first call and again when it died; `open` does not, because
 * streams would have to be copied.
 * @param exec starts the helper itself, and open processes
 */
export function helperExec(exec: Exec): HelperExec {
  const pending = new Map<number, Pending>();
  let helper: OpenProcess | undefined;
  let nextId = 1;
  let closed = false;

  const fail = (message: string): void => {
    for (const { reject } of pending.values()) reject(new ExecError('EXEC_START', 'backoff', message));
    pending.clear();
  };
  const start = (): OpenProcess => {
    const process = exec.open({
      command: globalThis.process.execPath,
      args: ['--max-semi-space-size=1', '--import', TYPESCRIPT, PROGRAM],
      env: {},
    });
    const reader = new FrameReader();
    process.stdout.on('data', (chunk: Buffer) => {
      for (const { header, body } of reader.push(chunk)) settle(pending, header as HelperAnswer, body);
    });
    process.stderr.resume();
    void process.ended.then(() => {
      if (helper === process) helper = undefined;
      fail('The helper that starts processes ended; the work is tried again');
    });
    return process;
  };
  return {
    open: (request) => exec.open(request),
    run(request) {
      if (closed) return Promise.reject(new ExecError('EXEC_ABORTED', 'backoff', 'Fairlead is stopping'));
      const { input, signal, ...rest } = request;
      if (signal?.aborted === true)
        return Promise.reject(new ExecError('EXEC_ABORTED', 'backoff', `${request.command} was cancelled`));
      helper ??= start();
      const { stdin } = helper;
      const id = nextId++;
      const send = (header: HelperRequest, body?: Uint8Array): void => {
        for (const part of encodeFrame(header, body)) stdin.write(part);
      };
      return new Promise((resolve, reject) => {
        const onAbort = (): void => send({ id, cancel: true });
        signal?.addEventListener('abort', onAbort, { once: true });
        const done = (): void => signal?.removeEventListener('abort', onAbort);
        pending.set(id, {
          resolve(result) {
            done();
            resolve(result);
          },
          reject(error) {
            done();
            reject(error);
          },
        });
        send(
          { id, request: rest, hasInput: input !== undefined },
          typeof input === 'string' ? Buffer.from(input) : input,
        );
      });
    },
    close() {
      closed = true;
      // The helper ends what it runs when its input ends.
      helper?.stdin.end();
    },
  };
}

function settle(pending: Map<number, Pending>, { id, error, result }: HelperAnswer, stdout: Buffer): void {
  const waiting = pending.get(id);
  pending.delete(id);
  if (waiting === undefined) return;
  if (error !== undefined) waiting.reject(new ExecError(error.code, error.retry, error.message));
  else if (result !== undefined) waiting.resolve({ ...result, stdout });
}

/** True for failures that the helper can tell about. */
export function isTellable(error: unknown): error is CodedError<ExecErrorCode> {
  return error instanceof CodedError;
}
