// The port an application's writes go through: every one of them is held against the project as it is at that moment,
// and goes out as the service account the project names, where it names one.
import type { KubeObject } from '../../k8s/index.ts';
import type { Application } from '../../model/index.ts';
import type { TargetCluster } from '../../sync/index.ts';
import type { LiveCluster } from '../cluster/index.ts';
import type { ApplicationDeps } from './deps.ts';
import { ApplicationError } from './errors.ts';
import { identityTarget } from './identity.ts';
import { type Named, writeRefusal } from './project-rules.ts';

/** `cluster`'s target for the writes of `app`. Rejects with ApplicationError what the project does not allow now. */
export function writeTarget(deps: ApplicationDeps, app: Application, cluster: LiveCluster): TargetCluster {
  const target = identityTarget(deps, app, cluster);
  const check = (object: Named): void => {
    if (isOwnNamespace(app, object)) return;
    const refusal = writeRefusal(deps, app, cluster, object);
    if (refusal !== undefined) throw new ApplicationError('NOT_PERMITTED', refusal);
  };
  const named = (object: KubeObject) => ({
    apiVersion: object.apiVersion,
    kind: object.kind,
    name: object.metadata.name ?? '',
    namespace: object.metadata.namespace,
  });
  return {
    ...target,
    async apply(object, choice) {
      check(named(object));
      return await target.apply(object, choice);
    },
    async create(object, choice) {
      check(named(object));
      return await target.create(object, choice);
    },
    async replace(object, choice) {
      check(named(object));
      return await target.replace(object, choice);
    },
    async patchManagedFields(name, fields, resourceVersion) {
      check(name);
      return await target.patchManagedFields(name, fields, resourceVersion);
    },
    async delete(name, choice) {
      check(name);
      return await target.delete(name, choice);
    },
  };
}

/** `CreateNamespace=true` makes the destination's namespace, whatever kinds the project lists. */
function isOwnNamespace(
  app: Application,
  { apiVersion, kind, name }: { apiVersion: string; kind: string; name: string },
): boolean {
  return (
    apiVersion === 'v1' &&
    kind === 'Namespace' &&
    name === app.spec.destination.namespace &&
    (app.spec.syncPolicy?.syncOptions ?? []).includes('CreateNamespace=true')
  );
}
