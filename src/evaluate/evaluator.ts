// Runs users' programs in a worker thread that is ended when one of them takes too long, and begun anew for the next.
// Nothing a program does reaches this process: its time, memory and result are bounded.
import { Worker } from 'node:worker_threads';
import { type Clock, digestOf, type Json, Lru, type Timer } from '../lib/index.ts';
import { EvaluateError } from './errors.ts';
import { FairQueue } from './fair-queue.ts';
import { isTried, noteFailure, type Probation, probationFailure } from './probation.ts';
import type { WorkerLimits, WorkerMessage, WorkerTask } from './protocol.ts';

export interface LuaProgram {
  readonly language: 'lua';
  /** For messages: what this program is for, e.g. `health check of apps/Deployment`. */
  readonly name: string;
  readonly source: string;
  /** Load string, math and coroutine too (`useOpenLibs`); io and the rest of os are never there. */
  readonly openLibs: boolean;
}

export interface CelProgram {
  readonly language: 'cel';
  readonly name: string;
  readonly source: string;
}

/** Its one global variable is `input`; it gives the list of all its results. */
export interface JqProgram {
  readonly language: 'jq';
  readonly name: string;
  readonly source: string;
}

type Program = LuaProgram | CelProgram | JqProgram;

export interface Evaluator {
  /**
   * Runs a program with these global variables. Resolves with what it gave, undefined for Lua's nil; rejects with
   * EvaluateError. `globals` must not change before it settles.
   */
  run(program: Program, globals: Readonly<Record<string, unknown>>): Promise<Json | undefined>;
  /** Only reads a program; rejects with EvaluateError when it does not parse. */
  check(program: Program): Promise<void>;
  /** Ends the worker; what waits is rejected. */
  close(): Promise<void>;
}

export interface EvaluatorDeps {
  readonly clock: Clock;
}

export interface EvaluatorOptions extends WorkerLimits {
  readonly deadlineMs: number;
  /** Programs that may wait. */
  readonly maxWaiting: number;
}

const MiB = 1024 * 1024;
const DEFAULTS: EvaluatorOptions = {
  deadlineMs: 1_000,
  memoryBytes: 32 * MiB,
  outputBytes: MiB,
  maxWaiting: 20_000,
};
/** How long a thread may take to say what it used. */
const GRACE_MS = 200;
/** A program that lacks no more than this share of its time on a processor was slow; else the machine was. */
const NEGLIGIBLE_SHARE = 0.3;
/** Deadlines a program may be running for, however busy the machine is. */
const MAX_PATIENCE = 4;
/** A thread that is not ready after this long never will be. */
const START_MS = 30_000;
/** JavaScript heap of the thread, for CEL; Lua's memory is counted by itself. */
const HEAP_MIB = 96;
const REMEMBERED_PROGRAMS = 1_000;
const MAX_STARTS = 3;

interface Task {
  readonly program: Program;
  readonly globals: Readonly<Record<string, unknown>>;
  readonly digest: string;
  readonly checkOnly: boolean;
  resolve(value: Json | undefined): void;
  reject(error: EvaluateError): void;
}

interface Thread {
  readonly worker: Worker;
  isReady: boolean;
  current: { readonly id: number; readonly task: Task } | undefined;
  timer: Timer | undefined;
  /** Processor time used before the current program. */
  cpuMs: number;
}

/** @param options what tests make smaller */
export function createEvaluator(deps: EvaluatorDeps, options: Partial<EvaluatorOptions> = {}): Evaluator {
  return new WorkerEvaluator(deps, { ...DEFAULTS, ...options });
}

const PROGRAM = new URL('./worker-main.ts', import.meta.url);
const TYPESCRIPT = new URL('../../bin/typescript.js', import.meta.url).href;

class WorkerEvaluator implements Evaluator {
  readonly #clock: Clock;
  readonly #options: EvaluatorOptions;
  /** Programs take turns: a slow one with many objects is only in its own way. */
  readonly #waiting = new FairQueue<Task>();
  /** Programs that ran past a bound lately. */
  readonly #probations = new Lru<Probation>(REMEMBERED_PROGRAMS);
  #thread: Thread | undefined;
  #nextId = 1;
  #failedStarts = 0;
  #closed = false;

  constructor({ clock }: EvaluatorDeps, options: EvaluatorOptions) {
    this.#clock = clock;
    this.#options = options;
  }

  run(program: Program, globals: Readonly<Record<string, unknown>>): Promise<Json | undefined> {
    return this.#submit(program, globals, false);
  }

  async check(program: Program): Promise<void> {
    await this.#submit(program, {}, true);
  }

  #submit(
    program: Program,
    globals: Readonly<Record<string, unknown>>,
    checkOnly: boolean,
  ): Promise<Json | undefined> {
    return new Promise((resolve, reject) => {
      if (this.#closed) return reject(new EvaluateError('CLOSED', `Cannot run the ${program.name}: closing`));
      const digest = digestOf(program);
      const probation = this.#probations.get(digest);
      if (probation !== undefined && !isTried(probation, this.#clock.monotonic()))
        return reject(probationFailure(program, probation));
      if (this.#waiting.size >= this.#options.maxWaiting) {
        const message = `Cannot run the ${program.name}: ${this.#waiting.size} programs wait already`;
        return reject(new EvaluateError('OVERLOADED', message));
      }
      this.#waiting.push(digest, { program, globals, digest, checkOnly, resolve, reject });
      this.#next();
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    const thread = this.#thread;
    this.#thread = undefined;
    thread?.timer?.cancel();
    const left = [...(thread?.current === undefined ? [] : [thread.current.task]), ...this.#waiting.drain()];
    for (const { program, reject } of left)
      reject(new EvaluateError('CLOSED', `The ${program.name} was not finished: closing`));
    await thread?.worker.terminate();
  }

  #next(): void {
    if (this.#waiting.size === 0 || this.#closed) return;
    this.#thread ??= this.#start();
    const thread = this.#thread;
    thread.worker.ref();
    if (!thread.isReady || thread.current !== undefined) return;
    const task = this.#waiting.shift();
    if (task === undefined) return;
    const id = this.#nextId++;
    const { program } = task;
    const message: WorkerTask = {
      id,
      checkOnly: task.checkOnly,
      source: program.source,
      globals: JSON.stringify(task.globals),
      ...(program.language === 'lua'
        ? { kind: program.language, openLibs: program.openLibs }
        : { kind: program.language }),
    };
    thread.current = { id, task };
    thread.worker.postMessage(message);
    this.#watch(thread, id, this.#clock.monotonic(), this.#options.deadlineMs);
  }

  #watch(thread: Thread, id: number, begunAt: number, ms: number): void {
    thread.timer = this.#clock.after(ms, () => {
      this.#onDeadline(thread, id, begunAt).catch(() => this.#replace(thread));
    });
  }

  /** A program that had too little of a busy machine to be judged gets what it lacks, for a while. */
  async #onDeadline(thread: Thread, id: number, begunAt: number): Promise<void> {
    const { deadlineMs } = this.#options;
    const usedMs = await this.#cpuMs(thread);
    // The answer may have been there already, and this thread too busy to read it.
    if (thread.current?.id !== id) return;
    const lacksMs = usedMs === undefined ? 0 : deadlineMs - (usedMs - thread.cpuMs);
    const passedMs = this.#clock.monotonic() - begunAt;
    if (lacksMs > deadlineMs * NEGLIGIBLE_SHARE && passedMs < deadlineMs * MAX_PATIENCE) {
      this.#watch(thread, id, begunAt, lacksMs);
      return;
    }
    this.#fail(thread, 'TIMED_OUT', `it did not end within ${deadlineMs / 1000} s`);
    this.#replace(thread);
  }

  /** Undefined when the thread does not say in time. */
  #cpuMs(thread: Thread): Promise<number | undefined> {
    return new Promise((resolve) => {
      const timer = this.#clock.after(GRACE_MS, () => resolve(undefined));
      thread.worker
        .cpuUsage()
        .then(({ user, system }) => resolve((user + system) / 1000))
        .catch(() => resolve(undefined))
        .finally(() => timer.cancel());
    });
  }

  #start(): Thread {
    const { memoryBytes, outputBytes } = this.#options;
    const limits: WorkerLimits = { memoryBytes, outputBytes };
    const worker = new Worker(PROGRAM, {
      workerData: limits,
      execArgv: ['--import', TYPESCRIPT],
      env: {},
      argv: [],
      stdin: false,
      stdout: true,
      stderr: true,
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MIB, maxYoungGenerationSizeMb: 8, stackSizeMb: 4 },
    });
    // What a program prints is nobody's business.
    worker.stdout.resume();
    worker.stderr.resume();
    const thread: Thread = { worker, isReady: false, current: undefined, timer: undefined, cpuMs: 0 };
    thread.timer = this.#clock.after(START_MS, () => this.#replace(thread));
    worker.on('message', (message: WorkerMessage) => this.#onMessage(thread, message));
    worker.on('error', (error: Error & { code?: string }) => {
      const isMemory = error.code === 'ERR_WORKER_OUT_OF_MEMORY';
      const message = isMemory ? `it used more than ${HEAP_MIB} MiB` : `its thread ended: ${error.message}`;
      this.#fail(thread, isMemory ? 'OUT_OF_MEMORY' : 'CRASHED', message);
      this.#replace(thread);
    });
    worker.on('exit', () => {
      this.#fail(thread, 'CRASHED', 'its thread ended');
      this.#replace(thread);
    });
    return thread;
  }

  #onMessage(thread: Thread, message: WorkerMessage): void {
    if (thread !== this.#thread) return;
    thread.cpuMs = message.cpuMs;
    if (message.kind === 'ready') {
      thread.timer?.cancel();
      thread.isReady = true;
      this.#failedStarts = 0;
    } else if (message.kind === 'failed') {
      this.#fail(thread, message.code, message.message);
      if (message.spoilt) {
        this.#replace(thread);
        return;
      }
    } else {
      const { task } = this.#finish(thread) ?? {};
      if (task !== undefined) this.#probations.delete(task.digest);
      task?.resolve(message.value === undefined ? undefined : (JSON.parse(message.value) as Json));
    }
    this.#next();
    if (thread.current === undefined) thread.worker.unref();
  }

  #finish(thread: Thread): Thread['current'] {
    const { current } = thread;
    thread.timer?.cancel();
    thread.current = undefined;
    return current;
  }

  #fail(thread: Thread, code: EvaluateError['code'], message: string): void {
    const { task } = this.#finish(thread) ?? {};
    if (task === undefined) return;
    const error = new EvaluateError(code, `The ${task.program.name} failed: ${message}`);
    noteFailure(this.#probations, task.digest, error, this.#clock.monotonic());
    task.reject(error);
  }

  #replace(thread: Thread): void {
    thread.timer?.cancel();
    void thread.worker.terminate();
    if (thread !== this.#thread) return;
    this.#thread = undefined;
    if (!thread.isReady) this.#failedStarts += 1;
    if (this.#failedStarts >= MAX_STARTS) {
      this.#failedStarts = 0;
      for (const { program, reject } of this.#waiting.drain())
        reject(
          new EvaluateError('CRASHED', `Cannot run the ${program.name}: no thread for it can be started`),
        );
    }
    // The next thread is made ready before it is asked for; one that cannot start is not tried for nobody.
    if (this.#closed || (!thread.isReady && this.#waiting.size === 0)) return;
    this.#thread = this.#start();
    if (this.#waiting.size === 0) this.#thread.worker.unref();
    this.#next();
  }
}
