// Door of actions: what a person can do to one object beyond what Git says.
export type { ActionInfo, ActionParameter, ImpactedResource } from './action.ts';
export { type ActionCatalog, type ActionCatalogDeps, createActionCatalog } from './catalog.ts';
export { ActionError, type ActionErrorCode } from './errors.ts';
export { type ActionTarget, type ObjectPatch, performPatch, performWrites } from './perform.ts';
export { type ActionWrite, writesOf } from './writes.ts';
