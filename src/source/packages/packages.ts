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
import { fetchedLayer, isDigest, noTag, offeredBy, tagOf } from './oci-artifact.ts';
import { OciRegistry } from './oci-registry.ts';
import { Places } from './place.ts';
import { Servers } from './servers.ts';
import { PackageStore, type Pin } from './store.ts';
import type { Fetched, PackageDeps, PackageFeed, PackagePlace, PackageSnapshot } from './types.ts';

export interface Packages {
  /** Undefined for a Git repository. The same object for the same question. Throws PackageError for a bad address. */
  placeOf(source: ApplicationSource, repository: Repository): PackagePlace | undefined;
  /** What is asked again and again for what a place offers. */
  feed(place: PackagePlace): PackageFeed;
  /** Resolves when the repository can be read with its credential; keeps nothing. Rejects with PackageError. */
  check(repository: Repository, signal: AbortSignal): Promise<void>;
  /** The charts of a Helm repository with their versions, newest first. Rejects with PackageError. */
  charts(
    repository: Repository,
  ): Promise<readonly { readonly name: string; readonly versions: readonly string[] }[]>;
  /** The tags of an artifact in a registry. Rejects with PackageError. */
  tags(repository: Repository, signal: AbortSignal): Promise<readonly string[]>;
  /** Annotations of a revision's manifest; undefined for a place that is in no registry. Rejects with PackageError. */
  annotations(
    place: PackagePlace,
    revision: string,
    signal: AbortSignal,
  ): Promise<Readonly<Record<string, string>> | undefined>;
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

type Files = ReadonlyMap<string, Uint8Array>;

export function createPackages(deps: PackageDeps): Packages {
  return new PackageSources(deps);
}

class PackageSources implements Packages {
  readonly #deps: PackageDeps;
  readonly #store: PackageStore;
  readonly #places = new Places();
  readonly #helm = new Servers<HelmRepository>();
  readonly #registries = new Servers<OciRegistry>();
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
    if (place.kind === 'helm') return this.#repository(place);
    const registry = this.#registry(place);
    const ask = (): Promise<PackageSnapshot> => offeredBy(registry, place);
    return { fetch: ask, poll: ask };
  }

  async check(repository: Repository, signal: AbortSignal): Promise<void> {
    const place = this.#places.whole(repository);
    if (place.kind === 'oci') {
      const registry = new OciRegistry(this.#deps, place);
      await registry.ping(signal).finally(() => registry.close());
      return;
    }
    const helm = new HelmRepository(this.#deps, place);
    await helm.fetch(signal).finally(() => helm.close());
  }

  async charts(repository: Repository): ReturnType<Packages['charts']> {
    const place = this.#places.whole(repository);
    if (place.kind !== 'helm') throw notOfKind(place, 'no Helm repository with an index; ask for its tags');
    return await this.#repository(place).charts();
  }

  async tags(repository: Repository, signal: AbortSignal): Promise<readonly string[]> {
    const place = this.#places.whole(repository);
    if (place.kind !== 'oci') throw notOfKind(place, 'no artifact of an OCI registry; ask for its charts');
    return await this.#registry(place).tags(signal);
  }

  async annotations(
    place: PackagePlace,
    revision: string,
    signal: AbortSignal,
  ): ReturnType<Packages['annotations']> {
    if (place.kind !== 'oci') return undefined;
    const reference = isDigest(revision) ? revision : tagOf(revision);
    const manifest = await this.#registry(place).manifest(reference, signal);
    if (manifest === undefined) throw noTag(place.address, reference);
    return manifest.annotations;
  }

  async kept(place: PackagePlace, target: string): Promise<string | undefined> {
    const isFixed = isDigest(target) || (place.chart !== '' && isExactVersion(target));
    if (!isFixed) return undefined;
    return (await this.#store.has(place, target)) ? target : undefined;
  }

  async artifact(
    place: PackagePlace,
    revision: string,
    options: { readonly isFresh?: boolean; readonly signal?: AbortSignal } = {},
  ): Promise<Artifact> {
    options.signal?.throwIfAborted();
    const isFresh = options.isFresh === true;
    const fetched = await this.#flights.run(`${place.server} ${place.chart} ${revision} ${isFresh}`, () =>
      this.#fetched(place, revision, isFresh),
    );
    return await this.#artifactOf(place, revision, fetched);
  }

  async close(): Promise<void> {
    await Promise.all([this.#helm.close(), this.#registries.close()]);
  }

  async #fetched(place: PackagePlace, revision: string, isFresh: boolean): Promise<Fetched> {
    const pin = await this.#store.pin(place, revision);
    const kept = pin === undefined ? undefined : await this.#store.read(pin);
    if (kept !== undefined && !isFresh) return kept;
    return place.kind === 'helm'
      ? await this.#fetchedChart(place, revision, isFresh, kept)
      : await this.#fetchedArtifact(place, revision, kept === undefined ? undefined : pin, kept);
  }

  async #fetchedChart(
    place: PackagePlace,
    revision: string,
    isFresh: boolean,
    kept: Fetched | undefined,
  ): Promise<Fetched> {
    const repository = this.#repository(place);
    const entry = await repository.entry(place.chart, revision, isFresh);
    if (entry === undefined) {
      throw new PackageError(
        'PACKAGE_VERSION_NOT_FOUND',
        'on-change',
        `Chart ${place.chart} of ${place.address} has no version ${revision.slice(0, 100)}; check targetRevision`,
      );
    }
    if (kept !== undefined && entry.digest === kept.digest) return kept;
    const elsewhere = this.#inRegistry(entry.urls[0] ?? '');
    if (elsewhere !== undefined) {
      const { place: at, tag } = elsewhere;
      const fetched = await this.#fetchedManifest(at, tag);
      await this.#store.keep(place, revision, fetched.files, fetched.pin);
      return fetched.files;
    }
    const fetched = await repository.archive(place.chart, entry);
    await this.#store.keep(place, revision, fetched, { digest: fetched.digest, form: 'chart' });
    return fetched;
  }

  async #fetchedArtifact(
    place: PackagePlace,
    revision: string,
    pin: Pin | undefined,
    kept: Fetched | undefined,
  ): Promise<Fetched> {
    const reference = isDigest(revision) ? revision : tagOf(revision);
    // A digest never means anything else; a version may have been pushed anew.
    if (
      kept !== undefined &&
      (isDigest(revision) || pin?.manifest === (await this.#registry(place).digestOf(reference)))
    )
      return kept;
    const { files, pin: fresh } = await this.#fetchedManifest(place, reference);
    await this.#store.keep(place, revision, files, fresh);
    return files;
  }

  async #fetchedManifest(
    place: PackagePlace,
    reference: string,
  ): Promise<{ readonly files: Fetched; readonly pin: Pin }> {
    const registry = this.#registry(place);
    const manifest = await registry.manifest(reference);
    if (manifest === undefined) throw noTag(place.address, reference);
    const files = await fetchedLayer(registry, place, manifest);
    return { files, pin: { digest: files.digest, manifest: manifest.digest, form: files.form } };
  }

  /** Some indexes name charts in registries, which get no credential of the index. */
  #inRegistry(url: string): { readonly place: PackagePlace; readonly tag: string } | undefined {
    const [, address = '', tag = ''] = /^(oci:\/\/[^@]+):([^:/@]+)$/i.exec(url) ?? [];
    if (address === '') return undefined;
    const repository: Repository = { url: address, type: 'oci', credential: { kind: 'none' } };
    const chart = address.slice(address.lastIndexOf('/') + 1);
    const place = this.#places.of({ repoURL: address.slice(0, -chart.length - 1), chart }, repository);
    return place === undefined ? undefined : { place, tag };
  }

  async #artifactOf(place: PackagePlace, revision: string, fetched: Fetched): Promise<Artifact> {
    const fail = failing(
      `${place.chart === '' ? 'The artifact' : `Chart ${place.chart}`} ${revision} of ${place.address}`,
    );
    const files =
      this.#unpacked.get(`${fetched.form} ${fetched.digest}`) ?? (await this.#unpack(fetched, fail));
    const scratchDir = join(this.#deps.dataDir, 'scratch');
    return {
      repository: place.address,
      revision,
      digest: fetched.digest,
      tree: fileTree(files, fail),
      materialise: () => layOutFiles({ scratchDir, random: this.#deps.random }, files),
    };
  }

  async #unpack({ bytes, digest, form }: Fetched, fail: ReturnType<typeof failing>): Promise<Files> {
    const isChart = form === 'chart';
    const files = await filesOfArchive(bytes, {
      fail,
      what: 'Its files',
      links: isChart ? 'refuse' : 'inside',
      stripTop: isChart,
      mayBePlain: !isChart,
    });
    if (isChart && !files.has('Chart.yaml')) throw fail('invalid', 'it has no Chart.yaml, so it is no chart');
    if (files.size === 0) throw fail('invalid', 'it holds no file');
    const weight = [...files.values()].reduce((sum, content) => sum + content.byteLength + 500, 0);
    this.#unpacked.set(`${form} ${digest}`, files, weight);
    return files;
  }

  #registry(place: PackagePlace): OciRegistry {
    return this.#registries.of(place.server, () => new OciRegistry(this.#deps, place));
  }

  #repository(place: PackagePlace): HelmRepository {
    return this.#helm.of(place.key, () => new HelmRepository(this.#deps, place));
  }
}

function notOfKind({ address }: PackagePlace, what: string): PackageError {
  return new PackageError('PACKAGE_URL_REFUSED', 'on-change', `${address} is ${what}`);
}

const CODES = {
  invalid: 'PACKAGE_ARCHIVE_INVALID',
  'too-large': 'PACKAGE_TOO_LARGE',
  'not-found': 'PACKAGE_PATH_NOT_FOUND',
} as const satisfies Record<FileTreeProblem, PackageErrorCode>;

function failing(what: string): (problem: FileTreeProblem, message: string, cause?: unknown) => PackageError {
  return (problem, message, cause) =>
    new PackageError(CODES[problem], 'on-change', `${what} cannot be used: ${message}`, { cause });
}
