// What is in a repository, for people who make an application: names that revisions have, folders that a tool renders,
// and what can be set in one of them.
import { posix } from 'node:path';
import type { AppDetails, AppInfo, RepositoryRefs, RepositoryView } from '../contract/index.ts';
import { type ApplicationDeps, imagesOfSource, openSource, type Settings } from '../controllers/index.ts';
import { isRecord, joinInside, parseYaml } from '../lib/index.ts';
import type { ApplicationSource, SourceTree } from '../model/index.ts';
import { detectTool, KUSTOMIZATION_FILES } from '../render/index.ts';
import type { RepositoryContents } from '../server/index.ts';

/** A repository with more folders is no repository of applications; what was found until then is shown. */
const MAX_FOLDERS = 5_000;
const MAX_DEPTH = 12;
const MAX_BYTES = 1024 * 1024;
/** Parameters are offered to people in a form. */
const MAX_PARAMETERS = 2_000;

export interface RepositoryContentsDeps {
  readonly application: ApplicationDeps;
  readonly settings: Pick<Settings, 'repository'>;
  /** The tags of an artifact in a registry. */
  tags(view: RepositoryView, signal: AbortSignal): Promise<readonly string[]>;
}

export function repositoryContents({
  application,
  settings,
  tags,
}: RepositoryContentsDeps): RepositoryContents {
  return {
    async refs(view, signal): Promise<RepositoryRefs> {
      const repository = settings.repository(view.repo, view.project ?? '');
      if (repository.type !== 'git') return { branches: [], tags: await tags(view, signal) };
      const { refs } = await application.repositories.snapshot(repository, application.clock.monotonic());
      const named = (prefix: string): string[] =>
        [...refs.refs.keys()]
          .filter((name) => name.startsWith(prefix))
          .map((name) => name.slice(prefix.length));
      return { branches: named('refs/heads/'), tags: named('refs/tags/') };
    },
    async apps({ repo }, project, revision, signal): Promise<readonly AppInfo[]> {
      const source = { repoURL: repo, path: '.', targetRevision: revision };
      const { tree } = await openSource(application, project, source, signal);
      return await foldersWithTools(tree, signal);
    },
    async details(source, project, signal): Promise<AppDetails> {
      const { tree } = await openSource(application, project, source, signal);
      const path = source.chart ? '' : (joinInside('', source.path ?? '') ?? '');
      const tools = { helmEnabled: true, kustomizeEnabled: true };
      const { type } = await detectTool(tree, path, source, tools);
      if (type === 'Helm') return { type, helm: await helmDetails(tree, path, source) };
      if (type === 'Kustomize')
        return { type, kustomize: { images: await imagesOfSource(application, project, source, signal) } };
      return type === 'Plugin' ? { type, plugin: {} } : { type, directory: {} };
    },
  };
}

/** Folders with a chart or a kustomization, those of charts that are part of others left out. */
async function foldersWithTools(tree: SourceTree, signal: AbortSignal): Promise<AppInfo[]> {
  const found: AppInfo[] = [];
  const open: { readonly path: string; readonly depth: number }[] = [{ path: '', depth: 0 }];
  for (let seen = 0; seen < MAX_FOLDERS; seen += 1) {
    const folder = open.pop();
    if (folder === undefined) break;
    signal.throwIfAborted();
    const entries = await tree.list(folder.path);
    const files = new Set(entries.filter(({ kind }) => kind === 'file').map(({ name }) => name));
    const path = folder.path === '' ? '.' : folder.path;
    if (files.has('Chart.yaml')) {
      found.push({ path, type: 'Helm' });
      continue;
    }
    if (KUSTOMIZATION_FILES.some((name) => files.has(name))) found.push({ path, type: 'Kustomize' });
    if (folder.depth >= MAX_DEPTH) continue;
    for (const { name, kind } of entries)
      if (kind === 'directory') open.push({ path: posix.join(folder.path, name), depth: folder.depth + 1 });
  }
  return found.sort((a, b) => (a.path < b.path ? -1 : 1));
}

async function helmDetails(
  tree: SourceTree,
  path: string,
  source: ApplicationSource,
): Promise<NonNullable<AppDetails['helm']>> {
  const read = async (name: string): Promise<string> => {
    const file = joinInside(path, name);
    const isThere = file !== undefined && (await tree.stat(file))?.kind === 'file';
    return isThere ? Buffer.from(await tree.read(file, MAX_BYTES)).toString() : '';
  };
  const chart = parsed(await read('Chart.yaml'), 'Chart.yaml');
  const valueFiles = (await tree.list(path))
    .filter(({ name, kind }) => kind === 'file' && /values.*\.ya?ml$/i.test(name))
    .map(({ name }) => name);
  const values = await read('values.yaml');
  // Later files win, as for helm; files of other sources are not this chart's to show.
  const chosen = (source.helm?.valueFiles ?? []).filter((name) => !/^\$|:\/\//.test(name));
  const parameters = new Map<string, string>();
  for (const name of ['values.yaml', ...chosen])
    for (const [key, value] of flattened(parsed(await read(name), name))) parameters.set(key, value);
  return {
    name: typeof chart['name'] === 'string' ? chart['name'] : '',
    valueFiles,
    values,
    parameters: [...parameters].slice(0, MAX_PARAMETERS).map(([name, value]) => ({ name, value })),
    fileParameters: source.helm?.fileParameters ?? [],
  };
}

function parsed(text: string, name: string): Readonly<Record<string, unknown>> {
  const value = text === '' ? {} : parseYaml(text, { name });
  return isRecord(value) ? value : {};
}

/** `a.b[0].c` and its text for everything that is no map and no list, as `helm --set` names them. */
function* flattened(value: unknown, at = ''): Generator<readonly [string, string]> {
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) yield* flattened(item, `${at}[${index}]`);
  } else if (isRecord(value)) {
    for (const [key, item] of Object.entries(value)) {
      const name = key.replaceAll('.', '\\.');
      yield* flattened(item, at === '' ? name : `${at}.${name}`);
    }
  } else if (at !== '') yield [at, value === null || value === undefined ? '' : String(value)];
}
