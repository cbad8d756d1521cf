// What two runs of a story are compared by: the objects of a cluster without what differs between any two runs, and
// how often each was created and deleted.
import type { InternalApi } from '../../src/apiserver/index.ts';
import type { KubeObject } from '../../src/k8s/index.ts';
import { isRecord } from '../../src/lib/index.ts';
import type { Application } from '../../src/model/index.ts';

/** Made by the cluster's own controllers, with names and numbers of their own. */
const DERIVED = new Set([
  'events',
  'endpointslices',
  'endpoints',
  'pods',
  'replicasets',
  'leases',
  'serviceaccounts',
]);
const IDENTITY = new Set([
  'uid',
  'resourceVersion',
  'generation',
  'observedGeneration',
  'managedFields',
  'fairlead.dev/operation',
  'controller-uid',
  'batch.kubernetes.io/controller-uid',
]);
const TIME = /(time|timestamp)$/i;

/** @param names what is called otherwise in another run, with a name that is the same in all */
export function stateOf(cluster: InternalApi, names: ReadonlyMap<string, string>): Record<string, unknown> {
  const objects = cluster
    .types()
    .filter(({ resource }) => !DERIVED.has(resource))
    .flatMap((type) => cluster.list(type))
    .filter(({ metadata: { namespace, name } }) => {
      return (namespace === 'shop' || namespace === 'argocd') && name !== 'kube-root-ca.crt';
    });
  const entries = objects.map((object): [string, unknown] => {
    const { namespace = '', name = '' } = object.metadata;
    return [`${object.kind} ${namespace}/${name}`, normal(object)];
  });
  let text = JSON.stringify(Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1))));
  for (const [own, common] of names) text = text.replaceAll(own, common);
  return JSON.parse(text) as Record<string, unknown>;
}

function normal(object: KubeObject): unknown {
  // Passwords and keys are made once for each installation.
  if (object.kind === 'Secret')
    return { keys: Object.keys(object['data'] ?? {}).sort(), owners: owners(object) };
  if (object.kind === 'Application')
    return { ...applicationState(object as Application), owners: owners(object) };
  return { ...(withoutIdentity(object) as object), owners: owners(object) };
}

/** What the application says in the end; how many tries it took, and what each of them met, may differ. */
function applicationState(app: Application): object {
  const { status } = app;
  return {
    spec: app.spec,
    operation: app.operation ?? null,
    finalizers: app.metadata.finalizers ?? [],
    sync: status?.sync?.status,
    revision: status?.sync?.revision,
    health: status?.health?.status,
    conditions: status?.conditions?.map(({ type, message }) => `${type} ${message}`) ?? [],
    phase: status?.operationState?.phase,
    history: status?.history?.map(({ id, revision }) => `${id} ${revision}`) ?? [],
    resources: status?.resources?.map(
      ({ kind, name, status: sync, health }) => `${kind} ${name} ${sync} ${health?.status ?? ''}`,
    ),
  };
}

/** Who owns which fields, whenever they wrote them. */
function owners(object: KubeObject): string[] {
  return (object.metadata.managedFields ?? [])
    .map(({ manager, operation, subresource = '', fieldsV1 }) =>
      [manager, operation, subresource, object.kind === 'Application' ? '' : JSON.stringify(fieldsV1)].join(
        ' ',
      ),
    )
    .sort();
}

function withoutIdentity(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutIdentity);
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => !IDENTITY.has(key) && !TIME.test(key))
      .map(([key, member]) => [key, withoutIdentity(member)]),
  );
}

/** Counts what happens to objects of a user in a namespace from now on. */
export function countChanges(cluster: InternalApi, namespace: string) {
  const created: Record<string, number> = {};
  const deleted: Record<string, number> = {};
  const counted = [
    { group: '', resource: 'configmaps' },
    { group: 'apps', resource: 'deployments' },
    { group: 'batch', resource: 'jobs' },
  ];
  const ends = counted.map((type) =>
    cluster.subscribe(type, ({ type: event, object }) => {
      if (event === 'MODIFIED' || object.metadata.namespace !== namespace) return;
      const counts = event === 'ADDED' ? created : deleted;
      const key = `${object.kind} ${object.metadata.name}`;
      counts[key] = (counts[key] ?? 0) + 1;
    }),
  );
  return {
    created,
    deleted,
    end(): void {
      for (const end of ends) end();
    },
  };
}
