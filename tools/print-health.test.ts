// docs/spec/health.md has the table of the registry.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { withHealthTable } from './health-table.ts';

test('the page of kinds is that of the registry (node tools/print-health.ts writes it)', () => {
  const page = readFileSync(new URL('../docs/spec/health.md', import.meta.url), 'utf8');
  assert.equal(page, withHealthTable(page));
});
