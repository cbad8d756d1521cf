// What has to be done so that a set has the applications it should have. Pure: applications in, changes out.
import { isRecord, jsonEqual, mergePatchBetween } from '../../lib/index.ts';
import { type Application, type ApplicationSet, annotations, finalizers } from '../../model/index.ts';

/** Which changes a set may make, from `syncPolicy.applicationsSync` or the installation's own rule. */
export type Policy = 'sync' | 'create-only' | 'create-update' | 'create-delete';

export interface Change {
  readonly kind: 'create' | 'update' | 'delete';
  readonly application: Application;
  /** Of an update: a merge patch. */
  readonly patch?: object;
}

export interface Changes {
  readonly changes: readonly Change[];
  /** Names that belong to somebody else. */
  readonly foreign: readonly { readonly name: string; readonly owner: string }[];
}

export interface ChangesInput {
  readonly set: ApplicationSet;
  readonly policy: Policy;
  readonly desired: readonly Application[];
  /** Names that were generated and cannot be used: theirs is neither changed nor deleted. */
  readonly untouched: ReadonlySet<string>;
  /** Applications of the set's namespace. */
  readonly existing: readonly Application[];
  /** Annotations and labels that every set leaves alone. */
  readonly preserved: { readonly annotations: readonly string[]; readonly labels: readonly string[] };
  /** Takes what `ignoreApplicationDifferences` names out of an application. */
  comparable(name: string, app: Application): Promise<Application>;
}

/** Written by people and controllers on applications, never by a template. */
const ALWAYS_KEPT: readonly string[] = [
  annotations.refresh,
  annotations.refreshId,
  annotations.hold,
  annotations.deletionApproved,
  annotations.lastApplied,
  'argocd.argoproj.io/hydrate',
  'notified.notifications.argoproj.io',
];
const KEPT_FINALIZERS: readonly string[] = [
  finalizers.preDelete,
  finalizers.preDeleteCleanup,
  finalizers.postDelete,
  finalizers.postDeleteCleanup,
];

/** Rejects with what `comparable` rejects with. */
export async function changesOf(input: ChangesInput): Promise<Changes> {
  const { set, policy, desired, existing } = input;
  const byName = new Map(existing.map((app) => [app.metadata.name ?? '', app]));
  const changes: Change[] = [];
  const foreign: Changes['foreign'][number][] = [];
  for (const application of desired) {
    const { name = '' } = application.metadata;
    const current = byName.get(name);
    const owner = current === undefined ? undefined : controllerOf(current);
    if (current === undefined) changes.push({ kind: 'create', application: owned(set, application) });
    else if (owner !== undefined && owner.uid !== set.metadata.uid)
      foreign.push({ name, owner: `${owner.kind} ${owner.name}` });
    else if (policy === 'sync' || policy === 'create-update') {
      const patch = await patchOf(input, current, owned(set, application));
      if (patch !== undefined) changes.push({ kind: 'update', application: current, patch });
    }
  }
  if (policy === 'sync' || policy === 'create-delete') {
    const wanted = new Set(desired.map(({ metadata }) => metadata.name));
    for (const application of existing) {
      const { name = '', deletionTimestamp } = application.metadata;
      if (wanted.has(name) || input.untouched.has(name) || deletionTimestamp !== undefined) continue;
      if (isOwnedBy(application, set)) changes.push({ kind: 'delete', application });
    }
  }
  return { changes, foreign };
}

export function isOwnedBy(app: Application, set: ApplicationSet): boolean {
  const uid = controllerOf(app)?.uid;
  return uid !== undefined && uid === set.metadata.uid;
}

function controllerOf(app: Application) {
  return app.metadata.ownerReferences?.find(({ controller }) => controller === true);
}

function owned(set: ApplicationSet, app: Application): Application {
  const { name = '', uid = '' } = set.metadata;
  const reference = {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'ApplicationSet',
    name,
    uid,
    controller: true,
    blockOwnerDeletion: true,
  };
  return { ...app, metadata: { ...app.metadata, ownerReferences: [reference] } };
}

/** What an application that exists must become: its specification and the metadata that the template speaks of. */
async function patchOf(
  input: ChangesInput,
  current: Application,
  wanted: Application,
): Promise<object | undefined> {
  const { set, preserved } = input;
  const kept = set.spec.preservedFields ?? {};
  const { name = '' } = current.metadata;
  const before = await input.comparable(name, compared(current));
  const after = await input.comparable(
    name,
    compared({
      ...wanted,
      metadata: {
        ...wanted.metadata,
        labels: withKept(wanted.metadata.labels, current.metadata.labels, [
          ...preserved.labels,
          ...(kept.labels ?? []),
        ]),
        annotations: withKept(wanted.metadata.annotations, current.metadata.annotations, [
          ...ALWAYS_KEPT,
          ...preserved.annotations,
          ...(kept.annotations ?? []),
        ]),
        finalizers: [
          ...(wanted.metadata.finalizers ?? []),
          ...(current.metadata.finalizers ?? []).filter((item) => KEPT_FINALIZERS.includes(item)),
        ],
        ownerReferences: withOwner(current, wanted),
      },
    }),
  );
  const patch = mergePatchBetween(before, after);
  return isRecord(patch) ? patch : undefined;
}

function compared({ metadata, spec }: Application): Application {
  const { labels = {}, annotations: notes = {}, finalizers: ending = [], ownerReferences = [] } = metadata;
  return {
    metadata: { labels, annotations: notes, finalizers: [...ending].sort(), ownerReferences },
    spec,
  } as unknown as Application;
}

function withKept(
  wanted: Readonly<Record<string, string>> = {},
  current: Readonly<Record<string, string>> = {},
  names: readonly string[],
): Record<string, string> {
  const result = { ...wanted };
  for (const [name, value] of Object.entries(current)) {
    if (result[name] === undefined && names.includes(name)) result[name] = value;
  }
  return result;
}

/** Other owners stay; an application without a controller becomes the set's. */
function withOwner(current: Application, wanted: Application) {
  const others = current.metadata.ownerReferences ?? [];
  const [own] = wanted.metadata.ownerReferences ?? [];
  if (own === undefined || others.some(({ uid }) => jsonEqual(uid, own.uid))) return others;
  return [...others, own];
}
