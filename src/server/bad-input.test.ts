// What broken requests get, on every route of the table: a refusal with one sentence, nothing of the server's insides,
// nothing of what was sent that could be secret, and no effect.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { z } from 'zod';
import { application, request, startTestServer, type TestServer } from '../../test/support/api-server.ts';
import { limits } from '../lib/index.ts';
import type { Route } from './route.ts';
import { routes } from './routes/table.ts';

const table = routes({
  options: {
    host: '127.0.0.1',
    port: 0,
    auth: 'on',
    controlNamespace: 'argocd',
    uiDirectory: '/nonexistent',
  },
});
const CANARY = 'canary-7f3a91';
const changing = table.filter(({ method }) => method !== 'GET');
const withBody = changing.filter(({ body }) => body !== undefined);
const isForm = (route: Route): boolean => (route as { accepts?: string }).accepts === 'form';

function pathOf({ path }: Route): string {
  return path.replace(':name', 'web').replace(/:\w+/g, 'x').replace('*', 'x');
}

let server: TestServer;
let token: string;
before(async () => {
  server = await startTestServer();
  await server.applications.create(application('web'));
  token = await server.signIn();
});
after(() => server?.[Symbol.asyncDispose]());

type Answer = Awaited<ReturnType<typeof request>>;

/** A refusal as every client can read it. */
function assertRefused(where: string, { status, body }: Answer, ...statuses: number[]): void {
  assert.ok(
    statuses.length === 0 ? status >= 400 && status < 500 : statuses.includes(status),
    `${where}: ${status} ${JSON.stringify(body)}`,
  );
  const { error, code, message } = body as { error: unknown; code: unknown; message: unknown };
  assert.equal(typeof code, 'number', where);
  assert.ok(
    typeof message === 'string' && message.length > 5 && message.length < 700,
    `${where}: ${message}`,
  );
  assert.equal(error, message, where);
  assert.doesNotMatch(message, /\n|\bat \S+ \(|\.ts:|node_modules|^\w*Error:/, where);
  assert.ok(!JSON.stringify(body).includes(CANARY), `${where}: ${message}`);
}

/** The smallest value a schema takes. */
function sample(schema: z.ZodType): unknown {
  return simplest(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Shape);
}

interface Shape {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly required?: readonly string[];
  readonly anyOf?: readonly Shape[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly format?: string;
  readonly minLength?: number;
  readonly minimum?: number;
}

function simplest(shape: Shape): unknown {
  if (shape.const !== undefined) return shape.const;
  if (shape.enum !== undefined) return shape.enum[0];
  if (shape.anyOf !== undefined) return simplest(shape.anyOf[0] ?? {});
  switch (shape.type) {
    case 'object':
      return Object.fromEntries(
        (shape.required ?? []).map((name) => [name, simplest(shape.properties?.[name] ?? {})]),
      );
    case 'array':
      return [];
    case 'integer':
    case 'number':
      return Math.max(1, shape.minimum ?? 1);
    case 'boolean':
      return true;
    default:
      return shape.format === 'uri' ? 'https://x.test' : 'x'.repeat(Math.max(1, shape.minLength ?? 1));
  }
}

async function send(route: Route, body: unknown, headers: Record<string, string> = {}): Promise<Answer> {
  const type = isForm(route) ? { 'content-type': 'application/x-www-form-urlencoded' } : {};
  return await request(server.url, route.method, pathOf(route), token, body, { ...type, ...headers });
}

const MALFORMED: Record<string, string> = {
  'half an object': `{"password": "${CANARY}"`,
  'a bare word': CANARY,
  'two values': `{} {"password": "${CANARY}"}`,
  'single quotes': `{'password': '${CANARY}'}`,
  'a list where an object belongs': `[{"password": "${CANARY}"}]`,
  'a number': '7',
  'a prototype': `{"__proto__": {"password": "${CANARY}"}}`,
  'deep nesting': `${'['.repeat(5_000)}${']'.repeat(5_000)}`,
};

const WRONG_TYPES: readonly unknown[] = [{ [CANARY]: 1 }, [CANARY], 7.5, true];

describe('every route that reads a body', { concurrency: 4 }, () => {
  for (const route of withBody.filter((each) => !isForm(each))) {
    test(`${route.method} ${route.path} refuses what is malformed, mistyped, unknown or too large`, async () => {
      const where = `${route.method} ${route.path}`;
      const before = JSON.stringify(server.applications.list());
      for (const [name, body] of Object.entries(MALFORMED))
        assertRefused(`${where}, ${name}`, await send(route, body));
      const schema = route.body as z.ZodType;
      const valid = sample(schema);
      if (typeof valid === 'object' && valid !== null) {
        const unknown = await send(route, { ...valid, isUnknown: CANARY });
        assertRefused(`${where}, an unknown member`, unknown);
        if (schema.safeParse(valid).success)
          assert.match(JSON.stringify(unknown.body), /unknown member: isUnknown|permission|no |not /i, where);
        for (const member of Object.keys((schema as z.ZodObject).shape ?? {})) {
          const mistyped = WRONG_TYPES.filter(
            (value) => !schema.safeParse({ ...valid, [member]: value }).success,
          );
          for (const value of mistyped.slice(0, 2))
            assertRefused(`${where}, ${member} mistyped`, await send(route, { ...valid, [member]: value }));
        }
      }
      const most = route.accepts === 'json-lines' ? limits.uploadBodyBytes : limits.requestBodyBytes;
      const large = `{"password": "${'x'.repeat(most)}"}`;
      assertRefused(`${where}, too large`, await send(route, large), 413);
      assert.equal(JSON.stringify(server.applications.list()), before, where);
    });
  }
});

test('an unknown member is named, with its path, wherever a body is otherwise right', async () => {
  const cases: [string, string, unknown, RegExp][] = [
    ['POST', '/api/v1/applications/web/sync', { prun: true }, /: prun;/],
    [
      'POST',
      '/api/v1/applications/web/sync',
      { strategy: { hook: { forc: true } } },
      /: strategy\.hook\.forc;/,
    ],
    ['PUT', '/api/v1/applications/web/spec', { ...application('web').spec, sorce: {} }, /: sorce;/],
    [
      'POST',
      '/api/v1/applications',
      {
        ...application('new'),
        spec: { ...application('new').spec, syncPolicy: { automated: { prun: true } } },
      },
      /: spec\.syncPolicy\.automated\.prun;/,
    ],
    [
      'POST',
      '/api/v1/projects',
      { project: { metadata: { name: 'p' }, spec: { sourceRepo: [] } } },
      /: project\.spec\.sourceRepo;/,
    ],
  ];
  for (const [method, path, body, want] of cases) {
    const answer = await request(server.url, method, path, token, body);
    assertRefused(path, answer, 400);
    assert.match((answer.body as { message: string }).message, want);
  }
});

test('a whole object as it was read can be sent back', async () => {
  const { body } = await server.call('GET', '/api/v1/applications/web');
  const managed = {
    ...(body as { metadata: object }).metadata,
    managedFields: [{}],
    uid: 'u',
    generation: 3,
    ownerReferences: [],
  };
  const answer = await server.call('PUT', '/api/v1/applications/web', {
    ...(body as object),
    metadata: managed,
    status: { anything: [] },
    operation: {},
  });
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
});

const CONTENT_TYPES = [
  'text/plain',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  'application/xml',
  'application/jsonp',
  '',
];

test('S-G4: every change refuses other content types', async () => {
  for (const route of changing.filter((each) => !isForm(each))) {
    for (const type of CONTENT_TYPES) {
      const response = await fetch(`${server.url}${pathOf(route)}`, {
        method: route.method,
        headers: { authorization: `Bearer ${token}`, 'content-type': type },
        ...(type === '' ? {} : { body: `password=${CANARY}` }),
      });
      const answer = {
        status: response.status,
        headers: response.headers,
        body: (await response.json()) as unknown,
      };
      assertRefused(`${route.method} ${route.path} ${type}`, answer, 415, 400);
    }
  }
});

test('S-E10: every protected route refuses tokens that are none of ours, in the same words', async () => {
  const [head = '', payload = '', signature = ''] = token.split('.');
  const none = Buffer.from('{"alg":"none","typ":"JWT"}').toString('base64url');
  const tokens = [
    CANARY,
    `${CANARY}.${CANARY}.${CANARY}`,
    `${none}.${payload}.`,
    `${head}.${payload}.${signature.slice(0, -4)}AAAA`,
    `${head}.${Buffer.from('{"sub":"admin"}').toString('base64url')}.${signature}`,
    'a'.repeat(10_000),
  ];
  const seen = new Set<string>();
  for (const route of table.filter(({ access }) => access !== 'public')) {
    for (const bad of tokens) {
      const answer = await request(
        server.url,
        route.method,
        pathOf(route),
        bad,
        route.method === 'GET' ? undefined : '{}',
      );
      assertRefused(`${route.method} ${route.path}`, answer, 401);
      seen.add(JSON.stringify(answer.body));
    }
  }
  assert.ok(seen.size <= 2, [...seen].join('\n'));
});

test('paths and methods that do not exist are refused alike', async () => {
  for (const [method, path] of [
    ['GET', '/api/v1/nothing'],
    ['POST', '/api/v1/applications/web/nothing'],
    ['PUT', '/api/v1/applications'],
    ['GET', '/api/v1/applications/%ff'],
    ['GET', `/api/v1/applications/${'a'.repeat(3_000)}`],
    ['DELETE', '/api/v1/applications/..%2f..%2fetc'],
  ] as const)
    assertRefused(
      `${method} ${path.slice(0, 60)}`,
      await request(server.url, method, path, token, method === 'GET' ? undefined : '{}'),
    );
});
