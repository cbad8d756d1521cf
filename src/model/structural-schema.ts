// Turns a zod model into the structural OpenAPI v3 schema a CustomResourceDefinition needs. Knows the marks models
// carry in `.meta()`: intOrString, preserveUnknown, mapType, format.
import { z } from 'zod';

/** apiextensions.k8s.io/v1 JSONSchemaProps, the members models use. */
export interface StructuralSchema {
  type?: string;
  format?: string;
  description?: string;
  enum?: unknown[];
  maxLength?: number;
  minLength?: number;
  pattern?: string;
  minimum?: number;
  maximum?: number;
  default?: unknown;
  required?: string[];
  items?: StructuralSchema;
  properties?: Record<string, StructuralSchema>;
  additionalProperties?: StructuralSchema;
  'x-kubernetes-int-or-string'?: true;
  'x-kubernetes-preserve-unknown-fields'?: true;
  'x-kubernetes-map-type'?: string;
}

/** What `z.toJSONSchema` prints, with the marks of `.meta()` beside the keywords. */
interface Printed extends Omit<StructuralSchema, 'items' | 'properties' | 'additionalProperties'> {
  items?: Printed;
  properties?: Record<string, Printed>;
  additionalProperties?: Printed | boolean;
  anyOf?: Printed[];
  intOrString?: boolean;
  preserveUnknown?: boolean;
  mapType?: string;
}

/**
 * The structural schema of `model`. Throws when a model uses something CRDs cannot say, such as a union that is not
 * marked `intOrString`: that is a mistake in the model.
 */
export function structuralSchema(model: z.ZodType): StructuralSchema {
  return convert(z.toJSONSchema(model, { io: 'input', unrepresentable: 'any' }) as Printed, '$');
}

const KEPT = ['format', 'description', 'enum', 'maxLength', 'minLength', 'pattern', 'default'] as const;

function convert(printed: Printed, path: string): StructuralSchema {
  if (printed.intOrString) return { 'x-kubernetes-int-or-string': true };
  if (printed.preserveUnknown) {
    const open = { 'x-kubernetes-preserve-unknown-fields': true } as const;
    return printed.type === undefined ? open : { type: printed.type, ...open };
  }
  if (printed.anyOf !== undefined || printed.type === undefined) {
    throw new Error(`${path} has no single type; mark it intOrString or preserveUnknown`);
  }
  const schema: StructuralSchema = { type: printed.type };
  for (const key of KEPT) if (printed[key] !== undefined) Object.assign(schema, { [key]: printed[key] });
  // zod bounds every integer by what JavaScript can count exactly; a bound somebody wrote is another number.
  if (Number.isSafeInteger(printed.minimum) && printed.minimum !== Number.MIN_SAFE_INTEGER) {
    schema.minimum = printed.minimum ?? 0;
  }
  if (Number.isSafeInteger(printed.maximum) && printed.maximum !== Number.MAX_SAFE_INTEGER) {
    schema.maximum = printed.maximum ?? 0;
  }
  if (printed.mapType !== undefined) schema['x-kubernetes-map-type'] = printed.mapType;
  if (printed.items !== undefined) schema.items = convert(printed.items, `${path}[]`);
  convertMembers(printed, schema, path);
  return schema;
}

function convertMembers(printed: Printed, schema: StructuralSchema, path: string): void {
  if (printed.properties !== undefined) {
    const members = Object.entries(printed.properties);
    schema.properties = Object.fromEntries(
      members.map(([key, member]) => [key, convert(member, `${path}.${key}`)]),
    );
  } else if (typeof printed.additionalProperties === 'object') {
    schema.additionalProperties = convert(printed.additionalProperties, `${path}.*`);
  }
  if (printed.required !== undefined && printed.required.length > 0) schema.required = printed.required;
}
