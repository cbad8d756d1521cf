// Which tool renders a path. Looks at names only.
import type { ApplicationSource, InputRead, SourceTree, SourceType } from '../model/index.ts';
import { sourceError } from './errors.ts';
import type { RenderSettings } from './request.ts';

export const KUSTOMIZATION_FILES = ['kustomization.yaml', 'kustomization.yml', 'Kustomization'] as const;

export interface Detected {
  readonly type: SourceType;
  /** The files looked for, present or absent. */
  readonly reads: readonly InputRead[];
}

/** Throws RENDER_SOURCE_INVALID when the source names more than one tool. */
export async function detectTool(
  tree: SourceTree,
  path: string,
  source: ApplicationSource,
  settings: Pick<RenderSettings, 'helmEnabled' | 'kustomizeEnabled'>,
): Promise<Detected> {
  const explicit = explicitTool(source);
  if (explicit !== undefined) return { type: explicit, reads: [] };
  const reads: InputRead[] = [];
  const isThere = async (name: string): Promise<boolean> => {
    const file = path === '' ? name : `${path}/${name}`;
    const found = await tree.stat(file);
    reads.push({ path: file, id: found?.id ?? 'absent' });
    return found?.kind === 'file';
  };
  if (await isThere('Chart.yaml')) {
    return { type: settings.helmEnabled ? 'Helm' : 'Directory', reads };
  }
  for (const name of KUSTOMIZATION_FILES) {
    if (await isThere(name)) return { type: settings.kustomizeEnabled ? 'Kustomize' : 'Directory', reads };
  }
  return { type: 'Directory', reads };
}

function explicitTool(source: ApplicationSource): SourceType | undefined {
  const named: [string, SourceType][] = [];
  if (source.helm !== undefined) named.push(['helm', 'Helm']);
  if (source.kustomize !== undefined) named.push(['kustomize', 'Kustomize']);
  if (source.directory !== undefined) named.push(['directory', 'Directory']);
  if (source.plugin !== undefined) named.push(['plugin', 'Plugin']);
  if (named.length > 1) {
    throw sourceError(
      'RENDER_SOURCE_INVALID',
      `The source names several tools (${named.map(([name]) => name).join(', ')}); keep one of them`,
    );
  }
  return named[0]?.[1] ?? (source.chart === undefined || source.chart === '' ? undefined : 'Helm');
}
