// Turns the answer of a server-side dry-run into the list of real changes. The server has already defaulted,
// converted and mutated, so whatever differs between live and predicted is what an apply would change.
import type { KubeObject } from '../k8s/index.ts';
import { assertThat, isRecord, jsonEqual } from '../lib/index.ts';
import type { FieldChange } from '../model/index.ts';
import { FIELD_MANAGER } from '../model/index.ts';
import { compareObject } from './compare.ts';
import { comparesStatus, type IgnoreRules, stripIgnored } from './ignore.ts';
import { knownFieldsOf } from './known-types.ts';
import { appliedEntry, itemKeys, ownersAt, shapeOf } from './managed-fields.ts';
import { field, formatPath, type Path } from './path.ts';
import { maskChange } from './secrets.ts';
import { sameAtomic } from './values.ts';

export interface Confirmation {
  /** What the dry-run applied. */
  readonly desired: KubeObject;
  readonly live: KubeObject;
  /** The object a server-side-apply dry-run with force and our manager answered, in the version of `live`. */
  readonly predicted: KubeObject;
  readonly ignore?: IgnoreRules;
  readonly manager?: string;
}

/** Fields an apply would change, sorted by path. Empty: in sync. Throws BugError when the versions differ. */
export function confirmChange(input: Confirmation): FieldChange[] {
  assertThat(
    input.live.apiVersion === input.predicted.apiVersion,
    `live is ${input.live.apiVersion} and the dry-run answered ${input.predicted.apiVersion}: read live in that version`,
  );
  const manager = input.manager ?? FIELD_MANAGER;
  const ownsStatus =
    comparesStatus(input.ignore, input.live) &&
    appliedEntry(input.live, manager)?.fieldsV1?.['f:status'] !== undefined;
  const live = comparable(stripIgnored(input.ignore, input.live, input.live), ownsStatus);
  const predicted = comparable(stripIgnored(input.ignore, input.predicted, input.live), ownsStatus);
  const changes: FieldChange[] = [];
  const keys = listKeysOf(input.live, input.predicted);
  const isCausedByUs = causes(input, manager);
  const known = knownFieldsOf(input.ignore?.known, input.live);
  const note = (path: Path, desired: unknown, was: unknown): void => {
    if (known.length > 0 && sameAtomic({ builtIn: false, known }, path, desired, was)) return;
    if (isCausedByUs(path, desired)) changes.push(noted(input.live, path, desired, was));
  };
  differences({ keys, note }, [], predicted, live);
  return [
    ...changes.map((change) => maskChange(input.live, change)),
    ...removedByTakeOver(input, manager, changes),
  ];
}

/**
 * A dry-run of an object that we do not own yet removes nothing. The real apply takes it over first, and then what
 * the last client-side apply set and nobody desires any more goes.
 */
function removedByTakeOver(
  { desired, live, ignore }: Confirmation,
  manager: string,
  known: readonly FieldChange[],
): FieldChange[] {
  const comparison = compareObject({ desired, live, manager, ...(ignore === undefined ? {} : { ignore }) });
  if (comparison.kind !== 'suspected' || !comparison.takeover) return [];
  const paths = new Set(known.map(({ path }) => path));
  return comparison.reasons.filter((reason) => reason.desired === undefined && !paths.has(reason.path));
}

function comparable(object: KubeObject, withStatus: boolean): Record<string, unknown> {
  const { status, metadata, ...rest } = object;
  const {
    managedFields: _m,
    resourceVersion: _r,
    generation: _g,
    creationTimestamp: _c,
    uid: _u,
    selfLink: _s,
    ...meta
  } = metadata;
  return { ...rest, metadata: meta, ...(withStatus && status !== undefined ? { status } : {}) };
}

/**
 * The dry-run may have met a newer object than `live`. Then only what our manager owns in its answer, or owned before
 * and does not have any more, comes from the apply; the rest is what others wrote in between.
 */
function causes(
  { live, predicted }: Confirmation,
  manager: string,
): (path: Path, desired: unknown) => boolean {
  if (live.metadata.resourceVersion === predicted.metadata.resourceVersion) return () => true;
  const owns = (object: KubeObject, path: Path): boolean =>
    ownersAt(object, path).some((owner) => owner.manager === manager && owner.operation === 'Apply');
  return (path, desired) => owns(desired === undefined ? live : predicted, path);
}

interface DifferenceSink {
  /** Key names of the keyed list at a path of names and items. */
  keys(path: Path): readonly string[];
  note(path: Path, desired: unknown, live: unknown): void;
}

function differences(sink: DifferenceSink, path: Path, desired: unknown, live: unknown): void {
  if (jsonEqual(desired, live) || (desired ?? null) === (live ?? null)) return;
  if (isRecord(desired) && isRecord(live)) {
    for (const name of new Set([...Object.keys(desired), ...Object.keys(live)])) {
      differences(sink, [...path, field(name)], desired[name], live[name]);
    }
    return;
  }
  if (Array.isArray(desired) && Array.isArray(live)) listDifferences(sink, path, desired, live);
  else sink.note(path, desired ?? undefined, live ?? undefined);
}

function listDifferences(
  sink: DifferenceSink,
  path: Path,
  desired: readonly unknown[],
  live: readonly unknown[],
): void {
  const names = keyNames(sink.keys(path), desired, live);
  if (names === undefined) {
    if (desired.length !== live.length) {
      sink.note(path, desired, live);
      return;
    }
    for (const [index, item] of desired.entries()) {
      differences(sink, [...path, { kind: 'index', index }], item, live[index]);
    }
    return;
  }
  const before = byKey(names, live);
  const after = byKey(names, desired);
  for (const [text, entry] of after) {
    differences(sink, [...path, { kind: 'item', keys: entry.keys }], entry.item, before.get(text)?.item);
  }
  for (const [text, entry] of before) {
    if (!after.has(text)) sink.note([...path, { kind: 'item', keys: entry.keys }], undefined, entry.item);
  }
  const common = (list: Map<string, unknown>, other: Map<string, unknown>): string[] =>
    [...list.keys()].filter((key) => other.has(key));
  if (!jsonEqual(common(after, before), common(before, after))) sink.note(path, desired, live);
}

/** Names that tell all items of both lists apart: the list's own keys, else `name` when everybody has one. */
function keyNames(
  known: readonly string[],
  desired: readonly unknown[],
  live: readonly unknown[],
): readonly string[] | undefined {
  for (const names of [known, ['name']]) {
    if (names.length > 0 && [desired, live].every((list) => byKey(names, list).size === list.length))
      return names;
  }
  return undefined;
}

function byKey(
  names: readonly string[],
  list: readonly unknown[],
): Map<string, { readonly keys: Record<string, unknown>; readonly item: unknown }> {
  const items = new Map<string, { keys: Record<string, unknown>; item: unknown }>();
  for (const item of list) {
    if (!isRecord(item) || names.every((name) => item[name] === undefined)) continue;
    const keys = Object.fromEntries(
      names.filter((name) => item[name] !== undefined).map((name) => [name, item[name]]),
    );
    items.set(JSON.stringify(keys), { keys, item });
  }
  return items;
}

/** Looks up the key names of lists in the field sets of both objects. */
function listKeysOf(live: KubeObject, predicted: KubeObject): (path: Path) => readonly string[] {
  const shapes = [shapeOf(live), shapeOf(predicted)];
  return (path) => {
    for (const shape of shapes) {
      let node: typeof shape | undefined = shape;
      for (const segment of path) {
        if (node === undefined) break;
        if (segment.kind === 'field') node = node[`f:${segment.name}`];
        else if (segment.kind === 'item') {
          const found = itemKeys(node).find(({ keys }) => jsonEqual(keys, segment.keys));
          node = found === undefined ? undefined : node[found.key];
        } else node = undefined;
      }
      const first = node === undefined ? undefined : itemKeys(node)[0];
      if (first !== undefined) return Object.keys(first.keys);
    }
    return [];
  };
}

function noted(object: KubeObject, path: Path, desired: unknown, live: unknown): FieldChange {
  return {
    path: formatPath(path),
    ...(desired === undefined ? {} : { desired }),
    ...(live === undefined ? {} : { live }),
    owners: live === undefined ? [] : ownersAt(object, path),
  };
}
