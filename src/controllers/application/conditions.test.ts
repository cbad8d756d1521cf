import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Condition } from '../../model/index.ts';
import { type ConditionType, type Finding, hasError, replaceConditions } from './conditions.ts';

const OLD = '2026-01-01T00:00:00Z';
const NOW = Date.parse('2026-01-02T00:00:00Z');
const known = (type: ConditionType, message: string): Condition => ({
  type,
  message,
  lastTransitionTime: OLD,
});

const CASES: Record<
  string,
  { existing: Condition[]; findings: Finding[]; want: [string, string, string][] }
> = {
  'adds a finding with the present time': {
    existing: [],
    findings: [{ type: 'ComparisonError', message: 'a' }],
    want: [['ComparisonError', 'a', '2026-01-02T00:00:00Z']],
  },
  'keeps the time of a message that did not change': {
    existing: [known('ComparisonError', 'a')],
    findings: [{ type: 'ComparisonError', message: 'a' }],
    want: [['ComparisonError', 'a', OLD]],
  },
  'renews the time of a message that changed': {
    existing: [known('ComparisonError', 'a')],
    findings: [{ type: 'ComparisonError', message: 'b' }],
    want: [['ComparisonError', 'b', '2026-01-02T00:00:00Z']],
  },
  'drops what is no longer found': { existing: [known('ComparisonError', 'a')], findings: [], want: [] },
  'leaves types alone that were not evaluated': {
    existing: [known('DeletionError', 'd')],
    findings: [],
    want: [['DeletionError', 'd', OLD]],
  },
  'sorts by type, then message': {
    existing: [],
    findings: [
      { type: 'SyncError', message: 'a' },
      { type: 'ComparisonError', message: 'b' },
      { type: 'ComparisonError', message: 'a' },
    ],
    want: [
      ['ComparisonError', 'a', '2026-01-02T00:00:00Z'],
      ['ComparisonError', 'b', '2026-01-02T00:00:00Z'],
      ['SyncError', 'a', '2026-01-02T00:00:00Z'],
    ],
  },
};
for (const [name, { existing, findings, want }] of Object.entries(CASES)) {
  test(`replaceConditions() ${name}`, () => {
    const evaluated: ReadonlySet<ConditionType> = new Set(['ComparisonError', 'SyncError']);
    const conditions = replaceConditions(existing, evaluated, findings, NOW);
    assert.deepEqual(
      conditions.map(({ type, message, lastTransitionTime }) => [type, message, lastTransitionTime]),
      want,
    );
  });
}

test('hasError() tells errors from warnings', () => {
  assert.equal(hasError([{ type: 'SharedResourceWarning' }]), false);
  assert.equal(hasError([{ type: 'SharedResourceWarning' }, { type: 'SyncError' }]), true);
});
