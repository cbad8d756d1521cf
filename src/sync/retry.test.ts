// When a failed operation is tried again: Argo CD's defaults, limits and waits.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OperationState } from '../model/index.ts';
import { nextRetry } from './index.ts';

const END = Date.parse('2026-01-01T00:00:00Z');

function state(
  more: Partial<OperationState> & { readonly operation: OperationState['operation'] },
): OperationState {
  return {
    phase: 'Failed',
    message: 'no',
    startedAt: '2025-12-31T23:59:00Z',
    finishedAt: '2026-01-01T00:00:00Z',
    ...more,
  };
}

const automated = { initiatedBy: { automated: true } };

const CASES: Record<string, { state: OperationState; want: number | 'none' }> = {
  'a manual one without a policy never': { state: state({ operation: {} }), want: 'none' },
  'an automated one five times by default': {
    state: state({ operation: automated, retryCount: 4 }),
    want: 80_000,
  },
  'and not a sixth time': { state: state({ operation: automated, retryCount: 5 }), want: 'none' },
  'the first time after 5 s': { state: state({ operation: automated }), want: 5_000 },
  'at most after 3 min': {
    state: state({ operation: { retry: { limit: -1 } }, retryCount: 50 }),
    want: 180_000,
  },
  'with its own back-off': {
    state: state({
      operation: { retry: { limit: 9, backoff: { duration: '1m', factor: 3, maxDuration: '1h' } } },
      retryCount: 2,
    }),
    want: 540_000,
  },
  'not after success': { state: state({ operation: automated, phase: 'Succeeded' }), want: 'none' },
  'also after an error': { state: state({ operation: automated, phase: 'Error' }), want: 5_000 },
};

for (const [name, { state: given, want }] of Object.entries(CASES)) {
  test(`nextRetry() tries ${name}`, () => {
    const next = nextRetry(given, END);
    if (want === 'none') assert.equal(next.kind, 'none');
    else assert.equal(next.kind === 'retry' && next.at - END, want);
  });
}

test('nextRetry() says when, counts, and is due in time', () => {
  const next = nextRetry(state({ operation: { retry: { limit: 2, refresh: true } } }), END + 5_000);
  assert.deepEqual(next, {
    kind: 'retry',
    at: END + 5_000,
    isDue: true,
    message: 'no. Retrying attempt #1 at 2026-01-01T00:00:05Z.',
    retryCount: 1,
    refresh: true,
  });
});
