// The spec's kustomize parameters worked into a kustomization, with the results of `kustomize edit set|add`. Pure.
import { isRecord } from '../../lib/index.ts';
import type { KustomizeSource } from '../../model/index.ts';
import { type RenderError, sourceError } from '../errors.ts';
import type { Kustomization } from './inputs.ts';

/** One entry of `images`. */
export interface ImageOverride {
  readonly name: string;
  readonly newName?: string;
  readonly newTag?: string;
  readonly digest?: string;
}

/** True when the spec changes nothing about the kustomization. */
export function isUnedited(source: KustomizeSource): boolean {
  const { namePrefix, nameSuffix, namespace } = source;
  const lists = [source.images, source.replicas, source.patches, source.components];
  const maps = [source.commonLabels, source.commonAnnotations];
  return (
    !namePrefix &&
    !nameSuffix &&
    !namespace &&
    lists.every((list) => list === undefined || list.length === 0) &&
    maps.every((map) => map === undefined || Object.keys(map).length === 0)
  );
}

/** A changed copy. Throws RENDER_SOURCE_INVALID where `kustomize edit` would refuse. */
export function editKustomization(kustomization: Kustomization, source: KustomizeSource): Kustomization {
  const edited: Kustomization = { ...kustomization };
  if (source.namePrefix) edited['namePrefix'] = source.namePrefix;
  if (source.nameSuffix) edited['nameSuffix'] = source.nameSuffix;
  if (source.images !== undefined && source.images.length > 0) {
    edited['images'] = setImages(edited['images'], source.images.map(parseImage));
  }
  if (source.replicas !== undefined && source.replicas.length > 0) {
    edited['replicas'] = setReplicas(edited['replicas'], source.replicas);
  }
  if (hasMembers(source.commonLabels)) addLabels(edited, source.commonLabels, source);
  if (hasMembers(source.commonAnnotations)) {
    const force = source.forceCommonAnnotations === true;
    edited['commonAnnotations'] = addAll(
      edited['commonAnnotations'],
      source.commonAnnotations,
      force,
      'annotation',
    );
  }
  if (source.namespace) edited['namespace'] = source.namespace;
  if (source.patches !== undefined && source.patches.length > 0) {
    edited['patches'] = [...listOf(edited['patches']), ...source.patches];
  }
  if (source.components !== undefined && source.components.length > 0) {
    edited['components'] = [...new Set([...listOf(edited['components']), ...source.components])];
  }
  return edited;
}

/** `name=newName:tag@digest`, `name:tag`, `name@digest`. Throws RENDER_SOURCE_INVALID. */
export function parseImage(text: string): ImageOverride {
  const parts = text.split('=');
  const isRenamed = parts.length === 2;
  const target = isRenamed ? (parts[1] as string) : text;
  const [reference = '', digest] = target.split('@') as [string, string?];
  const tagged = /^(.*):([a-zA-Z0-9._-]*|\*)$/.exec(reference);
  const name = tagged?.[1] ?? reference;
  const tag = tagged?.[2];
  if (parts.length > 2 || name === '' || (!isRenamed && tag === undefined && digest === undefined)) {
    throw sourceError(
      'RENDER_SOURCE_INVALID',
      `kustomize.images ${JSON.stringify(text.slice(0, 200))} is not an image override; write name=newName:tag, name:tag or name@digest`,
    );
  }
  return {
    name: isRenamed ? (parts[0] as string) : name,
    ...(isRenamed ? { newName: name } : {}),
    ...(tag === undefined ? {} : { newTag: tag }),
    ...(digest === undefined ? {} : { digest }),
  };
}

function setImages(existing: unknown, overrides: readonly ImageOverride[]): unknown[] {
  const byName = new Map<string, Record<string, unknown>>();
  for (const image of listOf(existing).filter(isRecord)) byName.set(String(image['name']), image);
  for (const override of overrides) {
    const before = byName.get(override.name);
    byName.set(override.name, keepAsterisks({ ...override }, before));
  }
  return [...byName.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, image]) => image);
}

/** `*` as a new name or tag means: what the file says already. */
function keepAsterisks(
  image: Record<string, unknown>,
  before: Record<string, unknown> | undefined,
): Record<string, unknown> {
  for (const field of ['newName', 'newTag', 'digest']) {
    if (image[field] !== '*') continue;
    if (before?.[field] === undefined) delete image[field];
    else image[field] = before[field];
  }
  return image;
}

function setReplicas(existing: unknown, replicas: NonNullable<KustomizeSource['replicas']>): unknown[] {
  const byName = new Map<string, unknown>();
  for (const entry of listOf(existing).filter(isRecord)) byName.set(String(entry['name']), entry);
  for (const { name, count } of replicas) {
    const number = Number(count);
    if (!Number.isSafeInteger(number) || number < 0) {
      throw sourceError(
        'RENDER_SOURCE_INVALID',
        `kustomize.replicas of ${name} is ${JSON.stringify(count)}, not a number of replicas`,
      );
    }
    byName.set(name, { name, count: number });
  }
  return [...byName.values()];
}

function addLabels(edited: Kustomization, labels: Record<string, string>, source: KustomizeSource): void {
  const force = source.forceCommonLabels === true;
  if (source.labelWithoutSelector !== true) {
    edited['commonLabels'] = addAll(edited['commonLabels'], labels, force, 'label');
    return;
  }
  const includeTemplates = source.labelIncludeTemplates === true;
  const list = listOf(edited['labels']).filter(isRecord);
  const same = list.findIndex(
    (entry) =>
      entry['includeSelectors'] !== true && (entry['includeTemplates'] === true) === includeTemplates,
  );
  const pairs = addAll(list[same]?.['pairs'], labels, force, 'label');
  const entry = { ...list[same], pairs, ...(includeTemplates ? { includeTemplates } : {}) };
  edited['labels'] = same < 0 ? [...list, entry] : list.with(same, entry);
}

function addAll(
  existing: unknown,
  added: Record<string, string>,
  force: boolean,
  what: string,
): Record<string, unknown> {
  const result: Record<string, unknown> = isRecord(existing) ? { ...existing } : {};
  for (const [key, value] of Object.entries(added)) {
    if (!force && key in result) throw exists(what, key);
    result[key] = value;
  }
  return result;
}

function exists(what: string, key: string): RenderError {
  const option = what === 'label' ? 'forceCommonLabels' : 'forceCommonAnnotations';
  return sourceError(
    'RENDER_SOURCE_INVALID',
    `The kustomization already has the ${what} ${key}; set kustomize.${option} to replace it`,
  );
}

function hasMembers(map: Record<string, string> | undefined): map is Record<string, string> {
  return map !== undefined && Object.keys(map).length > 0;
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}
