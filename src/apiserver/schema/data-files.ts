// Reads the packed upstream documents of ../data. Each is unpacked when first asked for and kept.
import { readFileSync } from 'node:fs';
import { brotliDecompressSync } from 'node:zlib';
import { BugError, isRecord } from '../../lib/index.ts';

/** @returns the parsed document `data/<name>.json.br`; nothing is cached here. */
export function readDataFile(name: string): unknown {
  const packed = readFileSync(new URL(`../data/${name}.json.br`, import.meta.url));
  return JSON.parse(brotliDecompressSync(packed).toString('utf8'));
}

/** As readDataFile, for documents that are JSON objects. */
export function readDataRecord(name: string): Record<string, unknown> {
  const value = readDataFile(name);
  if (!isRecord(value)) throw new BugError(`Data file ${name} does not hold an object`);
  return value;
}

/** A function that computes its value once. */
export function lazily<T>(compute: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: compute() };
    return made.value;
  };
}
