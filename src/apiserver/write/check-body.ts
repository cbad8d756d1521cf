// First looks at a body: does it name the kind, name and namespace of the URL, and which members are not known.
import { apiVersionOf, type KubeObject } from '../../k8s/index.ts';
import type { Target } from '../core.ts';
import { badRequest } from '../failures.ts';
import { metadataOf } from './metadata.ts';
import type { WriteOptions } from './options.ts';
import { decodeObject } from './rules.ts';

export interface CheckedBody {
  readonly object: KubeObject;
  readonly warnings: readonly string[];
}

/** @throws ApiError 400 when the body is of another kind or version than the URL says. */
export function typedBody(target: Target, body: Record<string, unknown>): KubeObject {
  const expected = apiVersionOf({ group: target.type.group, version: target.version });
  const { kind = '', apiVersion = '' } = body as { kind?: string; apiVersion?: string };
  if (kind === '' || kind === undefined) {
    if (target.type.custom)
      throw badRequest(`Object 'Kind' is missing in '${JSON.stringify(body).slice(0, 200)}'`);
  } else if (kind !== target.type.kind) {
    throw badRequest(
      `${target.type.kind} in version "${target.version}" cannot be handled as a ${target.type.kind}: the object provided is a ${kind}`,
    );
  }
  if (apiVersion !== '' && apiVersion !== expected) {
    throw badRequest(
      `the API version in the data (${apiVersion}) does not match the expected API version (${expected})`,
    );
  }
  return { ...body, kind: target.type.kind, apiVersion: expected, metadata: metadataOf(body) };
}

/** @throws ApiError 400 when the body names another namespace than the URL; fills it in when absent. */
export function checkNamespace(object: KubeObject, namespace: string): void {
  const given = object.metadata.namespace;
  if (given !== undefined && given !== '' && given !== namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  }
}

export function checkName(object: KubeObject, name: string): void {
  const given = object.metadata.name ?? '';
  if (given !== '' && given !== name) {
    throw badRequest(`the name of the object (${given}) does not match the name on the URL (${name})`);
  }
}

/** Drops, in place, what the schema does not know. @throws ApiError 400 for it when fieldValidation is Strict. */
export function withKnownFields(target: Target, object: KubeObject, options: WriteOptions): CheckedBody {
  const decoded = decodeObject(target, object);
  const duplicates = options.duplicateFields ?? [];
  if (options.fieldValidation === 'Ignore') return { object: decoded.object, warnings: [] };
  const problems = [
    ...duplicates.map((path) => `duplicate field "${path}"`),
    ...decoded.unknownFields.map((path) => `unknown field "${path}"`),
  ];
  if (problems.length === 0) return { object: decoded.object, warnings: [] };
  if (options.fieldValidation === 'Warn') return { object: decoded.object, warnings: problems };
  const text = problems.join(', ');
  const { kind } = target.type;
  throw badRequest(
    target.type.custom
      ? `strict decoding error: ${text}`
      : `${kind} in version "${target.version}" cannot be handled as a ${kind}: strict decoding error: ${text}`,
  );
}
