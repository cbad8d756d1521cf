// Drives a program that speaks the Model Context Protocol over its standard streams: one JSON-RPC message a line.
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

const ANSWER_MS = 60_000;

interface Message {
  readonly id?: number;
  readonly result?: unknown;
  readonly error?: { readonly message: string };
}

export interface McpClient extends AsyncDisposable {
  readonly tools: readonly string[];
  /** The parsed text of a tool's answer; rejects when the tool says that it failed. */
  // biome-ignore lint/suspicious/noExplicitAny: answers have any shape
  call(tool: string, args?: object): Promise<any>;
}

/** Starts a Node program and shakes hands with it. */
export async function startMcp(
  file: string,
  args: readonly string[],
  options: { readonly cwd: string; readonly env: Record<string, string> },
): Promise<McpClient> {
  const env = { PATH: process.env.PATH ?? '', HOME: options.cwd, ...options.env };
  const child = spawn(process.execPath, [file, ...args], { cwd: options.cwd, env });
  const wire = new Wire(child);
  await wire.ask('initialize', {
    protocolVersion: '2025-03-26',
    capabilities: {},
    clientInfo: { name: 'test', version: '1' },
  });
  wire.tell('notifications/initialized');
  const { tools } = (await wire.ask('tools/list', {})) as { tools: { name: string }[] };
  return {
    tools: tools.map(({ name }) => name).sort(),
    async call(tool, given = {}) {
      const answer = (await wire.ask('tools/call', { name: tool, arguments: given })) as {
        isError?: boolean;
        content: { text: string }[];
      };
      const text = answer.content.map((part) => part.text).join('');
      if (answer.isError === true) throw new Error(`${tool}: ${text}`);
      return text === '' ? undefined : JSON.parse(text);
    },
    async [Symbol.asyncDispose]() {
      await wire.end();
    },
  };
}

class Wire {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  readonly #ended: Promise<void>;
  #stderr = '';
  #next = 1;

  constructor(child: ChildProcessWithoutNullStreams) {
    this.#child = child;
    child.stderr.on('data', (chunk: Buffer) => {
      this.#stderr = `${this.#stderr}${chunk.toString()}`.slice(-4_000);
    });
    createInterface({ input: child.stdout }).on('line', (line) => this.#take(line));
    this.#ended = new Promise((resolve) => {
      child.once('close', () => {
        for (const { reject } of this.#waiting.values())
          reject(new Error(`the program ended: ${this.#stderr}`));
        resolve();
      });
    });
  }

  #take(line: string): void {
    if (!line.startsWith('{')) return;
    const { id = 0, result, error } = JSON.parse(line) as Message;
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error === undefined) waiting?.resolve(result);
    else waiting?.reject(new Error(error.message));
  }

  tell(method: string, params: object = {}): void {
    this.#child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', method, params })}\n`);
  }

  ask(method: string, params: object): Promise<unknown> {
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${method}: no answer; ${this.#stderr}`)), ANSWER_MS);
      const settled = <T>(then: (value: T) => void) => {
        return (value: T): void => {
          clearTimeout(timer);
          then(value);
        };
      };
      this.#waiting.set(id, { resolve: settled(resolve), reject: settled(reject) });
      this.#child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`);
    });
  }

  async end(): Promise<void> {
    this.#child.kill('SIGTERM');
    await this.#ended;
  }
}
