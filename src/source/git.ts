// A commit as an artifact: its tree read straight from git objects, laid out on disk only when a tool needs files.
import {
  type Checkouts,
  closureOf,
  DEFAULT_BLOB_BYTES,
  GitError,
  type GitObjects,
  type Mirror,
  pathNotFound,
} from '../git/index.ts';
import { joinInside } from '../lib/index.ts';
import type { Artifact, InputRead, SourceEntry, SourceTree } from '../model/index.ts';

export interface GitSourceDeps {
  readonly mirror: Mirror;
  readonly checkouts: Checkouts;
}

/** The artifact of a commit that `mirror.resolve` gave. */
export async function gitArtifact(deps: GitSourceDeps, commit: string): Promise<Artifact> {
  const { objects, repository } = deps.mirror;
  const root = await objects.rootTree(commit);
  return {
    repository,
    revision: commit,
    digest: root,
    tree: new GitTree(objects, root),
    materialise: async (paths) =>
      await deps.checkouts.materialise(objects, root, paths.map(insideRepository)),
  };
}

class GitTree implements SourceTree {
  readonly #objects: GitObjects;
  readonly #root: string;

  constructor(objects: GitObjects, root: string) {
    this.#objects = objects;
    this.#root = root;
  }

  async stat(path: string): Promise<{ kind: 'file' | 'directory'; id: string } | undefined> {
    const found = await this.#objects.find(this.#root, insideRepository(path));
    if (found === undefined) return undefined;
    return { kind: found.kind === 'directory' ? 'directory' : 'file', id: found.id };
  }

  async list(path: string): Promise<readonly SourceEntry[]> {
    const found = await this.#objects.find(this.#root, insideRepository(path));
    if (found?.kind !== 'directory') throw pathNotFound(path);
    const entries: SourceEntry[] = [];
    for (const entry of (await this.#objects.tree(found.id)).values()) {
      if (entry.kind === 'submodule') continue;
      if (entry.kind === 'link') {
        const target = await this.stat(found.path === '' ? entry.name : `${found.path}/${entry.name}`);
        if (target !== undefined) entries.push({ name: entry.name, ...target });
      } else {
        entries.push({
          name: entry.name,
          kind: entry.kind === 'directory' ? 'directory' : 'file',
          id: entry.id,
        });
      }
    }
    return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  async read(path: string, maxBytes = DEFAULT_BLOB_BYTES): Promise<Uint8Array> {
    const found = await this.#objects.find(this.#root, insideRepository(path));
    if (found === undefined || found.kind === 'directory') throw pathNotFound(path);
    return await this.#objects.blob(found.id, maxBytes);
  }

  async closure(path: string): Promise<readonly InputRead[]> {
    return await closureOf(this.#objects, this.#root, insideRepository(path));
  }
}

function insideRepository(path: string): string {
  const inside = joinInside('', path);
  if (inside !== undefined) return inside;
  throw new GitError(
    'GIT_PATH_NOT_FOUND',
    'on-change',
    `${JSON.stringify(path.slice(0, 200))} is not a path inside the repository; use a relative path without .. that climbs out`,
  );
}
