// Filters, orders, pages and projections of any list, as tables.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { request, startTestServer } from '../../test/support/api-server.ts';
import { ListQuery } from '../contract/index.ts';
import { shapeList } from './list-shape.ts';

const item = (name: string, more: object = {}) => ({
  metadata: { name, labels: { tier: name[0] } },
  spec: { size: name.length },
  ...more,
});
const LIST = {
  metadata: { resourceVersion: '7' },
  items: ['cc', 'a', 'bbb', 'ab'].map((name) => item(name)),
};

function shaped(query: string): { names: string[]; metadata: Record<string, unknown>; items: unknown[] } {
  const params: Record<string, string | string[]> = {};
  for (const [key, value] of new URLSearchParams(query)) {
    const before = params[key];
    params[key] = before === undefined ? value : [before, value].flat();
  }
  const list = shapeList(ListQuery.parse(params), LIST) as {
    metadata: Record<string, unknown>;
    items: unknown[];
  };
  return { ...list, names: list.items.map((each) => (each as ReturnType<typeof item>).metadata?.name) };
}

test('a list nobody wants shaped is the same object', () => {
  assert.equal(shapeList(ListQuery.parse({ name: 'x' }), LIST), LIST);
  assert.equal(shapeList(ListQuery.parse({ limit: '1' }), 'text'), 'text');
});

const CASES: Record<string, { query: string; names: string[]; total?: number }> = {
  'by name': { query: 'sort=metadata.name', names: ['a', 'ab', 'bbb', 'cc'] },
  'turned round': { query: 'sort=-metadata.name', names: ['cc', 'bbb', 'ab', 'a'] },
  'by a number': { query: 'sort=spec.size', names: ['a', 'ab', 'cc', 'bbb'] },
  'a filter': { query: 'filter=metadata.labels.tier=a', names: ['a', 'ab'], total: 2 },
  'two filters': { query: 'filter=metadata.labels.tier=a&filter=metadata.name=ab', names: ['ab'], total: 1 },
  'a search': { query: 'search=B', names: ['bbb', 'ab'], total: 2 },
  'a page': { query: 'limit=2', names: ['a', 'ab'] },
  'a later page': { query: 'limit=2&offset=2', names: ['bbb', 'cc'] },
  'past the end': { query: 'offset=9', names: [] },
};

for (const [name, { query, names, total = 4 }] of Object.entries(CASES)) {
  test(`a list ${name}`, () => {
    const list = shaped(query);
    assert.deepEqual(list.names, names);
    assert.equal(list.metadata['total'], total);
    assert.equal(list.metadata['resourceVersion'], '7');
  });
}

test('pages follow each other without a gap, also when entries went meanwhile', () => {
  const first = shaped('limit=2&sort=-metadata.name');
  assert.deepEqual(first.names, ['cc', 'bbb']);
  const next = String(first.metadata['continue']);
  const without = { ...LIST, items: LIST.items.filter(({ metadata }) => metadata.name !== 'bbb') };
  const query = ListQuery.parse({ limit: '2', sort: '-metadata.name', continue: next });
  const { items, metadata } = shapeList(query, without) as typeof LIST & { metadata: { continue?: string } };
  assert.deepEqual(
    items.map((each) => each.metadata.name),
    ['ab', 'a'],
  );
  assert.equal(metadata.continue, undefined);
});

test('fields are those of an item, or begin with items and metadata', () => {
  assert.deepEqual(shaped('limit=1&fields=items.spec').items, [{ spec: { size: 1 } }]);
  assert.deepEqual(shaped('limit=1&fields=spec').items, [{ spec: { size: 1 } }]);
  assert.deepEqual(shaped('limit=1&fields=-items.metadata').items, [{ spec: { size: 1 } }]);
});

test('filters and tokens that cannot be read are refused in a sentence', () => {
  for (const query of ['filter=x', 'filter==a', 'continue=%00', 'continue=eyJ9'])
    assert.throws(() => shaped(query), /PATH=VALUE|page token/, query);
});

test('the lists of a server take these parameters', async () => {
  await using server = await startTestServer();
  for (const path of ['clusters', 'projects']) {
    const { status, body } = await server.call('GET', `/api/v1/${path}?limit=1&fields=name,server`);
    assert.equal(status, 200, path);
    assert.equal(typeof (body as { metadata: { total: unknown } }).metadata.total, 'number', path);
  }
  const token = await server.signIn();
  assert.equal((await request(server.url, 'GET', '/api/v1/clusters?limit=x', token)).status, 400);
});
