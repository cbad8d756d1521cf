// One look at an ApplicationSet, top to bottom: parameters → applications → changes → writes → status.
import type { Journal } from '../../journal/index.ts';
import type { Application, ApplicationSet } from '../../model/index.ts';
import { changesOf, isOwnedBy, type Policy } from './changes.ts';
import { deletionsHeld } from './deletion-limit.ts';
import type { ApplicationSetDeps } from './deps.ts';
import { type DesiredApplications, desiredApplications } from './desired.ts';
import { ApplicationSetError, type ApplicationSetErrorCode } from './errors.ts';
import { withoutIgnored } from './ignored.ts';
import { checkSteps, rolloutOf } from './rolling-sync.ts';
import { heldSince, statusOf, type Verdict } from './status.ts';
import { makeChanges, syncDue, writeStatus } from './write.ts';

export interface ReconcileDeps extends ApplicationSetDeps {
  readonly journal: Journal;
  /** Told how long each look took, seconds. */
  reconciled?(set: ApplicationSet, seconds: number): void;
  /** What the installation allows sets to do, whatever they say themselves; undefined: what they say. */
  policy(): Policy | undefined;
  /** Whether strategy RollingSync is followed; otherwise it counts as AllAtOnce. */
  followsRollingSync(): boolean;
  /** Annotations and labels that no set may take away. */
  preserved(): { readonly annotations: readonly string[]; readonly labels: readonly string[] };
}

export interface Look {
  readonly set: ApplicationSet;
  /** Generated before and still good: only what is there is looked at again. */
  readonly known: DesiredApplications | undefined;
  readonly signal: AbortSignal;
}

export interface Looked {
  /** Undefined when the generators failed. */
  readonly desired: DesiredApplications | undefined;
  /** The failure of the generators, if they failed. */
  readonly failure: ApplicationSetError | undefined;
}

export async function reconcileSet(deps: ReconcileDeps, { set, known, signal }: Look): Promise<Looked> {
  try {
    const isStaged = set.spec.strategy?.type === 'RollingSync' && deps.followsRollingSync();
    if (isStaged) checkSteps(set);
    const desired = known ?? (await desiredApplications(deps, set, signal));
    const verdict = await brought(deps, set, isStaged ? withoutAutomation(desired) : desired);
    const owned = ownedBy(deps, set);
    const rollout = isStaged ? rolloutOf(set, owned, deps.clock.now()) : undefined;
    if (rollout !== undefined) await syncDue(deps, set, rollout.due, desired.applications);
    await writeStatus(deps, set, statusOf(set, verdict, owned, deps.clock.now(), rollout));
    return { desired, failure: undefined };
  } catch (error) {
    if (!(error instanceof ApplicationSetError)) throw error;
    const verdict = { kind: 'not-generated', reason: REASONS[error.code], message: error.message } as const;
    await writeStatus(deps, set, statusOf(set, verdict, ownedBy(deps, set), deps.clock.now()));
    return { desired: undefined, failure: error };
  }
}

const REASONS: Readonly<Record<ApplicationSetErrorCode, string>> = {
  GENERATOR_FAILED: 'ApplicationGenerationFromParamsError',
  SET_INVALID: 'ApplicationValidationError',
  TEMPLATE_FAILED: 'RenderTemplateParamsError',
  SET_LIMIT: 'ApplicationValidationError',
};

/** In a rollout the set says when an application is synced, and nobody else by himself. */
function withoutAutomation({ applications, unusable }: DesiredApplications): DesiredApplications {
  const manual = applications.map((app) => {
    const { automated: _, ...syncPolicy } = app.spec.syncPolicy ?? {};
    return app.spec.syncPolicy === undefined ? app : { ...app, spec: { ...app.spec, syncPolicy } };
  });
  return { applications: manual, unusable };
}

/** Makes what is there what was generated, as far as it may. */
async function brought(
  deps: ReconcileDeps,
  set: ApplicationSet,
  { applications, unusable }: DesiredApplications,
): Promise<Verdict> {
  const { namespace } = set.metadata;
  const existing = [...deps.applications()].filter((app) => app.metadata.namespace === namespace);
  const comparable = withoutIgnored(set, deps.evaluator);
  const { changes, foreign } = await changesOf({
    set,
    policy: deps.policy() ?? set.spec.syncPolicy?.applicationsSync ?? 'sync',
    desired: applications,
    untouched: new Set(unusable.map(({ name }) => name)),
    existing,
    preserved: deps.preserved(),
    comparable,
  });
  const deletions = changes.filter(({ kind }) => kind === 'delete').map(({ application }) => application);
  const total = existing.filter((app) => isOwnedBy(app, set)).length;
  const held = deletionsHeld(set, deletions, total, heldSince(set));
  const allowed = held === undefined ? changes : changes.filter(({ kind }) => kind !== 'delete');
  const refused = await makeChanges(deps, set, allowed);
  if (held !== undefined) return { kind: 'held', message: held.message };
  const problems = [
    ...unusable.map(({ name, reason }) => `${name}: ${reason}`),
    ...foreign.map(({ name, owner }) => `${name}: it belongs to ${owner}; give one of them another name`),
    ...refused.map(({ name, reason }) => `${name}: ${reason}`),
  ];
  if (problems.length === 0) return { kind: 'up-to-date' };
  return {
    kind: 'incomplete',
    reason: refused.length > 0 ? 'UpdateApplicationError' : 'ApplicationValidationError',
    message: `${problems.length} of ${applications.length + unusable.length} applications cannot be brought up to date. ${problems.slice(0, NAMED).join('; ')}`,
  };
}

const NAMED = 5;

function ownedBy(deps: ReconcileDeps, set: ApplicationSet): readonly Application[] {
  return [...deps.applications()].filter((app) => isOwnedBy(app, set));
}
