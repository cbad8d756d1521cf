// The health of an application from that of its objects. Pure.
import type { KubeObject, ResourceKey } from '../k8s/index.ts';
import { annotations, type Health, worseHealth } from '../model/index.ts';

/** One object as the application's health sees it; hooks and skipped objects are not given at all. */
export interface ResourceHealth {
  readonly key: ResourceKey;
  /** Undefined: no opinion about this kind, or no object. */
  readonly health: Health | undefined;
  /** Desired and not live. */
  readonly missing: boolean;
  /** The live object, for its annotations. */
  readonly object?: KubeObject | undefined;
}

const MAX_CAUSES = 3;

/**
 * The worst health of what counts. Missing objects do not, unless nothing is live at all; `self` is the application's
 * own object when it manages itself.
 */
export function aggregateHealth(resources: readonly ResourceHealth[], self?: ResourceKey): Health {
  if (resources.length > 0 && resources.every(({ missing }) => missing)) {
    return { status: 'Missing', message: causedBy(resources.map(({ key }) => key)) };
  }
  const counted = resources.filter((resource) => counts(resource, self));
  let status: Health['status'] = 'Healthy';
  for (const { health } of counted) if (health !== undefined) status = worseHealth(status, health.status);
  if (status === 'Healthy') return { status };
  const causes = counted.filter(({ health }) => health?.status === status);
  return { status, message: causedBy(causes.map(({ key }) => key)) };
}

function counts({ key, health, missing, object }: ResourceHealth, self: ResourceKey | undefined): boolean {
  if (missing || health === undefined) return false;
  if (object?.metadata.annotations?.[annotations.ignoreHealthcheck] === 'true') return false;
  if (key.group !== 'argoproj.io' || key.kind !== 'Application') return true;
  if (self !== undefined && key.name === self.name && key.namespace === self.namespace) return false;
  return health.status !== 'Missing' && health.status !== 'Unknown';
}

/** `Caused by apps/Deployment:default/web, Service:default/web and 4 more`. */
function causedBy(keys: readonly ResourceKey[]): string {
  const named = keys.slice(0, MAX_CAUSES).map(({ group, kind, namespace, name }) => {
    const type = group === '' ? kind : `${group}/${kind}`;
    return `${type}:${namespace === '' ? name : `${namespace}/${name}`}`;
  });
  const more = keys.length > MAX_CAUSES ? ` and ${keys.length - MAX_CAUSES} more` : '';
  return `Caused by ${named.join(', ')}${more}`;
}
