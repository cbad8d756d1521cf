// Changes to objects by patches and applies, and who owns which field. Pure: values in, values out.
export {
  type ApplyConflict,
  type ApplyOutcome,
  type ApplyRequest,
  applyConflictError,
  applyPatch,
} from './apply.ts';
export { applyJsonPatch } from './json-patch.ts';
export { type FieldContext, trackUpdate, type UpdateTracking } from './managed-fields.ts';
export { applyMergePatch } from './merge-patch.ts';
export { applyStrategicMerge } from './strategic-merge.ts';
