import assert from 'node:assert/strict';
import { test } from 'node:test';
import { duplicateFields } from './duplicate-fields.ts';

const CASES: Record<string, readonly string[]> = {
  '{"a":1,"b":{"a":1}}': [],
  '{"a":1,"a":2}': ['a'],
  '{"spec":{"x":1,"y":2,"x":3}}': ['spec.x'],
  '{"l":[{"n":1},{"n":1,"n":2}]}': ['l[1].n'],
  '{"a":"{\\"a\\":1,\\"a\\":2}","b":"\\\\"}': [],
  'not json': [],
};

for (const [text, want] of Object.entries(CASES)) {
  test(`duplicateFields() of ${text} is [${want.join()}]`, () => {
    assert.deepEqual(duplicateFields(text), want);
  });
}
