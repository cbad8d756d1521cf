// Server-side apply: merges a partial object into the live one by ownership. Fields the manager applied before
// and left out now are removed unless somebody else owns them; fields others own with another value conflict.
import { gvkOf, type KubeObject } from '../../k8s/index.ts';
import { isRecord, jsonEqual } from '../../lib/index.ts';
import { ApiError } from '../errors.ts';
import {
  differenceOf,
  eachPath,
  type FieldSet,
  intersectionOf,
  isEmptySet,
  newFieldSet,
  pathText,
  recursiveDifferenceOf,
  unionOf,
} from './field-set.ts';
import { cloneJson } from './json.ts';
import { type FieldContext, prepare, updateManagers, withoutManagedFields } from './managed-fields.ts';
import {
  describeManager,
  type ManagerName,
  type Managers,
  managerId,
  type Ownership,
  readManagers,
  writeManagers,
} from './managers.ts';
import type { MergeType } from './merge-type.ts';
import { reconciled, type TypeAt, transfer, withoutStripped } from './ownership.ts';
import { compareTyped } from './typed-compare.ts';
import { mergeTyped, removeTyped } from './typed-merge.ts';
import { fieldSetOf, typeProblems, withNamedFields } from './typed-value.ts';

const BEFORE_FIRST_APPLY = 'before-first-apply';
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';
/** Bytes all annotations of an object may have. */
const MAX_ANNOTATION_BYTES = 256 * 1024;

export interface ApplyRequest extends FieldContext {
  /** The stored object, undefined when the apply creates it. */
  readonly live: KubeObject | undefined;
  /** What the client sent. */
  readonly applied: KubeObject;
  /** Takes fields from other managers instead of conflicting. */
  readonly force: boolean;
}

/** One field another manager owns and the applied object wants to change. */
export interface ApplyConflict {
  readonly manager: ManagerName;
  /** The field's path, `.spec.replicas`. */
  readonly field: string;
}

export interface ApplyOutcome {
  /** The object to be defaulted, validated and stored; the live one when there are conflicts. */
  readonly object: KubeObject;
  /** Not empty: nothing may be stored; see applyConflictError. */
  readonly conflicts: readonly ApplyConflict[];
}

/**
 * Applies an object.
 * @throws ApiError 400 when the version differs from the request's or managedFields are given, 500 (as a real
 * server answers) when the object does not fit its schema
 */
export function applyPatch(request: ApplyRequest): ApplyOutcome {
  const outcome = applyAs(request, request.force);
  if (request.manager !== 'kubectl') return outcome;
  return refreshLastApplied(request, settleWithLastApplied(request, outcome));
}

/** The answer to an apply that conflicts. */
export function applyConflictError(conflicts: readonly ApplyConflict[]): ApiError {
  const causes = conflicts.map(({ manager, field }) => ({
    reason: 'FieldManagerConflict',
    message: `conflict with ${describeManager(manager)}`,
    field,
  }));
  return new ApiError(409, 'Conflict', conflictMessage(conflicts), { causes });
}

function conflictMessage(conflicts: readonly ApplyConflict[]): string {
  const [first] = conflicts;
  if (first !== undefined && conflicts.length === 1) {
    return `Apply failed with 1 conflict: conflict with ${describeManager(first.manager)}: ${first.field}`;
  }
  const fields = new Map<string, string[]>();
  const lines: string[] = [];
  for (const { manager, field } of conflicts) {
    const id = managerId(manager);
    const known = fields.get(id);
    if (known !== undefined) known.push(field);
    else fields.set(id, [`conflicts with ${describeManager(manager)}:`, field]);
  }
  for (const id of [...fields.keys()].sort()) {
    const [title = '', ...paths] = fields.get(id) ?? [];
    lines.push(title, ...paths.map((path) => `- ${path}`));
  }
  return `Apply failed with ${conflicts.length} conflicts: ${lines.join('\n')}`;
}

function applyAs(request: ApplyRequest, force: boolean): ApplyOutcome {
  const { applied, apiVersion, now } = request;
  const prepared = prepare(request, applied.kind);
  const { type, typeAt, reset } = prepared;
  checkApplied(request, type);
  const live: unknown = request.live === undefined ? prepared.empty : withoutManagedFields(request.live);
  const name: ManagerName = {
    manager: request.manager,
    operation: 'Apply',
    ...(request.subresource === undefined || request.subresource === ''
      ? {}
      : { subresource: request.subresource }),
  };
  const id = managerId(name);
  const managers = reconciled(managersOf(request, live, prepared), typeAt);
  const last = managers.get(id);
  const set = recursiveDifferenceOf(fieldSetOf(applied, type), reset);
  managers.set(id, { name, set, apiVersion, time: last?.time });

  const merged = mergeTyped(live, applied, type);
  const next = prune(merged, { managers, id, last, typeAt });
  const result = transfer(managers, { before: live, after: next, type, typeAt, reset, by: id });
  if (!force && result.conflicts.size > 0) {
    return { object: request.live ?? applied, conflicts: listConflicts(result.conflicts, managers) };
  }
  const changed = !jsonEqual(live, next);
  settleOwn(result.managers, id, changed ? now : last?.time);
  return { object: withManagers(changed ? next : live, result.managers, applied), conflicts: [] };
}

function checkApplied({ applied, apiVersion }: ApplyRequest, type: MergeType): void {
  if (applied.apiVersion !== apiVersion) {
    const text = `Incorrect version specified in apply patch. Specified patch version: ${applied.apiVersion}, expected: ${apiVersion}`;
    throw new ApiError(400, 'BadRequest', text);
  }
  if (applied.metadata.managedFields !== undefined && applied.metadata.managedFields !== null) {
    throw new ApiError(400, 'BadRequest', 'metadata.managedFields must be nil');
  }
  const problems = typeProblems(applied, type);
  if (problems.length === 0) return;
  const { group, version, kind } = gvkOf(applied);
  const where = `${applied.metadata.namespace ?? ''}/${applied.metadata.name ?? ''}; ${group}/${version}, Kind=${kind}`;
  const text =
    problems.length === 1 ? problems[0] : `errors:\n${problems.map((problem) => `  ${problem}`).join('\n')}`;
  throw new ApiError(500, 'InternalError', `failed to create typed patch object (${where}): ${text}`);
}

/** The managers of the live object; all it has belongs to one of old when it was never tracked. */
function managersOf(request: ApplyRequest, live: unknown, prepared: ReturnType<typeof prepare>): Managers {
  const managers = readManagers(request.live?.metadata.managedFields);
  if (managers === undefined) {
    throw new ApiError(
      500,
      'InternalError',
      'failed to decode managed fields: an entry of the live object is malformed',
    );
  }
  if (managers.size > 0 || request.live === undefined) return managers;
  const context = { ...request, manager: BEFORE_FIRST_APPLY };
  return updateManagers({ managers, live: prepared.empty, next: live, context, prepared });
}

/** The applying manager's own entry: without the fields nobody owns, and with the time of this change. */
function settleOwn(managers: Managers, id: string, time: string | undefined): void {
  const own = managers.get(id);
  if (own === undefined) return;
  const set = withoutStripped(own.set);
  if (isEmptySet(set)) managers.delete(id);
  else managers.set(id, { ...own, set, time });
}

function withManagers(value: unknown, managers: Managers, applied: KubeObject): KubeObject {
  const object = value as KubeObject;
  const metadata = { ...object.metadata };
  delete metadata.managedFields;
  if (managers.size > 0) metadata.managedFields = writeManagers(managers);
  return { ...object, apiVersion: applied.apiVersion, kind: applied.kind, metadata };
}

function listConflicts(conflicts: ReadonlyMap<string, FieldSet>, managers: Managers): ApplyConflict[] {
  const list: ApplyConflict[] = [];
  for (const id of [...conflicts.keys()].sort()) {
    const set = conflicts.get(id);
    const manager = managers.get(id)?.name;
    if (set === undefined || manager === undefined) continue;
    eachPath(set, (path) => list.push({ manager, field: pathText(path) }));
  }
  return list;
}

interface Pruning {
  readonly managers: Managers;
  readonly id: string;
  readonly last: Ownership | undefined;
  readonly typeAt: TypeAt;
}

/** Removes what the manager applied last time and not now, unless others (or its new object) own it. */
function prune(merged: unknown, { managers, id, last, typeAt }: Pruning): unknown {
  if (last === undefined || isEmptySet(last.set)) return merged;
  const now = managers.get(id);
  const keptAll = now !== undefined && isEmptySet(differenceOf(last.set, now.set));
  if (now?.apiVersion === last.apiVersion && keptAll) return merged;
  const type = typeAt(last.apiVersion);
  if (type === undefined) return merged;
  const lastSet = withNamedFields(last.set, type);
  let pruned = removeTyped(merged, lastSet, type);
  for (const [version, owned] of ownedByVersion(managers, last.apiVersion)) {
    const ownType = typeAt(version);
    if (ownType === undefined) continue;
    const before = withNamedFields(fieldSetOf(merged, ownType), ownType);
    const after = withNamedFields(fieldSetOf(pruned, ownType), ownType);
    const keep = unionOf(after, withNamedFields(owned, ownType));
    pruned = removeTyped(merged, differenceOf(before, keep), ownType);
  }
  const before = withNamedFields(fieldSetOf(merged, type), type);
  const after = withNamedFields(fieldSetOf(pruned, type), type);
  return removeTyped(merged, intersectionOf(differenceOf(before, after), lastSet), type);
}

/** What all managers own, by version, the given version first. */
function ownedByVersion(managers: Managers, first: string): Map<string, FieldSet> {
  const owned = new Map<string, FieldSet>([[first, newFieldSet()]]);
  for (const { apiVersion, set } of managers.values()) {
    const known = owned.get(apiVersion);
    owned.set(apiVersion, known === undefined ? set : unionOf(known, set));
  }
  return owned;
}

/**
 * `kubectl apply --server-side` takes over from client-side apply without conflicts: fields whose live value is
 * the one of the last-applied annotation are its own.
 */
function settleWithLastApplied(request: ApplyRequest, outcome: ApplyOutcome): ApplyOutcome {
  const { live, schema } = request;
  if (outcome.conflicts.length === 0 || live === undefined) return outcome;
  const last = parseLastApplied(live, request.apiVersion);
  if (last === undefined) return outcome;
  const type = prepare({ ...request, schema }, live.kind).type;
  const { modified, added, removed } = compareTyped(last, withoutManagedFields(live), type);
  const changed = unionOf(modified, unionOf(added, removed));
  const allowed = new Set<string>();
  eachPath(differenceOf(fieldSetOf(last, type), changed), (path) => allowed.add(pathText(path)));
  const conflicts = outcome.conflicts.filter(({ field }) => !allowed.has(field));
  return conflicts.length > 0 ? { ...outcome, conflicts } : applyAs(request, true);
}

function parseLastApplied(live: KubeObject, apiVersion: string): KubeObject | undefined {
  const text = live.metadata.annotations?.[LAST_APPLIED];
  if (text === undefined || text === '') return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) && value['apiVersion'] === apiVersion ? (value as KubeObject) : undefined;
  } catch {
    return undefined;
  }
}

/** Keeps the annotation of client-side apply in step, where there is one, so that one may go back to it. */
function refreshLastApplied({ applied }: ApplyRequest, outcome: ApplyOutcome): ApplyOutcome {
  const { object, conflicts } = outcome;
  const annotations = object.metadata.annotations;
  if (conflicts.length > 0 || annotations?.[LAST_APPLIED] === undefined || annotations[LAST_APPLIED] === '')
    return outcome;
  const copy = cloneJson(applied);
  if (copy.metadata.annotations !== undefined) delete copy.metadata.annotations[LAST_APPLIED];
  const text = `${JSON.stringify(copy)}\n`;
  const updated: Record<string, string> = { ...annotations, [LAST_APPLIED]: text };
  if (annotationBytes(updated) > MAX_ANNOTATION_BYTES) delete updated[LAST_APPLIED];
  return { object: { ...object, metadata: { ...object.metadata, annotations: updated } }, conflicts };
}

function annotationBytes(annotations: Readonly<Record<string, string>>): number {
  let bytes = 0;
  for (const [name, value] of Object.entries(annotations))
    bytes += Buffer.byteLength(name) + Buffer.byteLength(value);
  return bytes;
}
