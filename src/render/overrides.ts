// `.argocd-source.yaml` and `.argocd-source-<app>.yaml`: in-repo parameters merged over the spec's source, as image
// updaters write them. Only tool parameters can be overridden, never where the source is.
import { isRecord, parseYaml } from '../lib/index.ts';
import { ApplicationSource, type InputRead, type SourceTree } from '../model/index.ts';
import { sourceError } from './errors.ts';

export interface Overridden {
  readonly source: ApplicationSource;
  /** The override files, present or absent: their appearance changes the render. */
  readonly reads: readonly InputRead[];
}

/** The source with both files merged, the one for all applications first. */
export async function applyOverrides(
  tree: SourceTree,
  path: string,
  source: ApplicationSource,
  instance: string,
): Promise<Overridden> {
  const reads: InputRead[] = [];
  let merged: unknown = source;
  for (const name of ['.argocd-source.yaml', `.argocd-source-${instance}.yaml`]) {
    const file = path === '' ? name : `${path}/${name}`;
    const found = await tree.stat(file);
    reads.push({ path: file, id: found?.id ?? 'absent' });
    if (found?.kind !== 'file') continue;
    const patch = parseYaml(Buffer.from(await tree.read(file)).toString('utf8'), { name: file });
    if (patch !== null && !isRecord(patch)) {
      throw sourceError(
        'RENDER_SOURCE_INVALID',
        `${file} must hold a mapping with helm, kustomize, directory or plugin`,
      );
    }
    merged = mergePatch(merged, patch ?? {});
  }
  if (merged === source) return { source, reads };
  const { repoURL, chart, targetRevision, ref, name } = source;
  const parsed = ApplicationSource.safeParse({
    ...(merged as object),
    repoURL,
    path: source.path,
    chart,
    targetRevision,
    ref,
    name,
  });
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw sourceError(
      'RENDER_SOURCE_INVALID',
      `The overrides in ${reads.map((read) => read.path).join(' and ')} do not fit a source: ${issue?.path.join('.')}: ${issue?.message}`,
    );
  }
  return { source: parsed.data, reads };
}

/** RFC 7386. */
function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isRecord(patch)) return patch;
  const result: Record<string, unknown> = isRecord(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = mergePatch(result[key], value);
  }
  return result;
}
