import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nextSort, parseListSearch } from './list-search.ts';

const CASES: Record<string, [Record<string, unknown>, object]> = {
  'keeps what the list knows': [
    { search: 'web', sync: 'OutOfSync', health: 'Degraded', sort: '-synced', offset: 50 },
    { search: 'web', sync: 'OutOfSync', health: 'Degraded', sort: '-synced', offset: 50 },
  ],
  'drops everything else': [
    { search: { a: 1 }, sync: '<b>', health: 'Fine', sort: 'uid', offset: -1, evil: 'x' },
    {},
  ],
  'takes a number for text, as addresses do': [{ search: 42 }, { search: '42' }],
  'leaves out the usual order': [{ sort: 'name' }, {}],
};
for (const [name, [raw, want]] of Object.entries(CASES))
  test(`parseListSearch() ${name}`, () => assert.deepEqual(parseListSearch(raw), want));

test('nextSort() turns an order round, and starts times with the newest', () => {
  assert.equal(nextSort('name', undefined), '-name');
  assert.equal(nextSort('health', undefined), 'health');
  assert.equal(nextSort('health', 'health'), '-health');
  assert.equal(nextSort('synced', undefined), '-synced');
  assert.equal(nextSort('synced', '-synced'), 'synced');
});
