// The quality-of-service class of a pod, from its containers' cpu and memory.
import type { Container, Pod } from './kinds.ts';

/** Guaranteed, Burstable or BestEffort, by the rules of the Kubernetes API. */
export function qosClassOf(pod: Pod): string {
  const containers = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])];
  const asks = containers.some(({ resources }) => hasAny(resources?.requests) || hasAny(resources?.limits));
  if (!asks) return 'BestEffort';
  return containers.every(isGuaranteed) ? 'Guaranteed' : 'Burstable';
}

function hasAny(amounts: Record<string, string> | undefined): boolean {
  return amounts?.['cpu'] !== undefined || amounts?.['memory'] !== undefined;
}

function isGuaranteed({ resources }: Container): boolean {
  return ['cpu', 'memory'].every((name) => {
    const limit = resources?.limits?.[name];
    return limit !== undefined && (resources?.requests?.[name] ?? limit) === limit;
  });
}
