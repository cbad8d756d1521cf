// One long-lived `git cat-file --batch` per mirror: reads objects without starting a process for each.
// Restarts after a failure, ends when idle, answers in the order asked, never holds an object larger than asked for.
import type { Clock, Exec, OpenProcess, Timer } from '../lib/index.ts';
import { limits } from '../lib/index.ts';
import { GitError } from './errors.ts';

export interface GitObject {
  readonly id: string;
  readonly type: 'blob' | 'tree' | 'commit' | 'tag';
  readonly body: Buffer;
}

export interface CatFileDeps {
  readonly exec: Exec;
  readonly clock: Clock;
  readonly env: Readonly<Record<string, string>>;
  /** Called whenever a process is started. */
  readonly onStart?: (catFile: CatFile) => void;
}

interface Pending {
  readonly name: string;
  readonly maxBytes: number;
  resolve(object: GitObject | undefined): void;
  reject(error: Error): void;
}

const IDLE_MS = 60_000;
const MAX_PENDING = 10_000;
/** Reading past an unwanted object this large costs more than a new process. */
const SKIP_BYTES = 64 * 1024 * 1024;
const HEADER = /^([0-9a-f]{40,64}) (blob|tree|commit|tag) (\d+)$/;
const NAME = /^[0-9a-f]{4,64}(?:\^\{(?:commit|tree)\})?$/;

export class CatFile {
  readonly #deps: CatFileDeps;
  readonly #gitDir: string;
  #process: OpenProcess | undefined;
  #pending: Pending[] = [];
  #reader: BatchReader | undefined;
  #timer: Timer | undefined;
  /** Answers so far: tells the timer whether anything moved. */
  #answers = 0;

  constructor(deps: CatFileDeps, gitDir: string) {
    this.#deps = deps;
    this.#gitDir = gitDir;
  }

  get open(): boolean {
    return this.#process !== undefined;
  }

  get idle(): boolean {
    return this.#pending.length === 0;
  }

  /** The object `name` (an id, a prefix of one, or `<id>^{tree}`), or undefined when there is none. */
  async read(name: string, maxBytes: number): Promise<GitObject | undefined> {
    if (!NAME.test(name))
      throw new GitError('GIT_FAILED', 'never', `${JSON.stringify(name)} is no object name`);
    try {
      return await this.#ask(name, maxBytes);
    } catch (error) {
      // The process may have ended for reasons of its own (killed, idle); a second end is a fact about the mirror.
      if (error instanceof ProcessEnded) return await this.#ask(name, maxBytes);
      throw error;
    }
  }

  close(): void {
    this.#stop(new GitError('GIT_FAILED', 'backoff', 'Cannot read git objects: the mirror was closed'));
  }

  #ask(name: string, maxBytes: number): Promise<GitObject | undefined> {
    if (this.#pending.length >= MAX_PENDING) {
      throw new GitError(
        'GIT_LIMIT',
        'backoff',
        `${MAX_PENDING} reads of git objects wait already; try again later`,
      );
    }
    const process = this.#process ?? this.#start();
    return new Promise((resolve, reject) => {
      this.#pending.push({ name, maxBytes, resolve, reject });
      process.stdin.write(`${name}\n`);
      if (this.#timer === undefined) this.#arm();
    });
  }

  #start(): OpenProcess {
    const process = this.#deps.exec.open({
      command: 'git',
      args: [`--git-dir=${this.#gitDir}`, 'cat-file', '--batch'],
      env: this.#deps.env,
    });
    const reader = new BatchReader(
      () => this.#pending[0]?.maxBytes ?? 0,
      (answer) => this.#answer(answer),
    );
    this.#process = process;
    this.#reader = reader;
    this.#deps.onStart?.(this);
    let said = '';
    process.stderr.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-2_000);
    });
    process.stdout.on('data', (chunk: Buffer) => {
      if (this.#reader !== reader) return;
      try {
        reader.push(chunk);
      } catch (error) {
        this.#stop(error as Error);
      }
    });
    void process.ended.then((code) => {
      if (this.#process === process) this.#stop(new ProcessEnded(this.#gitDir, code, said));
    });
    return process;
  }

  #answer(answer: Answer): void {
    this.#answers += 1;
    const pending = this.#pending.shift();
    if (pending === undefined) return;
    if (answer.kind === 'object') pending.resolve(answer.object);
    else if (answer.kind === 'missing') pending.resolve(undefined);
    else {
      pending.reject(
        new GitError(
          'GIT_LIMIT',
          'on-change',
          `Cannot read git object ${pending.name}: it has ${answer.sizeBytes} bytes and ${pending.maxBytes} are allowed`,
        ),
      );
    }
  }

  #arm(): void {
    const seen = this.#answers;
    const waiting = this.#pending.length > 0;
    this.#timer = this.#deps.clock.after(waiting ? limits.gitLocalTimeoutMs : IDLE_MS, () => {
      this.#timer = undefined;
      if (this.#answers !== seen) return this.#arm();
      if (this.#pending.length === 0) return this.#stop(undefined);
      if (!waiting) return this.#arm();
      this.#stop(
        new GitError(
          'GIT_TIMEOUT',
          'backoff',
          `git cat-file gave no answer for ${limits.gitLocalTimeoutMs} ms`,
        ),
      );
    });
  }

  #stop(error: Error | undefined): void {
    const process = this.#process;
    const pending = this.#pending;
    this.#process = undefined;
    this.#reader = undefined;
    this.#pending = [];
    this.#timer?.cancel();
    this.#timer = undefined;
    process?.kill();
    if (error !== undefined) for (const { reject } of pending) reject(error);
  }
}

class ProcessEnded extends GitError {
  constructor(gitDir: string, code: number, said: string) {
    super(
      'GIT_CORRUPT',
      'backoff',
      `Cannot read git objects of ${gitDir.split('/').at(-1)}: git cat-file ended with ${code}${said === '' ? '' : `: ${said.trim().split('\n')[0]}`}`,
    );
  }
}

type Answer =
  | { readonly kind: 'object'; readonly object: GitObject }
  | { readonly kind: 'missing' }
  | { readonly kind: 'too-large'; readonly sizeBytes: number };

/** Takes the stream of `cat-file --batch` apart. */
class BatchReader {
  readonly #maxBytes: () => number;
  readonly #answer: (answer: Answer) => void;
  #buffer: Buffer = Buffer.alloc(0);
  #body: { id: string; type: GitObject['type']; size: number; chunks: Buffer[]; have: number } | undefined;
  #skip = 0;

  constructor(maxBytes: () => number, answer: (answer: Answer) => void) {
    this.#maxBytes = maxBytes;
    this.#answer = answer;
  }

  push(chunk: Buffer): void {
    let rest = chunk;
    while (rest.length > 0) {
      if (this.#skip > 0) rest = this.#skipSome(rest);
      else if (this.#body !== undefined) rest = this.#bodySome(rest);
      else rest = this.#header(rest);
    }
  }

  #skipSome(chunk: Buffer): Buffer {
    const skipped = Math.min(this.#skip, chunk.length);
    this.#skip -= skipped;
    return chunk.subarray(skipped);
  }

  #bodySome(chunk: Buffer): Buffer {
    const body = this.#body;
    if (body === undefined) return chunk;
    // The body is followed by one line break.
    const wanted = body.size + 1 - body.have;
    const part = chunk.subarray(0, wanted);
    body.chunks.push(part);
    body.have += part.length;
    if (body.have === body.size + 1) {
      this.#body = undefined;
      const whole = body.chunks.length === 1 ? (body.chunks[0] as Buffer) : Buffer.concat(body.chunks);
      this.#answer({
        kind: 'object',
        object: { id: body.id, type: body.type, body: whole.subarray(0, body.size) },
      });
    }
    return chunk.subarray(part.length);
  }

  #header(chunk: Buffer): Buffer {
    const newline = chunk.indexOf(0x0a);
    if (newline < 0) {
      this.#buffer = Buffer.concat([this.#buffer, chunk]);
      if (this.#buffer.length > 4096)
        throw new GitError('GIT_CORRUPT', 'backoff', 'git cat-file gave no header line');
      return Buffer.alloc(0);
    }
    const line = Buffer.concat([this.#buffer, chunk.subarray(0, newline)]).toString('latin1');
    this.#buffer = Buffer.alloc(0);
    const match = HEADER.exec(line);
    if (match === null) {
      if (!/ (?:missing|ambiguous)$/.test(line)) {
        throw new GitError(
          'GIT_CORRUPT',
          'backoff',
          `git cat-file answered ${JSON.stringify(line.slice(0, 100))}`,
        );
      }
      this.#answer({ kind: 'missing' });
      return chunk.subarray(newline + 1);
    }
    const size = Number(match[3]);
    if (size > this.#maxBytes()) {
      this.#answer({ kind: 'too-large', sizeBytes: size });
      if (size > SKIP_BYTES) throw new ProcessEnded('', 0, 'an object too large to skip');
      this.#skip = size + 1;
    } else {
      this.#body = { id: match[1] as string, type: match[2] as GitObject['type'], size, chunks: [], have: 0 };
    }
    return chunk.subarray(newline + 1);
  }
}
