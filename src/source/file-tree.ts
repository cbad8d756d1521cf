// Files in memory as the tree of an artifact, laid out on disk only when a tool needs files. The caller says which
// errors are thrown.
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { joinInside, parentPath, type Random, randomName, sha256 } from '../lib/index.ts';
import type { Artifact, SourceEntry, SourceTree } from '../model/index.ts';
import { MAX_FILE_BYTES } from './archive.ts';

export type FileTreeProblem = 'invalid' | 'too-large' | 'not-found';
type Fail = (problem: FileTreeProblem, message: string) => Error;

export interface FileTreeDeps {
  /** Directories that tools read go below this one. */
  readonly scratchDir: string;
  readonly random: Random;
}

/** @throws what `fail` makes when a file is a directory, too */
export function fileTree(files: ReadonlyMap<string, Uint8Array>, fail: Fail): SourceTree {
  return new MemoryTree(files, fail);
}

/** Writes the files into a directory of their own, which is gone when it is released. */
export async function layOutFiles(
  { scratchDir, random }: FileTreeDeps,
  files: ReadonlyMap<string, Uint8Array>,
): ReturnType<Artifact['materialise']> {
  const directory = join(scratchDir, `files-${randomName(random, 16)}`);
  const release = (): void => {
    // What cannot be removed now goes with the scratch folder.
    rm(directory, { recursive: true, force: true }).catch(() => {});
  };
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    for (const [path, bytes] of files) {
      const file = join(directory, path);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, bytes);
    }
  } catch (error) {
    release();
    throw error;
  }
  return { directory, release };
}

class MemoryTree implements SourceTree {
  readonly #files: ReadonlyMap<string, Uint8Array>;
  readonly #fail: Fail;
  readonly #entries = new Map<string, Map<string, 'file' | 'directory'>>([['', new Map()]]);
  readonly #ids = new Map<string, string>();

  constructor(files: ReadonlyMap<string, Uint8Array>, fail: Fail) {
    this.#files = files;
    this.#fail = fail;
    for (const path of files.keys()) this.#place(path, 'file');
  }

  #place(path: string, kind: 'file' | 'directory'): void {
    const parent = parentPath(path);
    const name = parent === '' ? path : path.slice(parent.length + 1);
    const siblings = this.#entries.get(parent) ?? new Map<string, 'file' | 'directory'>();
    if (!this.#entries.has(parent)) {
      this.#entries.set(parent, siblings);
      if (parent !== '') this.#place(parent, 'directory');
    }
    const known = siblings.get(name);
    if (known !== undefined && known !== kind)
      throw this.#fail('invalid', `${JSON.stringify(path.slice(0, 200))} is a file and a directory`);
    siblings.set(name, kind);
  }

  async stat(
    path: string,
  ): Promise<{ readonly kind: 'file' | 'directory'; readonly id: string } | undefined> {
    const inside = joinInside('', path);
    if (inside === undefined) return undefined;
    const kind = this.#files.has(inside) ? 'file' : this.#entries.has(inside) ? 'directory' : undefined;
    return kind === undefined ? undefined : { kind, id: this.#idOf(inside) };
  }

  async list(path: string): Promise<readonly SourceEntry[]> {
    const inside = joinInside('', path) ?? path;
    const entries = this.#entries.get(inside);
    if (entries === undefined) throw this.#notFound(path);
    return [...entries]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, kind]) => ({ name, kind, id: this.#idOf(inside === '' ? name : `${inside}/${name}`) }));
  }

  async read(path: string, maxBytes = MAX_FILE_BYTES): Promise<Uint8Array> {
    const bytes = this.#files.get(joinInside('', path) ?? path);
    if (bytes === undefined) throw this.#notFound(path);
    if (bytes.byteLength <= maxBytes) return bytes;
    throw this.#fail('too-large', `${path} has ${bytes.byteLength} bytes, more than ${maxBytes}`);
  }

  async closure(path: string): Promise<readonly { readonly path: string; readonly id: string }[]> {
    return [{ path, id: this.#idOf(joinInside('', path) ?? path) }];
  }

  #idOf(path: string): string {
    const known = this.#ids.get(path);
    if (known !== undefined) return known;
    const bytes = this.#files.get(path);
    const entries = [...(this.#entries.get(path) ?? [])].sort(([a], [b]) => (a < b ? -1 : 1));
    const made =
      bytes === undefined
        ? sha256(
            JSON.stringify(
              entries.map(([name]) => [name, this.#idOf(path === '' ? name : `${path}/${name}`)]),
            ),
          )
        : // Base64 has no bracket: no file can be written that has the id of a folder.
          sha256(Buffer.from(bytes).toString('base64'));
    this.#ids.set(path, made);
    return made;
  }

  #notFound(path: string): Error {
    return this.#fail('not-found', `there is no ${JSON.stringify(path.slice(0, 200))}`);
  }
}
