// Runs `kustomize build` over a checkout. With parameters, over a private copy whose kustomization is changed: the
// checkout itself is shared and never written, so no lock is needed.
import { copyFile, link, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ExecResult, limits } from '../../lib/index.ts';
import type { KustomizeSource, Manifest } from '../../model/index.ts';
import { RenderError, sourceError, toolError } from '../errors.ts';
import { manifestsOf } from '../manifests.ts';
import type { RenderContext } from '../request.ts';
import { childEnvironment, withScratch } from '../scratch.ts';
import { editKustomization, isUnedited } from './edit.ts';
import type { KustomizeInputs } from './inputs.ts';
import { buildFlags } from './options.ts';

/** The source with build variables substituted where it asks for it, and absent components left out. */
export async function effectiveSource(context: RenderContext): Promise<KustomizeSource> {
  const source = context.source.kustomize ?? {};
  const substitute = (map: Record<string, string> | undefined): Record<string, string> =>
    Object.fromEntries(
      Object.entries(map ?? {}).map(([key, value]) => [key, context.environment.substitute(value)]),
    );
  const components: string[] = [];
  for (const component of source.components ?? []) {
    const path = context.path === '' ? component : `${context.path}/${component}`;
    const isThere = source.ignoreMissingComponents !== true || (await context.tree.stat(path)) !== undefined;
    if (isThere) components.push(component);
  }
  return {
    ...source,
    ...(source.commonLabelsEnvsubst === true ? { commonLabels: substitute(source.commonLabels) } : {}),
    ...(source.commonAnnotationsEnvsubst === true
      ? { commonAnnotations: substitute(source.commonAnnotations) }
      : {}),
    components,
  };
}

export async function runKustomize(
  context: RenderContext,
  source: KustomizeSource,
  inputs: KustomizeInputs,
  signal: AbortSignal | undefined,
): Promise<Manifest[]> {
  const checkout = await context.request.artifact.materialise(inputs.paths);
  try {
    const text = await withScratch(context.deps, async (scratch) => {
      const root = isUnedited(source)
        ? checkout.directory
        : await editedCopy(source, inputs, checkout.directory, scratch);
      const result = await build(context, inputs, join(root, context.path), scratch, signal);
      if (result.exitCode !== 0) throw kustomizeFailed(context, result, root);
      return result.stdout.toString('utf8');
    });
    return manifestsOf(
      text,
      `the output of kustomize for ${context.path || 'the repository root'}`,
      context.request.sourceIndex,
      () => ({}),
    );
  } finally {
    checkout.release();
  }
}

async function editedCopy(
  source: KustomizeSource,
  inputs: KustomizeInputs,
  checkout: string,
  scratch: string,
): Promise<string> {
  const copy = join(scratch, 'tree');
  await linkTree(checkout, copy);
  const file = join(copy, inputs.file);
  // The copy shares its files with the checkout: take the name away before writing, never write through it.
  await rm(file);
  await writeFile(file, JSON.stringify(editKustomization(inputs.kustomization, source)));
  return copy;
}

async function linkTree(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const source = join(from, entry.name);
    const target = join(to, entry.name);
    if (entry.isDirectory()) await linkTree(source, target);
    else await link(source, target).catch(() => copyFile(source, target));
  }
}

async function build(
  context: RenderContext,
  inputs: KustomizeInputs,
  directory: string,
  scratch: string,
  signal: AbortSignal | undefined,
): Promise<ExecResult> {
  const { deps, settings } = context;
  const tool = await deps.tools.kustomize();
  const helm = inputs.usesHelm ? ['--enable-helm', '--helm-command', (await deps.tools.helm()).path] : [];
  const environment = childEnvironment(join(scratch, 'home'), '');
  try {
    return await deps.childProcess(() =>
      deps.exec.run({
        command: tool.path,
        args: [...tool.prefix, directory, ...buildFlags(settings), ...helm],
        cwd: scratch,
        env: environment,
        timeoutMs: limits.renderTimeoutMs,
        ...(signal === undefined ? {} : { signal }),
      }),
    );
  } catch (error) {
    throw toolError('kustomize', context.path, error);
  }
}

function kustomizeFailed(context: RenderContext, result: ExecResult, root: string): RenderError {
  const said = result.stderr
    .replaceAll(`${root}/`, '')
    .replaceAll(root, '.')
    .split('\n')
    .filter((line) => line.trim() !== '' && !/^(?:#|Warning|W\d{4})/i.test(line))
    .join('\n')
    .replace(/^[Ee]rror: /, '')
    .slice(0, 4_000);
  const what = context.path === '' ? 'the repository root' : context.path;
  const message = `Cannot build ${what}: ${said === '' ? `kustomize exited with ${result.exitCode}` : said}`;
  if (result.exitCode > 128) return new RenderError('RENDER_TOOL_FAILED', 'backoff', message);
  return sourceError('RENDER_TOOL_FAILED', message);
}
