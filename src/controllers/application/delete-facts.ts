// Gathers what the delete guard wants to know, now. It judges nothing: delete-guard.ts does.
import type { KubeObject, ResourceKey } from '../../k8s/index.ts';
import { isRecord } from '../../lib/index.ts';
import { type Application, instanceName } from '../../model/index.ts';
import { type DeleteFacts, type DeleteRequest, isProtected } from '../../sync/index.ts';
import type { LiveCluster } from '../cluster/index.ts';
import type { ApplicationDeps } from './deps.ts';
import type { Desired } from './facts.ts';

export interface DeleteSituation {
  readonly app: Application;
  readonly cluster: LiveCluster;
  /** The render the decision rests on; undefined for the deletion of the application itself. */
  readonly desired?: Desired | undefined;
  /** Whether a second render of the same input gave the same. */
  readonly stable: boolean;
  readonly mass: DeleteFacts['mass'];
  readonly automated: boolean;
  readonly approved: boolean;
}

export function deleteFacts(
  deps: ApplicationDeps,
  situation: DeleteSituation,
  request: DeleteRequest,
  live: KubeObject,
): DeleteFacts {
  const { app, cluster, desired } = situation;
  const { key, purpose } = request;
  const scope = cluster.scopeOf(key);
  const isLeaving = purpose === 'prune' || purpose === 'cascade';
  return {
    render: { complete: desired !== undefined, stable: situation.stable },
    discovery: { complete: cluster.discoveryComplete(), scopeKnown: scope !== 'unknown' },
    list: isLeaving ? cluster.listState(key) : { complete: true, ageMs: 0 },
    instance: instanceName(app, deps.controlNamespace),
    desiredBy: deps.desiredBy(cluster.server, key, instanceName(app, deps.controlNamespace)),
    protection: protectionOf(deps, situation, key, live),
    mass: situation.mass,
    approved: situation.approved,
    ownership: {
      epochCurrent: true,
      deletingElsewhere:
        purpose !== 'cascade' &&
        purpose !== 'request' &&
        deps.current(app)?.metadata.deletionTimestamp !== undefined,
      windowOpen: true,
    },
    auditDurable: true,
    inputsComplete: true,
    deletesDisabled: deps.deletesDisabled(cluster.server),
  };
}

function protectionOf(
  deps: ApplicationDeps,
  { cluster, automated, app }: DeleteSituation,
  key: ResourceKey,
  live: KubeObject,
): DeleteFacts['protection'] {
  if (key.group === 'apiextensions.k8s.io' && key.kind === 'CustomResourceDefinition') {
    const { group, names } = isRecord(live['spec']) ? live['spec'] : {};
    const kind = isRecord(names) ? String(names['kind']) : '';
    return { needsApproval: automated, instances: cluster.countOf({ group: String(group), kind }) };
  }
  if (key.group === '' && key.kind === 'Namespace') {
    const foreignObjects = cluster.countForeign(key.name, instanceName(app, deps.controlNamespace));
    const ownNamespace = cluster.isHome && key.name === deps.controlNamespace;
    return { needsApproval: automated, foreignObjects, ownNamespace };
  }
  return { needsApproval: automated && isProtected(key, live) };
}
