// Why an object is not healthy: what it says, what the objects it owns say, and what the cluster reported. Pure.
import type { ExplanationCause, ExplanationLink } from '../contract/index.ts';
import type { ResourceNode } from '../model/index.ts';
import type { ExplainedObject, ExplanationFacts } from './facts.ts';
import { objectName, shorten } from './text.ts';

const MAX_CHILDREN = 3;
const MAX_EVENTS = 3;

export function healthCauses(facts: ExplanationFacts): ExplanationCause[] {
  return (facts.objects ?? [])
    .filter(({ health, change }) => isUnwell(health?.status) && change.kind !== 'missing')
    .map((object) => ({
      kind: 'health',
      title: `${objectName(object.change.key)} is ${object.health?.status}${message(object.health?.message)}`,
      object: object.change.key,
      chain: chainOf(facts, object),
    }));
}

export function isUnwell(status: string | undefined): boolean {
  return status !== undefined && status !== 'Healthy';
}

function chainOf({ unhealthy, events }: ExplanationFacts, { change }: ExplainedObject): ExplanationLink[] {
  const own = unhealthy.find(
    ({ group, kind, namespace, name }) =>
      (group ?? '') === change.key.group &&
      kind === change.key.kind &&
      (namespace ?? '') === change.key.namespace &&
      name === change.key.name,
  );
  const children = own === undefined ? [] : descendants(own, unhealthy);
  const concerned = [
    { kind: change.key.kind, namespace: change.key.namespace, name: change.key.name },
    ...children.map(({ kind = '', namespace = '', name = '' }) => ({ kind, namespace, name })),
  ];
  return [
    ...children.slice(0, MAX_CHILDREN).map(
      (node): ExplanationLink => ({
        kind: 'event',
        text: `${objectName({ kind: node.kind ?? '', namespace: node.namespace ?? '', name: node.name ?? '' })} is ${node.health?.status}${message(node.health?.message)}`,
      }),
    ),
    ...(children.length > MAX_CHILDREN
      ? [{ kind: 'event' as const, text: `and ${children.length - MAX_CHILDREN} more like it` }]
      : []),
    ...events
      .filter(({ object }) =>
        concerned.some(
          ({ kind, namespace, name }) =>
            kind === object.kind && namespace === object.namespace && name === object.name,
        ),
      )
      .slice(0, MAX_EVENTS)
      .map(
        ({ object, reason, message: text, at, count }): ExplanationLink => ({
          kind: 'event',
          text: `${object.kind} ${object.name}: ${reason}: ${shorten(text)}${count > 1 ? ` (${count} times)` : ''}`,
          at,
        }),
      ),
  ];
}

/** Everything unhealthy that the node owns, directly or not; those without children first, they are usually why. */
function descendants(root: ResourceNode, nodes: readonly ResourceNode[]): ResourceNode[] {
  const found = new Map<string, ResourceNode>();
  const queue = [root];
  for (let at = queue.shift(); at !== undefined; at = queue.shift()) {
    const { uid } = at;
    for (const node of nodes) {
      if (node.uid === undefined || found.has(node.uid)) continue;
      if (!(node.parentRefs ?? []).some((parent) => parent.uid === uid)) continue;
      found.set(node.uid, node);
      queue.push(node);
    }
  }
  const owners = new Set(
    [...found.values()].flatMap((node) => (node.parentRefs ?? []).map((parent) => parent.uid)),
  );
  return [...found.values()].sort((a, b) => Number(owners.has(a.uid)) - Number(owners.has(b.uid)));
}

function message(text: string | undefined): string {
  return text === undefined || text === '' ? '' : `: ${text}`;
}
