// Taking over objects that client-side apply put there: what kubectl or an earlier Argo CD owned becomes ours before
// the first server-side apply, so that fields removed from the source are removed from the object. Pure.
import type { FieldsV1, KubeObject, ManagedFieldsEntry } from '../k8s/index.ts';
import { annotations } from '../model/index.ts';

/** Managers whose Update entries are earlier applies, not somebody's edits. */
const CLIENT_SIDE_MANAGERS: ReadonlySet<string> = new Set([
  'kubectl-client-side-apply',
  'argocd-controller',
  'argocd-application-controller',
]);

/**
 * The managedFields under which `manager` owns what client-side applies owned, or undefined when there is nothing
 * to take over. Entries of subresources and of everybody else stay as they are.
 */
export function takenOver(
  live: KubeObject,
  manager: string,
  further: readonly string[] = [],
): ManagedFieldsEntry[] | undefined {
  const entries = live.metadata.managedFields ?? [];
  const former = entries.filter((entry) => isFormer(entry, further));
  if (former.length === 0) return undefined;
  const applied = entries.find((entry) => isApplied(entry, manager));
  const rest = entries.filter((entry) => !former.includes(entry) && entry !== applied);
  const newest = [...former].sort((a, b) => (a.time ?? '').localeCompare(b.time ?? '')).at(-1);
  let fields: FieldsV1 = applied?.fieldsV1 ?? {};
  for (const entry of former) fields = union(fields, entry.fieldsV1 ?? {});
  const merged: ManagedFieldsEntry = {
    manager,
    operation: 'Apply',
    apiVersion: applied?.apiVersion ?? newest?.apiVersion ?? live.apiVersion,
    ...(newest?.time === undefined ? {} : { time: newest.time }),
    fieldsType: 'FieldsV1',
    fieldsV1: withLastApplied(fields, live),
  };
  return [merged, ...rest];
}

function isFormer(entry: ManagedFieldsEntry, further: readonly string[]): boolean {
  if (entry.operation !== 'Update' || (entry.subresource ?? '') !== '') return false;
  const manager = entry.manager ?? '';
  return CLIENT_SIDE_MANAGERS.has(manager) || further.includes(manager);
}

function isApplied(entry: ManagedFieldsEntry, manager: string): boolean {
  return entry.manager === manager && entry.operation === 'Apply' && (entry.subresource ?? '') === '';
}

/** The last-applied annotation goes with the rest: nobody maintains it any more, and kubectl would believe it. */
function withLastApplied(fields: FieldsV1, live: KubeObject): FieldsV1 {
  if (live.metadata.annotations?.[annotations.lastApplied] === undefined) return fields;
  return union(fields, { 'f:metadata': { 'f:annotations': { [`f:${annotations.lastApplied}`]: {} } } });
}

function union(a: FieldsV1, b: FieldsV1): FieldsV1 {
  const result: FieldsV1 = { ...a };
  for (const [key, child] of Object.entries(b)) {
    const known = result[key];
    result[key] = known === undefined ? child : union(known, child);
  }
  return result;
}
