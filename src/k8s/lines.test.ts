import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fc } from '../../test/support/property.ts';
import { LineSplitter, LineTooLong } from './lines.ts';

test('LineSplitter gives the same lines however the bytes are cut', () => {
  const line = fc.string({ unit: 'grapheme', minLength: 1 }).map((text) => text.replaceAll('\n', ' '));
  fc.assert(
    fc.property(fc.array(line), fc.array(fc.nat(40)), (lines, cuts) => {
      const bytes = Buffer.from(lines.map((text) => `${text}\n`).join(''));
      const got: string[] = [];
      const splitter = new LineSplitter((text) => got.push(text), 10_000);
      let at = 0;
      for (const size of cuts) {
        splitter.push(bytes.subarray(at, at + size));
        at += size;
      }
      splitter.push(bytes.subarray(at));
      assert.deepEqual(got, lines);
    }),
  );
});

test('LineSplitter skips empty lines and refuses a line over its limit', () => {
  const got: string[] = [];
  const splitter = new LineSplitter((text) => got.push(text), 10);
  splitter.push(Buffer.from('\n\na\n\n'));
  assert.deepEqual(got, ['a']);
  splitter.push(Buffer.from('123456'));
  assert.throws(() => splitter.push(Buffer.from('789012')), LineTooLong);
});
