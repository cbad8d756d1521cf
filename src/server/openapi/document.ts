// The OpenAPI 3.1 document of the route table: queries and bodies from the schemas that parse them, answers from
// answers.json, which is printed from the handlers' types. Pure.
import { z } from 'zod';
import { ListQuery, queryKindOf } from '../../contract/index.ts';
import { isRecord } from '../../lib/index.ts';
import { isShaped } from '../list-shape.ts';
import type { Access, Route } from '../route.ts';

export type Schema = Readonly<Record<string, unknown>>;

/** What answers.json holds. */
export interface Answers {
  readonly routes: Readonly<Record<string, Schema>>;
  readonly types: Readonly<Record<string, Schema>>;
}

export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query';
  readonly required?: boolean;
  readonly schema: Schema;
}

export interface Operation {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly description: string;
  readonly parameters: readonly Parameter[];
  readonly requestBody?: {
    readonly required: boolean;
    readonly content: Readonly<Record<string, { readonly schema: Schema }>>;
  };
  readonly responses: Readonly<Record<string, Response>>;
  readonly security: readonly object[];
}

interface Response {
  readonly description: string;
  readonly content?: Readonly<Record<string, { readonly schema: Schema }>>;
}

export interface Document {
  readonly openapi: '3.1.0';
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, Schema>>;
    readonly securitySchemes: Readonly<Record<string, object>>;
  };
}

/** Answers whose handlers project them (`fields`), and what the lines of streams carry. */
const APPLICATION = reference('Application');
const KNOWN: Readonly<Record<string, Schema>> = {
  'GET /api/v1/applications': reference('ApplicationList'),
  'GET /api/v1/applications/:name': APPLICATION,
  'GET /api/v1/stream/applications': reference('ApplicationWatchEvent'),
  'GET /api/v1/stream/applicationsets': reference('ApplicationSetWatchEvent'),
  'GET /api/v1/stream/applications/:name/resource-tree': reference('ResourceTree'),
  'GET /api/v1/applications/:name/logs': reference('LogEntry'),
  'GET /api/v1/applications/:name/pods/:podName/logs': reference('LogEntry'),
};
const JSON_TYPE = 'application/json';
const EVENT_TYPE = 'text/event-stream';

export function openApiDocument(routes: readonly Route[], answers: Answers): Document {
  const schemas: Record<string, Schema> = { ...answers.types };
  const paths: Record<string, Record<string, Operation>> = {};
  for (const route of routes) {
    const path = pathOf(route.path);
    const known = paths[path] ?? {};
    known[route.method.toLowerCase()] = operationOf(route, answers, schemas);
    paths[path] = known;
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Fairlead',
      version: 'v1',
      description:
        'The API of Argo CD, and what Fairlead adds below /api/v1/fairlead/. Errors are {error, code, message}; streams are one JSON object a line, or server-sent events when asked for.',
    },
    paths,
    components: {
      schemas,
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer' },
        cookie: { type: 'apiKey', in: 'cookie', name: 'argocd.token' },
      },
    },
  };
}

function reference(name: string): Schema {
  return { $ref: `#/components/schemas/${name}` };
}

/** `/a/:b/*` as `/a/{b}/{path}`. */
function pathOf(path: string): string {
  return path.replace(/:(\w+)/g, '{$1}').replace('*', '{path}');
}

function operationOf(route: Route, answers: Answers, schemas: Record<string, Schema>): Operation {
  const key = `${route.method} ${route.path}`;
  const answer = answers.routes[key] ?? {};
  const schema = KNOWN[key] ?? answer;
  const names = [...pathOf(route.path).matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
  return {
    operationId: operationId(route),
    tags: [tagOf(route.path)],
    description: rightText(route.access),
    parameters: [
      ...names.map((name): Parameter => ({ name, in: 'path', required: true, schema: { type: 'string' } })),
      ...queryParameters(route.query),
      ...(isShaped(route) && isList(schema, schemas) ? queryParameters(ListQuery) : []),
    ],
    ...(route.body === undefined ? {} : { requestBody: bodyOf(route.body, schemas) }),
    responses: {
      '200': responseOf(route.path, answer, schema),
      default: {
        description: 'A refusal or failure',
        content: { [JSON_TYPE]: { schema: reference('ErrorBody') } },
      },
    },
    security: route.access === 'public' ? [] : [{ bearer: [] }, { cookie: [] }],
  };
}

function rightText(access: Access): string {
  if (access === 'public') return 'Open to anybody.';
  const what = `Needs the right \`${access.resource}, ${access.action}\``;
  if (access.scope === 'application') return `${what} on the application.`;
  if (access.scope === 'application-set') return `${what} on the ApplicationSet.`;
  if (access.scope === 'object') return `${what}.`;
  return access.action === 'get' ? 'Answers what the caller may see.' : `${what} on what the body names.`;
}

function operationId({ method, path }: Route): string {
  const words = path
    .replace(/^\/(api\/)?(v1\/)?/, '')
    .split(/[^A-Za-z0-9]+/)
    .filter((word) => word !== '')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1));
  return method.toLowerCase() + words.join('');
}

function tagOf(path: string): string {
  const [first = '', second = ''] = path.replace(/^\/(api\/)?(v1\/)?(stream\/)?/, '').split('/');
  return first === 'fairlead' ? second : first;
}

function queryParameters(query: z.ZodType | undefined): Parameter[] {
  if (!(query instanceof z.ZodObject)) return [];
  return Object.entries(query.shape).map(([name, schema]) => ({
    name,
    in: 'query',
    schema: parameterSchema(schema as z.ZodType),
  }));
}

function parameterSchema(schema: z.ZodType): Schema {
  switch (queryKindOf(schema)) {
    case 'texts':
      return { type: 'array', items: { type: 'string' } };
    case 'flag':
      return { type: 'boolean' };
    case 'count':
      return { type: 'integer', minimum: 0 };
    default:
      return { type: 'string' };
  }
}

function isList(schema: Schema, schemas: Readonly<Record<string, Schema>>): boolean {
  const { $ref } = schema;
  const target = typeof $ref === 'string' ? schemas[$ref.replace('#/components/schemas/', '')] : schema;
  const properties = target?.['properties'];
  return isRecord(properties) && isRecord(properties['items']) && properties['items']['type'] === 'array';
}

function bodyOf(body: z.ZodType, schemas: Record<string, Schema>): NonNullable<Operation['requestBody']> {
  const { $schema: _, $defs = {}, ...schema } = z.toJSONSchema(body, { io: 'input', unrepresentable: 'any' });
  for (const [name, definition] of Object.entries($defs)) schemas[name] = cleaned(definition) as Schema;
  return { required: true, content: { [JSON_TYPE]: { schema: cleaned(schema) as Schema } } };
}

/** Notes for the CRD printer (`preserveUnknown`) mean nothing outside; references lead to the components. */
function cleaned(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(cleaned);
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => name !== 'preserveUnknown' && name !== 'intOrString')
      .map(([name, inner]) => [
        name,
        name === '$ref' && typeof inner === 'string'
          ? inner.replace('#/$defs/', '#/components/schemas/')
          : cleaned(inner),
      ]),
  );
}

function responseOf(path: string, answer: Schema, schema: Schema): Response {
  if (answer['x-raw'] === true)
    return { description: path === '/metrics' ? 'Prometheus text format' : 'The answer' };
  if (answer['x-stream'] !== true && !path.endsWith('/logs'))
    return { description: 'The answer', content: { [JSON_TYPE]: { schema } } };
  const line = { schema: { type: 'object', properties: { result: schema }, required: ['result'] } };
  return { description: 'One line for each change', content: { [JSON_TYPE]: line, [EVENT_TYPE]: line } };
}
