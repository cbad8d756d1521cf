// managedFields of objects that are created, replaced or patched: who wrote a field last owns it.
import type { KubeObject } from '../../k8s/index.ts';
import { gvkOf } from '../../k8s/index.ts';
import { isRecord } from '../../lib/index.ts';
import { builtinKind } from '../schema/builtin.ts';
import type { Schema } from '../schema/types.ts';
import { zeroValueOf } from '../schema/zero-value.ts';
import { type FieldSet, isEmptySet, recursiveDifferenceOf, unionOf } from './field-set.ts';
import { type ManagerName, type Managers, managerId, readManagers, writeManagers } from './managers.ts';
import { type MergeType, mergeTypeOf } from './merge-type.ts';
import { capped, reconciled, type TypeAt, transfer, withoutStripped } from './ownership.ts';
import { resetFieldsOf } from './reset-fields.ts';

/** What apply and update need to know of the request and the kind. */
export interface FieldContext {
  /** Schema of the object in the version of the request. */
  readonly schema: Schema;
  /** Name of the field manager; '' counts as `unknown`. */
  readonly manager: string;
  /** Version of the request, also of the objects given. */
  readonly apiVersion: string;
  /** '' or absent for the object itself. */
  readonly subresource?: string;
  /** RFC 3339, whole seconds. */
  readonly now: string;
  /** Custom kinds only: whether the version has the status subresource. */
  readonly hasStatus?: boolean;
  /** Schemas of the kind's other versions, for managers that wrote through them; undefined for one not served. */
  readonly schemaOf?: (apiVersion: string) => Schema | undefined;
}

export interface UpdateTracking extends FieldContext {
  /** The stored object, undefined on creation. */
  readonly before: KubeObject | undefined;
  /** The object to be stored, defaults applied. Its managedFields are what the client sent. */
  readonly after: KubeObject;
}

interface Prepared {
  readonly type: MergeType;
  readonly typeAt: TypeAt;
  readonly reset: FieldSet;
  /** An object of the kind that says nothing. */
  readonly empty: unknown;
}

/** The types and fixed sets of a request. */
export function prepare(context: FieldContext, kind: string): Prepared {
  const { group, version } = gvkOf({ apiVersion: context.apiVersion, kind });
  const builtin = builtinKind(group, version, kind);
  const type = mergeTypeOf(context.schema);
  const { schemaOf } = context;
  return {
    type,
    typeAt: (apiVersion) => {
      if (apiVersion === context.apiVersion || schemaOf === undefined) return type;
      const schema = schemaOf(apiVersion);
      return schema === undefined ? undefined : mergeTypeOf(schema);
    },
    reset: resetFieldsOf({
      group,
      kind,
      subresource: context.subresource ?? '',
      hasStatus: context.hasStatus ?? builtin?.subresources.some((sub) => sub.name === 'status') ?? false,
    }),
    empty: builtin === undefined ? {} : zeroValueOf(context.schema),
  };
}

/**
 * Records who owns what after a create, update or patch (not apply).
 * A client resets ownership by sending an empty list, and may send entries of its own; through a subresource
 * entries are ignored. Objects that were never tracked stay untracked.
 * @returns `after` with its managedFields; the input is not changed
 */
export function trackUpdate(tracking: UpdateTracking): KubeObject {
  const { before, after } = tracking;
  const prepared = prepare(tracking, after.kind);
  const { managedFields: sent, ...metadata } = after.metadata;
  const next: KubeObject = { ...after, metadata };
  const managers = startingManagers(before, sent, (tracking.subresource ?? '') !== '');
  if (managers.size === 0 && before !== undefined) return next;
  const live = before === undefined ? prepared.empty : withoutManagedFields(before);
  const tracked = updateManagers({ managers, live, next, context: tracking, prepared });
  if (tracked.size > 0) next.metadata.managedFields = writeManagers(tracked);
  return next;
}

/** Entries the client sent when they can be read, else those stored. */
function startingManagers(before: KubeObject | undefined, sent: unknown, ignoreSent: boolean): Managers {
  const stored = () => readManagers(before?.metadata.managedFields) ?? new Map();
  if (ignoreSent || !Array.isArray(sent)) return stored();
  const isReset =
    sent.length === 0 || (sent.length === 1 && isRecord(sent[0]) && Object.keys(sent[0]).length === 0);
  if (isReset) return new Map();
  const read = readManagers(sent);
  return read === undefined || read.size === 0 ? stored() : read;
}

export function withoutManagedFields(object: KubeObject): KubeObject {
  if (object.metadata.managedFields === undefined) return object;
  const { managedFields: _, ...metadata } = object.metadata;
  return { ...object, metadata };
}

export interface ManagersUpdate {
  readonly managers: Managers;
  readonly live: unknown;
  readonly next: unknown;
  readonly context: FieldContext;
  readonly prepared: Prepared;
}

/** Ownership after `live` became `next` by an update of the context's manager. */
export function updateManagers({ managers, live, next, context, prepared }: ManagersUpdate): Managers {
  const { manager, apiVersion, subresource, now } = context;
  const name: ManagerName = {
    manager: manager === '' ? 'unknown' : manager,
    operation: 'Update',
    apiVersion,
    ...(subresource === undefined || subresource === '' ? {} : { subresource }),
  };
  const { type, typeAt, reset } = prepared;
  const change = { before: live, after: next, type, typeAt, reset, by: '' };
  const result = transfer(reconciled(managers, typeAt), change);
  const { modified, added } = result.comparison;
  const taken = withoutStripped(recursiveDifferenceOf(unionOf(modified, added), reset));
  if (!isEmptySet(taken)) {
    const id = managerId(name);
    const earlier = result.managers.get(id);
    const set = earlier === undefined ? taken : unionOf(taken, earlier.set);
    // A real server keeps no time for changes through scale.
    result.managers.set(id, { name, set, apiVersion, time: subresource === 'scale' ? undefined : now });
  }
  return capped(result.managers);
}
