// The same document in the shape of Swagger 2.0, for clients and generators that ask for /swagger.json. Pure.
import { isRecord } from '../../lib/index.ts';
import type { Document, Operation } from './document.ts';

/** @returns a Swagger 2.0 document; what 2.0 cannot say (several types, constants) is said as widely as needed */
export function swaggerDocument({ info, paths, components }: Document): object {
  return {
    swagger: '2.0',
    info,
    consumes: ['application/json'],
    produces: ['application/json'],
    securityDefinitions: { bearer: { type: 'apiKey', in: 'header', name: 'Authorization' } },
    paths: mapped(paths, (operations) => mapped(operations, operationOf)),
    definitions: mapped(components.schemas, schemaOf),
  };
}

function mapped<T, R>(record: Readonly<Record<string, T>>, change: (value: T) => R): Record<string, R> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value)]));
}

function operationOf({ parameters, requestBody, responses, security, ...rest }: Operation): object {
  const body = requestBody?.content['application/json']?.schema;
  return {
    ...rest,
    security: security.length === 0 ? [] : [{ bearer: [] }],
    parameters: [
      ...parameters.map(({ schema, ...parameter }) => ({
        ...parameter,
        ...schema,
        ...(schema['type'] === 'array' ? { collectionFormat: 'multi' } : {}),
      })),
      ...(body === undefined ? [] : [{ name: 'body', in: 'body', required: true, schema: schemaOf(body) }]),
    ],
    responses: mapped(responses, ({ description, content }) => {
      const schema = content?.['application/json']?.schema;
      return { description, ...(schema === undefined ? {} : { schema: schemaOf(schema) }) };
    }),
  };
}

/** Words of JSON Schema that Swagger 2.0 does not have. */
const UNKNOWN = new Set([
  'propertyNames',
  'const',
  'anyOf',
  'exclusiveMinimum',
  'exclusiveMaximum',
  '$schema',
  'default',
]);

function schemaOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(schemaOf);
  if (!isRecord(value)) return value;
  const { anyOf, const: constant } = value;
  if (Array.isArray(anyOf)) {
    const given = anyOf.filter((option) => !(isRecord(option) && option['type'] === 'null'));
    const nullable = given.length < anyOf.length ? { 'x-nullable': true } : {};
    const [only] = given;
    if (given.length !== 1 || !isRecord(only)) return nullable;
    const schema = schemaOf(only) as object;
    // Beside a reference nothing counts.
    return '$ref' in schema ? schema : { ...schema, ...nullable };
  }
  if (constant !== undefined) return { type: typeof constant, enum: [constant] };
  if (value['type'] === 'null') return {};
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name, inner]) => !UNKNOWN.has(name) || isRecord(inner))
      .filter(([name]) => name !== 'propertyNames')
      .map(([name, inner]) => [
        name,
        name === '$ref' && typeof inner === 'string'
          ? inner.replace('#/components/schemas/', '#/definitions/')
          : name === 'properties' && isRecord(inner)
            ? mapped(inner, schemaOf)
            : schemaOf(inner),
      ]),
  );
}
