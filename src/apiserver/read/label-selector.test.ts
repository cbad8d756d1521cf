import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Labels, labelSelectorMatcher, parseLabelSelector } from './label-selector.ts';

const OBJECTS: Record<string, Labels> = {
  web: { app: 'web', tier: 'front', weight: '10' },
  db: { app: 'db', tier: 'back' },
  bare: {},
};

const TEXTS: Record<string, readonly string[]> = {
  '': ['web', 'db', 'bare'],
  'app=web': ['web'],
  'app == web': ['web'],
  'app!=web': ['db', 'bare'],
  app: ['web', 'db'],
  '!app': ['bare'],
  'app in (web, db),tier=back': ['db'],
  'app notin (web)': ['db', 'bare'],
  'weight>9': ['web'],
  'weight<10': [],
  'app=': [],
};

for (const [text, want] of Object.entries(TEXTS)) {
  test(`parseLabelSelector() of "${text}" selects ${want.join(', ') || 'nothing'}`, () => {
    const matches = parseLabelSelector(text) ?? (() => true);
    assert.deepEqual(
      Object.keys(OBJECTS).filter((name) => matches(OBJECTS[name] ?? {})),
      want,
    );
  });
}

const BROKEN: Record<string, RegExp> = {
  '=x': /found '=', expected: !, identifier, or 'end of string'/,
  'a b': /found 'b', expected: in, notin, =, ==, !=, gt, lt/,
  'a in (b': /found '', expected: ',' or '\)'/,
  'a>b': /for 'Gt', 'Lt' operators, the value must be an integer/,
  'a=b=c': /found '=', expected: ',' or 'end of string'/,
};

for (const [text, message] of Object.entries(BROKEN)) {
  test(`parseLabelSelector() refuses "${text}"`, () => {
    assert.throws(() => parseLabelSelector(text), { code: 'BadRequest', message });
  });
}

test('labelSelectorMatcher() takes expressions, everything for {} and nothing without a selector', () => {
  const back = { matchExpressions: [{ key: 'tier', operator: 'In', values: ['back'] }] };
  const select = (selector: unknown): string[] =>
    Object.keys(OBJECTS).filter((name) => labelSelectorMatcher(selector)(OBJECTS[name] ?? {}));
  assert.deepEqual(select(back), ['db']);
  assert.deepEqual(select({}), ['web', 'db', 'bare']);
  assert.deepEqual(select(undefined), []);
});
