// Everything a `helm template` run will read: the chart with its local dependencies, value files, file parameters,
// and the cluster facts its templates ask for.
import { canonicalJson, digestOf, isRecord, joinInside, parseYaml } from '../../lib/index.ts';
import type { HelmSource, InputRead } from '../../model/index.ts';
import { sourceError } from '../errors.ts';
import type { RenderContext } from '../request.ts';
import { textsOfArchive } from './archive.ts';
import { type CapabilityUse, capabilityUse } from './capabilities.ts';
import { artifactOf, findValueFiles, locate, readOf, type ValueFile } from './values.ts';

/** A dependency inside the repository that is not vendored under charts/: it is laid there for the run. */
export interface LocalDependency {
  readonly name: string;
  readonly path: string;
}

export interface FileParameter {
  readonly name: string;
  readonly file: ValueFile;
}

export interface HelmInputs {
  readonly valueFiles: readonly ValueFile[];
  readonly fileParameters: readonly FileParameter[];
  readonly dependencies: readonly LocalDependency[];
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
  const dependencies = await localDependencies(context);
  const chartReads = (
    await Promise.all(
      [path, ...dependencies.map((dependency) => dependency.path)].map((at) => tree.closure(at)),
    )
  ).flat();
  const values = await findValueFiles(context, helm);
  const parameters = await fileParameters(context, helm);
  const inlineValues = inlineValuesOf(helm);
  const chartUse = await context.deps.memo(`helm-capabilities ${canonicalJson(chartReads)}`, () =>
    chartCapabilities(context, [path, ...dependencies.map((dependency) => dependency.path)]),
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

/** `file://` dependencies of Chart.yaml that are not under charts/ yet. */
async function localDependencies(context: RenderContext): Promise<LocalDependency[]> {
  const { tree, path } = context;
  const inChart = (name: string): string => (path === '' ? name : `${path}/${name}`);
  const vendored =
    (await tree.stat(inChart('charts'))) === undefined ? [] : await tree.list(inChart('charts'));
  const found: LocalDependency[] = [];
  for (const file of ['Chart.yaml', 'requirements.yaml']) {
    if ((await tree.stat(inChart(file)))?.kind !== 'file') continue;
    const chart = parseYaml(Buffer.from(await tree.read(inChart(file))).toString('utf8'), {
      name: inChart(file),
    });
    for (const dependency of dependenciesOf(chart)) {
      if (vendored.some(({ name }) => name === dependency.name || name.startsWith(`${dependency.name}-`)))
        continue;
      const at = joinInside(path, dependency.repository.slice('file://'.length));
      if (at === undefined) {
        throw sourceError(
          'RENDER_PATH_REFUSED',
          `Dependency ${dependency.name} of ${inChart(file)} points outside the repository (${dependency.repository}); vendor it under charts/`,
        );
      }
      if ((await tree.stat(at))?.kind === 'directory') found.push({ name: dependency.name, path: at });
    }
  }
  return found;
}

function dependenciesOf(chart: unknown): { name: string; repository: string }[] {
  const list = isRecord(chart) && Array.isArray(chart['dependencies']) ? chart['dependencies'] : [];
  return list.flatMap((dependency: unknown) => {
    if (!isRecord(dependency)) return [];
    const { name, repository } = dependency;
    if (typeof name !== 'string' || typeof repository !== 'string' || !repository.startsWith('file://'))
      return [];
    // The name becomes a directory below charts/.
    if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name)) return [];
    return [{ name, repository }];
  });
}

async function chartCapabilities(context: RenderContext, charts: readonly string[]): Promise<CapabilityUse> {
  const texts: string[] = [];
  for (const chart of charts) await collectTexts(context, chart, texts);
  const use = capabilityUse(texts);
  // A chart may demand Kubernetes versions in Chart.yaml; helm checks it.
  const demands = texts.some((text) => /^kubeVersion:/m.test(text));
  return demands ? { ...use, kubeVersion: true } : use;
}

async function collectTexts(context: RenderContext, at: string, texts: string[], depth = 0): Promise<void> {
  if (depth > 20) throw sourceError('RENDER_LIMIT', `The chart at ${context.path} is nested too deeply`);
  for (const entry of await context.tree.list(at)) {
    const path = at === '' ? entry.name : `${at}/${entry.name}`;
    if (entry.kind === 'directory') {
      await collectTexts(context, path, texts, depth + 1);
    } else if (/\.(?:ya?ml|tpl|txt|json)$/.test(entry.name)) {
      texts.push(Buffer.from(await context.tree.read(path)).toString('utf8'));
    } else if (entry.name.endsWith('.tgz')) {
      texts.push(...(await textsOfArchive(await context.tree.read(path), path)));
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
