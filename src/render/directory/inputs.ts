// Which files of a directory are manifests: recursion, include and exclude, extensions. Reads names only.
import type { DirectorySource, InputRead } from '../../model/index.ts';
import { sourceError } from '../errors.ts';
import { compileGlob, type Glob } from '../glob.ts';
import type { RenderContext } from '../request.ts';

export interface DirectoryFile {
  readonly path: string;
  readonly id: string;
}

export interface DirectoryInputs {
  /** In lexical order of their path. */
  readonly files: readonly DirectoryFile[];
  readonly reads: readonly InputRead[];
}

const MANIFEST_FILE = /\.(?:yaml|yml|json|jsonnet)$/;
const MAX_FILES = 20_000;
const MAX_DEPTH = 64;

export async function directoryInputs(context: RenderContext): Promise<DirectoryInputs> {
  const { tree, path, source } = context;
  const filter = fileFilter(source.directory ?? {});
  const files: DirectoryFile[] = [];
  const visit = async (at: string, depth: number): Promise<void> => {
    if (depth > MAX_DEPTH) {
      throw sourceError(
        'RENDER_LIMIT',
        `${at} is nested deeper than ${MAX_DEPTH} directories, or a link runs in a circle`,
      );
    }
    for (const entry of await tree.list(at)) {
      const entryPath = at === '' ? entry.name : `${at}/${entry.name}`;
      if (entry.kind === 'directory') {
        if (source.directory?.recurse === true) await visit(entryPath, depth + 1);
      } else if (filter(path === '' ? entryPath : entryPath.slice(path.length + 1))) {
        files.push({ path: entryPath, id: entry.id });
        if (files.length > MAX_FILES) {
          throw sourceError(
            'RENDER_LIMIT',
            `${describePath(path)} holds more than ${MAX_FILES} manifest files; split the application`,
          );
        }
      }
    }
  };
  await visit(path, 0);
  return { files, reads: await tree.closure(path) };
}

function fileFilter(options: DirectorySource): (relativePath: string) => boolean {
  const include = optionalGlob(options.include);
  const exclude = optionalGlob(options.exclude);
  return (relativePath) => {
    if (options.disableExtensionFilter !== true && !MANIFEST_FILE.test(relativePath)) return false;
    if (exclude?.(relativePath) === true) return false;
    return include === undefined || include(relativePath);
  };
}

function optionalGlob(pattern: string | undefined): Glob | undefined {
  return pattern === undefined || pattern === '' ? undefined : compileGlob(pattern, { slashes: 'any' });
}

export function describePath(path: string): string {
  return path === '' ? 'The repository root' : path;
}
