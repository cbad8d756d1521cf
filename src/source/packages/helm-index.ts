// The index of a Helm repository: reads index.yaml, large ones in a thread of their own, and finds versions in it.
import { Worker } from 'node:worker_threads';
import {
  type Clock,
  compareVersions,
  greatest,
  isRecord,
  messageOf,
  parseConstraint,
  parseVersion,
  parseYaml,
} from '../../lib/index.ts';
import { PackageError } from './errors.ts';

export interface HelmVersion {
  readonly version: string;
  /** SHA-256 of the archive in hex, when the index names it. */
  readonly digest?: string;
  readonly urls: readonly string[];
}

/** Versions by chart, as the index has them. */
export type HelmEntries = Readonly<Record<string, readonly HelmVersion[]>>;

export const INDEX_BYTES = 32 * 1024 * 1024;
/** Parsing a larger text would hold everything else up. */
const IN_PLACE_BYTES = 256 * 1024;
const PARSE_MS = 30_000;
const HEAP_MIB = 768;
const MAX_VERSIONS = 200_000;
const WORKER = new URL('./index-worker.ts', import.meta.url);
const TYPESCRIPT = new URL('../../../bin/typescript.js', import.meta.url).href;

/** Rejects with PackageError when the text is no index. */
export async function readIndex(clock: Clock, bytes: Buffer): Promise<HelmEntries> {
  if (bytes.byteLength > IN_PLACE_BYTES) return await readInThread(clock, bytes);
  return entriesOf(bytes.toString('utf8'));
}

function readInThread(clock: Clock, bytes: Buffer): Promise<HelmEntries> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(WORKER, {
      workerData: bytes.toString('utf8'),
      execArgv: ['--import', TYPESCRIPT],
      env: {},
      argv: [],
      stdout: true,
      stderr: true,
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MIB, stackSizeMb: 4 },
    });
    const end = (settle: () => void): void => {
      timer.cancel();
      // Nobody waits for its end: it holds nothing.
      worker.terminate().catch(() => {});
      settle();
    };
    const timer = clock.after(PARSE_MS, () =>
      end(() => reject(malformed(`takes more than ${PARSE_MS / 1000} s to read`))),
    );
    worker.once('message', (answer: { entries: HelmEntries } | { problem: string }) =>
      end(() => ('entries' in answer ? resolve(answer.entries) : reject(malformed(answer.problem)))),
    );
    worker.once('error', (error) => end(() => reject(malformed(`cannot be read: ${messageOf(error)}`))));
  });
}

function malformed(why: string): PackageError {
  return new PackageError(
    'PACKAGE_MALFORMED',
    'on-change',
    `index.yaml of the Helm repository ${why}; check repoURL, and that the repository is one of charts`,
  );
}

/** Throws PackageError. Versions that Helm could not use are left out, as Helm does. */
export function entriesOf(text: string): HelmEntries {
  const index = parsed(text);
  const entries = isRecord(index) ? index['entries'] : undefined;
  if (!isRecord(index) || typeof index['apiVersion'] !== 'string' || !(isRecord(entries) || entries === null))
    throw malformed('has no apiVersion and entries');
  const charts: Record<string, HelmVersion[]> = Object.create(null);
  let count = 0;
  for (const [chart, list] of Object.entries(entries ?? {})) {
    if (!Array.isArray(list)) continue;
    const versions = list.flatMap((item: unknown) => versionOf(chart, item) ?? []);
    count += versions.length;
    if (count > MAX_VERSIONS) throw malformed(`lists more than ${MAX_VERSIONS} versions`);
    charts[chart] = versions;
  }
  return charts;
}

function parsed(text: string): unknown {
  try {
    // Some servers write JSON, which needs no more than JSON's parser.
    if (text.trimStart().startsWith('{')) return JSON.parse(text);
    return parseYaml(text, { name: 'index.yaml', maxBytes: INDEX_BYTES * 2 });
  } catch (error) {
    // A parser quotes what it stumbled over; a server's words are not repeated.
    const line = (error as { line?: unknown }).line;
    throw malformed(`is no YAML${typeof line === 'number' ? ` (line ${line})` : ''}`);
  }
}

function versionOf(chart: string, item: unknown): HelmVersion | undefined {
  if (!isRecord(item)) return undefined;
  const { version, digest, urls, name = chart } = item;
  if (typeof version !== 'string' || name !== chart || parseVersion(version) === undefined) return undefined;
  if (!Array.isArray(urls)) return undefined;
  const hex = typeof digest === 'string' ? digest.replace(/^sha256:/, '').toLowerCase() : '';
  const addresses = urls.filter((url): url is string => typeof url === 'string' && url !== '');
  return addresses.length === 0
    ? undefined
    : { version, urls: addresses, ...(/^[0-9a-f]{64}$/.test(hex) ? { digest: hex } : {}) };
}

/** A version with all its three parts, which is never a range. */
export function isExactVersion(target: string): boolean {
  return /^v?\d+\.\d+\.\d+/.test(target) && parseVersion(target) !== undefined;
}

/**
 * What a targetRevision means among these versions: the very text, else the greatest version in the range; '' is the
 * newest release. Throws PackageError. @param what `Chart web of https://…`
 */
export function findVersion(what: string, versions: readonly string[], target: string): string {
  if (versions.includes(target)) return target;
  const constraint = parseConstraint(target === '' ? '*' : target);
  if (constraint === undefined) {
    throw new PackageError(
      'PACKAGE_VERSION_NOT_FOUND',
      'on-change',
      `targetRevision ${JSON.stringify(target.slice(0, 100))} is neither a version nor a range of versions; use one like 1.2.3, 1.x or ">=1.0 <2.0"`,
    );
  }
  // Versions that differ in their build alone are equally high: the order of a list must not decide.
  const found = greatest([...versions].sort(), constraint);
  if (found !== undefined) return found;
  throw new PackageError(
    'PACKAGE_VERSION_NOT_FOUND',
    'on-change',
    `${what} has no version that is ${target === '' ? 'a release' : JSON.stringify(target.slice(0, 100))} among its ${versions.length}${newest(versions)}; check targetRevision`,
  );
}

function newest(versions: readonly string[]): string {
  const sorted = sortedVersions(versions);
  return sorted.length === 0 ? '' : ` (newest: ${sorted[0]})`;
}

/** Newest first; what is no version comes last. */
export function sortedVersions(versions: readonly string[]): string[] {
  return [...versions].sort((a, b) => {
    const [left, right] = [parseVersion(a), parseVersion(b)];
    if (left === undefined || right === undefined) return left === right ? 0 : left === undefined ? 1 : -1;
    return compareVersions(right, left);
  });
}
