import assert from 'node:assert/strict';
import { test } from 'node:test';
import { humanDuration, selectorText } from './format.ts';
import { readJsonPath } from './json-path.ts';

const DURATIONS: Record<string, number> = {
  '0s': 0,
  '119s': 119,
  '2m': 120,
  '9m59s': 599,
  '10m': 610,
  '179m': 179 * 60,
  '3h': 180 * 60,
  '7h59m': 8 * 3600 - 60,
  '47h': 47 * 3600,
  '2d': 48 * 3600,
  '7d23h': 8 * 86_400 - 3600,
  '8d': 8 * 86_400,
  '729d': 729 * 86_400,
  '2y': 730 * 86_400,
};

for (const [want, seconds] of Object.entries(DURATIONS)) {
  test(`humanDuration() of ${seconds} seconds is ${want}`, () => {
    assert.equal(humanDuration(seconds * 1000), want);
  });
}

test('selectorText() writes labels and expressions in order', () => {
  const selector = {
    matchLabels: { b: '1', a: '2' },
    matchExpressions: [
      { key: 'c', operator: 'Exists' },
      { key: 'd', operator: 'NotIn', values: ['x', 'y'] },
    ],
  };
  assert.equal(selectorText(selector), 'a=2,b=1,c,d notin (x,y)');
});

const OBJECT = {
  metadata: { annotations: { 'example.com/x': 'dotted' } },
  spec: {
    ports: [
      { name: 'a', port: 1 },
      { name: 'b', port: 2 },
    ],
  },
  status: {
    conditions: [
      { type: 'Ready', status: 'True' },
      { type: 'Synced', status: 'False' },
    ],
  },
};
const PATHS: Record<string, readonly unknown[]> = {
  '.spec.ports[1].name': ['b'],
  '.spec.ports[*].port': [1, 2],
  '.status.conditions[?(@.type=="Ready")].status': ['True'],
  ".status.conditions[?(@.type!='Ready')].type": ['Synced'],
  '.metadata.annotations.example\\.com/x': ['dotted'],
  ".metadata.annotations['example.com/x']": ['dotted'],
  '.nothing.there': [],
  '{broken': [],
};

for (const [path, want] of Object.entries(PATHS)) {
  test(`readJsonPath() of ${path} finds ${JSON.stringify(want)}`, () => {
    assert.deepEqual(readJsonPath(path)(OBJECT), want);
  });
}
