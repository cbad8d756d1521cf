// The kinds the server knows: their schemas, what is filled in, what is refused. Pure, except that upstream
// documents are read from ../data when first needed.
export {
  builtinKinds,
  openApiV3,
} from './builtin.ts';
export { validateRules } from './cel.ts';
export {
  type CustomKind,
  type CustomVersion,
  type ParsedCrd,
  type PrinterColumn,
  parseCrd,
  type ScalePaths,
} from './crd.ts';
export { customOpenApiV3, openApiV2With } from './crd-openapi.ts';
export { builtinDecodeError } from './decode.ts';
export { applyBuiltinDefaults } from './defaults/index.ts';
export type { FieldError, FieldErrorReason, InvalidObject } from './field-error.ts';
export type { NameRule } from './names.ts';
export { prune } from './prune.ts';
export type { Quantity } from './quantity.ts';
export { applySchemaDefaults } from './structural-defaults.ts';
export type { BuiltinKind, BuiltinSubresource, Schema, SchemaType, ValidationRule } from './types.ts';
export { validate } from './validate.ts';
export { type BuiltinValidation, validateBuiltin, validateCustomMetadata } from './validation/index.ts';
