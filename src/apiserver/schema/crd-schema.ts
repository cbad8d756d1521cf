// Turns the openAPIV3Schema of a CustomResourceDefinition into a Schema, and checks that it is structural.
import { isRecord } from '../../lib/index.ts';
import { objectMetaSchema } from './builtin.ts';
import { celProblem } from './cel.ts';
import { EXTENSIONS } from './definitions.ts';
import { type FieldError, forbidden, invalid, required, unsupported } from './field-error.ts';
import type { Schema } from './types.ts';

const TYPES = ['array', 'boolean', 'integer', 'number', 'object', 'string'];
const MAX_DEPTH = 100;
/** Keywords that are copied as they are. */
const PLAIN = new Set(
  (
    'type format nullable default enum pattern minLength maxLength minimum maximum exclusiveMinimum exclusiveMaximum ' +
    'multipleOf minItems maxItems uniqueItems minProperties maxProperties required'
  ).split(' '),
);

const TEXT: Schema = { type: 'string' };

/** The schema of a custom resource: the author's with apiVersion, kind and metadata as every object has them. */
export function rootSchema(source: Readonly<Record<string, unknown>>, preserveUnknown: boolean): Schema {
  const schema = convert(source);
  const metadata: Schema = objectMetaSchema();
  const own = schema.properties?.['metadata'];
  const { default: _, ...root } = schema;
  return {
    ...root,
    ...(preserveUnknown ? { preserveUnknownFields: true } : {}),
    properties: {
      ...schema.properties,
      apiVersion: TEXT,
      kind: TEXT,
      metadata: own?.properties === undefined ? metadata : { ...metadata, allOf: [own] },
    },
  };
}

function convert(source: Readonly<Record<string, unknown>>): Schema {
  const schema: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(source)) {
    if (PLAIN.has(key)) schema[key] = value;
    else if (EXTENSIONS[key] !== undefined) schema[EXTENSIONS[key]] = value;
    else if (key === 'properties' && isRecord(value)) {
      schema[key] = Object.fromEntries(Object.entries(value).map(([name, at]) => [name, convertAny(at)]));
    } else if (key === 'items' || key === 'not') schema[key] = convertAny(value);
    else if (key === 'additionalProperties') schema[key] = isRecord(value) ? convert(value) : value === true;
    else if (['allOf', 'anyOf', 'oneOf'].includes(key) && Array.isArray(value))
      schema[key] = value.map(convertAny);
  }
  // int-or-string may be spelled out as alternatives of types, which say nothing more.
  if (schema['intOrString'] === true) delete schema['anyOf'];
  if (schema['embeddedResource'] === true) {
    const { properties } = schema;
    schema['properties'] = {
      ...(isRecord(properties) ? properties : {}),
      apiVersion: TEXT,
      kind: TEXT,
      metadata: objectMetaSchema(),
    };
  }
  return schema;
}

function convertAny(value: unknown): Schema {
  return isRecord(value) ? convert(value) : {};
}

/** Mistakes of a schema as its CustomResourceDefinition is checked. */
export function structuralErrors(source: unknown, path: string): FieldError[] {
  const errors: FieldError[] = [];
  if (!isRecord(source)) return [required(path)];
  if (source['type'] === undefined) errors.push(required(`${path}.type`, 'must not be empty at the root'));
  else if (source['type'] !== 'object')
    errors.push(invalid(`${path}.type`, source['type'], 'must be object at the root'));
  checkNode(source, path, errors, 0);
  return errors;
}

function checkNode(
  source: Readonly<Record<string, unknown>>,
  path: string,
  errors: FieldError[],
  depth: number,
): void {
  if (depth > MAX_DEPTH) {
    errors.push(forbidden(path, 'the schema is nested too deeply'));
    return;
  }
  checkKeywords(source, path, errors, depth);
  const { properties, items, additionalProperties } = source;
  if (isRecord(properties)) {
    if (additionalProperties !== undefined && additionalProperties !== false) {
      errors.push(
        forbidden(`${path}.additionalProperties`, 'additionalProperties and properties are mutual exclusive'),
      );
    }
    for (const [name, member] of Object.entries(properties))
      checkMember(member, `${path}.properties[${name}]`, errors, depth);
  }
  if (isRecord(additionalProperties))
    checkMember(additionalProperties, `${path}.additionalProperties`, errors, depth);
  if (source['type'] === 'array' && items === undefined)
    errors.push(required(`${path}.items`, 'must be specified'));
  if (items !== undefined) checkMember(items, `${path}.items`, errors, depth);
}

function checkMember(member: unknown, path: string, errors: FieldError[], depth: number): void {
  if (!isRecord(member)) return;
  const free =
    member['x-kubernetes-int-or-string'] === true || member['x-kubernetes-preserve-unknown-fields'] === true;
  if (member['type'] === undefined && !free) {
    const place = path.endsWith('.items') ? 'specified array items' : 'specified object fields';
    errors.push(required(`${path}.type`, `must not be empty for ${place}`));
  }
  checkNode(member, path, errors, depth + 1);
}

function checkKeywords(
  source: Readonly<Record<string, unknown>>,
  path: string,
  errors: FieldError[],
  depth: number,
): void {
  const type = source['type'];
  if (type !== undefined && !TYPES.includes(String(type)))
    errors.push(unsupported(`${path}.type`, type, TYPES));
  if (source['uniqueItems'] === true) {
    errors.push(
      forbidden(
        `${path}.uniqueItems`,
        'uniqueItems cannot be set to true since the runtime complexity becomes quadratic',
      ),
    );
  }
  if (source['$ref'] !== undefined) errors.push(forbidden(`${path}.$ref`, '$ref is not supported'));
  if (depth === 0 && source['x-kubernetes-embedded-resource'] === true) {
    errors.push(forbidden(`${path}.x-kubernetes-embedded-resource`, 'must not be used at the root'));
  }
  checkListType(source, path, errors);
  const rules = source['x-kubernetes-validations'];
  if (!Array.isArray(rules)) return;
  for (const [i, rule] of rules.entries()) {
    const text: unknown = isRecord(rule) ? rule['rule'] : undefined;
    const at = `${path}.x-kubernetes-validations[${i}].rule`;
    if (typeof text !== 'string' || text.trim() === '') errors.push(required(at, 'rule is not specified'));
    else {
      const problem = celProblem(text);
      if (problem !== undefined) errors.push(invalid(at, text, `compilation failed: ${problem}`));
    }
  }
}

function checkListType(source: Readonly<Record<string, unknown>>, path: string, errors: FieldError[]): void {
  const listType = source['x-kubernetes-list-type'];
  const keys = source['x-kubernetes-list-map-keys'];
  if (listType === undefined) {
    if (keys !== undefined) {
      const detail = 'must be map if x-kubernetes-list-map-keys is non-empty';
      errors.push(required(`${path}.x-kubernetes-list-type`, detail));
    }
    return;
  }
  if (source['type'] !== 'array') {
    errors.push(
      invalid(`${path}.type`, source['type'] ?? '', 'must be array if x-kubernetes-list-type is specified'),
    );
  }
  if (!['atomic', 'set', 'map'].includes(String(listType))) {
    errors.push(unsupported(`${path}.x-kubernetes-list-type`, listType, ['atomic', 'set', 'map']));
  }
  if (listType !== 'map') return;
  if (!Array.isArray(keys) || keys.length === 0) {
    errors.push(
      required(`${path}.x-kubernetes-list-map-keys`, 'must not be empty if x-kubernetes-list-type is map'),
    );
    return;
  }
  const items = isRecord(source['items']) ? source['items'] : {};
  const properties = isRecord(items['properties']) ? items['properties'] : {};
  const mandatory = Array.isArray(items['required']) ? items['required'] : [];
  for (const key of keys) {
    const member = properties[String(key)];
    const at = `${path}.items.properties[${String(key)}].default`;
    if (member === undefined) {
      const detail = 'entries must all be names of item properties';
      errors.push(invalid(`${path}.x-kubernetes-list-map-keys`, keys, detail));
    } else if (!mandatory.includes(key) && !(isRecord(member) && member['default'] !== undefined)) {
      const detail =
        'this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property';
      errors.push(required(at, detail));
    }
  }
}
