// PreDelete and PostDelete hooks of an application's deletion. A finalizer says that they are still to run, a second one
// that they are still to be cleaned up: together they are the record that survives a crash.
import { backoffMs, messageOf, rfc3339 } from '../../lib/index.ts';
import { type Application, finalizers } from '../../model/index.ts';
import {
  type DeletePhase,
  type PerformDeps,
  perform,
  planDeleteHooks,
  type SyncEffect,
  type SyncPlan,
  splitHooks,
  startSync,
  step,
} from '../../sync/index.ts';
import type { LiveCluster } from '../cluster/index.ts';
import { deleteFacts } from './delete-facts.ts';
import type { ApplicationDeps } from './deps.ts';
import type { Desired } from './facts.ts';
import { identityTarget } from './identity.ts';
import type { ApplicationMemory } from './memory.ts';
import { desiredState, refusedTargets } from './observe.ts';
import type { DeletionHooks, RunningOperation } from './running-operation.ts';
import { revisionForNames, revisionsIn, sourceListOf } from './sources.ts';
import { syncJournal } from './sync-journal.ts';
import { syncSettingsOf } from './sync-settings.ts';
import { writeFinalizers } from './write.ts';
import { writeTarget } from './write-target.ts';

export type DeleteHooksResult =
  | { readonly kind: 'done' }
  | { readonly kind: 'waiting'; readonly message: string; readonly requeueMs: number };

const NAMES: Readonly<Record<DeletePhase, { readonly run: string; readonly cleanup: string }>> = {
  PreDelete: { run: finalizers.preDelete, cleanup: finalizers.preDeleteCleanup },
  PostDelete: { run: finalizers.postDelete, cleanup: finalizers.postDeleteCleanup },
};
export const DELETE_HOOK_FINALIZERS: readonly string[] = Object.values(NAMES).flatMap(({ run, cleanup }) => [
  run,
  cleanup,
]);
const RETRY = { initialMs: 5_000, factor: 2, maxMs: 300_000 };

/**
 * Keeps the finalizers of a living application in step with the delete hooks it renders.
 * @returns true when they were written: the application is to be read again
 */
export async function keepDeleteFinalizers(
  deps: ApplicationDeps,
  app: Application,
  desired: Desired,
): Promise<boolean> {
  const { deleteHooks } = splitHooks(desired.targets.map(({ object }) => object));
  const wanted = (['PreDelete', 'PostDelete'] as const)
    .filter((phase) => planFor(app, desired, deleteHooks, phase).stages.length > 0)
    .flatMap((phase) => [NAMES[phase].run, NAMES[phase].cleanup]);
  const present = app.metadata.finalizers ?? [];
  const own = present.filter((name) => DELETE_HOOK_FINALIZERS.includes(name));
  if (own.length === wanted.length && wanted.every((name) => own.includes(name))) return false;
  const others = present.filter((name) => !DELETE_HOOK_FINALIZERS.includes(name));
  await writeFinalizers(deps, app, [...others, ...wanted]);
  return true;
}

/** Carries the hooks of a phase on as far as they go without waiting. */
export async function runDeleteHooks(
  deps: ApplicationDeps,
  app: Application,
  cluster: LiveCluster,
  phase: DeletePhase,
  memory: ApplicationMemory,
  signal: AbortSignal,
): Promise<DeleteHooksResult> {
  const names = NAMES[phase];
  const present = (deps.current(app) ?? app).metadata.finalizers ?? [];
  if (!present.includes(names.run) && !present.includes(names.cleanup)) return { kind: 'done' };
  const known = memory.deletion.get(phase);
  let hooks: DeletionHooks;
  try {
    hooks = known ?? (await begin(deps, app, cluster, phase, memory, signal));
  } catch (error) {
    signal.throwIfAborted();
    return waiting(`the ${phase} hooks could not be rendered: ${messageOf(error)}`, RETRY.maxMs / 10);
  }
  memory.deletion.set(phase, hooks);
  if (present.includes(names.run)) {
    const result = await advance(deps, app, cluster, hooks, signal, () =>
      dropFinalizer(deps, app, names.run),
    );
    if (result !== undefined) return result;
  } else {
    await perform(performDeps(deps, app, cluster, hooks, signal), cleanUp(hooks.state.plan));
  }
  await dropFinalizer(deps, app, names.run);
  await dropFinalizer(deps, app, names.cleanup);
  memory.deletion.delete(phase);
  return { kind: 'done' };
}

async function begin(
  deps: ApplicationDeps,
  app: Application,
  cluster: LiveCluster,
  phase: DeletePhase,
  memory: ApplicationMemory,
  signal: AbortSignal,
): Promise<DeletionHooks> {
  const desired = memory.desired ?? (await lastSynced(deps, app, cluster, memory, signal));
  const { deleteHooks } = splitHooks(desired.targets.map(({ object }) => object));
  const project = deps.project(app.spec.project);
  const refused = project === undefined ? [] : refusedTargets(desired, project, cluster);
  const plan = planFor(app, desired, deleteHooks, phase, { refused, settings: syncSettingsOf(deps, app) });
  const state = startSync(plan);
  const running: RunningOperation = {
    operation: { initiatedBy: { automated: true } },
    requested: false,
    startedAt: plan.startedAt,
    retryCount: 0,
    desired,
    state,
  };
  return { state, running, failures: 0 };
}

/** What was compared last: the deletion is about that, not about a newer commit. */
async function lastSynced(
  deps: ApplicationDeps,
  app: Application,
  cluster: LiveCluster,
  memory: ApplicationMemory,
  signal: AbortSignal,
): Promise<Desired> {
  const list = sourceListOf(app.spec);
  const revisions = revisionsIn(app.status?.sync);
  return await desiredState(deps, app, memory, { list, cluster, signal, revisions });
}

function planFor(
  app: Application,
  desired: Desired,
  hooks: Parameters<typeof planDeleteHooks>[0]['hooks'],
  phase: DeletePhase,
  more: Pick<Parameters<typeof planDeleteHooks>[0], 'refused' | 'settings'> = {},
): SyncPlan {
  const { syncOptions } = app.spec.syncPolicy ?? {};
  return planDeleteHooks({
    hooks,
    phase,
    deletedAt: Date.parse(app.metadata.deletionTimestamp ?? '') || 0,
    revision: revisionForNames(desired),
    ...(syncOptions === undefined ? {} : { syncOptions }),
    ...more,
  });
}

/** Undefined: they are through. */
async function advance(
  deps: ApplicationDeps,
  app: Application,
  cluster: LiveCluster,
  hooks: DeletionHooks,
  signal: AbortSignal,
  succeeded: () => Promise<void>,
): Promise<DeleteHooksResult | undefined> {
  const now = deps.clock.now();
  const performing = performDeps(deps, app, cluster, hooks, signal);
  if (hooks.retryAt !== undefined) {
    if (now < hooks.retryAt) return waiting(hooks.state.message, hooks.retryAt - now);
    await startOver(hooks, performing);
  }
  let next = step(hooks.state, { kind: hooks.state.at === 'starting' ? 'begin' : 'tick', now });
  for (;;) {
    hooks.state = next.state;
    const [effect] = next.effects;
    if (effect === undefined) break;
    if (effect.kind === 'wait') return waiting(next.state.message, effect.ms);
    // Once they go by their policies nobody can see any more that they succeeded.
    if (effect.kind === 'clean' && next.state.failure === undefined) await succeeded();
    next = step(next.state, await perform(performing, effect));
  }
  if (hooks.state.phase === 'Succeeded') return undefined;
  const waitMs = backoffMs(RETRY, hooks.failures);
  hooks.failures += 1;
  hooks.retryAt = deps.clock.now() + waitMs;
  const message = `${hooks.state.message}; the next attempt is at ${rfc3339(hooks.retryAt)}`;
  hooks.state = { ...hooks.state, message };
  return waiting(message, waitMs);
}

/** Hooks that failed go, those that succeeded are found and not run again. */
async function startOver(hooks: DeletionHooks, performing: PerformDeps): Promise<void> {
  const { plan, outcomes } = hooks.state;
  const tasks = plan.stages
    .flatMap((stage) => stage.groups.flat())
    .filter(({ id }) => outcomes.has(id) && outcomes.get(id)?.phase !== 'Succeeded');
  if (tasks.length > 0) await perform(performing, { kind: 'stopHooks', plan, tasks });
  hooks.state = startSync(plan);
  delete hooks.retryAt;
}

/** What the policies of hooks that succeeded say, after a restart between their success and their clean-up. */
function cleanUp(plan: SyncPlan): SyncEffect {
  const tasks = plan.stages.flatMap((stage) => stage.groups.flat());
  const remove = new Set(
    tasks.filter(({ hook }) => hook?.deletePolicies.includes('HookSucceeded') === true).map(({ id }) => id),
  );
  return { kind: 'clean', plan, tasks, remove };
}

async function dropFinalizer(deps: ApplicationDeps, app: Application, name: string): Promise<void> {
  const current = deps.current(app) ?? app;
  const present = current.metadata.finalizers ?? [];
  if (!present.includes(name)) return;
  await writeFinalizers(
    deps,
    current,
    present.filter((other) => other !== name),
  );
}

function performDeps(
  deps: ApplicationDeps,
  app: Application,
  cluster: LiveCluster,
  { running }: DeletionHooks,
  signal: AbortSignal,
): PerformDeps {
  return {
    // What the project forbids is not made any more; what is there goes away all the same.
    cluster: { ...writeTarget(deps, app, cluster), delete: identityTarget(deps, app, cluster).delete },
    clock: deps.clock,
    assessHealth: (object) => deps.health.assess(object, app),
    async facts(request, live) {
      const situation = {
        app,
        cluster,
        desired: running.desired,
        stable: true,
        mass: running.state.plan.mass,
        automated: false,
        approved: true,
      };
      const { ownership, ...facts } = deleteFacts(deps, situation, request, live);
      // It is this very deletion that they belong to.
      return { ...facts, ownership: { ...ownership, deletingElsewhere: false } };
    },
    journal: syncJournal(deps, app, running),
    approvedAt: async () => undefined,
    signal,
  };
}

function waiting(message: string, requeueMs: number): DeleteHooksResult {
  return { kind: 'waiting', message, requeueMs };
}
