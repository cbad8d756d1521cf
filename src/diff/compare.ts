// Decides from field ownership alone whether an object is as desired. Never asks the cluster: what cannot be told
// from managedFields is only suspected, and confirm.ts settles it with the answer of a dry-run.
import type { FieldsV1, KubeObject } from '../k8s/index.ts';
import { isRecord, jsonEqual } from '../lib/index.ts';
import type { FieldChange } from '../model/index.ts';
import { annotations } from '../model/index.ts';
import { comparesStatus, type IgnoreRules, stripIgnored } from './ignore.ts';
import { knownFieldsOf } from './known-types.ts';
import {
  appliedEntry,
  hasPrefix,
  isLeaf,
  itemKeys,
  itemMatches,
  ownersAt,
  shapeOf,
  wasClientSideApplied,
} from './managed-fields.ts';
import { field, formatPath, type Path } from './path.ts';
import { canonicalBase64, foldStringData, isSecret, maskChange } from './secrets.ts';
import { isBuiltIn } from './target.ts';
import { isEmpty, isZero, sameAtomic, sameScalar, type ValueContext } from './values.ts';

/**
 * Who decides. `ownership`: field ownership, and a dry-run for what it leaves open. `server-side`: always a dry-run.
 * `three-way`: what was applied last, what is desired and what is live, without ever asking the server.
 */
export type CompareEngine = 'ownership' | 'server-side' | 'three-way';

export type Comparison =
  | { readonly kind: 'synced' }
  | {
      /** Differs for certain; only the engine `three-way` says so. */
      readonly kind: 'modified';
      readonly fields: readonly FieldChange[];
    }
  | {
      /** Something may differ; `reasons` are guesses until a dry-run confirms them. */
      readonly kind: 'suspected';
      readonly reasons: readonly FieldChange[];
      /** True when we never applied this object: the first apply takes it over. */
      readonly takeover: boolean;
    }
  | { readonly kind: 'missing' }
  | { readonly kind: 'extra' };

export interface ComparisonInput {
  /** As `prepareTarget` gives it. */
  readonly desired?: KubeObject | undefined;
  /** As the server gives it, managedFields included, read in the version of `desired`. */
  readonly live?: KubeObject | undefined;
  /** The field manager of our applies. */
  readonly manager: string;
  readonly ignore?: IgnoreRules;
  /** Default `ownership`. */
  readonly engine?: CompareEngine;
}

/** More guesses than this help nobody. */
const MAX_REASONS = 100;

/**
 * Synced when every desired value is live and every field our manager owns is still desired. A value that differs
 * only in ways the server is known for (quantities, defaults inside atomic lists, dropped empties) is the same.
 */
export function compareObject(input: ComparisonInput): Comparison {
  const { engine = 'ownership' } = input;
  const comparison = compareOwned(input);
  if (engine === 'three-way' && comparison.kind === 'suspected') {
    return comparison.reasons.length === 0
      ? { kind: 'synced' }
      : { kind: 'modified', fields: comparison.reasons };
  }
  if (engine === 'server-side' && comparison.kind === 'synced')
    return { kind: 'suspected', reasons: [], takeover: false };
  return comparison;
}

function compareOwned(input: ComparisonInput): Comparison {
  const { manager } = input;
  if (input.desired === undefined) return { kind: 'extra' };
  if (input.live === undefined) return { kind: 'missing' };
  const entry = appliedEntry(input.live, manager);
  const desired = normalized(stripIgnored(input.ignore, input.desired, input.live));
  const live = normalized(stripIgnored(input.ignore, input.live, input.live));
  const walk = new Walk(desired, live, input.ignore);
  if (entry === undefined) {
    walk.object({}, shapeOf(input.live));
    walk.lastApplied(shapeOf(input.live));
    if (walk.reasons.length === 0 && isOurs(desired, live)) return { kind: 'synced' };
    return { kind: 'suspected', reasons: walk.reasons, takeover: true };
  }
  if (entry.apiVersion !== desired.apiVersion || live.apiVersion !== desired.apiVersion)
    walk.version(entry.apiVersion);
  else walk.object(foldOwned(entry.fieldsV1 ?? {}), shapeOf(input.live));
  return walk.reasons.length === 0
    ? { kind: 'synced' }
    : { kind: 'suspected', reasons: walk.reasons, takeover: false };
}

/** Put there by Argo CD or kubectl with our tracking id: equal values need no take-over to count as in sync. */
function isOurs(desired: KubeObject, live: KubeObject): boolean {
  const tracking = live.metadata.annotations?.[annotations.trackingId];
  const same = tracking !== undefined && tracking === desired.metadata.annotations?.[annotations.trackingId];
  return same && wasClientSideApplied(live);
}

function normalized(object: KubeObject): KubeObject {
  const folded = foldStringData(object);
  if (!isSecret(folded) || !isRecord(folded['data'])) return folded;
  const data = Object.entries(folded['data']).map(([key, value]) => [
    key,
    typeof value === 'string' ? canonicalBase64(value) : value,
  ]);
  return { ...folded, data: Object.fromEntries(data) };
}

/** Ownership of a Secret's `stringData` is ownership of the same keys of `data`. */
function foldOwned(owned: FieldsV1): FieldsV1 {
  const { 'f:stringData': text, ...rest } = owned;
  return text === undefined ? owned : { ...rest, 'f:data': { ...rest['f:data'], ...text } };
}

/** Metadata that the server writes or that only identifies: never compared. */
const IDENTITY = new Set([
  'name',
  'generateName',
  'namespace',
  'creationTimestamp',
  'deletionTimestamp',
  'managedFields',
  'resourceVersion',
  'uid',
  'generation',
  'selfLink',
]);

/** One comparison: walks desired, live and the owned fields together and notes what may differ. */
class Walk {
  readonly reasons: FieldChange[] = [];
  readonly #desired: KubeObject;
  readonly #live: KubeObject;
  readonly #context: ValueContext;
  readonly #comparesStatus: boolean;

  constructor(desired: KubeObject, live: KubeObject, rules: IgnoreRules | undefined) {
    this.#desired = desired;
    this.#live = live;
    this.#context = { builtIn: isBuiltIn(desired), known: knownFieldsOf(rules?.known, desired) };
    this.#comparesStatus = comparesStatus(rules, desired);
  }

  object(owned: FieldsV1, shape: FieldsV1): void {
    const { apiVersion: _a, kind: _k, metadata, status, ...desired } = this.#desired;
    const { apiVersion: _b, kind: _l, metadata: liveMetadata, status: liveStatus, ...live } = this.#live;
    const { 'f:metadata': ownedMetadata, 'f:status': ownedStatus, ...ownedRest } = owned;
    this.#members([], desired, live, ownedRest, shape);
    this.#members(
      [field('metadata')],
      ownMembers(metadata),
      liveMetadata,
      ownedMetadata,
      shape['f:metadata'],
    );
    if (!this.#comparesStatus || ownedStatus === undefined || status === undefined) return;
    this.#node([field('status')], status, liveStatus, ownedStatus, shape['f:status']);
  }

  /** The three-way part of a take-over: what the last client-side apply set and nobody desires any more. */
  lastApplied(shape: FieldsV1): void {
    const text = this.#live.metadata.annotations?.[annotations.lastApplied];
    if (text === undefined) return;
    const applied = parsed(text);
    if (applied === undefined) return;
    const { apiVersion: _a, kind: _k, metadata, status: _s, ...rest } = foldStringData(applied);
    this.#removed([], rest, this.#desired, this.#live, shape);
    const inside = [field('metadata')];
    this.#removed(
      inside,
      ownMembers(metadata),
      this.#desired.metadata,
      this.#live.metadata,
      shape['f:metadata'],
    );
  }

  version(applied: string | undefined): void {
    const name = formatPath([field('apiVersion')]);
    this.reasons.push({ path: name, desired: this.#desired.apiVersion, live: applied, owners: [] });
  }

  #removed(path: Path, applied: unknown, desired: unknown, live: unknown, shape: FieldsV1 | undefined): void {
    if (live === undefined || live === null) return;
    if (desired === undefined) {
      if (!isEmpty(applied)) this.#note(path, undefined, live);
      return;
    }
    if (Array.isArray(applied) && Array.isArray(desired) && Array.isArray(live)) {
      // Lists without keys are compared whole by their values.
      if (shape !== undefined && hasPrefix(shape, 'k:'))
        this.#removedItems(path, applied, desired, live, shape);
      return;
    }
    if (!isRecord(applied) || !isRecord(desired) || !isRecord(live)) return;
    for (const name in applied) {
      const inside = [...path, field(name)];
      this.#removed(inside, applied[name], desired[name], live[name], shape?.[`f:${name}`]);
    }
  }

  #removedItems(
    path: Path,
    applied: readonly unknown[],
    desired: readonly unknown[],
    live: readonly unknown[],
    shape: FieldsV1,
  ): void {
    const known = itemKeys(shape);
    const wanted = matchItems(desired, known, undefined);
    for (const [index, match] of matchItems(applied, known, undefined).entries()) {
      if (match === undefined) continue;
      const item = live.find((other) => itemMatches(other, match.keys));
      const place = wanted.findIndex((other) => other?.key === match.key);
      const inside: Path = [...path, { kind: 'item', keys: match.keys }];
      this.#removed(inside, applied[index], place < 0 ? undefined : desired[place], item, shape[match.key]);
    }
  }

  #node(
    path: Path,
    desired: unknown,
    live: unknown,
    owned: FieldsV1 | undefined,
    shape: FieldsV1 | undefined,
  ): void {
    if (isEmpty(desired) && isEmpty(live)) return;
    // Owned and gone: the server dropped a value that means nothing to it.
    if (owned !== undefined && live === undefined && isZero(desired)) return;
    if (Array.isArray(desired)) {
      this.#list(path, desired, live, owned, shape);
      return;
    }
    if (!isRecord(desired)) {
      if (!sameScalar(this.#context, path, desired, live)) this.#note(path, desired, live);
      return;
    }
    // What nobody owns the server filled in by itself, so that only the desired members count.
    const atomic = shape !== undefined && isLeaf(shape);
    if (!isRecord(live) || atomic) {
      if (!sameAtomic(this.#context, path, desired, live)) this.#note(path, desired, live);
      return;
    }
    this.#members(path, desired, live, owned, shape);
  }

  #members(
    path: Path,
    desired: Readonly<Record<string, unknown>>,
    live: Readonly<Record<string, unknown>>,
    owned: FieldsV1 | undefined,
    shape: FieldsV1 | undefined,
  ): void {
    for (const name in desired) {
      const key = `f:${name}`;
      this.#node([...path, field(name)], desired[name], live[name], owned?.[key], shape?.[key]);
    }
    for (const key in owned) {
      const name = key.slice(2);
      if (!key.startsWith('f:') || desired[name] !== undefined) continue;
      if (live[name] !== undefined && live[name] !== null)
        this.#note([...path, field(name)], undefined, live[name]);
    }
  }

  #list(
    path: Path,
    desired: readonly unknown[],
    live: unknown,
    owned: FieldsV1 | undefined,
    shape: FieldsV1 | undefined,
  ): void {
    if (Array.isArray(live) && shape !== undefined) {
      if (hasPrefix(shape, 'k:')) {
        this.#items(path, desired, live, owned, shape);
        return;
      }
      if (hasPrefix(shape, 'v:')) {
        this.#set(path, desired, live, owned);
        return;
      }
    }
    if (!sameAtomic(this.#context, path, desired, live)) this.#note(path, desired, live);
  }

  /** A list with keys: items are found by their key fields, in whatever place they are. */
  #items(
    path: Path,
    desired: readonly unknown[],
    live: readonly unknown[],
    owned: FieldsV1 | undefined,
    shape: FieldsV1,
  ): void {
    const matches = matchItems(desired, itemKeys(shape), owned);
    const taken = new Set<string>();
    const order: number[] = [];
    for (const [index, item] of desired.entries()) {
      const match = matches[index];
      const place = match === undefined ? -1 : placeOf(live, match.keys);
      if (match === undefined || place < 0) {
        this.#note([...path, { kind: 'index', index }], item, undefined);
        continue;
      }
      taken.add(match.key);
      order.push(place);
      const inside: Path = [...path, { kind: 'item', keys: match.keys }];
      this.#item(inside, item, live[place], match, owned?.[match.key], shape[match.key]);
    }
    for (const { key, keys } of owned === undefined ? [] : itemKeys(owned)) {
      if (taken.has(key)) continue;
      const item = live.find((other) => itemMatches(other, keys));
      if (item !== undefined) this.#note([...path, { kind: 'item', keys }], undefined, item);
    }
    if (!isAscending(order)) this.#note(path, desired, live);
  }

  #item(
    path: Path,
    desired: unknown,
    live: unknown,
    match: { readonly keys: Readonly<Record<string, unknown>> },
    owned: FieldsV1 | undefined,
    shape: FieldsV1 | undefined,
  ): void {
    if (!isRecord(desired) || !isRecord(live) || shape === undefined || isLeaf(shape)) {
      if (!sameAtomic(this.#context, path, desired, live)) this.#note(path, desired, live);
      return;
    }
    // A key field that is not given has its default: it is part of the item's name, not of its contents.
    this.#members(path, { ...match.keys, ...desired }, { ...match.keys, ...live }, owned, shape);
  }

  #set(path: Path, desired: readonly unknown[], live: readonly unknown[], owned: FieldsV1 | undefined): void {
    const order = desired.map((value) => live.findIndex((other) => jsonEqual(other, value)));
    for (const [index, place] of order.entries()) {
      const value = desired[index];
      if (place < 0) this.#note([...path, { kind: 'value', value }], value, undefined);
    }
    for (const key in owned) {
      if (!key.startsWith('v:')) continue;
      const value: unknown = JSON.parse(key.slice(2));
      const has = (list: readonly unknown[]): boolean => list.some((other) => jsonEqual(other, value));
      if (has(live) && !has(desired)) this.#note([...path, { kind: 'value', value }], undefined, value);
    }
    if (!isAscending(order.filter((place) => place >= 0))) this.#note(path, desired, live);
  }

  #note(path: Path, desired: unknown, live: unknown): void {
    if (this.reasons.length >= MAX_REASONS) return;
    const change: FieldChange = {
      path: formatPath(path),
      ...(desired === undefined ? {} : { desired }),
      ...(live === undefined ? {} : { live }),
      owners: ownersAt(this.#live, path),
    };
    this.reasons.push(maskChange(this.#desired, change));
  }
}

interface ItemKey {
  readonly key: string;
  readonly keys: Readonly<Record<string, unknown>>;
}

/**
 * The key of each desired item among the known ones. Items that give all key fields choose first; the others leave
 * theirs to defaults and take what is ours before what is not.
 */
function matchItems(
  desired: readonly unknown[],
  known: readonly ItemKey[],
  owned: FieldsV1 | undefined,
): (ItemKey | undefined)[] {
  const oursFirst = [...known].sort(
    (a, b) => Number(owned?.[b.key] !== undefined) - Number(owned?.[a.key] !== undefined),
  );
  const taken = new Set<ItemKey>();
  const take = (fits: (candidate: ItemKey) => boolean): ItemKey | undefined => {
    const found = oursFirst.find((candidate) => !taken.has(candidate) && fits(candidate));
    if (found !== undefined) taken.add(found);
    return found;
  };
  const exact = desired.map((item) => take(({ keys }) => itemMatches(item, keys)));
  return desired.map((item, index) => exact[index] ?? take(({ keys }) => agreesPartly(item, keys)));
}

/** Where the item is live; a server that leaves defaults out leaves them out of key fields, too. */
function placeOf(live: readonly unknown[], keys: Readonly<Record<string, unknown>>): number {
  const exact = live.findIndex((other) => itemMatches(other, keys));
  return exact >= 0 ? exact : live.findIndex((other) => agreesPartly(other, keys));
}

/** Some key fields are given and equal, the rest is left out. */
function agreesPartly(item: unknown, keys: Readonly<Record<string, unknown>>): boolean {
  if (!isRecord(item)) return false;
  const names = Object.keys(keys);
  const given = names.filter((name) => item[name] !== undefined);
  return given.length > 0 && given.every((name) => jsonEqual(item[name], keys[name]));
}

function ownMembers(metadata: unknown): Record<string, unknown> {
  if (!isRecord(metadata)) return {};
  return Object.fromEntries(Object.entries(metadata).filter(([name]) => !IDENTITY.has(name)));
}

function isAscending(places: readonly number[]): boolean {
  return places.every((place, index) => index === 0 || place > (places[index - 1] ?? -1));
}

function parsed(text: string): KubeObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? (value as KubeObject) : undefined;
  } catch {
    // Written by somebody else's tool: without it the values alone decide.
    return undefined;
  }
}
