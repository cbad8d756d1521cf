import assert from 'node:assert/strict';
import { test } from 'node:test';
import { below, parseFields, project } from './fields.ts';

const VALUE = {
  metadata: { name: 'web', labels: { a: '1' } },
  spec: { list: [{ x: 1, y: 2 }] },
  status: null,
};
const CASES: Record<string, { fields: string; want: unknown }> = {
  'keeps the paths named': {
    fields: 'metadata.name,status',
    want: { metadata: { name: 'web' }, status: null },
  },
  'reaches into lists': { fields: 'spec.list.x', want: { spec: { list: [{ x: 1 }] } } },
  'takes a whole member for its parts': {
    fields: 'metadata,metadata.name',
    want: { metadata: VALUE.metadata },
  },
  'leaves out what is not there': { fields: 'metadata.nothing,other', want: { metadata: {} } },
  'drops the paths after a minus': {
    fields: '-metadata.labels,spec',
    want: { metadata: { name: 'web' }, status: null },
  },
  'does not see inherited names': { fields: 'constructor,__proto__,toString', want: {} },
};

for (const [name, { fields, want }] of Object.entries(CASES)) {
  test(`project() ${name}`, () => assert.deepEqual(project(VALUE, parseFields(fields)), want));
}

test('project() gives everything without fields', () => {
  assert.equal(project(VALUE, parseFields('')), VALUE);
});

test('below() says what is left of a projection below a member', () => {
  assert.deepEqual(project({ name: 'web', x: 1 }, below(parseFields('items.name'), 'items') as never), {
    name: 'web',
  });
  assert.equal(below(parseFields('items'), 'items'), undefined);
  assert.equal(below(parseFields('metadata'), 'items'), 'nothing');
  assert.equal(below(parseFields('-items'), 'items'), 'nothing');
  assert.equal(below(parseFields('-metadata'), 'items'), undefined);
});
