// Lays out sub-trees of a commit as plain files, once per content. Only regular files and directories are ever
// written: a link that stays inside the repository becomes a copy of what it points to, any other is an error.
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Logger, mapLimited, type Random, sha256 } from '../lib/index.ts';
import type { Checkout, InputRead } from '../model/index.ts';
import { GitError } from './errors.ts';
import type { GitObjects } from './objects.ts';

export interface CheckoutDeps {
  readonly random: Random;
  readonly log: Logger;
  readonly dataDir: string;
}

export interface CheckoutOptions {
  /** Kept on disk beyond what is in use; default 2 GiB. */
  readonly maxBytes?: number;
}

export interface Checkouts {
  /** The files under `paths` of tree `root`. Throws GIT_PATH_NOT_FOUND, GIT_LINK_OUT_OF_BOUNDS, GIT_LIMIT. */
  materialise(objects: GitObjects, root: string, paths: readonly string[]): Promise<Checkout>;
}

interface PlannedFile {
  readonly id: string;
  readonly executable: boolean;
}

/** Path → what is written there. */
type Plan = Map<string, PlannedFile>;

interface Entry {
  readonly directory: string;
  readonly ready: Promise<number>;
  users: number;
  bytes: number;
}

const GiB = 1024 ** 3;
const MAX_FILES = 100_000;
const MAX_FILE_BYTES = 128 * 1024 * 1024;
const MAX_CHECKOUT_BYTES = GiB;
const MAX_LINK_DEPTH = 20;
const PARALLEL_WRITES = 16;

export function createCheckouts(deps: CheckoutDeps, options: CheckoutOptions = {}): Checkouts {
  return new CheckoutStore(deps, options.maxBytes ?? 2 * GiB);
}

class CheckoutStore implements Checkouts {
  readonly #deps: CheckoutDeps;
  readonly #maxBytes: number;
  readonly #root: string;
  /** By key, least recently used first. */
  readonly #entries = new Map<string, Entry>();
  #cleared: Promise<void> | undefined;
  #bytes = 0;

  constructor(deps: CheckoutDeps, maxBytes: number) {
    this.#deps = deps;
    this.#maxBytes = maxBytes;
    this.#root = join(deps.dataDir, 'checkouts');
  }

  async materialise(objects: GitObjects, root: string, paths: readonly string[]): Promise<Checkout> {
    const plan = await planCheckout(objects, root, paths);
    const key = keyOf(plan);
    const entry = this.#entries.get(key) ?? this.#create(key, objects, plan);
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    entry.users += 1;
    let released = false;
    const release = (): void => {
      if (released) return;
      released = true;
      entry.users -= 1;
      this.#evict();
    };
    try {
      await entry.ready;
    } catch (error) {
      release();
      throw error;
    }
    return { directory: entry.directory, release };
  }

  #create(key: string, objects: GitObjects, plan: Plan): Entry {
    // A name of its own each time: an evicted checkout of the same content may still be on its way out.
    const suffix = Buffer.from(this.#deps.random.bytes(6)).toString('hex');
    const directory = join(this.#root, `${key}-${suffix}`);
    const ready = this.#write(directory, objects, plan);
    const entry: Entry = { directory, ready, users: 0, bytes: 0 };
    ready.then(
      (bytes) => {
        entry.bytes = bytes;
        this.#bytes += bytes;
      },
      () => this.#entries.delete(key),
    );
    return entry;
  }

  async #write(directory: string, objects: GitObjects, plan: Plan): Promise<number> {
    // What a former process left may be half written: nothing of it is trusted.
    this.#cleared ??= rm(this.#root, { recursive: true, force: true });
    await this.#cleared;
    await mkdir(this.#root, { recursive: true, mode: 0o700 });
    await mkdir(directory, { recursive: true });
    try {
      return await writeFiles(directory, objects, plan);
    } catch (error) {
      await rm(directory, { recursive: true, force: true });
      throw error;
    }
  }

  #evict(): void {
    for (const [key, entry] of this.#entries) {
      if (this.#bytes <= this.#maxBytes) return;
      if (entry.users > 0 || entry.bytes === 0) continue;
      this.#entries.delete(key);
      this.#bytes -= entry.bytes;
      rm(entry.directory, { recursive: true, force: true }).catch((error: unknown) =>
        this.#deps.log.warn('cannot remove a checkout', { directory: entry.directory, error }),
      );
    }
  }
}

async function writeFiles(base: string, objects: GitObjects, plan: Plan): Promise<number> {
  const directories = new Set([...plan.keys()].map((path) => dirname(join(base, path))));
  for (const directory of directories) await mkdir(directory, { recursive: true });
  let bytes = 0;
  await mapLimited([...plan], PARALLEL_WRITES, async ([path, file]) => {
    const content = await objects.blob(file.id, MAX_FILE_BYTES);
    // An empty checkout still occupies something, so that eviction sees it.
    bytes += content.length + 512;
    if (bytes > MAX_CHECKOUT_BYTES) {
      throw new GitError(
        'GIT_LIMIT',
        'on-change',
        `The files to render are larger than ${MAX_CHECKOUT_BYTES} bytes in all`,
      );
    }
    await writeFile(join(base, path), content, { mode: file.executable ? 0o555 : 0o444 });
  });
  return bytes + 512;
}

/** What will be written for `paths`; links are replaced by what they lead to. */
async function planCheckout(objects: GitObjects, root: string, paths: readonly string[]): Promise<Plan> {
  const plan: Plan = new Map();
  for (const path of paths) {
    if (!(await addPath({ objects, root, plan }, path, path, 0))) throw pathNotFound(path);
  }
  return plan;
}

interface Planning {
  readonly objects: GitObjects;
  readonly root: string;
  readonly plan: Plan;
}

/** Adds what is at `source` under the name `target`; false when there is nothing. */
async function addPath(to: Planning, source: string, target: string, depth: number): Promise<boolean> {
  if (depth > MAX_LINK_DEPTH) throw linkLoop(source);
  const found = await to.objects.find(to.root, source);
  if (found === undefined) return false;
  if (found.kind !== 'directory') {
    addFile(to.plan, target, found.id, found.kind === 'executable');
    return true;
  }
  for (const { path, entry } of await to.objects.files(to.root, found.path)) {
    const inside = found.path === '' ? path : path.slice(found.path.length + 1);
    const name = target === '' ? inside : `${target}/${inside}`;
    // A dangling link has nothing to copy, and a submodule is an empty directory to git as well.
    if (entry.kind === 'link') await addPath(to, path, name, depth + 1);
    else if (entry.kind !== 'submodule') addFile(to.plan, name, entry.id, entry.kind === 'executable');
  }
  return true;
}

function addFile(plan: Plan, path: string, id: string, executable: boolean): void {
  plan.set(path, { id, executable });
  if (plan.size > MAX_FILES) {
    throw new GitError(
      'GIT_LIMIT',
      'on-change',
      `More than ${MAX_FILES} files to render; point the application at a smaller directory`,
    );
  }
}

/** The ids that decide what a checkout of `path` holds: its own and those of link targets outside it. */
export async function closureOf(objects: GitObjects, root: string, path: string): Promise<InputRead[]> {
  const reads = new Map<string, string>();
  const visit = async (at: string, depth: number): Promise<void> => {
    if (depth > MAX_LINK_DEPTH) throw linkLoop(at);
    const found = await objects.find(root, at);
    if (found === undefined || reads.get(found.path) === found.id) return;
    reads.set(found.path, found.id);
    if (found.kind !== 'directory') return;
    for (const link of await linksUnder(objects, found.id, found.path)) await visit(link, depth + 1);
  };
  await visit(path, 0);
  if (reads.size === 0) throw pathNotFound(path);
  return [...reads].map(([name, id]) => ({ path: name, id })).sort((a, b) => (a.path < b.path ? -1 : 1));
}

async function linksUnder(objects: GitObjects, tree: string, at: string): Promise<string[]> {
  const links: string[] = [];
  const entries = objects.tree(tree);
  for (const entry of (entries instanceof Promise ? await entries : entries).values()) {
    const path = at === '' ? entry.name : `${at}/${entry.name}`;
    if (entry.kind === 'link') links.push(path);
    else if (entry.kind === 'directory') links.push(...(await linksUnder(objects, entry.id, path)));
  }
  return links;
}

function keyOf(plan: Plan): string {
  const lines = [...plan].map(([path, { id, executable }]) => `${path}\0${id}\0${executable ? 'x' : ''}`);
  return sha256(lines.sort().join('\n')).slice(0, 40);
}

export function pathNotFound(path: string): GitError {
  return new GitError(
    'GIT_PATH_NOT_FOUND',
    'on-change',
    `${path === '' ? 'The repository root' : path} does not exist in this revision; check the path and targetRevision`,
  );
}

function linkLoop(path: string): GitError {
  return new GitError(
    'GIT_LINK_OUT_OF_BOUNDS',
    'on-change',
    `Cannot read ${path}: out of bounds link, directory links nest without end; replace the link by a copy`,
  );
}
