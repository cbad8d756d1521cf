// The words of a sync: tasks, stages, plan, and what became of each task.
import type { KubeObject, ResourceKey } from '../k8s/index.ts';
import type { ResourceResult } from '../model/index.ts';
import type { OperationOptions, TaskOptions } from './options.ts';

export type SyncPhase = 'PreSync' | 'Sync' | 'PostSync' | 'SyncFail';
/** Phases of the deletion of an application; its objects go between them. */
export type DeletePhase = 'PreDelete' | 'PostDelete';
export type TaskPhase = SyncPhase | DeletePhase;
export const PHASES: readonly TaskPhase[] = [
  'PreSync',
  'Sync',
  'PostSync',
  'SyncFail',
  'PreDelete',
  'PostDelete',
];

export type OperationPhase = 'Running' | 'Terminating' | 'Succeeded' | 'Failed' | 'Error';

export type HookDeletePolicy = 'HookSucceeded' | 'HookFailed' | 'BeforeHookCreation';

/** What a task that is a hook knows of itself. */
export interface HookFacts {
  readonly type: TaskPhase;
  /** Never empty: BeforeHookCreation when nothing valid is given. */
  readonly deletePolicies: readonly HookDeletePolicy[];
  /** `fairlead.dev/hook-timeout` of the hook, milliseconds; absent: that of the settings. */
  readonly deadlineMs?: number;
}

/** One object in one phase. */
export interface SyncTask {
  /** Unique in the plan and the same after a restart: phase, group, kind, namespace, name. */
  readonly id: string;
  readonly action: 'apply' | 'hook' | 'prune';
  readonly key: ResourceKey;
  readonly apiVersion: string;
  readonly phase: TaskPhase;
  readonly wave: number;
  /** Absent for prunes. */
  readonly desired?: KubeObject;
  readonly live?: KubeObject;
  /** In sync already: nothing is sent for it. */
  readonly unchanged: boolean;
  readonly options: TaskOptions;
  readonly hook?: HookFacts;
  /** The delete waits for a person. */
  readonly needsApproval: boolean;
}

/** Everything of one phase and wave. Prunes come first, then groups of one kind each, in order. */
export interface Stage {
  readonly phase: TaskPhase;
  readonly wave: number;
  readonly prunes: readonly SyncTask[];
  readonly groups: readonly (readonly SyncTask[])[];
}

export interface SyncSettings {
  /** Pause after a wave that changed something, so that controllers can report (Argo CD's 2 s). */
  readonly waveDelayMs: number;
  /** Longest wait for the health and deletions of one wave. */
  readonly waveDeadlineMs: number;
  /** Longest wait for one hook. */
  readonly hookDeadlineMs: number;
  /** Longest time one attempt takes, waits for approval not counted. */
  readonly operationDeadlineMs: number;
  /** Longest wait for somebody's approval of deletions. */
  readonly approvalDeadlineMs: number;
  /** Between two looks at what a wave waits for. */
  readonly pollMs: number;
}

export const DEFAULT_SETTINGS: SyncSettings = {
  waveDelayMs: 2_000,
  waveDeadlineMs: 600_000,
  hookDeadlineMs: 1_800_000,
  operationDeadlineMs: 2 * 3_600_000,
  approvalDeadlineMs: 24 * 3_600_000,
  pollMs: 2_000,
};

export interface SyncPlan {
  /** Marks this attempt of this operation on the hooks it creates: start and retry count. */
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly dryRun: boolean;
  readonly automated: boolean;
  readonly stages: readonly Stage[];
  /** The SyncFail phase. */
  readonly failStages: readonly Stage[];
  /** Why nothing may be done at all; empty when the plan is sound. */
  readonly invalid: readonly string[];
  /** Results known beforehand: what is not pruned, and why. */
  readonly skipped: readonly ResourceResult[];
  /** True when more than one wave or a hook is involved: everything is dry-run first and waves wait for health. */
  readonly multiStep: boolean;
  /** Deletions against the application's size, and whether they exceed what happens without a word. */
  readonly mass: { readonly deletions: number; readonly total: number; readonly limit: number };
  readonly options: OperationOptions;
  readonly settings: SyncSettings;
}

/** What became of a task. */
export interface TaskOutcome {
  readonly id: string;
  readonly status: 'Synced' | 'SyncFailed' | 'Pruned' | 'PruneSkipped';
  /** Running: applied, and its health, completion or disappearance is awaited. */
  readonly phase: OperationPhase;
  readonly message: string;
  /** True when the cluster's object changed. */
  readonly changed: boolean;
  /** The object as the server answered, for the controller's cache. Not part of the recorded result. */
  readonly live?: KubeObject;
}

export function isFailed(outcome: TaskOutcome): boolean {
  return outcome.phase === 'Failed' || outcome.phase === 'Error';
}

/** `deployment.apps/web`, as kubectl writes it. */
export function resourceText(task: SyncTask): string {
  const group = task.key.group === '' ? '' : `.${task.key.group}`;
  return `${task.key.kind.toLowerCase()}${group}/${task.key.name}`;
}
