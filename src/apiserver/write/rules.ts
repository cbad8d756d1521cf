// The object rules of the schema and patch folders as the write path uses them: unknown fields, defaults,
// validation, field ownership. Everything here works on values and is told which type and version they belong to.
import { apiVersionOf, type KubeObject } from '../../k8s/index.ts';
import { BugError, rfc3339 } from '../../lib/index.ts';
import { servedVersion, type Target } from '../core.ts';
import { badRequest, type FieldProblem } from '../failures.ts';
import { type FieldContext, trackUpdate } from '../patch/index.ts';
import {
  applyBuiltinDefaults,
  applySchemaDefaults,
  builtinDecodeError,
  parseCrd,
  prune,
  type Schema,
  validate,
  validateBuiltin,
  validateCustomMetadata,
  validateRules,
} from '../schema/index.ts';

export interface Decoded {
  readonly object: KubeObject;
  /** Paths of members the schema does not know, as `spec.foo`. */
  readonly unknownFields: readonly string[];
}

/** Removes unknown members in place. @throws ApiError 400 for a member of a wrong type, as a decoder does */
export function decodeObject(target: Target, object: KubeObject): Decoded {
  const builtin = servedVersion(target)?.builtin;
  const problem = builtin === undefined ? undefined : builtinDecodeError(object, builtin);
  if (problem !== undefined) throw badRequest(problem);
  return { object, unknownFields: prune(object, schemaOf(target)) };
}

/** Sets defaults and brings values into canonical form, in place. */
export function withDefaults(target: Target, object: KubeObject): KubeObject {
  const served = servedVersion(target);
  if (served?.builtin !== undefined) return applyBuiltinDefaults(object, served.builtin);
  applySchemaDefaults(object, schemaOf(target));
  return object;
}

/** @returns everything wrong with a new object (`old` undefined) or a change */
export function validateObject(
  target: Target,
  object: KubeObject,
  old: KubeObject | undefined,
  subresource: string,
): readonly FieldProblem[] {
  const { custom, namespaced, typeKey } = target.type;
  const before = old === undefined ? {} : { before: old };
  if (!custom) {
    const errors = validateBuiltin({ object, ...before, namespaced, subresource });
    if (errors.length > 0 || typeKey !== CRDS) return errors;
    const parsed = parseCrd(object);
    return 'errors' in parsed ? parsed.errors : [];
  }
  const schema = schemaOf(target);
  const errors = [...validateCustomMetadata(object, old, namespaced), ...validate(object, schema)];
  return [...errors, ...validateRules(object, old, schema, errors)];
}

const CRDS = 'customresourcedefinitions.apiextensions.k8s.io';

export function schemaOf(target: Target): Schema {
  const served = servedVersion(target);
  if (served === undefined) throw new BugError(`${target.type.kind} is not served at ${target.version}`);
  return served.schema();
}

/** What field ownership needs to know of a request. */
export function fieldContext(
  target: Target,
  by: { readonly manager: string; readonly subresource: string; readonly nowMs: number },
): FieldContext {
  const { type, version } = target;
  const served = servedVersion(target);
  return {
    schema: schemaOf(target),
    manager: by.manager,
    apiVersion: apiVersionOf({ group: type.group, version }),
    subresource: by.subresource,
    now: rfc3339(by.nowMs),
    ...(served?.hasStatus === undefined ? {} : { hasStatus: served.hasStatus }),
    schemaOf: (apiVersion) =>
      type.versions
        .find((other) => apiVersionOf({ group: type.group, version: other.version }) === apiVersion)
        ?.schema(),
  };
}

export interface OwnershipChange {
  readonly target: Target;
  readonly before: KubeObject | undefined;
  readonly after: KubeObject;
  readonly manager: string;
  readonly subresource: string;
  readonly nowMs: number;
}

/** The object with managedFields that say who set what by a create, update or patch. */
export function withOwnership(change: OwnershipChange): KubeObject {
  const { target, before, after } = change;
  return trackUpdate({ ...fieldContext(target, change), before, after });
}
