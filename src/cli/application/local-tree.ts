// A directory of this machine as the tree a render reads. Reads only; nothing outside the directory is shown.
import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { sha256 } from '../../lib/index.ts';
import type { SourceEntry, SourceTree } from '../../model/index.ts';
import { CliError } from '../errors.ts';

/** As the server reads of one source. */
const MAX_FILES = 20_000;
const MAX_BYTES = 10 * 1024 * 1024;

/** @param root an absolute path without links */
export function localTree(root: string): SourceTree {
  const ids = new Map<string, Promise<string>>();
  const inside = async (path: string): Promise<string> => {
    const real = await realpath(join(root, path)).catch(() => undefined);
    if (real === undefined) throw new CliError('FAILED', `${path} is not in ${root}`);
    if (real !== root && !real.startsWith(root + sep))
      throw new CliError('FAILED', `${path} leads out of ${root}`);
    return real;
  };
  const list = async (path: string): Promise<readonly SourceEntry[]> => {
    const names = (await readdir(await inside(path))).filter((name) => name !== '.git').sort();
    return await Promise.all(
      names.map(async (name): Promise<SourceEntry> => {
        const child = path === '' ? name : `${path}/${name}`;
        const kind = (await stat(await inside(child))).isDirectory() ? 'directory' : 'file';
        return { name, kind, id: await idOf(child) };
      }),
    );
  };
  const idOf = (path: string): Promise<string> => {
    const known = ids.get(path);
    if (known !== undefined) return known;
    if (ids.size >= MAX_FILES) throw new CliError('FAILED', `${root} holds more than ${MAX_FILES} files`);
    const made = inside(path).then(async (real) => {
      if (!(await stat(real)).isDirectory()) return sha256(await readFile(real, 'base64'));
      return sha256(JSON.stringify((await list(path)).map(({ name, id }) => [name, id])));
    });
    ids.set(path, made);
    return made;
  };
  return {
    async stat(path) {
      const found = await stat(join(root, path)).catch(() => undefined);
      if (found === undefined) return undefined;
      return { kind: found.isDirectory() ? 'directory' : 'file', id: await idOf(path) };
    },
    list,
    async read(path, maxBytes = MAX_BYTES) {
      const real = await inside(path);
      const { size } = await stat(real);
      if (size > maxBytes) throw new CliError('FAILED', `${path} has ${size} bytes, more than ${maxBytes}`);
      return await readFile(real);
    },
    closure: async (path) => [{ path, id: await idOf(path) }],
  };
}
