// What the parts of this folder hand to each other, and to whoever follows packages.
import type { AddressGuard, Clock, Logger, Random } from '../../lib/index.ts';
import type { Repository } from '../../model/index.ts';

export interface PackageDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly dataDir: string;
  /** Where connections may go; default: anywhere but link-local addresses. */
  readonly guard?: AddressGuard | undefined;
}

/** Where a source that is no Git repository comes from, with the one credential that belongs to it. */
export interface PackagePlace {
  readonly kind: 'helm' | 'oci';
  /** Equal for equal addresses reached with equal credentials. Shown in logs. */
  readonly key: string;
  /** The same for whatever is wanted there. */
  readonly server: string;
  /** Without trailing slash: `https://host/path`, or `host/path` of an artifact in a registry. */
  readonly address: string;
  readonly repository: Repository;
  /** Helm: '' stands for the whole repository. OCI: the last part of the address, '' for what need not be a chart. */
  readonly chart: string;
  /** The credential may go to whatever host the index names (`helm.passCredentials`). */
  readonly passCredentials: boolean;
  /** OCI: what is followed. Helm: ''. */
  readonly target: string;
}

/** What a place offers at one moment. */
export interface PackageSnapshot {
  /** Equal digests mean that every resolution is the same. */
  readonly digest: string;
  /** The revision that a target means. Throws PackageError. */
  resolve(chart: string, target: string): string;
}

/** A place that is looked at again and again. Rejects with PackageError. */
export interface PackageFeed {
  fetch(): Promise<PackageSnapshot>;
  poll(): Promise<PackageSnapshot>;
}

/** A feed that can be tried out, and that revisions are fetched from. */
export interface PackageServer extends PackageFeed {
  fetch(signal?: AbortSignal): Promise<PackageSnapshot>;
}

/** An archive as it was fetched. */
export interface Fetched {
  readonly bytes: Buffer;
  /** SHA-256 in hex, verified. */
  readonly digest: string;
  /** A chart has its files in one directory; plain files are as they are. */
  readonly form: 'chart' | 'files';
}
