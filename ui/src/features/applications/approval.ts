// Deletions that wait until a person has seen what goes: of a sync, or of the application itself. Pure.
import type { Application } from '../../../../src/contract/index.ts';

const APPROVED = 'argocd.argoproj.io/deletion-approved';

export interface DoomedObject {
  readonly key: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  /** It is one of those that ask (`Prune=confirm`, `Delete=confirm`). */
  readonly asks: boolean;
}

export interface Approval {
  readonly of: 'sync' | 'application';
  /** RFC 3339: when what is waiting began, and when it gives up. */
  readonly since: string | undefined;
  readonly until: string | undefined;
  readonly reason: string;
  readonly objects: readonly DoomedObject[];
  /** A person has approved already; it goes on at the next look. */
  readonly isApproved: boolean;
}

/** What waits for approval, if anything does. */
export function approvalOf(app: Application): Approval | undefined {
  return app.metadata.deletionTimestamp === undefined ? ofSync(app) : ofDeletion(app);
}

function ofSync(app: Application): Approval | undefined {
  const state = app.status?.operationState;
  if (state?.phase !== 'Running' || state.finishedAt !== undefined) return undefined;
  const { message = '', startedAt } = state;
  if (!message.startsWith('waiting for pruning confirmation')) return undefined;
  const settled = new Set(
    (state.syncResult?.resources ?? [])
      .filter(({ status }) => status === 'PruneSkipped' || status === 'Pruned')
      .map(identity),
  );
  return {
    of: 'sync',
    since: /, since (\S+) and at/.exec(message)?.[1] ?? startedAt,
    until: / until (\S+)$/.exec(message)?.[1],
    reason: massOf(message) ?? 'Among them is what may only be deleted with approval.',
    objects: doomed(app, (resource) => resource.requiresPruning === true && !settled.has(identity(resource))),
    isApproved: isApproved(app, startedAt),
  };
}

/** `(12 of 40 objects would be deleted, 10 are allowed)` in a sentence. */
function massOf(message: string): string | undefined {
  const [, deletions, total, limit] =
    /\((\d+) of (\d+) objects would be deleted, (\d+) are allowed\)/.exec(message) ?? [];
  return deletions === undefined
    ? undefined
    : `${deletions} of its ${total} objects left Git, and no more than ${limit} are deleted without asking.`;
}

function ofDeletion(app: Application): Approval | undefined {
  const since = app.metadata.deletionTimestamp;
  const waiting = app.status?.conditions?.find(
    ({ type, message }) =>
      type === 'DeletionError' &&
      /^waiting for (deletion confirmation|the deletion of .* depends on it)/.test(message),
  );
  if (waiting === undefined) return undefined;
  const isOwn = waiting.message.startsWith('waiting for deletion confirmation');
  return {
    of: 'application',
    since,
    until: undefined,
    reason: isOwn
      ? `These may only be deleted with approval; the deletion of all ${app.status?.resources?.length ?? 0} objects waits for it.`
      : `${dependents(waiting.message)} depends on it and would lose it.`,
    objects: isOwn
      ? doomed(app, ({ requiresDeletionConfirmation }) => requiresDeletionConfirmation === true)
      : [],
    isApproved: isApproved(app, since),
  };
}

function dependents(message: string): string {
  return /^waiting for the deletion of (.*), which depends on it/.exec(message)?.[1] ?? 'Another application';
}

type Resource = NonNullable<NonNullable<Application['status']>['resources']>[number];

function doomed(app: Application, isDoomed: (resource: Resource) => boolean): DoomedObject[] {
  const objects = (app.status?.resources ?? []).filter(isDoomed).map((resource) => ({
    key: identity(resource),
    kind: resource.kind ?? '',
    namespace: resource.namespace ?? '',
    name: resource.name ?? '',
    asks: resource.requiresDeletionConfirmation === true,
  }));
  // What somebody marked is what a person should see first.
  return [...objects.filter(({ asks }) => asks), ...objects.filter(({ asks }) => !asks)];
}

/** Annotations have whole seconds. */
function isApproved(app: Application, since: string | undefined): boolean {
  const at = Date.parse(app.metadata.annotations?.[APPROVED] ?? '');
  return at >= Math.floor(Date.parse(since ?? '') / 1000) * 1000;
}

interface Identity {
  readonly group?: string | undefined;
  readonly kind?: string | undefined;
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
}

function identity({ group = '', kind = '', namespace = '', name = '' }: Identity): string {
  return `${group}/${kind}/${namespace}/${name}`;
}
