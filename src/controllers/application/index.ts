// Door of the application controller.
export { applicationType } from './application-type.ts';
export { ApplicationController, type ControllerOptions, keyOfApplication } from './controller.ts';
export type { ApplicationDeps } from './deps.ts';
export type { Comparison, Desired, Facts, Judged } from './facts.ts';
export { type Leadership, onlyLeader } from './leadership.ts';
export { type ApplicationMemory, Memories, type RefreshLevel } from './memory.ts';
export { admissionFindings, compareDesired, desiredState } from './observe.ts';
export { decideNext } from './reconcile.ts';
export { sourceListOf } from './sources.ts';
export { writeOperationState } from './write.ts';
