// What a sync deletes: which extra objects, why others stay, and how many at once are too many. Pure.
import type { KubeObject, ResourceKey } from '../k8s/index.ts';
import type { TaskOptions } from './options.ts';

/** Objects whose loss takes data or other objects with it. */
const PROTECTED: ReadonlySet<string> = new Set([
  '/Namespace',
  '/PersistentVolume',
  '/PersistentVolumeClaim',
  'apiextensions.k8s.io/CustomResourceDefinition',
  'apps/StatefulSet',
  'argoproj.io/Application',
  'argoproj.io/ApplicationSet',
  'argoproj.io/AppProject',
]);

/** True for kinds that an automated sync never deletes without a person's approval. */
export function isProtected(key: ResourceKey, live: KubeObject | undefined): boolean {
  if (PROTECTED.has(`${key.group}/${key.kind}`)) return true;
  return key.kind === 'Secret' && live?.metadata.labels?.['argocd.argoproj.io/secret-type'] !== undefined;
}

/** Why an extra object stays, or undefined when it is to be pruned. */
export function pruneRefusal(options: TaskOptions, pruneRequested: boolean): string | undefined {
  if (options.prune === 'no') return 'ignored (no prune)';
  return pruneRequested ? undefined : 'ignored (requires pruning)';
}

/** `fairlead.dev/max-prune` when absent: a quarter of the objects, and ten in any case. */
const DEFAULT_SHARE = 0.25;
const DEFAULT_MINIMUM = 10;

/**
 * Deletions that happen without asking: `N`, or `N%` of the application's live objects. Text that is neither counts
 * as absent, so that a slip of the pen never lifts the limit.
 */
export function massLimit(maxPrune: string | undefined, total: number): number {
  const match = /^\s*(\d{1,9})\s*(%?)\s*$/.exec(maxPrune ?? '');
  if (match === null) return Math.max(DEFAULT_MINIMUM, Math.ceil(total * DEFAULT_SHARE));
  const amount = Number(match[1]);
  return match[2] === '%' ? Math.ceil((total * amount) / 100) : amount;
}
