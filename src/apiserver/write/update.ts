// Replacement of an existing object or of one of its sub-resources. Patches and the built-in controllers come
// through here too: they only differ in how the proposal is made from the current object.
import type { KubeObject, ManagedFieldsEntry } from '../../k8s/index.ts';
import { isRecord, jsonEqual } from '../../lib/index.ts';
import { fromStorage, toStorage } from '../conversion.ts';
import type { Core, Target } from '../core.ts';
import { servedVersion } from '../core.ts';
import { badRequest, conflict, invalid, notFound } from '../failures.ts';
import { cloneJson } from '../patch/json.ts';
import { hasSubresource } from '../resource-type.ts';
import { StoredObject } from '../storage/stored-object.ts';
import { checkName, checkNamespace, typedBody, withKnownFields } from './check-body.ts';
import type { WriteResult } from './create.ts';
import { inOrder, metadataForUpdate } from './metadata.ts';
import type { WriteOptions } from './options.ts';
import { validateObject, withDefaults, withOwnership } from './rules.ts';
import { countedMetadata, hasGeneration, prepareFor } from './strategies.ts';

export interface UpdateInput {
  readonly target: Target;
  readonly namespace: string;
  readonly name: string;
  /** '' for the object itself, `status`, or another name whose body is the object (`finalize`, `approval`…). */
  readonly subresource: string;
  /** Makes the proposal from the current object (at the version of the request), which it must not change. */
  readonly propose: (current: KubeObject) => Record<string, unknown>;
  readonly options: WriteOptions;
  readonly ownership?: 'track' | 'given';
  /** True for PUT of a custom resource, which must say which revision it replaces. */
  readonly needsRevision?: boolean;
  /** True for PUT: the uid in the body is a precondition; in a patch it is a change that is not allowed. */
  readonly replaces?: boolean;
}

/** @throws ApiError as the API answers: 400, 404, 409 Conflict, 422 */
export function updateObject(core: Core, input: UpdateInput): WriteResult {
  const { target, namespace, name, options, subresource } = input;
  const { type, version } = target;
  const stored = core.store.collection(type.typeKey).get(namespace, name);
  if (stored === undefined) throw notFound(type, name);
  const current = fromStorage(stored.object, type, version);
  const proposal = typedBody(target, input.propose(current));
  checkName(proposal, name);
  checkNamespace(proposal, namespace);
  checkPreconditions(input, proposal, stored);
  const nowMs = core.clock.now();
  // A copy: the proposal shares parts with the stored object, and what follows edits in place.
  const known = withKnownFields(target, cloneJson(merged(target, subresource, current, proposal)), options);
  let object = known.object;
  object = withDefaults(target, object);
  bumpGeneration(target, object, current, subresource);
  if (input.ownership !== 'given') {
    const { fieldManager: manager } = options;
    object = withOwnership({ target, before: current, after: object, manager, subresource, nowMs });
  }
  prepareFor(type)?.({ core, type, user: options.user, dryRun: options.dryRun }, object, current);
  const problems = validateObject(target, object, current, subresource);
  if (problems.length > 0) throw invalid({ group: type.group, kind: type.kind }, name, problems);
  object = inOrder(toStorage(object, type), object.metadata);
  return { stored: finishUpdate(core, input, stored, object), warnings: known.warnings };
}

function finishUpdate(
  core: Core,
  input: UpdateInput,
  stored: StoredObject,
  object: KubeObject,
): StoredObject {
  const { target, namespace, name, options } = input;
  const { typeKey } = target.type;
  if (sameContent(stored.object, object)) return stored;
  if (options.dryRun) return new StoredObject(object, stored.revision);
  if (!isFinished(object)) return core.store.put(typeKey, object);
  // The last finalizer of a deleted object went: what the client wrote is its last state.
  return core.store.remove(typeKey, namespace, name, object) ?? stored;
}

/** True when a deleted object has nothing left to wait for. */
export function isFinished(object: KubeObject): boolean {
  const { deletionTimestamp, deletionGracePeriodSeconds = 0, finalizers = [] } = object.metadata;
  if (deletionTimestamp === undefined || finalizers.length > 0 || deletionGracePeriodSeconds > 0)
    return false;
  if (object.kind !== 'Namespace' || object.apiVersion !== 'v1') return true;
  const spec = object['spec'];
  return !isRecord(spec) || !Array.isArray(spec['finalizers']) || spec['finalizers'].length === 0;
}

function checkPreconditions(input: UpdateInput, proposal: KubeObject, stored: StoredObject): void {
  const { target, name } = input;
  const { type } = target;
  const { uid = '', resourceVersion = '' } = proposal.metadata;
  const own = stored.object.metadata;
  if (uid !== '' && uid !== own.uid && input.replaces === true) {
    const key = ['/registry', type.resource, input.namespace, name].filter((part) => part !== '').join('/');
    const failed = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${own.uid}`;
    const reason = `StorageError: invalid object, Code: 4, Key: ${key}, ResourceVersion: 0, AdditionalErrorMsg: ${failed}`;
    throw conflict(type, name, reason);
  }
  if (resourceVersion !== '') {
    if (!/^\d+$/.test(resourceVersion)) {
      throw badRequest(`resourceVersion: Invalid value: "${resourceVersion}": must be a number`);
    }
    if (Number(resourceVersion) !== stored.revision && resourceVersion !== '0') throw conflict(type, name);
    return;
  }
  if (input.needsRevision === true) {
    throw invalid({ group: type.group, kind: type.kind }, name, [
      {
        field: 'metadata.resourceVersion',
        reason: 'FieldValueInvalid',
        message: 'Invalid value: 0: must be specified for an update',
      },
    ]);
  }
}

// Each sub-resource changes its own part; the rest stays as it is.
function merged(target: Target, subresource: string, current: KubeObject, proposal: KubeObject): KubeObject {
  const statusApart = hasSubresource(target.type, 'status') && servedVersion(target)?.hasStatus !== false;
  if (subresource === 'status') {
    const metadata = { ...current.metadata, managedFields: proposal.metadata.managedFields ?? [] };
    if (!target.type.custom && (target.type.resource === 'pods' || target.type.resource === 'nodes')) {
      Object.assign(metadata, pick(proposal.metadata, ['labels', 'annotations']));
    }
    return withMember({ ...current, metadata }, 'status', proposal['status']);
  }
  const metadata = metadataForUpdate(proposal.metadata, current.metadata);
  if (subresource === 'finalize') {
    const spec = isRecord(proposal['spec']) ? proposal['spec'] : {};
    return {
      ...current,
      metadata: current.metadata,
      spec: { ...record(current['spec']), finalizers: spec['finalizers'] },
    };
  }
  if (subresource === 'approval') return withMember({ ...current }, 'status', proposal['status']);
  const object = { ...proposal, metadata };
  return statusApart ? withMember(object, 'status', current['status']) : object;
}

function pick<T extends object, K extends keyof T>(from: T, members: readonly K[]): Partial<T> {
  const picked: Partial<T> = {};
  for (const member of members) if (from[member] !== undefined) picked[member] = from[member];
  return picked;
}

function record(value: unknown): Record<string, unknown> {
  return isRecord(value) ? value : {};
}

function withMember(object: KubeObject, member: string, value: unknown): KubeObject {
  const { [member]: _replaced, ...rest } = object;
  return (value === undefined ? rest : { ...rest, [member]: value }) as KubeObject;
}

function bumpGeneration(target: Target, object: KubeObject, current: KubeObject, subresource: string): void {
  if (!hasGeneration(target.type) || (subresource !== '' && subresource !== 'scale')) return;
  const counted = countedMetadata(target.type);
  const sameMetadata = counted.every((member) =>
    jsonEqual(object.metadata[member], current.metadata[member]),
  );
  if (sameMetadata && sameSpec(object, current)) return;
  object.metadata = { ...object.metadata, generation: (current.metadata.generation ?? 0) + 1 };
}

function sameSpec(a: KubeObject, b: KubeObject): boolean {
  const { metadata: _am, status: _as, ...left } = a;
  const { metadata: _bm, status: _bs, ...right } = b;
  return jsonEqual(left, right);
}

// An update that changes nothing is not written; times in managedFields alone are no change.
function sameContent(a: KubeObject, b: KubeObject): boolean {
  const { metadata: left, ...restOfA } = a;
  const { metadata: right, ...restOfB } = b;
  const { managedFields: leftFields = [], ...leftRest } = left;
  const { managedFields: rightFields = [], ...rightRest } = right;
  return (
    jsonEqual(leftRest, rightRest) &&
    jsonEqual(restOfA, restOfB) &&
    jsonEqual(leftFields.map(withoutTime), rightFields.map(withoutTime))
  );
}

function withoutTime({ time: _time, ...entry }: ManagedFieldsEntry): ManagedFieldsEntry {
  return entry;
}
