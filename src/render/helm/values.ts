// Value files of a Helm source: globs, `$ref/` prefixes, absolute paths (from the repository root), missing ones.
// Finds and orders; reads names only.
import { joinInside, parentPath } from '../../lib/index.ts';
import type { Artifact, HelmSource, InputRead } from '../../model/index.ts';
import { type RenderError, sourceError } from '../errors.ts';
import { compileGlob, isGlob } from '../glob.ts';
import type { RenderContext } from '../request.ts';

/** A file of the artifact itself, or of the `ref` source named. */
export interface ValueFile {
  readonly ref?: string;
  readonly path: string;
}

export interface ValueFiles {
  /** In the order helm gets them: later ones win. */
  readonly files: readonly ValueFile[];
  readonly reads: readonly InputRead[];
}

const MAX_GLOB_FILES = 1_000;
const MAX_GLOB_DEPTH = 32;

export async function findValueFiles(context: RenderContext, helm: HelmSource): Promise<ValueFiles> {
  const entries = (helm.valueFiles ?? []).map((raw) => locate(context, raw, 'helm.valueFiles'));
  const named = new Set(entries.filter(({ path }) => !isGlob(path)).map(keyOf));
  const files = new Map<string, ValueFile>();
  const reads: InputRead[] = [];
  for (const entry of entries) {
    const found = isGlob(entry.path)
      ? await expand(context, entry, reads)
      : await single(context, entry, reads);
    if (found.length === 0 && helm.ignoreMissingValueFiles !== true) throw notFound(context, entry);
    for (const file of found) {
      // A file named by itself keeps that place, whatever patterns match it too.
      if (isGlob(entry.path) && named.has(keyOf(file))) continue;
      files.delete(keyOf(file));
      files.set(keyOf(file), file);
    }
  }
  return { files: [...files.values()], reads };
}

/** Where a path of the source points. Throws RENDER_PATH_REFUSED, RENDER_REMOTE_REFUSED. */
export function locate(context: RenderContext, raw: string, field: string): ValueFile {
  const reference = /^\$([A-Za-z0-9_-]+)\/(.+)$/.exec(raw);
  const name = reference?.[1];
  if (name !== undefined && context.request.refs?.has(name) === true) {
    const path = joinInside('', context.environment.substitute(reference?.[2] as string));
    if (path === undefined) throw refused(field, raw);
    return { ref: name, path };
  }
  const text = context.environment.substitute(raw);
  if (/^[A-Za-z][A-Za-z0-9+.-]*:\/\//.test(text)) {
    throw sourceError(
      'RENDER_REMOTE_REFUSED',
      `${field} ${JSON.stringify(raw)} is a URL, and renders never use the network; commit the file and name its path`,
    );
  }
  const path = text.startsWith('/')
    ? joinInside('', text.replace(/^\/+/, ''))
    : joinInside(context.path, text);
  if (path === undefined || path === '') throw refused(field, raw);
  return { path };
}

/** The read as the input record names it: files of other sources carry their ref. */
export function readOf(file: ValueFile, id: string): InputRead {
  return { path: file.ref === undefined ? file.path : `$${file.ref}/${file.path}`, id };
}

export function artifactOf(context: RenderContext, file: ValueFile): Artifact {
  const { artifact, refs } = context.request;
  return file.ref === undefined ? artifact : (refs?.get(file.ref) ?? artifact);
}

async function single(context: RenderContext, file: ValueFile, reads: InputRead[]): Promise<ValueFile[]> {
  const found = await artifactOf(context, file).tree.stat(file.path);
  reads.push(readOf(file, found?.id ?? 'absent'));
  return found?.kind === 'file' ? [file] : [];
}

async function expand(context: RenderContext, pattern: ValueFile, reads: InputRead[]): Promise<ValueFile[]> {
  const { tree } = artifactOf(context, pattern);
  const matches = compileGlob(pattern.path, { slashes: 'path' });
  const fixed = pattern.path.slice(0, pattern.path.search(/[*?[{\\]/));
  const base = parentPath(`${fixed}x`);
  const start = await tree.stat(base);
  reads.push(readOf({ ...pattern, path: base }, start?.id ?? 'absent'));
  const found: ValueFile[] = [];
  const visit = async (at: string, depth: number): Promise<void> => {
    if (depth > MAX_GLOB_DEPTH) return;
    for (const entry of await tree.list(at)) {
      const path = at === '' ? entry.name : `${at}/${entry.name}`;
      if (entry.kind === 'directory') await visit(path, depth + 1);
      else if (matches(path)) found.push({ ...pattern, path });
      if (found.length > MAX_GLOB_FILES) {
        throw sourceError(
          'RENDER_LIMIT',
          `helm.valueFiles ${pattern.path} matches more than ${MAX_GLOB_FILES} files`,
        );
      }
    }
  };
  if (start?.kind === 'directory') await visit(base, 0);
  return found.sort((a, b) => (a.path < b.path ? -1 : 1));
}

function keyOf(file: ValueFile): string {
  return `${file.ref ?? ''}\0${file.path}`;
}

function notFound(context: RenderContext, file: ValueFile): RenderError {
  const { repository, revision } = artifactOf(context, file);
  return sourceError(
    'RENDER_VALUE_FILE_NOT_FOUND',
    `Value file ${file.path} ${isGlob(file.path) ? 'matches nothing' : 'does not exist'} in ${repository} at ${revision.slice(0, 12)}; correct helm.valueFiles or set helm.ignoreMissingValueFiles`,
  );
}

function refused(field: string, raw: string): RenderError {
  return sourceError(
    'RENDER_PATH_REFUSED',
    `${field} ${JSON.stringify(raw.slice(0, 200))} is refused: it leaves the repository; use a path inside it`,
  );
}
