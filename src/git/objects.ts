// Reads commits, trees and blobs of one mirror, and finds paths in them, following links that stay inside.
import { Lru } from '../lib/index.ts';
import type { CommitInfo } from '../model/index.ts';
import type { CatFile, GitObject } from './cat-file.ts';
import { GitError } from './errors.ts';
import { parseTree, type TreeCache, type TreeEntries, type TreeEntry } from './tree.ts';

/** An entry with the path it really has, links resolved. `''` is the root. */
export interface FoundEntry {
  readonly path: string;
  readonly kind: 'file' | 'executable' | 'directory';
  readonly id: string;
}

export interface ListedFile {
  readonly path: string;
  readonly entry: TreeEntry;
}

const MiB = 1024 * 1024;
const TREE_BYTES = 64 * MiB;
const COMMIT_BYTES = 4 * MiB;
const LINK_BYTES = 4096;
/** As Linux: more links than this on one way are a loop. */
const MAX_LINKS = 40;
const MAX_LISTED = 200_000;
export const DEFAULT_BLOB_BYTES = 10 * MiB;

export class GitObjects {
  readonly #catFile: CatFile;
  readonly #trees: TreeCache;
  readonly #repository: string;
  readonly #onDamage: () => void;
  /** Commit → root tree. Per mirror: a commit id must not give access to what another repository fetched. */
  readonly #roots = new Lru<string>(20_000);

  /** `onDamage` is told when an object that must be there is not. */
  constructor(catFile: CatFile, trees: TreeCache, repository: string, onDamage: () => void) {
    this.#catFile = catFile;
    this.#trees = trees;
    this.#repository = repository;
    this.#onDamage = onDamage;
  }

  /** The full id of a commit named by an id or a prefix of at least 7 digits; undefined when there is none. */
  async findCommit(prefix: string): Promise<string | undefined> {
    const object = await this.#catFile.read(`${prefix}^{commit}`, COMMIT_BYTES);
    return object?.id;
  }

  /** The root tree of a commit. */
  async rootTree(commit: string): Promise<string> {
    const known = this.#roots.get(commit);
    if (known !== undefined) return known;
    const object = await this.#catFile.read(`${commit}^{tree}`, TREE_BYTES);
    if (object === undefined || object.type !== 'tree') throw this.#missing('commit', commit);
    this.#trees.set(object.id, parseTree(object.body, object.id.length / 2), object.body.length / 32);
    this.#roots.set(commit, object.id);
    return object.id;
  }

  /** The entries of tree `id`. Synchronous when known, so that looking up many paths costs little. */
  tree(id: string): TreeEntries | Promise<TreeEntries> {
    return this.#trees.get(id) ?? this.#loadTree(id);
  }

  async blob(id: string, maxBytes = DEFAULT_BLOB_BYTES): Promise<Buffer> {
    const object = await this.#catFile.read(id, maxBytes);
    if (object === undefined || object.type !== 'blob') throw this.#missing('file content', id);
    return object.body;
  }

  /** What is at `path` below tree `root`, or undefined. Throws for links that leave it or run in circles. */
  async find(root: string, path: string): Promise<FoundEntry | undefined> {
    return await this.#walk(root, path);
  }

  /** All files below directory `path` (its own real path), depth first in name order; links are listed, not followed. */
  async files(root: string, path: string): Promise<ListedFile[]> {
    const found: ListedFile[] = [];
    const visit = async (id: string, at: string): Promise<void> => {
      for (const entry of (await this.tree(id)).values()) {
        const entryPath = at === '' ? entry.name : `${at}/${entry.name}`;
        if (entry.kind === 'directory') await visit(entry.id, entryPath);
        else found.push({ path: entryPath, entry });
        if (found.length > MAX_LISTED) {
          throw new GitError(
            'GIT_LIMIT',
            'on-change',
            `${path === '' ? 'The repository' : path} in ${this.#repository} holds more than ${MAX_LISTED} files; point the application at a smaller directory`,
          );
        }
      }
    };
    const start = await this.find(root, path);
    if (start?.kind === 'directory') await visit(start.id, start.path);
    return found;
  }

  /** Paths that differ between two root trees, as `git diff-tree -r --no-renames` names them. */
  async changedPaths(fromTree: string, toTree: string): Promise<string[]> {
    const changed: string[] = [];
    await this.#compare(fromTree, toTree, '', changed);
    return changed.sort();
  }

  /** A commit or tag as Git stores it; undefined when there is none. */
  async raw(id: string): Promise<{ readonly type: string; readonly body: Buffer } | undefined> {
    return await this.#catFile.read(id, COMMIT_BYTES);
  }

  /** What people want to know of a commit; `tags` are the names that point at it. */
  async commitInfo(commit: string, tags: readonly string[] = []): Promise<CommitInfo> {
    const object = await this.#catFile.read(`${commit}^{commit}`, COMMIT_BYTES);
    if (object === undefined) throw this.#missing('commit', commit);
    return parseCommit(object, tags);
  }

  async #compare(
    from: string | undefined,
    to: string | undefined,
    at: string,
    changed: string[],
  ): Promise<void> {
    if (from === to) return;
    const before = from === undefined ? EMPTY : await this.tree(from);
    const after = to === undefined ? EMPTY : await this.tree(to);
    for (const name of new Set([...before.keys(), ...after.keys()])) {
      const a = before.get(name);
      const b = after.get(name);
      if (a?.id === b?.id && a?.kind === b?.kind) continue;
      const path = at === '' ? name : `${at}/${name}`;
      if (a?.kind === 'directory' || b?.kind === 'directory') {
        const subtree = (entry: TreeEntry | undefined) =>
          entry?.kind === 'directory' ? entry.id : undefined;
        await this.#compare(subtree(a), subtree(b), path, changed);
      }
      if ((a !== undefined && a.kind !== 'directory') || (b !== undefined && b.kind !== 'directory')) {
        changed.push(path);
      }
      if (changed.length > MAX_LISTED) {
        throw new GitError(
          'GIT_LIMIT',
          'on-change',
          `More than ${MAX_LISTED} paths differ in ${this.#repository}`,
        );
      }
    }
  }

  async #loadTree(id: string): Promise<TreeEntries> {
    const object = await this.#catFile.read(id, TREE_BYTES);
    if (object === undefined || object.type !== 'tree') throw this.#missing('directory', id);
    const entries = parseTree(object.body, id.length / 2);
    this.#trees.set(id, entries, entries.size + 1);
    return entries;
  }

  async #walk(root: string, path: string): Promise<FoundEntry | undefined> {
    const todo = path === '' ? [] : path.split('/').reverse();
    const trail: { id: string; name: string }[] = [{ id: root, name: '' }];
    let links = 0;
    for (let part = todo.pop(); part !== undefined; part = todo.pop()) {
      if (part === '' || part === '.') continue;
      if (part === '..') {
        if (trail.length === 1) throw this.#outOfBounds(path, 'it points above the repository root');
        trail.pop();
        continue;
      }
      const known = this.tree((trail.at(-1) as { id: string }).id);
      const entry = (known instanceof Promise ? await known : known).get(part);
      if (entry === undefined) return undefined;
      if (entry.kind === 'directory') {
        trail.push({ id: entry.id, name: part });
      } else if (entry.kind === 'link') {
        if (++links > MAX_LINKS) throw this.#outOfBounds(path, 'it runs in a circle');
        todo.push(...(await this.#linkTarget(entry, path)));
      } else if (entry.kind === 'submodule') {
        throw this.#inSubmodule(path, part);
      } else {
        if (todo.some((rest) => rest !== '' && rest !== '.')) return undefined;
        return { path: pathOf(trail, part), kind: entry.kind, id: entry.id };
      }
    }
    return { path: pathOf(trail), kind: 'directory', id: (trail.at(-1) as { id: string }).id };
  }

  /** The parts of a link's target, last first. */
  async #linkTarget(entry: TreeEntry, path: string): Promise<string[]> {
    const target = (await this.blob(entry.id, LINK_BYTES)).toString('utf8');
    if (target.startsWith('/') || target.includes('\0') || target.includes('\\')) {
      throw this.#outOfBounds(path, 'it points outside the repository');
    }
    return target.split('/').reverse();
  }

  #outOfBounds(path: string, why: string): GitError {
    return new GitError(
      'GIT_LINK_OUT_OF_BOUNDS',
      'on-change',
      `Cannot read ${path} in ${this.#repository}: out of bounds link, ${why}; replace the link by a file or point it inside the repository`,
    );
  }

  #inSubmodule(path: string, name: string): GitError {
    return new GitError(
      'GIT_SUBMODULE',
      'on-change',
      `Cannot read ${path} in ${this.#repository}: ${name} is a Git submodule, and submodules are not fetched; use the submodule's repository as a source of its own`,
    );
  }

  #missing(what: string, id: string): GitError {
    // A commit may be unknown for other reasons; a tree or blob below a known commit may not.
    if (what !== 'commit') this.#onDamage();
    return new GitError(
      'GIT_CORRUPT',
      'backoff',
      `The mirror of ${this.#repository} lacks ${what} ${id}; it is fetched again`,
    );
  }
}

const EMPTY: TreeEntries = new Map();

function pathOf(trail: readonly { name: string }[], last?: string): string {
  const names = trail.slice(1).map(({ name }) => name);
  if (last !== undefined) names.push(last);
  return names.join('/');
}

function parseCommit(object: GitObject, tags: readonly string[]): CommitInfo {
  const text = object.body.toString('utf8');
  const split = text.indexOf('\n\n');
  const headers = split < 0 ? text : text.slice(0, split);
  const author = /^author (.*) (\d+) ([+-]\d{4})$/m.exec(headers);
  const seconds = Number(author?.[2] ?? 0);
  return {
    sha: object.id,
    author: author?.[1] ?? '',
    date: new Date(Math.min(seconds, 8.64e12) * 1000).toISOString().replace('.000Z', 'Z'),
    message: split < 0 ? '' : text.slice(split + 2),
    parents: [...headers.matchAll(/^parent ([0-9a-f]+)$/gm)].map((match) => match[1] as string),
    tags,
  };
}
