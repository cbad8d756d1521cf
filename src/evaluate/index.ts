// Door of evaluate: runs programs that users wrote, Lua and CEL, where they can harm nobody.
export { EvaluateError, type EvaluateErrorCode } from './errors.ts';
export {
  type CelProgram,
  createEvaluator,
  type Evaluator,
  type EvaluatorDeps,
  type JqProgram,
  type LuaProgram,
} from './evaluator.ts';
export { type Override, type Overrides, readOverrides } from './overrides.ts';
