import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canonicalQuantity, compareQuantities, parseQuantity } from './quantity.ts';

const CANONICAL: Record<string, string> = {
  '0.5': '500m',
  '1000m': '1',
  '1500m': '1500m',
  '1000': '1k',
  '1024': '1024',
  '1.5Gi': '1536Mi',
  '1024Mi': '1Gi',
  '1000Mi': '1000Mi',
  '0.5Ki': '512',
  '1.5G': '1500M',
  '100000': '100k',
  '1e3': '1e3',
  '0': '0',
  '0Gi': '0',
  '-1': '-1',
  '0.0000000001': '1n',
  '+5': '5',
  '100m': '100m',
};
for (const [given, want] of Object.entries(CANONICAL)) {
  test(`canonicalQuantity() makes ${given} ${want}`, () => assert.equal(canonicalQuantity(given), want));
}

test('canonicalQuantity() takes numbers and keeps what is no quantity', () => {
  assert.equal(canonicalQuantity(0.25), '250m');
  assert.equal(canonicalQuantity('abc'), 'abc');
});

test('compareQuantities() compares across notations', () => {
  const [a, b] = [parseQuantity('1Gi'), parseQuantity('1G')];
  assert.ok(a !== undefined && b !== undefined);
  assert.ok(compareQuantities(a, b) > 0);
  assert.equal(parseQuantity('1 Gi'), undefined);
});
