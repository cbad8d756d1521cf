// Door of evaluate: programs that users wrote. Lua and CEL run in a thread that can be ended; expr and Go templates
// are total and bounded.
export { EvaluateError, type EvaluateErrorCode } from './errors.ts';
export {
  type CelProgram,
  createEvaluator,
  type Evaluator,
  type EvaluatorDeps,
  type JqProgram,
  type LuaProgram,
} from './evaluator.ts';
export { compileExpr, type ExprProgram, type ExprValues } from './expr.ts';
export { plainText } from './expr-builtins.ts';
export { compileGoTemplate, type GoTemplate, type GoTemplateOptions } from './go-template.ts';
export { GoDuration, GoTime, goTimeMembers } from './go-time.ts';
export { LanguageError, type LanguageErrorCode } from './language-error.ts';
export { type Override, type Overrides, readOverrides } from './overrides.ts';
export { regexTest } from './regex.ts';
