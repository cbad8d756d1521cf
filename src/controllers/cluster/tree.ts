// The resource tree of an application: its roots and everything they own. Pure over a LiveStore.
import { gvkOf, type KubeObject, keyText, type ResourceKey } from '../../k8s/index.ts';
import type { Health, ResourceNode, ResourceRef, ResourceTree } from '../../model/index.ts';
import type { LiveObject, LiveStore } from './live-store.ts';
import { networkingOf } from './networking.ts';
import { list, record } from './values.ts';

/** More nodes than this are cut off; no page shows them and no client reads them. */
const MAX_NODES = 20_000;

/**
 * @param desired keys of the source's objects: they are shown as nodes even while missing
 * @param assess health of a full live object; undefined means no opinion
 */
export function resourceTree(
  store: LiveStore,
  roots: readonly LiveObject[],
  desired: readonly KubeObject[],
  assess: (object: KubeObject) => Health | undefined,
): ResourceTree {
  const nodes = new Map<string, ResourceNode>();
  const visit = (live: LiveObject, parents: readonly LiveObject[]): void => {
    const text = keyText(live.key);
    if (nodes.has(text) || nodes.size >= MAX_NODES) return;
    nodes.set(text, nodeOf(live, parents, assess));
    for (const child of store.childrenOf(live.uid)) visit(child, [live]);
  };
  for (const root of roots) visit(root, []);
  for (const object of desired) {
    const key = keyOfObject(object);
    if (!nodes.has(keyText(key)))
      nodes.set(keyText(key), { ...refOf(object), health: { status: 'Missing' } });
  }
  return { nodes: [...nodes.values()], orphanedNodes: [] };
}

function nodeOf(
  live: LiveObject,
  parents: readonly LiveObject[],
  assess: (object: KubeObject) => Health | undefined,
): ResourceNode {
  const { object } = live;
  const health = live.full ? assess(object) : undefined;
  const images = imagesOf(object);
  const info = infoOf(object);
  const networking = networkingOf(object);
  return {
    ...refOf(object),
    uid: live.uid,
    resourceVersion: live.resourceVersion,
    ...(object.metadata.creationTimestamp ? { createdAt: object.metadata.creationTimestamp } : {}),
    ...(parents.length === 0
      ? {}
      : { parentRefs: parents.map((parent) => ({ ...refOf(parent.object), uid: parent.uid })) }),
    ...(images.length === 0 ? {} : { images }),
    ...(info.length === 0 ? {} : { info }),
    ...(networking === undefined ? {} : { networkingInfo: networking }),
    ...(health === undefined ? {} : { health }),
  };
}

function refOf(object: KubeObject): ResourceRef {
  const { group, version, kind } = gvkOf(object);
  const { namespace, name = '' } = object.metadata;
  return {
    ...(group === '' ? {} : { group }),
    version,
    kind,
    ...(namespace === undefined ? {} : { namespace }),
    name,
  };
}

function keyOfObject(object: KubeObject): ResourceKey {
  const { group, kind } = gvkOf(object);
  return { group, kind, namespace: object.metadata.namespace ?? '', name: object.metadata.name ?? '' };
}

/** Container images of a Pod, or of the pod template of a workload, without repetitions. */
export function imagesOf(object: KubeObject): string[] {
  const spec = record(object['spec']);
  const podSpec = object.kind === 'Pod' ? spec : podTemplateSpec(object.kind, spec);
  const containers = [...list(podSpec['initContainers']), ...list(podSpec['containers'])];
  return [
    ...new Set(
      containers.flatMap((item) =>
        typeof record(item)['image'] === 'string' ? [String(record(item)['image'])] : [],
      ),
    ),
  ];
}

function podTemplateSpec(kind: string, spec: Record<string, unknown>): Record<string, unknown> {
  const workload = kind === 'CronJob' ? record(record(spec['jobTemplate'])['spec']) : spec;
  return record(record(workload['template'])['spec']);
}

/** The facts Argo CD's pages print on a node: revision, pod status, containers, restarts. */
function infoOf(object: KubeObject): { name: string; value: string }[] {
  if (object.kind === 'ReplicaSet') {
    const revision = object.metadata.annotations?.['deployment.kubernetes.io/revision'];
    return revision === undefined ? [] : [{ name: 'Revision', value: `Rev:${revision}` }];
  }
  return object.kind === 'Pod' ? podInfo(object) : [];
}

function podInfo(pod: KubeObject): { name: string; value: string }[] {
  const spec = record(pod['spec']);
  const status = record(pod['status']);
  const containers = list(status['containerStatuses']).map(record);
  const waiting = containers
    .map((container) => record(record(container['state'])['waiting'])['reason'])
    .find((reason) => typeof reason === 'string');
  const restarts = containers.reduce((sum, container) => sum + Number(container['restartCount'] ?? 0), 0);
  const info = [
    { name: 'Status Reason', value: String(waiting ?? status['reason'] ?? status['phase'] ?? 'Pending') },
    {
      name: 'Containers',
      value: `${containers.filter((container) => container['ready'] === true).length}/${list(spec['containers']).length}`,
    },
  ];
  if (typeof spec['nodeName'] === 'string') info.push({ name: 'Node', value: spec['nodeName'] });
  if (restarts > 0) info.push({ name: 'Restart Count', value: String(restarts) });
  return info;
}
