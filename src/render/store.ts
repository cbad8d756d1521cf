// Rendered manifests by the digest of their inputs: in memory (bounded) and as files (bounded, and signed, so that
// whoever else can write the folder cannot say what is applied). Losing it costs time only. Failures are remembered for
// seconds, so that a broken source is not rendered in a loop.
import { createHmac, timingSafeEqual } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, isRecord, type Logger, Lru, messageOf, type Random, retryOf } from '../lib/index.ts';
import type { Manifest, ManifestSet } from '../model/index.ts';
import { deepFreeze, manifestsDigest } from './manifests.ts';

export interface RenderStoreDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly random: Random;
  readonly dataDir: string;
  /** Signs files; kept elsewhere than they are. Without one nothing is written, and what is there not believed. */
  readonly storeKey?: (() => Uint8Array | undefined) | undefined;
  /** A file was there that this control plane did not write so. */
  readonly onForged?: (() => void) | undefined;
}

export interface RenderStoreOptions {
  /** Of the JSON text held in memory; default 48 MiB. */
  readonly maxMemoryBytes?: number;
  /** Of all files; default 1 GiB. */
  readonly maxDiskBytes?: number;
  /** How long a failure is remembered; default 5 s. */
  readonly failureTtlMs?: number;
}

const MiB = 1024 * 1024;
const FORMAT = 'fairlead-render-2';
/** Of one file: manifests are limited to a fraction of it. */
const MAX_FILE_BYTES = 256 * MiB;
const MAX_FAILURES = 5_000;

export class RenderStore {
  readonly #deps: RenderStoreDeps;
  readonly #memory: Lru<ManifestSet>;
  readonly #failures = new Lru<{ error: Error; until: number }>(MAX_FAILURES);
  readonly #failureTtlMs: number;
  readonly #maxDiskBytes: number;
  readonly #root: string;
  readonly #writes = new Set<Promise<void>>();
  /** Files by key with their size, least recently used first; undefined until the directory was looked at. */
  #files: Promise<Map<string, number>> | undefined;

  constructor(deps: RenderStoreDeps, options: RenderStoreOptions = {}) {
    this.#deps = deps;
    this.#memory = new Lru(options.maxMemoryBytes ?? 48 * MiB);
    this.#maxDiskBytes = options.maxDiskBytes ?? 1024 * MiB;
    this.#failureTtlMs = options.failureTtlMs ?? 5_000;
    this.#root = join(deps.dataDir, 'renders');
  }

  /** The set of `key`, or undefined. Throws the failure when one is remembered. A file of others counts as absent. */
  async get(key: string): Promise<ManifestSet | undefined> {
    const known = this.#memory.get(key);
    if (known !== undefined) return known;
    const failure = this.#failures.get(key);
    if (failure !== undefined) {
      if (this.#deps.clock.monotonic() < failure.until) throw failure.error;
      this.#failures.delete(key);
    }
    return await this.#read(key);
  }

  /** Keeps a set; `onDisk` when rendering it again would cost a process. */
  put(set: ManifestSet, onDisk: boolean): void {
    const text = JSON.stringify(set);
    this.#failures.delete(set.inputKey);
    this.#memory.set(set.inputKey, set, text.length);
    if (!onDisk) return;
    const write = this.#write(set.inputKey, text)
      .catch((error: unknown) => this.#deps.log.warn('cannot store a render', { reason: messageOf(error) }))
      .finally(() => this.#writes.delete(write));
    this.#writes.add(write);
  }

  /** Remembers a failure that the same input would only repeat. */
  fail(key: string, error: unknown): void {
    if (!(error instanceof Error) || retryOf(error) !== 'on-change') return;
    this.#failures.set(key, { error, until: this.#deps.clock.monotonic() + this.#failureTtlMs });
  }

  /** Waits for writes under way. */
  async flush(): Promise<void> {
    await Promise.all(this.#writes);
  }

  async #read(key: string): Promise<ManifestSet | undefined> {
    const storeKey = this.#deps.storeKey?.();
    const files = await this.#index();
    if (storeKey === undefined || !files.has(key)) return undefined;
    const path = this.#path(key);
    const text = await content(path);
    const set = decode(storeKey, key, text);
    if (set === undefined) {
      this.#deps.onForged?.();
      this.#deps.log.error(
        'a stored render is damaged, or was written by somebody else; it is rendered again. If this goes on, find out who writes to the data folder',
        { key },
      );
      files.delete(key);
      await rm(path, { force: true });
      return undefined;
    }
    this.#memory.set(key, set, text.length);
    const size = files.get(key) ?? 0;
    files.delete(key);
    files.set(key, size);
    const now = new Date(this.#deps.clock.now());
    await utimes(path, now, now).catch(() => undefined);
    return set;
  }

  async #write(key: string, text: string): Promise<void> {
    const storeKey = this.#deps.storeKey?.();
    if (storeKey === undefined) return;
    const files = await this.#index();
    const signed = `${FORMAT} ${mac(storeKey, key, text)}\n${text}`;
    const path = this.#path(key);
    const temporary = `${path}.new-${Buffer.from(this.#deps.random.bytes(6)).toString('hex')}`;
    try {
      await writeFile(temporary, signed, { mode: 0o600 });
      await rename(temporary, path);
    } finally {
      await rm(temporary, { force: true });
    }
    files.delete(key);
    files.set(key, signed.length);
    await this.#evict(files);
  }

  async #evict(files: Map<string, number>): Promise<void> {
    let total = 0;
    for (const size of files.values()) total += size;
    for (const [key, size] of files) {
      if (total <= this.#maxDiskBytes) return;
      files.delete(key);
      total -= size;
      await rm(this.#path(key), { force: true });
    }
  }

  #index(): Promise<Map<string, number>> {
    this.#files ??= this.#scan().catch((error: unknown) => {
      this.#files = undefined;
      this.#deps.log.warn('cannot read the render store', { reason: messageOf(error) });
      return new Map<string, number>();
    });
    return this.#files;
  }

  async #scan(): Promise<Map<string, number>> {
    await mkdir(this.#root, { recursive: true, mode: 0o700 });
    const found: { key: string; size: number; usedAt: number }[] = [];
    for (const name of await readdir(this.#root)) {
      const path = join(this.#root, name);
      if (!/^[0-9a-f]{64}\.json$/.test(name)) {
        await rm(path, { force: true, recursive: true });
        continue;
      }
      const { size, mtimeMs } = await stat(path);
      found.push({ key: name.slice(0, 64), size, usedAt: mtimeMs });
    }
    found.sort((a, b) => a.usedAt - b.usedAt);
    return new Map(found.map(({ key, size }) => [key, size]));
  }

  #path(key: string): string {
    return join(this.#root, `${key}.json`);
  }
}

/** '' for a file that cannot be read or is larger than any of ours. */
async function content(path: string): Promise<string> {
  try {
    return (await stat(path)).size > MAX_FILE_BYTES ? '' : await readFile(path, 'utf8');
  } catch {
    return '';
  }
}

/** The key is part of what is signed: a file under another name is none of ours. */
function mac(storeKey: Uint8Array, key: string, text: string): string {
  return createHmac('sha256', storeKey).update(`${FORMAT} ${key}\n`).update(text).digest('hex');
}

/** Undefined unless the text is what was written for `key`. */
function decode(storeKey: Uint8Array, key: string, signed: string): ManifestSet | undefined {
  const newline = signed.indexOf('\n');
  const text = signed.slice(newline + 1);
  const head = Buffer.from(signed.slice(0, Math.max(newline, 0)));
  const expected = Buffer.from(`${FORMAT} ${mac(storeKey, key, text)}`);
  if (head.length !== expected.length || !timingSafeEqual(head, expected)) return undefined;
  const set: unknown = JSON.parse(text);
  if (!isRecord(set) || set['inputKey'] !== key || !Array.isArray(set['manifests'])) return undefined;
  if (manifestsDigest(set['manifests'] as Manifest[]) !== set['digest']) return undefined;
  return deepFreeze(set) as unknown as ManifestSet;
}
