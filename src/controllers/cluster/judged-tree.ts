// The resource tree with health that may take a program of a user to find out.
import type { Verdict } from '../../health/index.ts';
import type { KubeObject } from '../../k8s/index.ts';
import type { ResourceTree } from '../../model/index.ts';
import type { LiveObject, LiveStore } from './live-store.ts';
import { resourceTree } from './tree.ts';

/** @param assess answers at once for an object it judged before: the second pass finds everything at hand */
export async function judgedTree(
  store: LiveStore,
  roots: readonly LiveObject[],
  desired: readonly KubeObject[],
  assess: (object: KubeObject) => Verdict | Promise<Verdict>,
): Promise<ResourceTree> {
  const known = new Map<KubeObject, Verdict>();
  const pending: Promise<void>[] = [];
  const judge = (object: KubeObject): Verdict => {
    if (known.has(object)) return known.get(object);
    const verdict = assess(object);
    if (!(verdict instanceof Promise)) return verdict;
    pending.push(verdict.then((health) => void known.set(object, health)));
    return undefined;
  };
  const tree = resourceTree(store, roots, desired, judge);
  if (pending.length === 0) return tree;
  await Promise.all(pending);
  return resourceTree(store, roots, desired, judge);
}
