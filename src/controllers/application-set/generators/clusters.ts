// The cluster generator: one parameter set for each cluster whose labels match.
import type { z } from 'zod';
import { matchesLabels, requirementsOf } from '../../../k8s/index.ts';
import type { ClusterGenerator } from '../../../model/index.ts';
import type { GeneratedCluster } from '../deps.ts';
import { ApplicationSetError } from '../errors.ts';
import { normalizedName } from '../names.ts';
import { selectorOf } from '../selector.ts';
import { isClusterShown } from '../tenancy.ts';
import type { GeneratorContext, Parameters } from './generator.ts';
import { withValues } from './with-values.ts';

/** Clusters in the order of their names. Without a selector the home cluster is one of them, even with no Secret. */
export function generateFromClusters(
  { selector, values, flatList }: z.infer<typeof ClusterGenerator>,
  context: GeneratorContext,
): readonly Parameters[] {
  const { filler } = context;
  const wanted = selectorOf(selector, 'the cluster generator');
  const isSelective = requirementsOf(wanted).length > 0;
  const found = shownClusters(context)
    .filter(({ isImplicit, labels }) => !(isSelective && isImplicit) && matchesLabels(wanted, labels))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map((cluster) => withValues(clusterParameters(cluster, filler.isGoTemplate), values, context));
  if (flatList !== true) return found;
  if (filler.isGoTemplate) return [{ clusters: found }];
  throw new ApplicationSetError(
    'SET_INVALID',
    'on-change',
    'Cluster generator: flatList needs goTemplate: true',
  );
}

/** The clusters a set may know of. */
export function shownClusters({ deps, set }: GeneratorContext): readonly GeneratedCluster[] {
  return deps.clusters().filter(({ project }) => isClusterShown(set, deps.controlNamespace, project));
}

/** What a template may use of a cluster. */
export function clusterParameters(cluster: GeneratedCluster, isNested: boolean): Parameters {
  const { name, server, labels, annotations } = cluster;
  const facts = { name, nameNormalized: normalizedName(name), server, project: cluster.project ?? '' };
  if (isNested) return { ...facts, metadata: { labels, annotations } };
  return {
    ...facts,
    ...prefixed('metadata.labels.', labels),
    ...prefixed('metadata.annotations.', annotations),
  };
}

function prefixed(prefix: string, texts: Readonly<Record<string, string>>): Parameters {
  return Object.fromEntries(Object.entries(texts).map(([key, text]) => [prefix + key, text]));
}
