// A Helm repository over http(s): its index, kept and asked again by ETag, and the archives it names. The credential
// goes to the repository's own origin, and elsewhere only when the source says so.
import { type Clock, createHttpClient, type HttpAnswer, type HttpClient, sha256 } from '../../lib/index.ts';
import { authorizationOf } from './credential.ts';
import { PackageError, packageError, refusedStatus } from './errors.ts';
import {
  findVersion,
  type HelmEntries,
  type HelmVersion,
  INDEX_BYTES,
  readIndex,
  sortedVersions,
} from './helm-index.ts';
import type { Fetched, PackageDeps, PackagePlace, PackageServer, PackageSnapshot } from './types.ts';

const INDEX_MS = 60_000;
const ARCHIVE_MS = 120_000;
/** Packed; Helm itself takes no larger one. */
export const ARCHIVE_BYTES = 32 * 1024 * 1024;

interface Known extends PackageSnapshot {
  readonly entries: HelmEntries;
  readonly etag: string | undefined;
  readonly lastModified: string | undefined;
}

export class HelmRepository implements PackageServer {
  readonly #clock: Clock;
  readonly #place: PackagePlace;
  readonly #base: URL;
  readonly #http: HttpClient;
  readonly #authorization: string | undefined;
  #known: Known | undefined;
  #running: Promise<Known> | undefined;

  constructor({ clock, guard }: Pick<PackageDeps, 'clock' | 'guard'>, place: PackagePlace) {
    this.#clock = clock;
    this.#place = place;
    this.#base = baseOf(place.address);
    this.#http = createHttpClient(this.#base.origin, place.repository, guard);
    this.#authorization = authorizationOf(place.repository);
  }

  /** Asks anew: what was published before the call is in the answer. */
  fetch(signal?: AbortSignal): Promise<PackageSnapshot> {
    return this.#fetch(signal);
  }

  poll(): Promise<PackageSnapshot> {
    return this.fetch();
  }

  #shared(): Promise<Known> {
    this.#running ??= this.#fetch().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  /** Every chart with its versions, newest first. */
  async charts(): Promise<readonly { readonly name: string; readonly versions: readonly string[] }[]> {
    const { entries } = await this.#shared();
    return Object.entries(entries).map(([name, versions]) => ({
      name,
      versions: sortedVersions(versions.map(({ version }) => version)),
    }));
  }

  /** What the index says of one version; undefined when it has no such. */
  async entry(chart: string, version: string, isFresh: boolean): Promise<HelmVersion | undefined> {
    if (isFresh || this.#known === undefined) await this.#shared();
    const find = (): HelmVersion | undefined =>
      this.#known?.entries[chart]?.find((each) => each.version === version);
    if (find() === undefined && !isFresh) await this.#shared();
    return find();
  }

  /** The archive of one version, checked against the digest of the index where that has one. */
  async archive(
    chart: string,
    { version, urls, digest }: HelmVersion,
    signal?: AbortSignal,
  ): Promise<Fetched> {
    const what = `fetch chart ${chart} ${version} of ${this.#place.address}`;
    const [first = ''] = urls;
    const url = URL.canParse(first, this.#base) ? new URL(first, this.#base) : undefined;
    if (url === undefined || !/^https?:$/.test(url.protocol))
      throw new PackageError(
        'PACKAGE_URL_REFUSED',
        'on-change',
        `Cannot ${what}: the index names no http:// or https:// address for it; correct the index, or use the registry itself as repoURL`,
      );
    const isOwn = url.origin === this.#base.origin || this.#place.passCredentials;
    const answer = await this.#get(what, {
      url: url.href,
      authorization: isOwn ? this.#authorization : undefined,
      maxBytes: ARCHIVE_BYTES,
      timeoutMs: ARCHIVE_MS,
      signal,
    });
    if (answer.status !== 200) throw refusedStatus(what, url.host, answer.status);
    const seen = sha256(answer.body);
    if (digest === undefined || digest === seen) return { bytes: answer.body, digest: seen, form: 'chart' };
    throw new PackageError(
      'PACKAGE_DIGEST_MISMATCH',
      'on-change',
      `Chart ${chart} ${version} of ${this.#place.address} is refused: its archive has the digest ${seen}, the index says ${digest}; somebody changed one of them, publish the version anew`,
    );
  }

  close(): Promise<void> {
    return this.#http.close();
  }

  async #fetch(signal?: AbortSignal): Promise<Known> {
    const { address } = this.#place;
    const what = `read the index of Helm repository ${address}`;
    const known = this.#known;
    const url = new URL('index.yaml', this.#base);
    const answer = await this.#get(what, {
      url: url.href,
      authorization: this.#authorization,
      maxBytes: INDEX_BYTES,
      timeoutMs: INDEX_MS,
      decode: true,
      signal,
      headers: {
        ...(known?.etag === undefined ? {} : { 'if-none-match': known.etag }),
        ...(known?.lastModified === undefined ? {} : { 'if-modified-since': known.lastModified }),
      },
    });
    if (answer.status === 304 && known !== undefined) return known;
    if (answer.status !== 200) throw refusedStatus(what, url.host, answer.status);
    const digest = sha256(answer.body);
    const marks = { etag: answer.headers['etag'], lastModified: answer.headers['last-modified'] };
    const entries = digest === known?.digest ? known.entries : await this.#read(what, answer.body);
    const resolve = (chart: string, target: string): string => resolveIn(address, entries, chart, target);
    this.#known = { digest, entries, resolve, ...marks };
    return this.#known;
  }

  async #read(what: string, body: Buffer): Promise<HelmEntries> {
    try {
      return await readIndex(this.#clock, body);
    } catch (error) {
      if (!(error instanceof PackageError)) throw error;
      throw new PackageError(error.code, error.retry, `Cannot ${what}: ${error.message}`);
    }
  }

  async #get(what: string, call: Parameters<HttpClient['send']>[0]): Promise<HttpAnswer> {
    try {
      return await this.#http.send(call);
    } catch (error) {
      throw packageError(what, error);
    }
  }
}

function resolveIn(address: string, entries: HelmEntries, chart: string, target: string): string {
  const versions = entries[chart];
  const what = `Chart ${chart.slice(0, 100)} of ${address}`;
  if (versions !== undefined)
    return findVersion(
      what,
      versions.map(({ version }) => version),
      target,
    );
  throw new PackageError(
    'PACKAGE_CHART_NOT_FOUND',
    'on-change',
    `${what} is not in its index, which lists ${Object.keys(entries).length} charts; check chart and repoURL`,
  );
}

/** With a trailing slash, so that what the index names beside it is beside it. */
function baseOf(address: string): URL {
  const base = new URL(address);
  if (!base.pathname.endsWith('/')) base.pathname += '/';
  return base;
}
