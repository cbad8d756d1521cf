import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { applicationCrds } from '../src/model/index.ts';
import { crdFiles } from './print-crds.ts';

for (const { name, text } of crdFiles()) {
  test(`deploy/crds/${name} is what the model prints`, () => {
    const file = new URL(`../deploy/crds/${name}`, import.meta.url);
    assert.equal(readFileSync(file, 'utf8'), text, 'run "node tools/print-crds.ts"');
  });
}

test('every definition is small enough for a client-side apply', () => {
  for (const crd of applicationCrds()) {
    // kubectl keeps the whole object in one annotation, and annotations may hold 256 KiB.
    assert.ok(JSON.stringify(crd).length < 200 * 1024, crd.metadata.name ?? '');
  }
});
