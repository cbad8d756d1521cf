import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Condition, removeCondition, setCondition } from './conditions.ts';

const ready: Condition = {
  type: 'Ready',
  status: 'True',
  reason: 'Done',
  message: 'All is well',
  lastTransitionTime: '2026-01-01T00:00:00Z',
};
const LATER = '2026-01-02T00:00:00Z';

test('setCondition() adds a condition with the time of now', () => {
  const { lastTransitionTime: _time, ...next } = ready;
  assert.deepEqual(setCondition([], next, LATER), [{ ...ready, lastTransitionTime: LATER }]);
});

test('setCondition() keeps the transition time while the status stays', () => {
  const [changed] = setCondition([ready], { ...ready, message: 'Still well' }, LATER);
  assert.deepEqual([changed?.message, changed?.lastTransitionTime], ['Still well', ready.lastTransitionTime]);
});

test('setCondition() moves the transition time with the status', () => {
  const [changed] = setCondition([ready], { ...ready, status: 'False' }, LATER);
  assert.equal(changed?.lastTransitionTime, LATER);
});

test('setCondition() gives back the same list when nothing changed', () => {
  const list = [ready];
  assert.equal(setCondition(list, ready, LATER), list);
  assert.equal(removeCondition(list, 'Other'), list);
  assert.deepEqual(removeCondition(list, 'Ready'), []);
});
