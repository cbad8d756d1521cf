// Laws of the set algebra, and the text forms of paths.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fc } from '../../../test/support/property.ts';
import {
  differenceOf,
  eachPath,
  type FieldSet,
  fieldSetFromFieldsV1,
  fieldSetToFieldsV1,
  insertPath,
  intersectionOf,
  isEmptySet,
  newFieldSet,
  pathText,
  recursiveDifferenceOf,
  unionOf,
} from './field-set.ts';

function setOfPaths(paths: readonly (readonly string[])[]): FieldSet {
  const set = newFieldSet();
  for (const path of paths) insertPath(set, path);
  return set;
}

function texts(set: FieldSet): string[] {
  const found: string[] = [];
  eachPath(set, (path) => found.push(pathText(path)));
  return found.sort();
}

const element = fc.constantFrom('f:a', 'f:b', 'k:{"name":"x"}', 'v:"y"');
const paths = fc.array(fc.array(element, { minLength: 1, maxLength: 3 }), { maxLength: 8 });

test('sets behave as sets of paths', () => {
  fc.assert(
    fc.property(paths, paths, (left, right) => {
      const [a, b] = [setOfPaths(left), setOfPaths(right)];
      const [inA, inB] = [new Set(texts(a)), new Set(texts(b))];
      assert.deepEqual(texts(unionOf(a, b)), [...inA.union(inB)].sort());
      assert.deepEqual(texts(intersectionOf(a, b)), [...inA.intersection(inB)].sort());
      assert.deepEqual(texts(differenceOf(a, b)), [...inA.difference(inB)].sort());
      assert.equal(isEmptySet(a), inA.size === 0);
      const below = (text: string) =>
        [...inB].some(
          (parent) => text === parent || text.startsWith(`${parent}.`) || text.startsWith(`${parent}[`),
        );
      assert.deepEqual(texts(recursiveDifferenceOf(a, b)), [...inA].filter((text) => !below(text)).sort());
    }),
  );
});

test('FieldsV1 survives reading and writing', () => {
  fc.assert(
    fc.property(paths, (left) => {
      const set = setOfPaths(left);
      const again = fieldSetFromFieldsV1(fieldSetToFieldsV1(set));
      assert.deepEqual(again === undefined ? undefined : texts(again), texts(set));
    }),
  );
});

const TEXTS: Record<string, readonly string[]> = {
  '.spec.replicas': ['f:spec', 'f:replicas'],
  '.spec.ports[port=80,protocol="TCP"].name': [
    'f:spec',
    'f:ports',
    'k:{"port":80,"protocol":"TCP"}',
    'f:name',
  ],
  '.metadata.finalizers[="a/b"]': ['f:metadata', 'f:finalizers', 'v:"a/b"'],
};
for (const [text, path] of Object.entries(TEXTS)) {
  test(`pathText() writes ${text}`, () => assert.equal(pathText(path), text));
}

test('fieldSetToFieldsV1() orders keys by their values, numbers as numbers', () => {
  const set = setOfPaths([['k:{"port":443}'], ['k:{"port":80}'], ['f:z'], ['v:"a"']]);
  assert.deepEqual(Object.keys(fieldSetToFieldsV1(set)), ['f:z', 'k:{"port":80}', 'k:{"port":443}', 'v:"a"']);
});

test('fieldSetFromFieldsV1() sorts the fields of keys and refuses what is malformed', () => {
  const set = fieldSetFromFieldsV1({ 'k:{"b":1,"a":2}': {} });
  assert.deepEqual(set === undefined ? [] : [...set.children.keys()], ['k:{"a":2,"b":1}']);
  assert.equal(fieldSetFromFieldsV1({ nonsense: {} }), undefined);
  assert.equal(fieldSetFromFieldsV1({ 'k:{': {} }), undefined);
});
