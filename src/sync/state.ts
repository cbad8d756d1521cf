// The state of a running sync, what can happen to it and what it asks for. Types only.
import type { KubeObject } from '../k8s/index.ts';
import type { Health, ResourceResult } from '../model/index.ts';
import type { OperationPhase, SyncPlan, SyncTask, TaskOutcome } from './task.ts';

export type SyncPosition =
  | 'starting'
  | 'preparing'
  | 'validating'
  | 'confirming'
  | 'pruning'
  | 'clearing'
  | 'applying'
  | 'waiting'
  | 'cleaning'
  | 'terminating'
  | 'done';

export interface SyncState {
  readonly plan: SyncPlan;
  readonly at: SyncPosition;
  /** `fail` once the SyncFail hooks run. */
  readonly track: 'main' | 'fail';
  /** Index into the track's stages, and into the stage's groups. */
  readonly stage: number;
  readonly group: number;
  /** What became of each task so far, by task id. */
  readonly outcomes: ReadonlyMap<string, TaskOutcome>;
  /** When the present wait began and when it ends in failure, milliseconds since the epoch. */
  readonly since?: number;
  readonly deadline?: number;
  /** Nothing is judged before: what was changed a moment ago has not been reported on. */
  readonly notBefore?: number;
  /** Waited for approvals so far, milliseconds: people's time is not the operation's. */
  readonly pausedMs?: number;
  /** Why the operation fails, once it does. */
  readonly failure?: string;
  readonly phase: OperationPhase;
  /** One sentence: what is done, awaited or wrong. */
  readonly message: string;
  /** Results of objects that are not in the plan any more, from before a restart. */
  readonly earlier: readonly ResourceResult[];
}

export type SyncEffect =
  /** Apply these for real, in parallel. */
  | { readonly kind: 'apply'; readonly plan: SyncPlan; readonly tasks: readonly SyncTask[] }
  /** Ask the server what applying and pruning these would give. */
  | { readonly kind: 'validate'; readonly plan: SyncPlan; readonly tasks: readonly SyncTask[] }
  | { readonly kind: 'askApproval'; readonly plan: SyncPlan; readonly tasks: readonly SyncTask[] }
  | { readonly kind: 'prune'; readonly plan: SyncPlan; readonly tasks: readonly SyncTask[] }
  /** Make room for hooks: find our own, delete older ones. */
  | { readonly kind: 'clear'; readonly plan: SyncPlan; readonly tasks: readonly SyncTask[] }
  | { readonly kind: 'observe'; readonly plan: SyncPlan; readonly tasks: readonly SyncTask[] }
  /** Take the finalizer off finished hooks, delete those in `remove`. */
  | {
      readonly kind: 'clean';
      readonly plan: SyncPlan;
      readonly tasks: readonly SyncTask[];
      readonly remove: ReadonlySet<string>;
    }
  /** Delete running hooks. */
  | { readonly kind: 'stopHooks'; readonly plan: SyncPlan; readonly tasks: readonly SyncTask[] }
  /** Nothing to do before `ms` have passed or something of `tasks` changed. */
  | {
      readonly kind: 'wait';
      readonly ms: number;
      readonly reason: string;
      readonly tasks: readonly SyncTask[];
    };

/** What a look at one awaited object showed. */
export interface Observation {
  readonly id: string;
  readonly live?: KubeObject;
  /** Absent: there is no opinion about this kind, or no object. */
  readonly health?: Health;
}

export interface Clearance {
  readonly id: string;
  /** `mine`: this attempt created it already. `deleting`: an older one is on its way out. */
  readonly status: 'clear' | 'mine' | 'deleting' | 'failed';
  readonly message?: string;
}

export type SyncEvent = { readonly now: number } & (
  | { readonly kind: 'begin' }
  | { readonly kind: 'applied'; readonly outcomes: readonly TaskOutcome[] }
  | { readonly kind: 'validated'; readonly outcomes: readonly TaskOutcome[] }
  | { readonly kind: 'approval'; readonly approved: boolean }
  | { readonly kind: 'pruned'; readonly outcomes: readonly TaskOutcome[] }
  | { readonly kind: 'cleared'; readonly clearances: readonly Clearance[] }
  | { readonly kind: 'observed'; readonly observations: readonly Observation[] }
  | { readonly kind: 'cleaned'; readonly problems: readonly string[] }
  | { readonly kind: 'stopped'; readonly problems: readonly string[] }
  | { readonly kind: 'tick' }
  | { readonly kind: 'terminate' }
);

export interface Step {
  readonly state: SyncState;
  readonly effects: readonly SyncEffect[];
}
