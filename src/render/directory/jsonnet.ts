// .jsonnet files, with the `jsonnet` binary when there is one: in a checkout, bounded, with the libraries the source
// names and nothing else to import from outside the repository.
import { join } from 'node:path';
import { joinInside, limits } from '../../lib/index.ts';
import type { InputRead, Manifest } from '../../model/index.ts';
import { RenderError, sourceError, toolError } from '../errors.ts';
import { manifestsOf } from '../manifests.ts';
import type { RenderContext } from '../request.ts';

export interface JsonnetInputs {
  readonly reads: readonly InputRead[];
  readonly tools: Readonly<Record<string, string>>;
  /** Variables after substitution. */
  readonly parameters?: unknown;
}

/** The library directories, the variables, and the tool's version. */
export async function jsonnetInputs(context: RenderContext): Promise<JsonnetInputs> {
  const { source, tree, deps, settings } = context;
  if (!settings.jsonnetEnabled) {
    throw sourceError('RENDER_FEATURE_REFUSED', 'Jsonnet is switched off by jsonnet.enable in argocd-cm');
  }
  const tool = await deps.tools.jsonnet();
  const libs = await Promise.all(libraryPaths(context).map((path) => tree.closure(path)));
  const { extVars = [], tlas = [] } = source.directory?.jsonnet ?? {};
  return {
    reads: libs.flat(),
    tools: { jsonnet: tool.version },
    parameters: [...extVars, ...tlas].map(({ name, value, code }) => ({
      name,
      value: context.environment.substitute(value),
      code,
    })),
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
  const checkout = await request.artifact.materialise([context.path, ...libs]);
  try {
    const result = await deps
      .childProcess(() =>
        deps.exec.run({
          command: tool.path,
          args: [
            ...variableArgs(context),
            ...libs.flatMap((lib) => ['-J', join(checkout.directory, lib)]),
            '--',
            path,
          ],
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
      throw new RenderError(
        'RENDER_TOOL_FAILED',
        'on-change',
        `Cannot render ${path}: ${result.stderr.trim().slice(0, 2000)}`,
      );
    }
    return manifestsOfJsonnet(result.stdout.toString('utf8'), path, request.sourceIndex);
  } finally {
    checkout.release();
  }
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
