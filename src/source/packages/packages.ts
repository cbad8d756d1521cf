// Charts and artifacts of Helm repositories and OCI registries: where a source is one, what a target means there, and
// the files of a revision. A revision is fetched once; then it is there without its server.
import { join } from 'node:path';
import { Lru, SingleFlight } from '../../lib/index.ts';
import type { ApplicationSource, Artifact, Repository } from '../../model/index.ts';
import { filesOfArchive } from '../archive.ts';
import { type FileTreeProblem, fileTree, layOutFiles } from '../file-tree.ts';
import { PackageError, type PackageErrorCode } from './errors.ts';
import { isExactVersion } from './helm-index.ts';
import { HelmRepository } from './helm-repository.ts';
import { Places } from './place.ts';
import { PackageStore } from './store.ts';
import type { Fetched, PackageDeps, PackageFeed, PackagePlace } from './types.ts';

export interface Packages {
  /** Undefined for a Git repository. The same object for the same question. Throws PackageError for a bad address. */
  placeOf(source: ApplicationSource, repository: Repository): PackagePlace | undefined;
  /** What is asked again and again for what a place offers. */
  feed(place: PackagePlace): PackageFeed;
  /** Resolves when the repository can be read with its credential; keeps nothing. Rejects with PackageError. */
  check(repository: Repository, signal: AbortSignal): Promise<void>;
  /** The revision of a target that means one thing for ever and was fetched already; its server is not asked. */
  kept(place: PackagePlace, target: string): Promise<string | undefined>;
  /**
   * The files of a revision. With `isFresh` what is kept counts only if the server still says the same.
   * Rejects with PackageError.
   */
  artifact(
    place: PackagePlace,
    revision: string,
    options?: { readonly isFresh?: boolean; readonly signal?: AbortSignal },
  ): Promise<Artifact>;
  close(): Promise<void>;
}

/** Of unpacked files kept in memory. */
const MEMORY_BYTES = 96 * 1024 * 1024;
const MAX_SERVERS = 2_000;

type Files = ReadonlyMap<string, Uint8Array>;

export function createPackages(deps: PackageDeps): Packages {
  return new PackageSources(deps);
}

class PackageSources implements Packages {
  readonly #deps: PackageDeps;
  readonly #store: PackageStore;
  readonly #places = new Places();
  readonly #helm = new Lru<HelmRepository>(MAX_SERVERS);
  readonly #unpacked = new Lru<Files>(MEMORY_BYTES);
  readonly #flights = new SingleFlight<Fetched>();

  constructor(deps: PackageDeps) {
    this.#deps = deps;
    this.#store = new PackageStore(deps);
  }

  placeOf(source: ApplicationSource, repository: Repository): PackagePlace | undefined {
    return this.#places.of(source, repository);
  }

  feed(place: PackagePlace): PackageFeed {
    return this.#repository(place);
  }

  async check(repository: Repository, signal: AbortSignal): Promise<void> {
    const server = new HelmRepository(this.#deps, this.#places.whole(repository));
    try {
      await server.fetch(signal);
    } finally {
      await server.close();
    }
  }

  async kept(place: PackagePlace, target: string): Promise<string | undefined> {
    if (!isExactVersion(target)) return undefined;
    return (await this.#store.has(place, target)) ? target : undefined;
  }

  async artifact(
    place: PackagePlace,
    revision: string,
    options: { readonly isFresh?: boolean; readonly signal?: AbortSignal } = {},
  ): Promise<Artifact> {
    options.signal?.throwIfAborted();
    const isFresh = options.isFresh === true;
    const fetched = await this.#flights.run(`${place.key} ${place.chart} ${revision} ${isFresh}`, () =>
      this.#fetched(place, revision, isFresh),
    );
    return await this.#artifactOf(place, revision, fetched);
  }

  async close(): Promise<void> {
    this.#helm.clear();
  }

  async #fetched(place: PackagePlace, revision: string, isFresh: boolean): Promise<Fetched> {
    const pin = await this.#store.pin(place, revision);
    const kept = pin === undefined ? undefined : await this.#store.read(pin);
    if (kept !== undefined && !isFresh) return kept;
    const entry = await this.#repository(place).entry(place.chart, revision, isFresh);
    if (entry === undefined) {
      throw new PackageError(
        'PACKAGE_VERSION_NOT_FOUND',
        'on-change',
        `Chart ${place.chart} of ${place.address} has no version ${revision.slice(0, 100)}; check targetRevision`,
      );
    }
    if (kept !== undefined && entry.digest === kept.digest) return kept;
    const fetched = await this.#repository(place).archive(place.chart, entry);
    await this.#store.keep(place, revision, fetched, { digest: fetched.digest });
    return fetched;
  }

  async #artifactOf(place: PackagePlace, revision: string, fetched: Fetched): Promise<Artifact> {
    const what = `${place.chart} ${revision} of ${place.address}`;
    const fail = failing(what);
    const files = this.#unpacked.get(fetched.digest) ?? (await this.#unpack(fetched, fail));
    const scratchDir = join(this.#deps.dataDir, 'scratch');
    return {
      repository: place.address,
      revision,
      digest: fetched.digest,
      tree: fileTree(files, fail),
      materialise: () => layOutFiles({ scratchDir, random: this.#deps.random }, files),
    };
  }

  async #unpack({ bytes, digest }: Fetched, fail: ReturnType<typeof failing>): Promise<Files> {
    const files = await filesOfArchive(bytes, { fail, what: 'Its files', links: 'refuse', stripTop: true });
    if (!files.has('Chart.yaml')) throw fail('invalid', 'it has no Chart.yaml, so it is no chart');
    const weight = [...files.values()].reduce((sum, content) => sum + content.byteLength + 500, 0);
    this.#unpacked.set(digest, files, weight);
    return files;
  }

  #repository(place: PackagePlace): HelmRepository {
    const known = this.#helm.get(place.key);
    if (known !== undefined) return known;
    const made = new HelmRepository(this.#deps, place);
    this.#helm.set(place.key, made);
    return made;
  }
}

const CODES = {
  invalid: 'PACKAGE_ARCHIVE_INVALID',
  'too-large': 'PACKAGE_TOO_LARGE',
  'not-found': 'PACKAGE_PATH_NOT_FOUND',
} as const satisfies Record<FileTreeProblem, PackageErrorCode>;

function failing(what: string): (problem: FileTreeProblem, message: string, cause?: unknown) => PackageError {
  return (problem, message, cause) =>
    new PackageError(CODES[problem], 'on-change', `Chart ${what} cannot be used: ${message}`, { cause });
}
