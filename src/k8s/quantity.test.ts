import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canonicalQuantity, compareQuantities, parseQuantity, sameQuantity } from './quantity.ts';

/** Text → the spelling kube-apiserver answers with. */
const CANONICAL: Record<string, string> = {
  '0': '0',
  '0.0': '0',
  '1000m': '1',
  '1500m': '1500m',
  '0.1': '100m',
  '.5': '500m',
  '1.': '1',
  '+2': '2',
  '-0.5': '-500m',
  '1000': '1k',
  '1500': '1500',
  '1024Mi': '1Gi',
  '1.5Gi': '1536Mi',
  '0.5Ki': '512',
  '1000Ki': '1000Ki',
  '0.6Mi': '629145600m',
  '1e3': '1e3',
  '12E2': '1200',
  '1E': '1E',
  '1Ei': '1Ei',
  '1n': '1n',
  '0.1n': '1n',
  '100000u': '100m',
  '12345678901234567890': '12345678901234567890',
};
for (const [text, want] of Object.entries(CANONICAL)) {
  test(`canonicalQuantity() writes ${text} as ${want}`, () => assert.equal(canonicalQuantity(text), want));
}

for (const text of ['', '.', 'm', '1x', '1 Gi', '1e', 'Infinity', '--1', '1Kii', '1e99999']) {
  test(`parseQuantity() refuses ${JSON.stringify(text)}`, () => assert.equal(parseQuantity(text), undefined));
}

test('sameQuantity() compares values, not spellings, and numbers with text', () => {
  assert.ok(sameQuantity('0.5', '500m'));
  assert.ok(sameQuantity(1, '1000m'));
  assert.ok(sameQuantity('1Gi', '1073741824'));
  assert.ok(!sameQuantity('1G', '1Gi'));
  assert.ok(sameQuantity('not one', 'not one'));
  assert.ok(!sameQuantity('not one', '1'));
});

test('compareQuantities() orders across suffixes', () => {
  const ordered = ['-1', '0', '1n', '999m', '1', '1k', '1Ki', '1M', '1Mi', '1E', '1Ei'];
  const values = ordered.map((text) => parseQuantity(text) ?? assert.fail(text));
  const shuffled = [...values].reverse().sort(compareQuantities);
  assert.deepEqual(shuffled, values);
});
