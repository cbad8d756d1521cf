// Archives on disk by their digest, and which digest a revision was fetched as. Verified on each read, bounded in size;
// what is lost is fetched again. Nothing is found here with another credential than it was fetched with.
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type Clock,
  digestOf,
  isRecord,
  type Logger,
  type Random,
  randomName,
  sha256,
} from '../../lib/index.ts';
import { PackageError } from './errors.ts';
import type { Fetched, PackagePlace } from './types.ts';

export interface StoreDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly dataDir: string;
}

const MAX_BYTES = 2 * 1024 * 1024 * 1024;
const MAX_PINS = 50_000;

export interface Pin {
  /** Of the archive. */
  readonly digest: string;
  /** What the server calls it, when that is something else: the digest of a manifest. */
  readonly manifest?: string;
  readonly form: Fetched['form'];
}

export class PackageStore {
  readonly #deps: StoreDeps;
  readonly #blobs: string;
  readonly #pins: string;
  readonly #maxBytes: number;

  constructor(deps: StoreDeps, maxBytes = MAX_BYTES) {
    this.#deps = deps;
    this.#maxBytes = maxBytes;
    this.#blobs = join(deps.dataDir, 'packages', 'blobs');
    this.#pins = join(deps.dataDir, 'packages', 'pins');
  }

  /** What a revision was fetched as; undefined when it was not, or when that is lost. */
  async pin(place: PackagePlace, revision: string): Promise<Pin | undefined> {
    try {
      const value: unknown = JSON.parse(await readFile(this.#pinFile(place, revision), 'utf8'));
      if (!isRecord(value)) return undefined;
      const { digest, manifest, form } = value;
      if (typeof digest !== 'string' || !/^[0-9a-f]{64}$/.test(digest)) return undefined;
      return {
        digest,
        form: form === 'files' ? 'files' : 'chart',
        ...(typeof manifest === 'string' ? { manifest } : {}),
      };
    } catch {
      // Absent, or cut off by a crash: fetched again.
      return undefined;
    }
  }

  /** True when the revision can be had without its server. */
  async has(place: PackagePlace, revision: string): Promise<boolean> {
    const pin = await this.pin(place, revision);
    if (pin === undefined) return false;
    return (await stat(join(this.#blobs, pin.digest)).catch(() => undefined)) !== undefined;
  }

  /** The archive, verified; undefined when it is not there or was damaged. */
  async read({ digest, form }: Pin): Promise<Fetched | undefined> {
    const file = join(this.#blobs, digest);
    let bytes: Buffer;
    try {
      bytes = await readFile(file);
    } catch {
      return undefined;
    }
    if (sha256(bytes) !== digest) {
      this.#deps.log.warn('an archive on disk was changed and is fetched again', { digest });
      await rm(file, { force: true });
      return undefined;
    }
    const now = this.#deps.clock.now() / 1000;
    // Only the order of eviction depends on it.
    await utimes(file, now, now).catch(() => {});
    return { bytes, digest, form };
  }

  async keep(place: PackagePlace, revision: string, { bytes, digest }: Fetched, pin: Pin): Promise<void> {
    try {
      await mkdir(this.#blobs, { recursive: true, mode: 0o700 });
      await mkdir(this.#pins, { recursive: true, mode: 0o700 });
      await this.#makeRoom(bytes.byteLength);
      await this.#write(join(this.#blobs, digest), bytes);
      await this.#write(this.#pinFile(place, revision), JSON.stringify(pin));
    } catch (cause) {
      throw new PackageError(
        'PACKAGE_DISK',
        'backoff',
        'Cannot keep a fetched archive: the data directory cannot be written; free space or mount it writable',
        { cause: (cause as NodeJS.ErrnoException).code },
      );
    }
  }

  async #write(file: string, content: string | Uint8Array): Promise<void> {
    const fresh = `${file}.${randomName(this.#deps.random, 8)}`;
    await writeFile(fresh, content, { mode: 0o600 });
    await rename(fresh, file);
  }

  /** The archives that nobody read for longest go first. */
  async #makeRoom(bytes: number): Promise<void> {
    const files = await this.#listed(this.#blobs);
    let total = files.reduce((sum, { size }) => sum + size, bytes);
    for (const { path, size } of files) {
      if (total <= this.#maxBytes) break;
      await rm(path, { force: true });
      total -= size;
    }
    const pins = await readdir(this.#pins);
    if (pins.length < MAX_PINS) return;
    const old = await this.#listed(this.#pins);
    for (const { path } of old.slice(0, MAX_PINS / 10)) await rm(path, { force: true });
  }

  async #listed(folder: string): Promise<{ path: string; size: number; at: number }[]> {
    const found: { path: string; size: number; at: number }[] = [];
    for (const name of await readdir(folder)) {
      const path = join(folder, name);
      const facts = await stat(path).catch(() => undefined);
      if (facts !== undefined) found.push({ path, size: facts.size, at: facts.mtimeMs });
    }
    return found.sort((a, b) => a.at - b.at);
  }

  #pinFile({ kind, address, chart, repository }: PackagePlace, revision: string): string {
    const { credential, tlsClientCertificate = null } = repository;
    return join(this.#pins, digestOf([kind, address, chart, revision, credential, tlsClientCertificate]));
  }
}
