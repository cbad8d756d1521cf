// Small edits of objects whose shape nobody guarantees. The objects given are never changed.
import type { KubeObject } from '../k8s/index.ts';
import { isRecord } from '../lib/index.ts';
import type { ActionParameter, ActionRun, ImpactedResource, NativeAction } from './action.ts';
import { ActionError } from './errors.ts';

type Path = readonly string[];

/** The member at a path; undefined when any part of it is absent. */
export function at(object: unknown, ...path: Path): unknown {
  let node = object;
  for (const name of path) node = isRecord(node) ? node[name] : undefined;
  return node;
}

export function listAt(object: unknown, ...path: Path): readonly unknown[] {
  const value = at(object, ...path);
  return Array.isArray(value) ? value : [];
}

/** A copy with the member at `path` set, or removed for undefined; what is absent on the way is made. */
export function withAt<T extends object>(object: T, path: Path, value: unknown): T {
  const [name, ...rest] = path;
  if (name === undefined) return object;
  const members = { ...object } as Record<string, unknown>;
  if (rest.length > 0) {
    const member = members[name];
    if (value === undefined && !isRecord(member)) return object;
    members[name] = withAt(isRecord(member) ? member : {}, rest, value);
  } else if (value === undefined) delete members[name];
  else members[name] = value;
  return members as T;
}

export function withAnnotation(object: KubeObject, name: string, value: string | undefined): KubeObject {
  return withAt(object, ['metadata', 'annotations', name], value);
}

export function annotationOf(object: KubeObject, name: string): string | undefined {
  return object.metadata.annotations?.[name];
}

/** RFC 3339 in UTC with whole seconds. */
export function timeText(now: number): string {
  return `${new Date(now).toISOString().slice(0, 19)}Z`;
}

export const icons = {
  pause: 'fa fa-fw fa-pause',
  play: 'fa fa-fw fa-play',
  stop: 'fa fa-fw fa-stop',
  restart: 'fa fa-fw fa-redo',
  plus: 'fa fa-fw fa-plus',
  forward: 'fa fa-fw fa-forward',
  refresh: 'fa fa-fw fa-sync-alt',
  scale: 'fa fa-fw fa-arrows-alt-v',
} as const;

/** An action that sets one member of the object. */
export function setting(
  info: Omit<NativeAction, 'run'>,
  path: Path,
  value: unknown | ((now: number) => unknown),
): NativeAction {
  return {
    ...info,
    run: ({ object, now }) => withAt(object, path, typeof value === 'function' ? value(now) : value),
  };
}

/** An action that writes an annotation. */
export function annotating(
  info: Omit<NativeAction, 'run'>,
  name: string,
  value: string | undefined | ((now: number) => string),
): NativeAction {
  return setting(info, ['metadata', 'annotations', name], value);
}

/** Two actions over one boolean member, of which one is enabled at a time. */
export function pair(
  path: Path,
  isOn: boolean,
  on: Omit<NativeAction, 'run'>,
  off: Omit<NativeAction, 'run'>,
): NativeAction[] {
  return [setting({ ...on, disabled: isOn }, path, true), setting({ ...off, disabled: !isOn }, path, false)];
}

/** Adds members to the new object that name `owner` as what it belongs to. */
export function ownedBy(owner: KubeObject, resource: KubeObject): ImpactedResource {
  const reference = {
    apiVersion: owner.apiVersion,
    kind: owner.kind,
    name: owner.metadata.name ?? '',
    uid: owner.metadata.uid ?? '',
  };
  const metadata = { ...resource.metadata, ownerReferences: [reference] };
  return { operation: 'create', resource: { ...resource, metadata } };
}

/** `<name>-<yyyymmddHHMMSS>`, no longer than a label value may be. */
export function timedName(object: KubeObject, now: number): string {
  const stamp = new Date(now).toISOString().replace(/\D/g, '').slice(0, 14);
  return `${(object.metadata.name ?? '').slice(0, 63 - stamp.length - 1)}-${stamp}`;
}

/** A parameter as a whole number from 0. */
export function countParameter({ params }: ActionRun, { name, default: fallback }: ActionParameter): number {
  const text = (params[name] ?? fallback ?? '').trim();
  if (/^\d{1,9}$/.test(text)) return Number(text);
  const seen = text === '' ? 'it is missing' : `"${text.slice(0, 40)}" is none`;
  throw new ActionError('INVALID_PARAMETER', `Parameter ${name} must be a whole number from 0: ${seen}`);
}
