// The refusals every handler needs, worded as kube-apiserver words them.
import { ApiError, type StatusCause } from './errors.ts';
import type { ResourceName } from './internal-api.ts';
import { qualifiedResource } from './resource-type.ts';

export function notFound(type: ResourceName, name: string): ApiError {
  return new ApiError(
    404,
    'NotFound',
    `${qualifiedResource(type)} "${name}" not found`,
    detailsOf(type, name),
  );
}

export function alreadyExists(type: ResourceName, name: string): ApiError {
  const message = `${qualifiedResource(type)} "${name}" already exists`;
  return new ApiError(409, 'AlreadyExists', message, detailsOf(type, name));
}

/** A lost optimistic-concurrency race, or a precondition that does not hold. */
export function conflict(type: ResourceName, name: string, reason = OBJECT_MODIFIED): ApiError {
  const message = `Operation cannot be fulfilled on ${qualifiedResource(type)} "${name}": ${reason}`;
  return new ApiError(409, 'Conflict', message, detailsOf(type, name));
}

const OBJECT_MODIFIED =
  'the object has been modified; please apply your changes to the latest version and try again';

export function forbidden(
  type: ResourceName,
  name: string,
  reason: string,
  causes?: readonly StatusCause[],
): ApiError {
  const resource = qualifiedResource(type);
  const subject = name === '' ? `${resource} is forbidden` : `${resource} "${name}" is forbidden`;
  const details = { ...detailsOf(type, name), ...(causes === undefined ? {} : { causes }) };
  return new ApiError(403, 'Forbidden', `${subject}: ${reason}`, details);
}

export interface FieldProblem {
  readonly field: string;
  /** StatusCause reason: FieldValueInvalid, FieldValueRequired, … */
  readonly reason: string;
  /** Without the field: `Invalid value: "x": …`. */
  readonly message: string;
}

/** 422 for an object of `kind` that breaks rules. */
export function invalid(
  gk: { group: string; kind: string },
  name: string,
  problems: readonly FieldProblem[],
): ApiError {
  const kind = gk.group === '' ? gk.kind : `${gk.kind}.${gk.group}`;
  const texts = [...new Set(problems.map(({ field, message }) => `${field}: ${message}`))];
  const [only] = texts;
  const text = texts.length === 1 ? only : `[${texts.join(', ')}]`;
  return new ApiError(422, 'Invalid', `${kind} "${name}" is invalid: ${text}`, {
    ...(name === '' ? {} : { name }),
    ...(gk.group === '' ? {} : { group: gk.group }),
    kind: gk.kind,
    causes: problems.map(({ field, reason, message }) => ({ reason, message, field })),
  });
}

export function methodNotAllowed(): ApiError {
  return new ApiError(
    405,
    'MethodNotAllowed',
    'the server does not allow this method on the requested resource',
    {},
  );
}

export function badRequest(message: string): ApiError {
  return new ApiError(400, 'BadRequest', message);
}

export function expired(message: string): ApiError {
  return new ApiError(410, 'Expired', message);
}

function detailsOf(type: ResourceName, name: string): { name?: string; group?: string; kind: string } {
  return {
    ...(name === '' ? {} : { name }),
    ...(type.group === '' ? {} : { group: type.group }),
    kind: type.resource,
  };
}
