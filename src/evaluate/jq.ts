// One jq expression over plain data. Runs in the worker; the interpreter is loaded when the first one comes, and its
// memory is bounded here.
import { ProgramFailure } from './protocol.ts';

const MAX_MESSAGE = 2_000;
/** What the interpreter takes for itself before a program begins. */
const BASE_BYTES = 32 * 1024 * 1024;
const PAGE_BYTES = 65_536;

interface WasmMemory {
  readonly buffer: ArrayBufferLike;
  grow(pages: number): number;
}
interface WithMemory {
  readonly WebAssembly: { readonly Memory: { readonly prototype: WasmMemory } };
}

/**
 * The values it gives, in order; of a wrong expression or input a ProgramFailure. One at a time: the bound holds while
 * a program runs.
 */
export async function runJq(source: string, input: unknown, memoryBytes: number): Promise<unknown> {
  // 1.3 MB of program, which most installations never need.
  const { raw } = await import('jq-wasm');
  const unbound = boundMemory(BASE_BYTES + memoryBytes);
  let text: string;
  try {
    text = await raw(JSON.stringify(input ?? null), source, ['-c']);
  } catch (error) {
    throw failureOf(error instanceof Error ? error.message : String(error));
  } finally {
    unbound();
  }
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line): unknown => JSON.parse(line));
}

/** Refuses WebAssembly memories to grow beyond this; the answer takes the bound away. */
function boundMemory(bytes: number): () => void {
  const { prototype } = (globalThis as unknown as WithMemory).WebAssembly.Memory;
  const grow = prototype.grow;
  prototype.grow = function (this: WasmMemory, pages: number): number {
    if (this.buffer.byteLength + pages * PAGE_BYTES > bytes) throw new RangeError('memory is bounded');
    return grow.call(this, pages);
  };
  return () => {
    prototype.grow = grow;
  };
}

/** The interpreter's words without what it says about shells and files, which nobody here has. */
function failureOf(message: string): ProgramFailure {
  const isMemory = /memory|OOM|enlarge|Aborted/i.test(message);
  const [line = ''] = message
    .replace(/^Failed to execute raw query: /, '')
    .replace(/^jq: /, '')
    .replace(' (Unix shell quoting issues?)', '')
    .replace(/ \(at [^)]*\)/, '')
    .split('\n');
  return isMemory
    ? new ProgramFailure('OUT_OF_MEMORY', 'it used too much memory', true)
    : new ProgramFailure('PROGRAM', line.slice(0, MAX_MESSAGE));
}
