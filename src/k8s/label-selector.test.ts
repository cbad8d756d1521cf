import assert from 'node:assert/strict';
import { test } from 'node:test';
import { labelSelectorText, matchesLabels, parseLabelSelector } from './label-selector.ts';

/** Selector → its own spelling, labels it matches, labels it does not. */
const CASES: Record<string, { text?: string; yes: Record<string, string>[]; no: Record<string, string>[] }> =
  {
    '': { yes: [{}, { a: '1' }], no: [] },
    'a=1': { yes: [{ a: '1' }], no: [{}, { a: '2' }] },
    'a==1': { text: 'a=1', yes: [{ a: '1' }], no: [{}] },
    'a!=1': { yes: [{}, { a: '2' }], no: [{ a: '1' }] },
    'a=': { yes: [{ a: '' }], no: [{}, { a: '1' }] },
    'a in (1, 2),b': { text: 'a in (1,2),b', yes: [{ a: '2', b: '' }], no: [{ a: '1' }, { a: '3', b: '' }] },
    'a notin (1,2)': { yes: [{}, { a: '3' }], no: [{ a: '1' }] },
    '!a': { yes: [{ b: '1' }], no: [{ a: '' }] },
    'example.com/a-b.c = x , !d': {
      text: 'example.com/a-b.c=x,!d',
      yes: [{ 'example.com/a-b.c': 'x' }],
      no: [{}],
    },
    toString: { yes: [{ toString: 'x' }], no: [{}] },
  };
for (const [selector, { text = selector, yes, no }] of Object.entries(CASES)) {
  test(`a label selector ${JSON.stringify(selector)} matches what it says`, () => {
    const requirements = parseLabelSelector(selector);
    assert.ok(requirements);
    assert.equal(labelSelectorText(requirements), text);
    for (const labels of yes) assert.equal(matchesLabels(requirements, labels), true, JSON.stringify(labels));
    for (const labels of no) assert.equal(matchesLabels(requirements, labels), false, JSON.stringify(labels));
  });
}

for (const text of ['a=b=c', ',', 'a,,b', 'a in 1', 'a in (1', '=x', 'a b', '!']) {
  test(`parseLabelSelector() refuses ${JSON.stringify(text)}`, () => {
    assert.equal(parseLabelSelector(text), undefined);
  });
}

test('labelSelectorText() joins labels and expressions', () => {
  const selector = { matchLabels: { a: '1' }, matchExpressions: [{ key: 'b', operator: 'Exists' as const }] };
  assert.equal(labelSelectorText(selector), 'a=1,b');
  assert.ok(matchesLabels(selector, { a: '1', b: '' }));
  assert.ok(!matchesLabels(selector, { a: '1' }));
});
