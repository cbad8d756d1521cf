// The delete guard of generated applications: a set that would lose many at once stops and asks. With an application
// its workloads go, so a slip in a generator must not be enough.
import { type Application, type ApplicationSet, annotations } from '../../model/index.ts';
import { massLimit } from '../../sync/index.ts';

export interface DeletionsHeld {
  /** What to say: how many, which, and how to go on. */
  readonly message: string;
}

const NAMED = 10;

/**
 * Undefined when the deletions may be done: few enough (`fairlead.dev/max-prune` of the set, else a quarter and ten in
 * any case), or approved since they were held.
 * @param total applications the set owns
 * @param heldSince when they were held first, RFC 3339
 */
export function deletionsHeld(
  set: ApplicationSet,
  deletions: readonly Application[],
  total: number,
  heldSince: string | undefined,
): DeletionsHeld | undefined {
  const notes = set.metadata.annotations ?? {};
  const limit = massLimit(notes[annotations.maxPrune], total);
  if (deletions.length <= limit) return undefined;
  const approvedAt = Date.parse(notes[annotations.deletionApproved] ?? '');
  if (heldSince !== undefined && approvedAt >= Date.parse(heldSince)) return undefined;
  const names = deletions.map(({ metadata }) => metadata.name ?? '').sort();
  const more = names.length > NAMED ? ` and ${names.length - NAMED} more` : '';
  return {
    message: `${deletions.length} of ${total} applications are no longer generated, more than the ${limit} that are deleted without asking: ${names.slice(0, NAMED).join(', ')}${more}. Nothing is deleted; annotate the set with ${annotations.deletionApproved}=<time now, RFC 3339> to delete them, or with ${annotations.maxPrune} to change the limit`,
  };
}
