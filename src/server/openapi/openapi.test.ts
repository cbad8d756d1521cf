// The documents and the page that describe the API: complete, consistent, and with nothing of one installation.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { request, startTestServer } from '../../../test/support/api-server.ts';
import { routes } from '../routes/table.ts';
import type { Document } from './document.ts';

const table = routes({
  options: {
    host: '127.0.0.1',
    port: 0,
    auth: 'on',
    controlNamespace: 'argocd',
    uiDirectory: '/nonexistent',
  },
});

async function served(path: string): Promise<{ status: number; type: string; body: unknown }> {
  await using server = await startTestServer();
  const { status, headers, body } = await request(server.url, 'GET', path);
  return { status, type: headers.get('content-type') ?? '', body };
}

function references(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(references);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) =>
    name === '$ref' && typeof inner === 'string' ? [inner] : references(inner),
  );
}

/** The description itself, and a WebSocket, for which OpenAPI has no words. */
const UNDESCRIBED = /swagger|openapi|^\/terminal$/;

test('OpenAPI 3.1 has every route with its parameters, its body and its answer', async () => {
  const { status, body } = await served('/api/v1/fairlead/openapi.json');
  assert.equal(status, 200);
  const { openapi, paths, components } = body as Document;
  assert.equal(openapi, '3.1.0');
  const described = Object.entries(paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
  );
  const wanted = table
    .filter(({ path }) => !UNDESCRIBED.test(path))
    .map(({ method, path }) => `${method} ${path.replace(/:(\w+)/g, '{$1}').replace('*', '{path}')}`);
  assert.deepEqual(described.sort(), wanted.sort());
  for (const [path, operations] of Object.entries(paths)) {
    for (const operation of Object.values(operations)) {
      for (const [, name] of path.matchAll(/\{(\w+)\}/g))
        assert.ok(
          operation.parameters.some((each) => each.name === name && each.in === 'path'),
          path,
        );
      const names = operation.parameters.map((each) => `${each.in} ${each.name}`);
      assert.equal(new Set(names).size, names.length, `${path}: ${names}`);
      assert.ok(
        operation.responses['200'] !== undefined && operation.responses['default'] !== undefined,
        path,
      );
    }
  }
  const ids = Object.values(paths).flatMap((operations) =>
    Object.values(operations).map(({ operationId }) => operationId),
  );
  assert.equal(new Set(ids).size, ids.length);
  for (const target of new Set(references(body)))
    assert.ok(components.schemas[target.replace('#/components/schemas/', '')] !== undefined, target);
});

test('bodies and queries are those that are parsed', async () => {
  const { body } = await served('/api/v1/fairlead/openapi.json');
  const { paths } = body as Document;
  const sync = paths['/api/v1/applications/{name}/sync']?.['post'];
  const schema = sync?.requestBody?.content['application/json']?.schema ?? {};
  assert.deepEqual((schema['properties'] as Record<string, object>)['prune'], { type: 'boolean' });
  const list = paths['/api/v1/applications']?.['get']?.parameters ?? [];
  const kinds = Object.fromEntries(list.map(({ name, schema }) => [name, schema['type']]));
  assert.deepEqual(
    [kinds['name'], kinds['projects'], kinds['autoSync'], kinds['limit']],
    ['string', 'array', 'boolean', 'integer'],
  );
  const clusters = paths['/api/v1/clusters']?.['get']?.parameters.map(({ name }) => name) ?? [];
  for (const name of ['limit', 'continue', 'sort', 'search', 'fields'])
    assert.ok(clusters.includes(name), name);
});

test('Swagger 2.0 says the same without what it does not know', async () => {
  const { status, type, body } = await served('/swagger.json');
  assert.deepEqual([status, type], [200, 'application/json; charset=utf-8']);
  const { swagger, paths, definitions } = body as {
    swagger: string;
    paths: object;
    definitions: Record<string, object>;
  };
  assert.equal(swagger, '2.0');
  assert.ok('/api/v1/applications/{name}/sync' in paths);
  const text = JSON.stringify(body);
  assert.doesNotMatch(text, /"anyOf"|"const":|"\$defs"|"propertyNames"|components\/schemas|"type":"null"/);
  for (const target of new Set(references(body)))
    assert.ok(definitions[target.replace('#/definitions/', '')] !== undefined, target);
});

test('the page has every route, no script, and nothing from elsewhere', async () => {
  const { status, type, body } = await served('/swagger-ui');
  assert.deepEqual([status, type], [200, 'text/html; charset=utf-8']);
  const html = String(body);
  assert.doesNotMatch(html, /<script|style=|src=|https?:\/\//);
  for (const { method, path } of table.filter((each) => !UNDESCRIBED.test(each.path)))
    assert.ok(
      html.includes(`<b>${method}</b> ${path.replace(/:(\w+)/g, '{$1}').replace('*', '{path}')}<`),
      path,
    );
  const ids = new Set([...html.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id));
  for (const [, id = ''] of html.matchAll(/href="#([^"]*)"/g)) assert.ok(ids.has(id), id);
  const css = await served('/swagger-ui/reference.css');
  assert.equal(css.type, 'text/css; charset=utf-8');
});
