// The kinds the server knows: their schemas, what is filled in, what is refused. Pure, except that upstream
// documents are read from ../data when first needed.
export {
  builtinDefinition,
  builtinKind,
  builtinKinds,
  objectMetaSchema,
  openApiV2,
  openApiV3,
  openApiV3GroupVersions,
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
export { customOpenApiV2, customOpenApiV3, openApiName, openApiV2With } from './crd-openapi.ts';
export { builtinDecodeError } from './decode.ts';
export { applyBuiltinDefaults } from './defaults/index.ts';
export { type FieldError, type FieldErrorReason, type InvalidObject, invalidError } from './field-error.ts';
export { type NameRule, nameProblems } from './names.ts';
export { prune } from './prune.ts';
export {
  canonicalQuantity,
  compareQuantities,
  parseQuantity,
  type Quantity,
  quantityText,
} from './quantity.ts';
export { applySchemaDefaults } from './structural-defaults.ts';
export type { BuiltinKind, BuiltinSubresource, Schema, SchemaType, ValidationRule } from './types.ts';
export { validate } from './validate.ts';
export { type BuiltinValidation, validateBuiltin, validateCustomMetadata } from './validation/index.ts';
