// Door of sync: plans a sync, runs it as a state machine, and is the only writer to target clusters.
export {
  type CallerDeleteFacts,
  type DeleteDecision,
  type DeleteFacts,
  type DeleteOutcome,
  type DeletePurpose,
  type DeleteRequest,
  type DeleteSubject,
  decideDelete,
  type GuardDeps,
  guardedDelete,
  type HoldCode,
} from './delete-guard.ts';
export { type HookType, hookProblems, hookTypes, isHook, type SplitTargets, splitHooks } from './hooks.ts';
export { restoreSync, startSync, step, syncResults } from './machine.ts';
export {
  type OperationOptions,
  objectOptions,
  operationOptions,
  optionProblems,
  parseOptions,
  type TaskOptions,
  taskOptions,
} from './options.ts';
export { type PerformDeps, perform, type SyncIntent, type SyncJournal } from './perform.ts';
export { type DeleteHooksInput, type PlanInput, planDeleteHooks, planSync } from './plan.ts';
export type { DeleteChoice, ObjectName, TargetCluster, WriteChoice } from './port.ts';
export { isProtected, massLimit } from './prune.ts';
export { type NextRetry, nextRetry } from './retry.ts';
export type {
  Clearance,
  Observation,
  Step,
  SyncEffect,
  SyncEvent,
  SyncPosition,
  SyncState,
} from './state.ts';
export { type TypeResolver, targetCluster } from './target-cluster.ts';
export type {
  DeletePhase,
  OperationPhase,
  Stage,
  SyncPhase,
  SyncPlan,
  SyncSettings,
  SyncTask,
  TaskOutcome,
} from './task.ts';
export { syncWaveOf } from './waves.ts';
