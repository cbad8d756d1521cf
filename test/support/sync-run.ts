// Runs a sync to its end against any target cluster, as the controller does, with facts that allow every delete.

import { compareObject, prepareTarget } from '../../src/diff/index.ts';
import { gvkOf, type KubeObject, keyOf } from '../../src/k8s/index.ts';
import { systemClock } from '../../src/lib/index.ts';
import type { Change, Health } from '../../src/model/index.ts';
import {
  type CallerDeleteFacts,
  type PerformDeps,
  type PlanInput,
  perform,
  planSync,
  type SyncEvent,
  type SyncIntent,
  type SyncPlan,
  type SyncState,
  splitHooks,
  startSync,
  step,
} from '../../src/sync/index.ts';
import type { TestTarget } from './target.ts';

export const ALLOWING: CallerDeleteFacts = {
  render: { complete: true, stable: true },
  discovery: { complete: true, scopeKnown: true },
  list: { complete: true, ageMs: 0 },
  instance: 'app',
  desiredBy: [],
  protection: {},
  ownership: { epochCurrent: true, deletingElsewhere: false, windowOpen: true },
  inputsComplete: true,
  deletesDisabled: false,
};

export interface SyncRun {
  readonly target: TestTarget;
  assessHealth?(object: KubeObject): Health | undefined;
  readonly facts?: Partial<CallerDeleteFacts>;
  approvedAt?(): number | undefined;
  /** Called before each effect; an event ends or bends the run. */
  intervene?(state: SyncState): Promise<SyncEvent | undefined>;
  readonly intents?: SyncIntent[];
}

export function syncDeps(run: SyncRun): PerformDeps {
  return {
    cluster: run.target.cluster,
    clock: systemClock,
    assessHealth: run.assessHealth ?? (() => undefined),
    facts: async () => ({ ...ALLOWING, ...run.facts }),
    journal: {
      before: async (intent) => {
        run.intents?.push(intent);
      },
      after: async () => {},
    },
    approvedAt: async () => run.approvedAt?.(),
  };
}

export async function runSync(run: SyncRun, plan: SyncPlan, from = startSync(plan)): Promise<SyncState> {
  const deps = syncDeps(run);
  let next = step(from, { kind: 'begin', now: systemClock.now() });
  for (let turns = 0; turns < 1_000 && next.effects.length > 0; turns += 1) {
    const [effect] = next.effects;
    if (effect === undefined) break;
    const event = (await run.intervene?.(next.state)) ?? (await perform(deps, effect));
    next = step(next.state, event);
  }
  return next.state;
}

/** Compares the manifests with what is live and plans their sync. `extras` are live and not desired. */
export async function planFor(
  target: TestTarget,
  objects: readonly KubeObject[],
  more: Partial<PlanInput> & { readonly extras?: readonly KubeObject[]; readonly namespace?: string } = {},
): Promise<SyncPlan> {
  const { extras = [], namespace = 'default', ...input } = more;
  const { targets } = prepareTarget(
    objects.map((object) => ({ object, origin: { sourceIndex: 0 } })),
    {
      instance: 'app',
      destinationNamespace: namespace,
      scopeOf: ({ kind }) =>
        /^(Namespace|Cluster.*|CustomResource.*)$/.test(kind) ? 'Cluster' : 'Namespaced',
    },
  );
  const { resources, hooks } = splitHooks(targets.map(({ object }) => object));
  const changes: Change[] = [];
  for (const desired of resources) changes.push(await changeOf(target, desired));
  for (const live of extras) changes.push({ key: keyOf(live), kind: 'extra', live, fields: [] });
  return planSync({
    changes,
    hooks,
    operation: {},
    startedAt: systemClock.now(),
    automated: false,
    revision: '0123456789abcdef',
    destinationNamespace: namespace,
    settings: { waveDelayMs: 0, pollMs: 20, waveDeadlineMs: 5_000, approvalDeadlineMs: 1_000 },
    ...input,
  });
}

async function changeOf(target: TestTarget, desired: KubeObject): Promise<Change> {
  const key = keyOf(desired);
  const type = await target.typeOf(gvkOf(desired)).catch(() => undefined);
  const { name = '', namespace } = desired.metadata;
  const live = type === undefined ? undefined : await target.client.find(type, { name, namespace });
  if (live === undefined) return { key, kind: 'missing', desired, fields: [] };
  const result = compareObject({ desired, live, manager: 'argocd-controller' });
  return { key, kind: result.kind === 'synced' ? 'synced' : 'modified', desired, live, fields: [] };
}
