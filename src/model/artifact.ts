// What a source hands to a render: one immutable tree of files with content ids.
import type { InputRead } from './manifest-set.ts';

export interface SourceEntry {
  readonly name: string;
  readonly kind: 'file' | 'directory';
  /** Content id: equal ids mean equal content. */
  readonly id: string;
}

/**
 * Read-only files of one artifact. Paths are relative to its root, '' is the root. Links are followed as long as they
 * stay inside; one that does not is an error naming it, and so is reading a path that is not there.
 */
export interface SourceTree {
  /** What is at `path`, or undefined when nothing is. */
  stat(path: string): Promise<{ readonly kind: 'file' | 'directory'; readonly id: string } | undefined>;
  /** The entries of a directory, sorted by name. */
  list(path: string): Promise<readonly SourceEntry[]>;
  /** A file's bytes; an error beyond `maxBytes` (default 10 MiB). */
  read(path: string, maxBytes?: number): Promise<Uint8Array>;
  /** Every id that decides what lies under `path`: its own, and those of link targets outside it. */
  closure(path: string): Promise<readonly InputRead[]>;
}

/** Files on disk until released; shared with other users of the same content, so never write into it. */
export interface Checkout {
  readonly directory: string;
  release(): void;
}

/** One revision of one source. */
export interface Artifact {
  /** Normalised URL. */
  readonly repository: string;
  /** Commit, chart version or digest. */
  readonly revision: string;
  /** Digest of the whole content. */
  readonly digest: string;
  readonly tree: SourceTree;
  /** Lays out exactly these paths (with link targets in place) under one directory. */
  materialise(paths: readonly string[]): Promise<Checkout>;
}
