// Writes down who changed the configuration: ConfigMaps, Secrets, projects, and applications that were edited around
// the API. Names the field manager and what changed by digest; values of Secrets never leave.
import { createHmac } from 'node:crypto';
import type { Journal, JournalObject } from '../../journal/index.ts';
import { gvkOf, type KubeObject, type ManagedFieldsEntry } from '../../k8s/index.ts';
import {
  canonicalJson,
  digestOf,
  isRecord,
  jsonEqual,
  type Logger,
  messageOf,
  type Random,
} from '../../lib/index.ts';

export interface ConfigAuditDeps {
  readonly journal: Journal;
  readonly log: Logger;
  readonly random: Random;
  /** Of several processes one writes. */
  isLeader(): boolean;
}

/** Writes of these are in the journal already, by whoever asked for them. */
const OURS = new Set(['fairlead', 'fairlead-server', 'fairlead-applicationset', 'argocd-controller']);
/** Keys named in one record; a rewritten object names no more. */
const MAX_KEYS = 50;

export class ConfigAudit {
  readonly #deps: ConfigAuditDeps;
  /** Short secrets could be guessed from a plain digest; one with a key of this process tells only equal from not. */
  readonly #key: Uint8Array;

  constructor(deps: ConfigAuditDeps) {
    this.#deps = deps;
    this.#key = deps.random.bytes(32);
  }

  /** An object as a watch brought it, with the newest of its managers; `undefined` = it was not there, or is gone. */
  changed(old: KubeObject | undefined, now: KubeObject | undefined): void {
    const object = now ?? old;
    if (object === undefined || !this.#deps.isLeader() || isVolatile(object)) return;
    const before = contentOf(old);
    const after = contentOf(now);
    if (jsonEqual(before, after)) return;
    const manager = now === undefined ? '' : (newestManager(now)?.manager ?? '');
    if (OURS.has(manager)) return;
    const kind = old === undefined ? 'create' : now === undefined ? 'delete' : 'update';
    this.#deps.journal
      .fact({
        actor: { kind: 'kubernetes', name: manager === '' ? 'unknown' : manager },
        action: `config.${kind}`,
        object: referenceTo(object),
        reason: `seen in the cluster${now === undefined ? '' : timeOf(newestManager(now))}`,
        detail: {
          before: this.#digest(object, before),
          after: this.#digest(object, after),
          changed: changedKeys(before, after),
        },
      })
      .catch((error: unknown) =>
        this.#deps.log.warn('a change of the configuration is not recorded', { reason: messageOf(error) }),
      );
  }

  #digest(object: KubeObject, content: Record<string, unknown> | undefined): string | null {
    if (content === undefined) return null;
    if (gvkOf(object).kind !== 'Secret') return digestOf(content);
    return createHmac('sha256', this.#key).update(canonicalJson(content)).digest('hex');
  }
}

/** Reduces managedFields to the newest entry without its fields, so that holding it costs nothing. */
export function withNewestManager<T extends KubeObject>(object: T): T {
  const { managedFields: _, ...metadata } = object.metadata;
  const newest = newestManager(object);
  if (newest === undefined) return { ...object, metadata };
  const { fieldsV1: __, ...entry } = newest;
  return { ...object, metadata: { ...metadata, managedFields: [entry] } };
}

function newestManager({ metadata }: KubeObject): ManagedFieldsEntry | undefined {
  const entries = metadata.managedFields ?? [];
  return entries.reduce<ManagedFieldsEntry | undefined>(
    (newest, entry) => (newest === undefined || (entry.time ?? '') >= (newest.time ?? '') ? entry : newest),
    undefined,
  );
}

function timeOf(entry: ManagedFieldsEntry | undefined): string {
  return entry?.time === undefined ? '' : `, written at ${entry.time}`;
}

/** What an object says, apart from what the API and we keep in it. */
function contentOf(object: KubeObject | undefined): Record<string, unknown> | undefined {
  if (object === undefined) return undefined;
  const { metadata, status: _, operation: __, ...rest } = object;
  const { labels, annotations = {}, finalizers } = metadata;
  const kept = Object.entries(annotations).filter(([key]) => !VOLATILE.some((part) => key.includes(part)));
  return {
    ...rest,
    labels: labels ?? {},
    annotations: Object.fromEntries(kept),
    finalizers: finalizers ?? [],
  };
}

const VOLATILE = [
  'last-applied-configuration',
  'argocd.argoproj.io/refresh',
  'argocd.argoproj.io/application-set-refresh',
  'notified.notifications',
  'argocd.argoproj.io/hydrate',
];

/** Leases in ConfigMap form and the cluster's own certificates change by themselves. */
function isVolatile({ metadata }: KubeObject): boolean {
  return (
    metadata.name === 'kube-root-ca.crt' ||
    metadata.annotations?.['control-plane.alpha.kubernetes.io/leader'] !== undefined
  );
}

/** Names of members, e.g. `data.policy.csv`; never their values. */
function changedKeys(before: Record<string, unknown> = {}, after: Record<string, unknown> = {}): string[] {
  const keys: string[] = [];
  for (const member of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const [a, b] = [before[member], after[member]];
    if (jsonEqual(a, b)) continue;
    if (!isRecord(a) && !isRecord(b)) {
      keys.push(member);
      continue;
    }
    const [left, right] = [isRecord(a) ? a : {}, isRecord(b) ? b : {}];
    for (const key of new Set([...Object.keys(left), ...Object.keys(right)])) {
      if (!jsonEqual(left[key], right[key])) keys.push(`${member}.${key}`);
    }
  }
  return keys.sort().slice(0, MAX_KEYS);
}

function referenceTo(object: KubeObject): JournalObject {
  const { group, kind } = gvkOf(object);
  const { namespace, name = '' } = object.metadata;
  return {
    ...(group === '' ? {} : { group }),
    kind,
    ...(namespace === undefined ? {} : { namespace }),
    name,
  };
}
