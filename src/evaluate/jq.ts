// One jq expression over plain data. Runs in the worker; the interpreter is loaded when the first one comes.
import { ProgramFailure } from './protocol.ts';

const MAX_MESSAGE = 2_000;

/** The values it gives, in order; of a wrong expression or input a ProgramFailure. */
export async function runJq(source: string, input: unknown): Promise<unknown> {
  // 1.3 MB of program, which most installations never need.
  const { raw } = await import('jq-wasm');
  let text: string;
  try {
    text = await raw(JSON.stringify(input ?? null), source, ['-c']);
  } catch (error) {
    throw failureOf(error instanceof Error ? error.message : String(error));
  }
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line): unknown => JSON.parse(line));
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
