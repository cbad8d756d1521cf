import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ownersText, valueText } from './field-values.ts';

test('valueText() tells no value from an empty one, and cuts what nobody would read', () => {
  assert.equal(valueText(undefined), undefined);
  assert.equal(valueText(''), '""');
  assert.equal(valueText(null), 'null');
  assert.equal(valueText('true'), 'true');
  assert.equal(valueText({ a: [1] }), 'a:\n- 1');
  assert.match(valueText('x'.repeat(5_000)) ?? '', /x\n… 1000 more characters$/);
});

test('ownersText() names who wrote the live value and when', () => {
  const now = Date.parse('2026-03-01T12:00:00Z');
  const owner = { manager: 'kubectl-edit', operation: 'Update', time: '2026-03-01T11:57:00Z' };
  assert.equal(
    ownersText([owner, { manager: 'hpa', operation: 'Update' }], now),
    'written by kubectl-edit 3 min ago, hpa',
  );
  assert.equal(ownersText([], now), '');
});
