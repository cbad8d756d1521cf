// Keeps secret values out of everything people and machines read. Equal values of one key get equal masks and
// different values different ones, so that a change stays visible.

import { gvkOf, type KubeObject } from '../k8s/index.ts';
import { isRecord } from '../lib/index.ts';
import { annotations, type FieldChange } from '../model/index.ts';
import { field, formatPath } from './path.ts';

const MASK = '++++++++';
const MORE = '++++';

export function isSecret(
  object: { readonly apiVersion: string; readonly kind: string } | undefined,
): boolean {
  return object !== undefined && object.kind === 'Secret' && gvkOf(object).group === '';
}

/** A Secret's `stringData` folded into `data`, as the server does; other objects come back as they are. */
export function foldStringData(object: KubeObject): KubeObject {
  const { stringData, ...rest } = object;
  if (!isSecret(object) || !isRecord(stringData)) return object;
  // What is not text the server refuses, and its words are the best ones for it.
  if (Object.values(stringData).some((value) => typeof value !== 'string')) return object;
  const data = { ...(isRecord(object['data']) ? object['data'] : {}) };
  for (const [name, text] of Object.entries(stringData)) data[name] = base64(String(text));
  return { ...rest, apiVersion: object.apiVersion, kind: object.kind, metadata: object.metadata, data };
}

/** Base64 in the spelling of the server: one line, padded. Text that is no base64 stays. */
export function canonicalBase64(text: string): string {
  const packed = text.replace(/\s+/g, '');
  return /^[A-Za-z0-9+/]*={0,2}$/.test(packed) ? Buffer.from(packed, 'base64').toString('base64') : text;
}

function base64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}

/**
 * Copies of several states of one Secret with every value of `data` and `stringData` replaced, in the
 * last-applied annotation too, and the values of the annotations named in `maskAnnotations`. Masks agree across
 * the copies. Objects that are no Secret only lose those annotations' values.
 */
export function maskSecrets<T extends readonly (KubeObject | undefined)[]>(
  objects: T,
  maskAnnotations: readonly string[] = [],
): { [Index in keyof T]: T[Index] } {
  const masks = new Masks();
  const masked = objects.map((object) =>
    object === undefined ? undefined : maskObject(masks, object, maskAnnotations),
  );
  return masked as unknown as { [Index in keyof T]: T[Index] };
}

/** One change with masked values, when it is one of a Secret's contents. */
export function maskChange(object: KubeObject | undefined, change: FieldChange): FieldChange {
  if (!isSecret(object)) return change;
  const secret =
    change.path.startsWith('.data') || change.path.startsWith('.stringData') || change.path === '.';
  if (!secret && !change.path.includes(annotations.lastApplied)) return change;
  const masks = new Masks();
  return {
    ...change,
    ...(change.live === undefined ? {} : { live: maskDeep(masks, '', change.live) }),
    ...(change.desired === undefined ? {} : { desired: maskDeep(masks, '', change.desired) }),
  };
}

/** One change with the values of these annotations masked, whatever the kind of the object. */
export function maskAnnotationChange(change: FieldChange, names: readonly string[]): FieldChange {
  const inside = '.metadata.annotations';
  if (names.length === 0 || !inside.startsWith(change.path.slice(0, inside.length))) return change;
  const masks = new Masks();
  const exact = names.some((name) => change.path.slice(inside.length) === pathOf(name));
  const masked = (value: unknown): unknown =>
    exact ? maskDeep(masks, '', value) : maskNamed(masks, value, names);
  return {
    ...change,
    ...(change.live === undefined ? {} : { live: masked(change.live) }),
    ...(change.desired === undefined ? {} : { desired: masked(change.desired) }),
  };
}

function pathOf(annotation: string): string {
  return formatPath([field(annotation)]);
}

/** All members of these names, however deep: a change may be of all annotations, of the metadata or of the object. */
function maskNamed(masks: Masks, value: unknown, names: readonly string[]): unknown {
  if (Array.isArray(value)) return value.map((item) => maskNamed(masks, item, names));
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      name,
      names.includes(name) ? maskDeep(masks, name, inner) : maskNamed(masks, inner, names),
    ]),
  );
}

/** Gives each value of a key its mask: the first `++++++++`, each further one four signs more. */
class Masks {
  readonly #byKey = new Map<string, Map<string, string>>();

  of(key: string, value: string): string {
    const known = this.#byKey.get(key) ?? new Map<string, string>();
    this.#byKey.set(key, known);
    const mask = known.get(value) ?? MASK + MORE.repeat(known.size);
    known.set(value, mask);
    return mask;
  }
}

function maskObject(masks: Masks, object: KubeObject, maskAnnotations: readonly string[]): KubeObject {
  const secret = isSecret(object);
  const copy: KubeObject = { ...object, metadata: { ...object.metadata } };
  if (secret) {
    copy['data'] = maskMembers(masks, object['data'], (value) => canonicalBase64(String(value)));
    copy['stringData'] = maskMembers(masks, object['stringData'], (value) => base64(String(value)));
    if (copy['data'] === undefined) delete copy['data'];
    if (copy['stringData'] === undefined) delete copy['stringData'];
  }
  const marks = object.metadata.annotations;
  if (marks === undefined) return copy;
  const kept = { ...marks };
  for (const name of maskAnnotations)
    if (kept[name] !== undefined) kept[name] = masks.of(`@${name}`, kept[name]);
  const applied = kept[annotations.lastApplied];
  if (applied !== undefined && secret)
    kept[annotations.lastApplied] = maskLastApplied(masks, applied, maskAnnotations);
  else if (applied !== undefined && maskAnnotations.length > 0)
    kept[annotations.lastApplied] = maskAppliedAnnotations(masks, applied, maskAnnotations);
  copy.metadata.annotations = kept;
  return copy;
}

function maskMembers(masks: Masks, members: unknown, identity: (value: unknown) => string): unknown {
  if (members === undefined || members === null) return members;
  if (!isRecord(members)) return MASK;
  return Object.fromEntries(
    Object.entries(members).map(([key, value]) => [key, masks.of(key, identity(value))]),
  );
}

function maskLastApplied(masks: Masks, text: string, maskAnnotations: readonly string[]): string {
  try {
    const applied: unknown = JSON.parse(text);
    if (!isRecord(applied)) return MASK;
    const metadata = isRecord(applied['metadata']) ? applied['metadata'] : {};
    const { [annotations.lastApplied]: _nested, ...rest } = isRecord(metadata['annotations'])
      ? metadata['annotations']
      : {};
    const named = Object.entries(rest).map(([name, value]) => [
      name,
      maskAnnotations.includes(name) ? masks.of(`@${name}`, String(value)) : String(value),
    ]);
    const object: KubeObject = {
      ...applied,
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { ...metadata, ...(named.length === 0 ? {} : { annotations: Object.fromEntries(named) }) },
    };
    return JSON.stringify(maskObject(masks, object, []));
  } catch {
    // Not the JSON it should be: nothing in it can be told apart, so nothing of it is shown.
    return MASK;
  }
}

/** What was applied to an object that is no Secret, without the values of these annotations. */
function maskAppliedAnnotations(masks: Masks, text: string, names: readonly string[]): string {
  try {
    const applied: unknown = JSON.parse(text);
    const metadata = isRecord(applied) && isRecord(applied['metadata']) ? applied['metadata'] : undefined;
    if (!isRecord(applied)) return MASK;
    if (metadata === undefined || !isRecord(metadata['annotations'])) return text;
    const marks = Object.entries(metadata['annotations']).map(([name, value]) => [
      name,
      names.includes(name) ? masks.of(`@${name}`, String(value)) : value,
    ]);
    return JSON.stringify({ ...applied, metadata: { ...metadata, annotations: Object.fromEntries(marks) } });
  } catch {
    return MASK;
  }
}

function maskDeep(masks: Masks, key: string, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => maskDeep(masks, key, item));
  if (!isRecord(value)) return value === null ? null : masks.of(key, String(value));
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [name, maskDeep(masks, name, inner)]),
  );
}
