// Dependencies of a chart that are not vendored under charts/: found in the repository itself, or fetched by whoever
// renders. They are laid under charts/ for the run.
import { isRecord, joinInside, parseYaml } from '../../lib/index.ts';
import type { Artifact } from '../../model/index.ts';
import { sourceError } from '../errors.ts';
import type { RenderContext } from '../request.ts';

/** A dependency inside the repository. */
export interface LocalDependency {
  readonly name: string;
  readonly path: string;
}

/** A dependency of a Helm repository or registry. */
export interface FetchedDependency {
  /** Below charts/. */
  readonly directory: string;
  readonly artifact: Artifact;
}

interface Named {
  readonly name: string;
  readonly repository: string;
  readonly version: string;
}

const MAX_DEPENDENCIES = 100;

/** Rejects with RenderError, and with what fetching rejects. */
export async function dependenciesOf(context: RenderContext): Promise<{
  readonly local: readonly LocalDependency[];
  readonly fetched: readonly FetchedDependency[];
}> {
  const { tree } = context;
  const charts = inChart(context, 'charts');
  const vendored = (await tree.stat(charts)) === undefined ? [] : await tree.list(charts);
  const local: LocalDependency[] = [];
  const remote: Named[] = [];
  for (const file of ['Chart.yaml', 'requirements.yaml']) {
    for (const dependency of await listed(context, file)) {
      const { name, repository } = dependency;
      if (vendored.some((entry) => entry.name === name || entry.name.startsWith(`${name}-`))) continue;
      if (repository.startsWith('file://')) local.push(...(await localOne(context, file, dependency)));
      else if (repository !== '') remote.push(dependency);
    }
  }
  return { local, fetched: await fetchAll(context, remote) };
}

async function localOne(
  context: RenderContext,
  file: string,
  { name, repository }: Named,
): Promise<LocalDependency[]> {
  const { tree, path } = context;
  const at = joinInside(path, repository.slice('file://'.length));
  if (at === undefined) {
    throw sourceError(
      'RENDER_PATH_REFUSED',
      `Dependency ${name} of ${inChart(context, file)} points outside the repository (${repository}); vendor it under charts/`,
    );
  }
  return (await tree.stat(at))?.kind === 'directory' ? [{ name, path: at }] : [];
}

async function fetchAll(context: RenderContext, wanted: readonly Named[]): Promise<FetchedDependency[]> {
  const { chartOf } = context.request;
  if (chartOf === undefined || wanted.length === 0) return [];
  const what = context.path === '' ? 'The chart' : context.path;
  if (wanted.length > MAX_DEPENDENCIES)
    throw sourceError(
      'RENDER_LIMIT',
      `${what} has more than ${MAX_DEPENDENCIES} dependencies that are not vendored`,
    );
  const locked = [...(await listed(context, 'Chart.lock')), ...(await listed(context, 'requirements.lock'))];
  const found = new Map<string, FetchedDependency>();
  for (const { name, repository, version } of wanted) {
    if (!/^(?:https?|oci):\/\//i.test(repository)) {
      throw sourceError(
        'RENDER_DEPENDENCY_MISSING',
        `Dependency ${name} of ${what} names its repository ${JSON.stringify(repository.slice(0, 100))}, which only the machine of its author knows; write its address, or vendor it under charts/`,
      );
    }
    const lock = locked.find((each) => each.name === name && each.repository === repository);
    const artifact = await chartOf({ name, repository, version: lock?.version ?? version });
    const directory = `${name}-${artifact.digest.slice(0, 16)}`;
    found.set(directory, { directory, artifact });
  }
  return [...found.values()];
}

/** What a file of the chart lists; nothing when there is no such file. */
async function listed(context: RenderContext, file: string): Promise<Named[]> {
  const { tree } = context;
  const at = inChart(context, file);
  if ((await tree.stat(at))?.kind !== 'file') return [];
  const chart = parseYaml(Buffer.from(await tree.read(at)).toString('utf8'), { name: at });
  const list = isRecord(chart) && Array.isArray(chart['dependencies']) ? chart['dependencies'] : [];
  return list.flatMap((dependency: unknown) => {
    if (!isRecord(dependency)) return [];
    const { name, repository = '', version = '' } = dependency;
    if (typeof name !== 'string' || typeof repository !== 'string') return [];
    // The name becomes a directory below charts/.
    if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$/.test(name)) return [];
    return [{ name, repository, version: typeof version === 'string' ? version : String(version) }];
  });
}

function inChart({ path }: RenderContext, name: string): string {
  return path === '' ? name : `${path}/${name}`;
}
