// Everything a `helm template` run will read: the chart with its dependencies, value files, file parameters,
// and the cluster facts its templates ask for.
import { canonicalJson, digestOf } from '../../lib/index.ts';
import type { HelmSource, InputRead, SourceTree } from '../../model/index.ts';
import { sourceError } from '../errors.ts';
import type { RenderContext } from '../request.ts';
import { textsOfArchive } from './archive.ts';
import { type CapabilityUse, capabilityUse } from './capabilities.ts';
import { dependenciesOf, type FetchedDependency, type LocalDependency } from './dependencies.ts';
import { artifactOf, findValueFiles, locate, readOf, type ValueFile } from './values.ts';

export interface FileParameter {
  readonly name: string;
  readonly file: ValueFile;
}

export interface HelmInputs {
  readonly valueFiles: readonly ValueFile[];
  readonly fileParameters: readonly FileParameter[];
  readonly dependencies: readonly LocalDependency[];
  readonly fetched: readonly FetchedDependency[];
  /** Inline values: YAML or JSON text, undefined for none. */
  readonly inlineValues: string | undefined;
  readonly kubeVersion: string;
  /** What helm is told of; only what the chart asks for when that is known. */
  readonly apiVersions: readonly string[];
  readonly use: CapabilityUse;
  /** For the input record, see InputRecord.apiVersions. */
  readonly recordedApiVersions: readonly string[];
  readonly reads: readonly InputRead[];
}

const MAX_SCANNED_FILES = 5_000;

export async function helmInputs(context: RenderContext, helm: HelmSource): Promise<HelmInputs> {
  const { tree, path } = context;
  const chart = await tree.stat(path === '' ? 'Chart.yaml' : `${path}/Chart.yaml`);
  if (chart?.kind !== 'file') {
    throw sourceError(
      'RENDER_SOURCE_INVALID',
      `${path === '' ? 'The repository root' : path} has no Chart.yaml, so it is not a Helm chart; correct spec.source.path`,
    );
  }
  const { local: dependencies, fetched } = await dependenciesOf(context);
  const chartReads = (
    await Promise.all(
      [path, ...dependencies.map((dependency) => dependency.path)].map((at) => tree.closure(at)),
    )
  ).flat();
  // Paths of no repository: a commit never touches them, and their content is part of the key.
  for (const { directory, artifact } of fetched)
    chartReads.push({ path: `dependency:${directory}`, id: artifact.digest });
  const values = await findValueFiles(context, helm);
  const parameters = await fileParameters(context, helm);
  const inlineValues = inlineValuesOf(helm);
  const chartUse = await context.deps.memo(`helm-capabilities ${canonicalJson(chartReads)}`, () =>
    chartCapabilities(
      context,
      [path, ...dependencies.map((dependency) => dependency.path)],
      fetched.map(({ artifact }) => artifact.tree),
    ),
  );
  const valueTexts = await Promise.all(values.files.map((file) => readText(context, file)));
  const settings = (helm.parameters ?? []).map(({ value = '' }) => value);
  const use = merge(chartUse, capabilityUse([...valueTexts, inlineValues ?? '', ...settings]));
  const known =
    helm.apiVersions !== undefined && helm.apiVersions.length > 0
      ? helm.apiVersions
      : context.request.kube.apiVersions;
  return {
    valueFiles: values.files,
    fileParameters: parameters.list,
    dependencies,
    fetched,
    inlineValues,
    kubeVersion: helm.kubeVersion || context.request.kube.version,
    ...apiVersionsFor(use, known),
    use,
    reads: [...chartReads, ...values.reads, ...parameters.reads],
  };
}

function apiVersionsFor(
  use: CapabilityUse,
  known: readonly string[],
): Pick<HelmInputs, 'apiVersions' | 'recordedApiVersions'> {
  const { apiVersions } = use;
  if (apiVersions === undefined) {
    return { apiVersions: known, recordedApiVersions: [`*=${digestOf([...known].sort())}`] };
  }
  const set = new Set(known);
  return {
    apiVersions: apiVersions.filter((version) => set.has(version)),
    recordedApiVersions: apiVersions.map((version) => `${version}=${set.has(version)}`),
  };
}

/** valuesObject wins over values; JSON is YAML. */
function inlineValuesOf(helm: HelmSource): string | undefined {
  if (helm.valuesObject !== undefined) return canonicalJson(helm.valuesObject);
  return helm.values === undefined || helm.values === '' ? undefined : helm.values;
}

async function fileParameters(
  context: RenderContext,
  helm: HelmSource,
): Promise<{ list: FileParameter[]; reads: InputRead[] }> {
  const list: FileParameter[] = [];
  const reads: InputRead[] = [];
  for (const { name = '', path = '' } of helm.fileParameters ?? []) {
    const file = locate(context, path, 'helm.fileParameters');
    const found = await artifactOf(context, file).tree.stat(file.path);
    if (found?.kind !== 'file') {
      throw sourceError(
        'RENDER_VALUE_FILE_NOT_FOUND',
        `File ${file.path} of helm.fileParameters ${name} does not exist; correct its path`,
      );
    }
    reads.push(readOf(file, found.id));
    list.push({ name, file });
  }
  return { list, reads };
}

async function chartCapabilities(
  context: RenderContext,
  charts: readonly string[],
  fetched: readonly SourceTree[],
): Promise<CapabilityUse> {
  const texts: string[] = [];
  for (const chart of charts) await collectTexts(context, context.tree, chart, texts);
  for (const tree of fetched) await collectTexts(context, tree, '', texts);
  const use = capabilityUse(texts);
  // A chart may demand Kubernetes versions in Chart.yaml; helm checks it.
  const demands = texts.some((text) => /^kubeVersion:/m.test(text));
  return demands ? { ...use, kubeVersion: true } : use;
}

async function collectTexts(
  context: RenderContext,
  tree: SourceTree,
  at: string,
  texts: string[],
  depth = 0,
): Promise<void> {
  if (depth > 20) throw sourceError('RENDER_LIMIT', `The chart at ${context.path} is nested too deeply`);
  for (const entry of await tree.list(at)) {
    const path = at === '' ? entry.name : `${at}/${entry.name}`;
    if (entry.kind === 'directory') {
      await collectTexts(context, tree, path, texts, depth + 1);
    } else if (/\.(?:ya?ml|tpl|txt|json)$/.test(entry.name)) {
      texts.push(Buffer.from(await tree.read(path)).toString('utf8'));
    } else if (entry.name.endsWith('.tgz')) {
      texts.push(...(await textsOfArchive(await tree.read(path), path)));
    }
    if (texts.length > MAX_SCANNED_FILES)
      throw sourceError(
        'RENDER_LIMIT',
        `The chart at ${context.path} has more than ${MAX_SCANNED_FILES} files`,
      );
  }
}

async function readText(context: RenderContext, file: ValueFile): Promise<string> {
  return Buffer.from(await artifactOf(context, file).tree.read(file.path)).toString('utf8');
}

function merge(a: CapabilityUse, b: CapabilityUse): CapabilityUse {
  return {
    kubeVersion: a.kubeVersion || b.kubeVersion,
    apiVersions:
      a.apiVersions === undefined || b.apiVersions === undefined
        ? undefined
        : [...new Set([...a.apiVersions, ...b.apiVersions])].sort(),
  };
}
