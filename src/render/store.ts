// Rendered manifests by the digest of their inputs: in memory (bounded) and as files (bounded, checked on read).
// Losing it costs time only. Failures are remembered for seconds, so that a broken source is not rendered in a loop.
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type Clock,
  isRecord,
  type Logger,
  Lru,
  messageOf,
  type Random,
  retryOf,
  sha256,
} from '../lib/index.ts';
import type { Manifest, ManifestSet } from '../model/index.ts';
import { deepFreeze, manifestsDigest } from './manifests.ts';

export interface RenderStoreDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly random: Random;
  readonly dataDir: string;
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
const FORMAT = 'fairlead-render-1';
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

  /** The set of `key`, or undefined. Throws the failure when one is remembered. A damaged file counts as absent. */
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
    const files = await this.#index();
    if (!files.has(key)) return undefined;
    const path = this.#path(key);
    const text = await readFile(path, 'utf8').catch(() => '');
    const set = decode(key, text);
    if (set === undefined) {
      this.#deps.log.warn('a stored render is damaged; it is rendered again', { key });
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
    const files = await this.#index();
    const content = `${FORMAT} ${sha256(text)}\n${text}`;
    const path = this.#path(key);
    const temporary = `${path}.new-${Buffer.from(this.#deps.random.bytes(6)).toString('hex')}`;
    try {
      await writeFile(temporary, content);
      await rename(temporary, path);
    } finally {
      await rm(temporary, { force: true });
    }
    files.delete(key);
    files.set(key, content.length);
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
    await mkdir(this.#root, { recursive: true });
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

/** Undefined unless the text is whole, is what was written, and belongs to `key`. */
function decode(key: string, content: string): ManifestSet | undefined {
  const newline = content.indexOf('\n');
  const text = content.slice(newline + 1);
  if (newline < 0 || content.slice(0, newline) !== `${FORMAT} ${sha256(text)}`) return undefined;
  const set: unknown = JSON.parse(text);
  if (!isRecord(set) || set['inputKey'] !== key || !Array.isArray(set['manifests'])) return undefined;
  if (manifestsDigest(set['manifests'] as Manifest[]) !== set['digest']) return undefined;
  return deepFreeze(set) as unknown as ManifestSet;
}
