import assert from 'node:assert/strict';
import { test } from 'node:test';
import { labelMatcher } from './label-selector.ts';

const LABELS = { team: 'web', 'app.kubernetes.io/name': 'shop', empty: '' };
const CASES: Record<string, boolean> = {
  '': true,
  'team=web': true,
  'team == web': true,
  'team!=web': false,
  'other!=x': true,
  'app.kubernetes.io/name=shop,team=web': true,
  'team=web,other=x': false,
  'team in (api, web)': true,
  'team notin (api,web)': false,
  'other notin (x)': true,
  team: true,
  '!team': false,
  '!other': true,
  'empty=': true,
  'constructor=x': false,
};

for (const [selector, want] of Object.entries(CASES)) {
  test(`labelMatcher("${selector}") is ${want}`, () => assert.equal(labelMatcher(selector)(LABELS), want));
}

for (const selector of ['=web', 'a b', 'a in b', 'team=web)', `${'a'.repeat(5_000)}=1`, 'a in (b']) {
  test(`labelMatcher() refuses ${selector.slice(0, 20)}`, () => {
    assert.throws(() => labelMatcher(selector), { code: 'InvalidArgument' });
  });
}
