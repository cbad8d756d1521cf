// Git tree objects taken apart, and a cache of them shared by all mirrors (they are named by their content).
import { Lru } from '../lib/index.ts';
import { GitError } from './errors.ts';

export type TreeEntryKind = 'file' | 'executable' | 'link' | 'directory' | 'submodule';

export interface TreeEntry {
  readonly name: string;
  readonly kind: TreeEntryKind;
  readonly id: string;
}

export type TreeEntries = ReadonlyMap<string, TreeEntry>;

/** Parsed trees by id; weight is in entries. */
export type TreeCache = Lru<TreeEntries>;

const CACHED_ENTRIES = 400_000;

export function treeCache(): TreeCache {
  return new Lru<TreeEntries>(CACHED_ENTRIES);
}

/** The entries of a raw tree object of a repository whose ids have `idBytes` bytes (20 or 32). */
export function parseTree(body: Buffer, idBytes: number): TreeEntries {
  const entries = new Map<string, TreeEntry>();
  let at = 0;
  while (at < body.length) {
    const space = body.indexOf(0x20, at);
    const nul = body.indexOf(0x00, space);
    const end = nul + 1 + idBytes;
    if (space < 0 || nul < 0 || end > body.length) {
      throw new GitError('GIT_CORRUPT', 'backoff', 'A git tree object ends in the middle of an entry');
    }
    const name = body.toString('utf8', space + 1, nul);
    const kind = kindOf(body.toString('latin1', at, space));
    if (isUnsafeName(name)) {
      throw new GitError(
        'GIT_TREE_REFUSED',
        'on-change',
        `The repository holds an entry named ${JSON.stringify(name.slice(0, 100))}, which no checkout may create; remove it from the repository`,
      );
    }
    entries.set(name, { name, kind, id: body.toString('hex', nul + 1, end) });
    at = end;
  }
  return entries;
}

/** Names that would be dangerous as a file; git itself refuses them in fetched objects too. */
function isUnsafeName(name: string): boolean {
  return name === '' || name === '.' || name === '..' || name.includes('/') || name.toLowerCase() === '.git';
}

function kindOf(mode: string): TreeEntryKind {
  if (mode.startsWith('40') || mode.startsWith('040')) return 'directory';
  if (mode === '120000') return 'link';
  if (mode === '160000') return 'submodule';
  return mode.startsWith('100') && (Number.parseInt(mode.slice(3), 8) & 0o100) !== 0 ? 'executable' : 'file';
}
