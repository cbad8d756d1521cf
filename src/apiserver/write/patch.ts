// PATCH in its four forms. Each makes a proposal from the current object; the rest is an update.
import type { KubeObject } from '../../k8s/index.ts';
import { isRecord } from '../../lib/index.ts';
import type { Core, Target } from '../core.ts';
import { ApiError } from '../errors.ts';
import { badRequest, invalid, notFound } from '../failures.ts';
import { parseValue } from '../http/body.ts';
import {
  applyConflictError,
  applyJsonPatch,
  applyMergePatch,
  applyPatch,
  applyStrategicMerge,
} from '../patch/index.ts';
import { cloneJson } from '../patch/json.ts';
import { createObject, type WriteResult } from './create.ts';
import type { WriteOptions } from './options.ts';
import { fieldContext, schemaOf } from './rules.ts';
import { updateObject } from './update.ts';

export interface PatchInput {
  readonly target: Target;
  readonly namespace: string;
  readonly name: string;
  readonly subresource: string;
  /** Media type of the body. */
  readonly patchType: string;
  readonly text: string;
  readonly force: boolean;
  readonly options: WriteOptions;
}

export interface PatchResult extends WriteResult {
  readonly created: boolean;
}

const APPLY = 'application/apply-patch+yaml';

/** @throws ApiError 415 for patch types the kind does not take, else as an update */
export function patchObject(core: Core, input: PatchInput): PatchResult {
  if (input.patchType === APPLY) return applyObject(core, input);
  const change = proposalOf(input);
  const { target, namespace, name, subresource, options } = input;
  const result = updateObject(core, { target, namespace, name, subresource, options, propose: change });
  return { ...result, created: false };
}

/** Turns a patch into a function on the current object. */
export function proposalOf(input: PatchInput): (current: KubeObject) => Record<string, unknown> {
  const { target, patchType, text } = input;
  switch (patchType) {
    case 'application/json-patch+json': {
      const patch = parseValue(text, false);
      return (current) => asObject(applyJsonPatch(current, patch));
    }
    case 'application/merge-patch+json': {
      const patch = parseValue(text, false);
      return (current) => applyMergePatch(current, patch);
    }
    case 'application/strategic-merge-patch+json': {
      if (target.type.custom) break;
      const patch = parseValue(text, false);
      if (!isRecord(patch)) throw badRequest('error decoding patch: the body is not an object');
      return (current) => applyStrategicMerge(current, patch, schemaOf(target));
    }
    default:
  }
  const types = ['application/json-patch+json', 'application/merge-patch+json'];
  if (!target.type.custom) types.push('application/strategic-merge-patch+json');
  throw new ApiError(
    415,
    'UnsupportedMediaType',
    `the body of the request was in an unknown format - accepted media types include: ${[...types, APPLY].join(', ')}`,
  );
}

function asObject(value: unknown): Record<string, unknown> {
  if (isRecord(value)) return value;
  throw badRequest('the patched document is not an object');
}

function applyObject(core: Core, input: PatchInput): PatchResult {
  const { target, namespace, name, subresource, options } = input;
  const { type } = target;
  const body = parseValue(input.text, true);
  if (!isRecord(body)) throw badRequest('error decoding YAML: the body is not an object');
  const applied = appliedObject(body, name, namespace);
  const live = core.store.collection(type.typeKey).get(namespace, name);
  const by = { manager: options.fieldManager, subresource, nowMs: core.clock.now() };
  const context = { ...fieldContext(target, by), applied, force: input.force };
  if (live === undefined) {
    if (subresource !== '') throw notFound(type, name);
    if ((applied.metadata.uid ?? '') !== '') throw uidMismatch(type, name, applied);
    // A copy: the result shares parts with values that are kept, and creation edits in place.
    const object = cloneJson(applyPatch({ ...context, live: undefined }).object);
    const created = createObject(core, {
      target,
      namespace,
      name,
      body: object,
      options,
      ownership: 'given',
    });
    return { ...created, created: true };
  }
  const result = updateObject(core, {
    target,
    namespace,
    name,
    subresource,
    options,
    ownership: 'given',
    propose: (current) => {
      const { object, conflicts } = applyPatch({ ...context, live: current });
      if (conflicts.length > 0) throw applyConflictError(conflicts);
      return object;
    },
  });
  return { ...result, created: false };
}

function uidMismatch(type: Target['type'], name: string, applied: KubeObject): ApiError {
  return new ApiError(
    409,
    'Conflict',
    `Operation cannot be fulfilled on ${type.resource} "${name}": uid mismatch: the provided object specified uid ${applied.metadata.uid}, and no existing object was found`,
  );
}

function appliedObject(body: Record<string, unknown>, name: string, namespace: string): KubeObject {
  const metadata = isRecord(body['metadata']) ? body['metadata'] : {};
  if (typeof body['apiVersion'] !== 'string' || typeof body['kind'] !== 'string') {
    throw badRequest('error decoding YAML: apiVersion and kind are required');
  }
  return {
    ...body,
    apiVersion: body['apiVersion'],
    kind: body['kind'],
    metadata: { name, ...(namespace === '' ? {} : { namespace }), ...metadata },
  };
}

/** @throws ApiError 422/400 for an apply without a field manager, or force on another patch */
export function checkPatchOptions(patchType: string, query: URLSearchParams): void {
  const apply = patchType === APPLY;
  const problem = (field: string, reason: string, message: string): never => {
    throw invalid({ group: 'meta.k8s.io', kind: 'PatchOptions' }, '', [{ field, reason, message }]);
  };
  if (apply && (query.get('fieldManager') ?? '') === '') {
    problem('fieldManager', 'FieldValueRequired', 'Required value: is required for apply patch');
  }
  if (!apply && query.get('force') !== null) {
    problem('force', 'FieldValueForbidden', 'Forbidden: may not be specified for non-apply patch');
  }
}
