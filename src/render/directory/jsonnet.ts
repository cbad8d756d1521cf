// .jsonnet files, with the `jsonnet` binary when there is one: in a checkout of exactly the files they import,
// bounded, and with nothing to read outside the repository.
import { join } from 'node:path';
import { joinInside, limits, parentPath } from '../../lib/index.ts';
import type { InputRead, Manifest } from '../../model/index.ts';
import { RenderError, sourceError, toolError } from '../errors.ts';
import { manifestsOf } from '../manifests.ts';
import type { RenderContext } from '../request.ts';
import { importsOf } from './jsonnet-imports.ts';

export interface JsonnetInputs {
  readonly reads: readonly InputRead[];
  readonly tools: Readonly<Record<string, string>>;
  /** Variables after substitution. */
  readonly parameters: unknown;
}

const MAX_IMPORTS = 2_000;

/** What the given .jsonnet files import, the variables, and the tool's version. */
export async function jsonnetInputs(
  context: RenderContext,
  files: readonly string[],
): Promise<JsonnetInputs> {
  const { source, deps, settings } = context;
  if (!settings.jsonnetEnabled) {
    throw sourceError('RENDER_FEATURE_REFUSED', 'Jsonnet is switched off by jsonnet.enable in argocd-cm');
  }
  const tool = await deps.tools.jsonnet();
  const { extVars = [], tlas = [] } = source.directory?.jsonnet ?? {};
  for (const { name, value, code } of [...extVars, ...tlas]) {
    const [first] = code === true ? importsOf(context.environment.substitute(value), name) : [];
    if (first !== undefined) throw outside(`The code of directory.jsonnet variable ${name}`, first.path);
  }
  return {
    reads: await importedFiles(context, files),
    tools: { jsonnet: tool.version },
    parameters: [extVars, tlas].map((list) =>
      list.map(({ name, value, code }) => ({ name, value: context.environment.substitute(value), code })),
    ),
  };
}

export async function renderJsonnet(
  context: RenderContext,
  path: string,
  signal: AbortSignal | undefined,
): Promise<Manifest[]> {
  const { deps, request } = context;
  const tool = await deps.tools.jsonnet();
  const libs = libraryPaths(context);
  const imported = await importedFiles(context, [path]);
  const present = imported.filter(({ id }) => id !== 'absent').map((read) => read.path);
  const checkout = await request.artifact.materialise([path, ...present]);
  try {
    const libraries = libs.flatMap((lib) => ['-J', join(checkout.directory, lib)]);
    const result = await deps
      .childProcess(() =>
        deps.exec.run({
          command: tool.path,
          args: [...variableArgs(context), ...libraries, '--', path],
          cwd: checkout.directory,
          env: { PATH: '', LC_ALL: 'C' },
          timeoutMs: limits.renderTimeoutMs,
          maxOutputBytes: context.settings.maxManifestBytes,
          ...(signal === undefined ? {} : { signal }),
        }),
      )
      .catch((error: unknown) => {
        throw toolError('jsonnet', path, error);
      });
    if (result.exitCode !== 0) {
      const said = result.stderr.replaceAll(`${checkout.directory}/`, '').trim().slice(0, 2_000);
      const retry = result.exitCode > 128 ? 'backoff' : 'on-change';
      throw new RenderError('RENDER_TOOL_FAILED', retry, `Cannot render ${path}: ${said}`);
    }
    return manifestsOfJsonnet(result.stdout.toString('utf8'), path, request.sourceIndex);
  } finally {
    checkout.release();
  }
}

/** Every place an import of `files` (and of what they import) may be found, present or absent. */
async function importedFiles(context: RenderContext, files: readonly string[]): Promise<InputRead[]> {
  const { tree } = context;
  const libs = libraryPaths(context);
  const reads = new Map<string, InputRead>();
  const visited = new Set<string>();
  const visit = async (file: string): Promise<void> => {
    if (visited.has(file)) return;
    visited.add(file);
    if (visited.size > MAX_IMPORTS) {
      throw sourceError('RENDER_LIMIT', `${files[0]} imports more than ${MAX_IMPORTS} files`);
    }
    const text = Buffer.from(await tree.read(file)).toString('utf8');
    for (const wanted of importsOf(text, file)) {
      for (const base of [parentPath(file), ...libs]) {
        const path = joinInside(base, wanted.path);
        if (path === undefined) throw outside(file, wanted.path);
        const found = await tree.stat(path);
        reads.set(path, { path, id: found?.id ?? 'absent' });
        if (found?.kind === 'file' && wanted.isCode) await visit(path);
      }
    }
  };
  for (const file of files) await visit(file);
  return [...reads.values()];
}

/** A .jsonnet file gives one object, or a list of objects. */
function manifestsOfJsonnet(text: string, path: string, sourceIndex: number): Manifest[] {
  const value: unknown = JSON.parse(text);
  const objects = Array.isArray(value) ? value : [value];
  const documents = objects.map((object) => JSON.stringify(object)).join('\n---\n');
  return manifestsOf(documents, path, sourceIndex, () => ({ file: path }));
}

function libraryPaths(context: RenderContext): string[] {
  return (context.source.directory?.jsonnet?.libs ?? []).map((lib) => {
    const path = joinInside('', context.environment.substitute(lib));
    if (path !== undefined) return path;
    throw sourceError(
      'RENDER_PATH_REFUSED',
      `directory.jsonnet.libs ${JSON.stringify(lib)} leaves the repository; use a path inside it`,
    );
  });
}

function variableArgs(context: RenderContext): string[] {
  const { extVars = [], tlas = [] } = context.source.directory?.jsonnet ?? {};
  const args = (flag: string, list: typeof extVars): string[] =>
    list.flatMap(({ name, value, code }) => [
      code === true ? `--${flag}-code` : `--${flag}-str`,
      `${name}=${context.environment.substitute(value)}`,
    ]);
  return [...args('ext', extVars), ...args('tla', tlas)];
}

function outside(file: string, path: string): RenderError {
  return sourceError(
    'RENDER_PATH_REFUSED',
    `${file} imports ${JSON.stringify(path.slice(0, 200))}, which is not a file of the repository beside it; import files of the repository only`,
  );
}
