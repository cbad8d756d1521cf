// A project together with the global projects that apply to it: what its applications are really held to. Pure.
import type { ProjectSpec } from './schema.ts';

/** Lists that global projects add to. An absent list stays absent when nobody adds to it: absent is not empty. */
const INHERITED = [
  'sourceRepos',
  'destinations',
  'clusterResourceWhitelist',
  'clusterResourceBlacklist',
  'namespaceResourceWhitelist',
  'namespaceResourceBlacklist',
  'syncWindows',
] as const;

/** The project's own rules followed by those of each global project. */
export function effectiveProject(own: ProjectSpec, globals: readonly ProjectSpec[]): ProjectSpec {
  if (globals.length === 0) return own;
  const merged: Record<string, unknown> = {};
  for (const member of INHERITED) {
    const lists = [own, ...globals].flatMap((spec) => (spec[member] === undefined ? [] : [spec[member]]));
    if (lists.length > 0) merged[member] = lists.flat();
  }
  return { ...own, ...merged };
}
