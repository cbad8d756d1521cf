// A command in a simulated container: one program, or a shell that reads lines, with or without a terminal.
import type { Clock } from '../../../lib/index.ts';
import {
  changeDirectory,
  type ProgramResult,
  programs,
  type ShellState,
  type ShellWorld,
} from './programs.ts';
import { type Step, SyntaxFault, stepsOf } from './words.ts';

export interface ShellHandlers {
  output(data: string, stream: 'stdout' | 'stderr'): void;
  /** Once; nothing comes after it. */
  exited(code: number): void;
}

export interface ShellOptions {
  readonly world: ShellWorld;
  readonly variables: ReadonlyMap<string, string>;
  readonly command: readonly string[];
  readonly tty: boolean;
  readonly clock: Clock;
}

const SHELLS = new Set(['sh', '/bin/sh', 'ash']);
const PROMPT = '/ # ';
const MAX_LINE_CHARS = 4_096;
const MAX_SLEEP_SECONDS = 3_600;
/** Exit code after Ctrl-C. */
const INTERRUPTED = 130;

/** The program that a container does not have; undefined when it has it. */
export function missingProgram(command: readonly string[]): string | undefined {
  const [name = ''] = command;
  return SHELLS.has(name) || isProgram(basename(name)) || name === 'sleep' ? undefined : name;
}

export class Shell {
  readonly #options: ShellOptions;
  readonly #handlers: ShellHandlers;
  readonly #state: ShellState;
  readonly #decoder = new TextDecoder();
  readonly #stop = new AbortController();
  #interrupt = new AbortController();
  #line = '';
  #waiting: string[] = [];
  #isBusy = false;
  #hasEnded = false;
  #isInputOver = false;
  #lastCode = 0;

  constructor(options: ShellOptions, handlers: ShellHandlers) {
    this.#options = options;
    this.#handlers = handlers;
    this.#state = {
      variables: new Map(options.variables),
      directory: '/',
      size: { columns: 80, rows: 24 },
    };
  }

  start(): void {
    const [name = '', ...args] = this.#options.command;
    if (this.#isInteractive()) {
      this.#prompt();
      return;
    }
    const run = SHELLS.has(name)
      ? this.#runLine(args[1] ?? '')
      : this.#runSteps([{ words: this.#options.command, after: ';' }]);
    void run.then(() => this.#exit(this.#lastCode));
  }

  input(data: Uint8Array): void {
    const text = this.#decoder.decode(data, { stream: true });
    if (this.#options.tty) for (const char of text) this.#type(char);
    else this.#read(text);
  }

  endInput(): void {
    this.#isInputOver = true;
    if (!this.#isBusy && this.#isInteractive()) this.#exit(this.#lastCode);
  }

  resize(size: { columns: number; rows: number }): void {
    this.#state.size = size;
  }

  /** The container or the connection is gone. */
  kill(code: number): void {
    this.#exit(code);
  }

  #isInteractive(): boolean {
    const [name = '', first] = this.#options.command;
    return SHELLS.has(name) && first !== '-c';
  }

  #type(char: string): void {
    if (this.#hasEnded) return;
    if (char === '\u0003') this.#onInterrupt();
    else if (char === '\u0004') {
      if (this.#line === '' && !this.#isBusy) this.#exit(this.#lastCode);
    } else if (char === '\r' || char === '\n') {
      this.#print('\n');
      this.#submit(this.#line);
      this.#line = '';
    } else if (char === '\u007f' || char === '\b') {
      if (this.#line === '') return;
      this.#line = this.#line.slice(0, -1);
      this.#print('\b \b');
    } else if (char >= ' ' && this.#line.length < MAX_LINE_CHARS) {
      this.#line += char;
      this.#print(char);
    }
  }

  #onInterrupt(): void {
    this.#print('^C\n');
    this.#line = '';
    if (this.#isBusy) this.#interrupt.abort();
    else {
      this.#lastCode = INTERRUPTED;
      this.#prompt();
    }
  }

  #read(text: string): void {
    const lines = `${this.#line}${text}`.split('\n');
    this.#line = (lines.pop() ?? '').slice(0, MAX_LINE_CHARS);
    for (const line of lines) this.#submit(line);
  }

  #submit(line: string): void {
    if (this.#waiting.length < 1_000) this.#waiting.push(line);
    if (!this.#isBusy) void this.#work();
  }

  async #work(): Promise<void> {
    if (!this.#isInteractive()) return;
    this.#isBusy = true;
    for (let line = this.#waiting.shift(); line !== undefined; line = this.#waiting.shift()) {
      await this.#runLine(line);
      if (this.#hasEnded) return;
      this.#prompt();
    }
    this.#isBusy = false;
    if (this.#isInputOver) this.#exit(this.#lastCode);
  }

  async #runLine(line: string): Promise<void> {
    const lookUp = (name: string): string =>
      name === '?' ? String(this.#lastCode) : (this.#state.variables.get(name) ?? '');
    try {
      // One step at a time, as a step may set what the next one reads.
      const count = stepsOf(line, lookUp).length;
      for (let index = 0; index < count && !this.#hasEnded; index += 1) {
        const step = stepsOf(line, lookUp)[index];
        if (step !== undefined) await this.#runSteps([step]);
      }
    } catch (error) {
      if (!(error instanceof SyntaxFault)) throw error;
      this.#result({ code: 2, err: `sh: ${error.message}\n` });
    }
  }

  async #runSteps(steps: readonly Step[]): Promise<void> {
    for (const { words, after } of steps) {
      if ((after === '&&' && this.#lastCode !== 0) || (after === '||' && this.#lastCode === 0)) continue;
      await this.#run(words);
      if (this.#hasEnded) return;
    }
  }

  async #run([name = '', ...args]: readonly string[]): Promise<void> {
    const assignment = /^(\w+)=(.*)$/s.exec(name === 'export' ? (args[0] ?? '') : name);
    if (assignment !== null) {
      this.#state.variables.set(assignment[1] ?? '', assignment[2] ?? '');
      this.#lastCode = 0;
      return;
    }
    const program = basename(name);
    if (program === 'exit') this.#exit(Number.parseInt(args[0] ?? String(this.#lastCode), 10) & 255);
    else if (program === 'cd') this.#result(changeDirectory(args, this.#state));
    else if (program === 'export') this.#lastCode = 0;
    else if (program === 'sleep') await this.#sleep(Number(args[0]));
    else if (SHELLS.has(name) && args[0] === '-c') await this.#runLine(args[1] ?? '');
    else if (isProgram(program)) {
      const found = programs[program];
      if (found !== undefined) this.#result(found(args, this.#options.world, this.#state));
    } else this.#result({ code: 127, err: `sh: ${name}: not found\n` });
  }

  async #sleep(seconds: number): Promise<void> {
    if (!Number.isFinite(seconds) || seconds < 0) {
      this.#result({ code: 1, err: `sleep: invalid number\n` });
      return;
    }
    this.#interrupt = new AbortController();
    const signal = AbortSignal.any([this.#interrupt.signal, this.#stop.signal]);
    try {
      await this.#options.clock.sleep(Math.min(seconds, MAX_SLEEP_SECONDS) * 1_000, signal);
      this.#lastCode = 0;
    } catch {
      this.#lastCode = INTERRUPTED;
    }
  }

  #result({ code, out = '', err = '' }: ProgramResult): void {
    this.#lastCode = code;
    if (out !== '') this.#print(out);
    if (err !== '') this.#print(err, 'stderr');
  }

  #prompt(): void {
    if (!this.#options.tty || this.#hasEnded) return;
    const { directory } = this.#state;
    this.#print(directory === '/' ? PROMPT : `${directory} # `);
  }

  #print(text: string, stream: 'stdout' | 'stderr' = 'stdout'): void {
    if (this.#hasEnded) return;
    if (this.#options.tty) this.#handlers.output(text.replaceAll('\n', '\r\n'), 'stdout');
    else this.#handlers.output(text, stream);
  }

  #exit(code: number): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#stop.abort();
    this.#handlers.exited(Number.isNaN(code) ? 2 : code);
  }
}

function isProgram(name: string): boolean {
  return Object.hasOwn(programs, name);
}

function basename(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1);
}
