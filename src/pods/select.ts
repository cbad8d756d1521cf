// Which pods of a resource tree a question means. Pure; pods outside the tree do not exist here.
import type { ResourceNode } from '../model/index.ts';
import { PodsError } from './errors.ts';

/** A pod of the tree as it was when it was looked up. */
export interface PodRef {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/** Every given member narrows; `{}` means every pod. As Argo CD reads group, kind, resourceName and namespace. */
export interface PodChoice {
  readonly podName?: string;
  readonly namespace?: string;
  readonly group?: string;
  readonly kind?: string;
  readonly resourceName?: string;
}

/** Live pods that are the chosen resource, or have it above them. Sorted by namespace and name. */
export function selectPods(nodes: readonly ResourceNode[], choice: PodChoice): PodRef[] {
  const byUid = new Map(nodes.flatMap((node) => (node.uid === undefined ? [] : [[node.uid, node]])));
  const verdicts = new Map<ResourceNode, boolean>();
  const isMeant = (node: ResourceNode): boolean => {
    const known = verdicts.get(node);
    if (known !== undefined) return known;
    verdicts.set(node, false); // until decided, so that a loop of owners ends
    const verdict =
      isChosen(node, choice) ||
      (choice.podName === undefined &&
        (node.parentRefs ?? []).some(({ uid }) => {
          const parent = uid === undefined ? undefined : byUid.get(uid);
          return parent !== undefined && isMeant(parent);
        }));
    verdicts.set(node, verdict);
    return verdict;
  };
  return nodes
    .filter((node) => isPod(node) && node.uid !== undefined && isMeant(node))
    .map(({ namespace = '', name, uid = '' }) => ({ namespace, name, uid }))
    .sort((a, b) => compare(a.namespace, b.namespace) || compare(a.name, b.name));
}

/** Throws `NOT_FOUND` for a pod or resource that is named and is not part of the application. */
export function requireChosen(nodes: readonly ResourceNode[], choice: PodChoice, application: string): void {
  const { podName, namespace, kind, resourceName } = choice;
  if (podName === undefined && resourceName === undefined) return;
  if (isStillThere(nodes, choice)) return;
  const what = podName === undefined ? `${kind ?? 'resource'} ${resourceName}` : `pod ${podName}`;
  const where = namespace === undefined ? '' : ` in namespace ${namespace}`;
  throw new PodsError('NOT_FOUND', `Application ${application} has no ${what}${where}`);
}

/** False once the resource that is named is not part of the application any more. */
export function isStillThere(nodes: readonly ResourceNode[], choice: PodChoice): boolean {
  if (choice.podName === undefined && choice.resourceName === undefined) return true;
  return nodes.some((node) => node.uid !== undefined && isChosen(node, choice));
}

function isChosen(node: ResourceNode, choice: PodChoice): boolean {
  const { podName, namespace, group, kind, resourceName } = choice;
  if (namespace !== undefined && (node.namespace ?? '') !== namespace) return false;
  if (podName !== undefined) return isPod(node) && node.name === podName;
  return (
    (resourceName === undefined || node.name === resourceName) &&
    (kind === undefined || node.kind === kind) &&
    (group === undefined || (node.group ?? '') === group)
  );
}

function isPod(node: ResourceNode): boolean {
  return node.kind === 'Pod' && (node.group ?? '') === '';
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
