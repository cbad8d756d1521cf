// Door of diff: desired state against live state by field ownership. Pure.
export { type CompareEngine, type Comparison, type ComparisonInput, compareObject } from './compare.ts';
export { type Confirmation, confirmChange } from './confirm.ts';
export { DiffError, type DiffErrorCode } from './errors.ts';
export {
  compileIgnoreRules,
  hasIgnoreRules,
  type IgnoredStatus,
  type IgnoreOptions,
  type IgnoreRules,
  prepareIgnored,
  respectIgnored,
  stripIgnored,
} from './ignore.ts';
export { compileJqPath, JqSyntaxError, type JsonPath, type PathExpression } from './jq-path.ts';
export { type KnownTypeRule, knownType } from './known-types.ts';
export { projectionDigest } from './projection.ts';
export { maskAnnotationChange, maskSecrets } from './secrets.ts';
export {
  isSelfReferenced,
  type PreparedTargets,
  parseTrackingId,
  prepareTarget,
  type Scope,
  type Target,
  type TargetOptions,
  type TrackingId,
} from './target.ts';
