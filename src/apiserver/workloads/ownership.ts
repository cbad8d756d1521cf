// Which objects belong to a controller: those that name it as their managing controller and still match its
// selector. Orphans that match are adopted, owned ones that no longer match are let go, as the real controllers do.
import type { KubeObject } from '../../k8s/index.ts';
import type { ResourceName } from '../internal-api.ts';
import {
  controllerOf,
  controllerReference,
  isDeleting,
  type LabelSelector,
  namespaceOf,
  uidOf,
} from './kinds.ts';
import { isEmptySelector, selectedBy } from './label-selector.ts';
import type { ObjectView } from './object-store.ts';
import type { Trigger, Write } from './plan.ts';

export interface Claim {
  readonly owned: readonly KubeObject[];
  /** Adoptions and releases; carry them out before anything else. */
  readonly writes: readonly Write[];
}

/** The children of `owner` of one type after adoption and release. */
export function claimChildren(
  view: ObjectView,
  owner: KubeObject,
  type: ResourceName,
  selector: LabelSelector,
): Claim {
  const mine = view.ownedBy(type, uidOf(owner));
  const owned = mine.filter((child) => selectedBy(selector, child.metadata.labels));
  const released = mine.filter((child) => !isDeleting(child) && !selectedBy(selector, child.metadata.labels));
  const writes: Write[] = released.map((object) => ({
    op: 'edit',
    type,
    object,
    change: (copy) => {
      const rest = (copy.metadata.ownerReferences ?? []).filter(({ uid }) => uid !== uidOf(owner));
      copy.metadata.ownerReferences = rest;
    },
  }));
  if (isDeleting(owner) || isEmptySelector(selector)) return { owned, writes };
  for (const object of view.selected(type, namespaceOf(owner), selector)) {
    if (controllerOf(object) !== undefined || isDeleting(object)) continue;
    writes.push({
      op: 'edit',
      type,
      object,
      change: (copy) => {
        copy.metadata.ownerReferences = [
          ...(copy.metadata.ownerReferences ?? []),
          controllerReference(owner),
        ];
      },
    });
    owned.push(object);
  }
  return { owned, writes };
}

/** Wakes the managing controller of a changed child; for an orphan, every controller that could adopt it. */
export function ownedTrigger(type: ResourceName, ownerType: ResourceName, ownerKind: string): Trigger {
  return {
    type,
    *keysFor(object, view) {
      const namespace = namespaceOf(object);
      const owner = controllerOf(object);
      if (owner !== undefined) {
        if (owner.kind === ownerKind) yield `${namespace}/${owner.name}`;
        return;
      }
      for (const candidate of view.selecting(ownerType, namespace, object.metadata.labels)) {
        yield `${namespace}/${candidate.metadata.name ?? ''}`;
      }
    },
  };
}
