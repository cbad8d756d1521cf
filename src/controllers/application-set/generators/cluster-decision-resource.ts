// The cluster decision generator: an object of some other controller (a placement) lists clusters in its status.
import type { z } from 'zod';
import {
  isKubeError,
  type KubeObject,
  labelSelectorText,
  matchesLabels,
  type ResourceType,
} from '../../../k8s/index.ts';
import { isRecord, messageOf } from '../../../lib/index.ts';
import type { ClusterDecisionResourceGenerator } from '../../../model/index.ts';
import { ApplicationSetError } from '../errors.ts';
import { flattened } from '../parameters.ts';
import { selectorOf } from '../selector.ts';
import { clusterParameters, shownClusters } from './clusters.ts';
import type { GeneratorContext, Parameters } from './generator.ts';
import { configMapTexts } from './secret-text.ts';
import { withValues } from './with-values.ts';

/** One parameter set for each decision that names a cluster there is. Rejects with ApplicationSetError. */
export async function generateFromClusterDecisions(
  configuration: z.infer<typeof ClusterDecisionResourceGenerator>,
  context: GeneratorContext,
): Promise<readonly Parameters[]> {
  const { configMapRef, values } = configuration;
  const config = await configMapTexts(context, configMapRef);
  const { statusListKey = '', matchKey = '' } = config;
  if (matchKey === '' || statusListKey === '')
    throw invalid(`ConfigMap ${configMapRef} needs apiVersion, kind, statusListKey and matchKey`);
  const clusters = new Map(shownClusters(context).map((cluster) => [cluster.name, cluster]));
  const decisions = (await objectsOf(configuration, config, context)).flatMap((object) =>
    decisionsOf(object, statusListKey),
  );
  return decisions.flatMap((decision) => {
    const cluster = clusters.get(String(decision[matchKey] ?? ''));
    if (cluster === undefined) return [];
    const { isGoTemplate } = context.filler;
    const facts = isGoTemplate ? decision : flattened(decision);
    const parameters = { ...clusterParameters(cluster, isGoTemplate), ...facts, clusterName: cluster.name };
    return [withValues(parameters, values, context)];
  });
}

async function objectsOf(
  { name, labelSelector }: z.infer<typeof ClusterDecisionResourceGenerator>,
  { apiVersion = '', kind = '' }: Readonly<Record<string, string>>,
  { deps, set, signal }: GeneratorContext,
): Promise<readonly KubeObject[]> {
  const [group, version] = apiVersion.split('/');
  if (group === undefined || version === undefined || kind === '')
    throw invalid(`apiVersion "${apiVersion.slice(0, 80)}" must be group/version, and kind the plural name`);
  const type: ResourceType = { group, version, kind, resource: kind.toLowerCase(), namespaced: true };
  const selector = selectorOf(labelSelector, 'the cluster decision generator');
  const namespace = set.metadata.namespace ?? deps.controlNamespace;
  try {
    if (name !== undefined && name !== '') {
      const found = await deps.home.find(type, { namespace, name }, { signal });
      if (found === undefined) throw invalid(`there is no ${kind} ${name} in namespace ${namespace}`);
      return matchesLabels(selector, found.metadata.labels) ? [found] : [];
    }
    const answer = await deps.home.listAll(type, {
      namespace,
      labelSelector: labelSelectorText(selector),
      signal,
    });
    if (answer.kind === 'incomplete') throw answer.error;
    return answer.items;
  } catch (error) {
    if (error instanceof ApplicationSetError) throw error;
    signal.throwIfAborted();
    throw new ApplicationSetError(
      'GENERATOR_FAILED',
      isKubeError(error, 'NOT_FOUND', 'UNKNOWN_KIND') ? 'on-change' : 'backoff',
      `Cluster decision generator: cannot read ${kind} of ${apiVersion}: ${messageOf(error)}`,
      { cause: error },
    );
  }
}

/** An object whose controller has not decided yet says nothing of clusters; "none" must be written in it. */
function decisionsOf(object: KubeObject, key: string): readonly Readonly<Record<string, unknown>>[] {
  const status = object['status'];
  const list = isRecord(status) ? status[key] : undefined;
  if (Array.isArray(list)) return list.filter((item) => isRecord(item));
  throw new ApplicationSetError(
    'GENERATOR_FAILED',
    'backoff',
    `Cluster decision generator: ${object.kind} ${object.metadata.name} has no list status.${key} yet`,
  );
}

function invalid(seen: string): ApplicationSetError {
  return new ApplicationSetError('SET_INVALID', 'on-change', `Cluster decision generator: ${seen}`);
}
