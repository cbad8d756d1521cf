// Runs `helm template` over a checkout and reads its output.
import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ExecResult, limits } from '../../lib/index.ts';
import type { Checkout, HelmSource, Manifest } from '../../model/index.ts';
import { RenderError, sourceError, toolError } from '../errors.ts';
import { manifestsOf } from '../manifests.ts';
import type { RenderContext } from '../request.ts';
import { childEnvironment, withScratch } from '../scratch.ts';
import type { HelmInputs } from './inputs.ts';
import type { ValueFile } from './values.ts';

/** Release name and namespace as helm gets them, and the set flags after substitution. */
export interface HelmParameters {
  readonly releaseName: string;
  readonly namespace: string;
  readonly parameters: readonly {
    readonly name: string;
    readonly value: string;
    readonly forceString: boolean;
  }[];
}

export function helmParameters(context: RenderContext, helm: HelmSource): HelmParameters {
  const releaseName = helm.releaseName || context.request.app.name;
  // Helm says the same, but only after a name with a leading dash was read as a flag.
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(releaseName)) {
    throw sourceError(
      'RENDER_SOURCE_INVALID',
      `helm.releaseName ${JSON.stringify(releaseName.slice(0, 100))} is not a release name; use lower-case letters, digits and dashes`,
    );
  }
  return {
    releaseName,
    namespace: helm.namespace || context.request.app.destinationNamespace,
    parameters: (helm.parameters ?? []).map(({ name = '', value = '', forceString = false }) => ({
      name,
      value: context.environment.substitute(value),
      forceString,
    })),
  };
}

export async function runHelm(
  context: RenderContext,
  helm: HelmSource,
  inputs: HelmInputs,
  signal: AbortSignal | undefined,
): Promise<Manifest[]> {
  const checkouts = await layOut(context, inputs);
  try {
    const text = await withScratch(context.deps, async (scratch) => {
      const chart = await chartDirectory(context, inputs, checkouts.own.directory, scratch);
      const args = await templateArgs(context, helm, inputs, { chart, scratch, pathOf: checkouts.pathOf });
      const result = await template(context, args, scratch, signal);
      if (result.exitCode !== 0) throw helmFailed(context, result, checkouts.own.directory, scratch);
      return result.stdout.toString('utf8');
    });
    const origins = sourceLines(text);
    return manifestsOf(text, context.path, context.request.sourceIndex, ({ line }) => origins(line));
  } finally {
    for (const checkout of checkouts.all) checkout.release();
  }
}

interface LaidOut {
  readonly own: Checkout;
  readonly all: readonly Checkout[];
  pathOf(file: ValueFile): string;
}

async function layOut(context: RenderContext, inputs: HelmInputs): Promise<LaidOut> {
  const { artifact, refs } = context.request;
  const files = [...inputs.valueFiles, ...inputs.fileParameters.map(({ file }) => file)];
  const pathsOf = (ref: string | undefined): string[] =>
    files.filter((file) => file.ref === ref).map(({ path }) => path);
  const own = await artifact.materialise([
    context.path,
    ...inputs.dependencies.map(({ path }) => path),
    ...pathsOf(undefined),
  ]);
  const all = [own];
  const byRef = new Map<string, Checkout>();
  try {
    for (const [name, other] of refs ?? []) {
      const paths = pathsOf(name);
      if (paths.length === 0) continue;
      const checkout = await other.materialise(paths);
      all.push(checkout);
      byRef.set(name, checkout);
    }
  } catch (error) {
    for (const checkout of all) checkout.release();
    throw error;
  }
  return {
    own,
    all,
    pathOf: (file) =>
      join((file.ref === undefined ? own : (byRef.get(file.ref) ?? own)).directory, file.path),
  };
}

/** The checkout itself, or a copy with the dependencies that are not vendored under charts/. */
async function chartDirectory(
  context: RenderContext,
  inputs: HelmInputs,
  checkout: string,
  scratch: string,
): Promise<string> {
  const chart = join(checkout, context.path);
  if (inputs.dependencies.length === 0 && inputs.fetched.length === 0) return chart;
  const copy = join(scratch, 'chart');
  await cp(chart, copy, { recursive: true });
  await mkdir(join(copy, 'charts'), { recursive: true });
  for (const { name, path } of inputs.dependencies) {
    await cp(join(checkout, path), join(copy, 'charts', name), { recursive: true });
  }
  for (const { directory, artifact } of inputs.fetched) {
    const files = await artifact.materialise(['']);
    try {
      await cp(files.directory, join(copy, 'charts', directory), { recursive: true });
    } finally {
      files.release();
    }
  }
  return copy;
}

async function templateArgs(
  context: RenderContext,
  helm: HelmSource,
  inputs: HelmInputs,
  places: { chart: string; scratch: string; pathOf(file: ValueFile): string },
): Promise<string[]> {
  const { releaseName, namespace, parameters } = helmParameters(context, helm);
  const args = ['template', releaseName, places.chart];
  if (namespace !== '') args.push('--namespace', namespace);
  const version = plainVersion(inputs.kubeVersion);
  if (version !== undefined) args.push('--kube-version', version);
  for (const apiVersion of inputs.apiVersions) args.push('--api-versions', apiVersion);
  for (const file of inputs.valueFiles) args.push('--values', places.pathOf(file));
  if (inputs.inlineValues !== undefined) {
    const file = join(places.scratch, 'values.yaml');
    await writeFile(file, inputs.inlineValues);
    args.push('--values', file);
  }
  for (const { name, value, forceString } of parameters) {
    args.push(forceString ? '--set-string' : '--set', `${name}=${escapeCommas(value)}`);
  }
  for (const { name, file } of inputs.fileParameters)
    args.push('--set-file', `${name}=${escapeCommas(places.pathOf(file))}`);
  if (helm.skipCrds !== true) args.push('--include-crds');
  if (helm.skipTests === true) args.push('--skip-tests');
  if (helm.skipSchemaValidation === true) args.push('--skip-schema-validation');
  return args;
}

async function template(
  context: RenderContext,
  args: readonly string[],
  scratch: string,
  signal: AbortSignal | undefined,
): Promise<ExecResult> {
  const { deps } = context;
  const tool = await deps.tools.helm();
  try {
    return await deps.childProcess(() =>
      deps.exec.run({
        command: tool.path,
        args,
        cwd: scratch,
        env: {
          ...childEnvironment(scratch, ''),
          HELM_CACHE_HOME: join(scratch, 'cache'),
          HELM_CONFIG_HOME: join(scratch, 'config'),
          HELM_DATA_HOME: join(scratch, 'data'),
          HELM_PLUGINS: join(scratch, 'plugins'),
        },
        timeoutMs: limits.renderTimeoutMs,
        ...(signal === undefined ? {} : { signal }),
      }),
    );
  } catch (error) {
    throw toolError('helm', context.path, error);
  }
}

/** `1.35.4` of `v1.35.4-gke.100`; a missing patch number is 0. */
function plainVersion(text: string): string | undefined {
  const match = /^v?(\d+\.\d+)(\.\d+)?/.exec(text);
  return match === null ? undefined : `${match[1]}${match[2] ?? '.0'}`;
}

/** A comma separates settings, except in `{a,b}` lists and after a backslash. */
function escapeCommas(value: string): string {
  if (value.startsWith('{') && value.endsWith('}')) return value;
  return value.replace(/(?<!\\),/g, '\\,');
}

function helmFailed(
  context: RenderContext,
  result: ExecResult,
  checkout: string,
  scratch: string,
): RenderError {
  const said = result.stderr
    .replaceAll(`${checkout}/`, '')
    .replaceAll(`${scratch}/`, '')
    .split('\n')
    .filter((line) => line.trim() !== '' && !/^Use --debug/.test(line) && !/^(?:level=|WARNING)/.test(line))
    .join('\n')
    .replace(/^Error: /, '')
    .slice(0, 4_000);
  const what = context.path === '' ? 'the chart' : context.path;
  if (/missing in charts\/ directory|dependencies are missing/i.test(said)) {
    return sourceError(
      'RENDER_DEPENDENCY_MISSING',
      `Cannot render ${what}: ${said}; run "helm dependency update" and commit charts/`,
    );
  }
  // 128 + signal: somebody ended the process, which says nothing about the chart.
  const killed = result.exitCode > 128;
  return new RenderError(
    'RENDER_TOOL_FAILED',
    killed ? 'backoff' : 'on-change',
    `Cannot render ${what}: ${said === '' ? `helm exited with ${result.exitCode}` : said}`,
  );
}

/** Helm writes `# Source: chart/templates/x.yaml` above each document. */
function sourceLines(text: string): (line: number) => { file?: string } {
  const marks: { line: number; file: string }[] = [];
  let line = 0;
  for (const content of text.split('\n')) {
    line += 1;
    if (content.startsWith('# Source: '))
      marks.push({ line, file: content.slice('# Source: '.length).trim() });
  }
  return (at) => {
    const mark = marks.findLast((candidate) => candidate.line <= at);
    return mark === undefined ? {} : { file: mark.file };
  };
}
