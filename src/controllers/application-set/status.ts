// What an ApplicationSet's status says. Pure: conditions as Argo CD names them, transition times kept.
import { rfc3339 } from '../../lib/index.ts';
import type {
  Application,
  ApplicationSet,
  ApplicationSetCondition,
  ApplicationSetStatus,
} from '../../model/index.ts';

import type { Rollout } from './rolling-sync.ts';

/** How a look at a set ended. */
export type Verdict =
  | { readonly kind: 'up-to-date' }
  /** Nothing was changed. */
  | { readonly kind: 'not-generated'; readonly reason: string; readonly message: string }
  /** What could be done is done. */
  | { readonly kind: 'incomplete'; readonly reason: string; readonly message: string }
  /** All is done but the deletions, which somebody has to approve. */
  | { readonly kind: 'held'; readonly message: string };

/** Reason of the condition that says that deletions are held. */
export const DELETIONS_HELD = 'DeletionsHeld';
const MAX_RESOURCES = 5_000;
const MESSAGE_CHARS = 4_096;

/** @param applications those the set owns now */
export function statusOf(
  set: ApplicationSet,
  verdict: Verdict,
  applications: readonly Application[],
  now: number,
  rollout?: Rollout,
): ApplicationSetStatus {
  const { applicationStatus, ...before } = set.status ?? {};
  // Of a set that could not be looked at, the rollout stands where it stood.
  const stages = verdict.kind === 'not-generated' ? applicationStatus : rollout?.statuses;
  const resources = [...applications]
    .sort((a, b) => ((a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1))
    .slice(0, MAX_RESOURCES)
    .map(resourceOf);
  return {
    ...before,
    conditions: [...conditionsOf(verdict), ...rolloutCondition(rollout)].map((condition) =>
      dated(condition, before, now),
    ),
    ...(stages === undefined ? {} : { applicationStatus: [...stages] }),
    resources,
    resourcesCount: applications.length,
    health: healthOf(verdict, before, now),
  };
}

/** Since when deletions are held; undefined when they are not. */
export function heldSince({ status }: ApplicationSet): string | undefined {
  return status?.conditions?.find(({ type, reason }) => type === 'ErrorOccurred' && reason === DELETIONS_HELD)
    ?.lastTransitionTime;
}

type Undated = Omit<ApplicationSetCondition, 'lastTransitionTime'>;

function conditionsOf(verdict: Verdict): readonly Undated[] {
  const of = (type: string, holds: boolean, reason: string, message: string): Undated => ({
    type,
    status: holds ? 'True' : 'False',
    reason,
    message: message.slice(0, MESSAGE_CHARS),
  });
  switch (verdict.kind) {
    case 'up-to-date':
      return [
        of(
          'ErrorOccurred',
          false,
          'ApplicationSetUpToDate',
          'Successfully generated parameters for all Applications',
        ),
        of(
          'ParametersGenerated',
          true,
          'ParametersGenerated',
          'Successfully generated parameters for all Applications',
        ),
        of(
          'ResourcesUpToDate',
          true,
          'ApplicationSetUpToDate',
          'All applications have been generated successfully',
        ),
      ];
    case 'not-generated':
      return [
        of('ErrorOccurred', true, verdict.reason, verdict.message),
        of('ParametersGenerated', false, verdict.reason, verdict.message),
        of('ResourcesUpToDate', false, verdict.reason, verdict.message),
      ];
    case 'incomplete':
    case 'held': {
      const reason = verdict.kind === 'held' ? DELETIONS_HELD : verdict.reason;
      return [
        of('ErrorOccurred', true, reason, verdict.message),
        of(
          'ParametersGenerated',
          true,
          'ParametersGenerated',
          'Successfully generated parameters for all Applications',
        ),
        of('ResourcesUpToDate', false, reason, verdict.message),
      ];
    }
  }
}

function rolloutCondition(rollout: Rollout | undefined): readonly Undated[] {
  if (rollout === undefined) return [];
  const waiting = rollout.statuses
    .filter(({ status }) => status !== 'Healthy')
    .map(({ application }) => application);
  const { isProgressing } = rollout;
  return [
    {
      type: 'RolloutProgressing',
      status: isProgressing ? 'True' : 'False',
      reason: isProgressing ? 'ApplicationSetModified' : 'ApplicationSetRolloutComplete',
      message: isProgressing
        ? `Waiting for ${waiting.slice(0, NAMED).join(', ')}${waiting.length > NAMED ? ` and ${waiting.length - NAMED} more` : ''}`
        : 'All applications of the steps are synced and healthy',
    },
  ];
}

const NAMED = 5;

/** The time of a transition is that of status and reason: a message that counts something is no transition. */
function dated(condition: Undated, before: ApplicationSetStatus, now: number): ApplicationSetCondition {
  const known = before.conditions?.find(
    ({ type, status, reason }) =>
      type === condition.type && status === condition.status && reason === condition.reason,
  );
  return { ...condition, lastTransitionTime: known?.lastTransitionTime ?? rfc3339(now) };
}

function resourceOf({ metadata, status }: Application) {
  const { name = '', namespace = '' } = metadata;
  const { status: health, message } = status?.health ?? {};
  return {
    group: 'argoproj.io',
    version: 'v1alpha1',
    kind: 'Application',
    namespace,
    name,
    ...(status?.sync?.status === undefined ? {} : { status: status.sync.status }),
    ...(health === undefined
      ? {}
      : { health: { status: health, ...(message === undefined ? {} : { message }) } }),
  };
}

function healthOf(verdict: Verdict, before: ApplicationSetStatus, now: number) {
  const status = verdict.kind === 'up-to-date' ? 'Healthy' : 'Degraded';
  const isSame = before.health?.status === status;
  return {
    status,
    ...(verdict.kind === 'up-to-date' ? {} : { message: verdict.message.slice(0, MESSAGE_CHARS) }),
    lastTransitionTime: (isSame ? before.health?.lastTransitionTime : undefined) ?? rfc3339(now),
  };
}
