// Door of the application controller.
export { applicationType } from './application-type.ts';
export { ApplicationController, type ControllerOptions, keyOfApplication } from './controller.ts';
export { Dependencies } from './dependencies.ts';
export type { ApplicationDeps } from './deps.ts';
export { engineNamed } from './engine.ts';
export type { Comparison, Desired, Facts, Judged } from './facts.ts';
export { asAccount } from './identity.ts';
export { IgnoreRuleBook } from './ignore-rules.ts';
export { type Leadership, onlyLeader } from './leadership.ts';
export { localDesired } from './local-manifests.ts';
export { type ApplicationMemory, Memories, type RefreshLevel } from './memory.ts';
export { admissionFindings, compareDesired, desiredState } from './observe.ts';
export { orphansOf } from './orphans.ts';
export { decideNext } from './reconcile.ts';
export { listActions, prepareAction } from './resource-actions.ts';
export { prepareDeletion, preparePatch } from './resource-writes.ts';
export { applicationObject } from './sync-journal.ts';
export { writeOperationState } from './write.ts';
