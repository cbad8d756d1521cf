import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dependsOn, describeHold, holdOf } from '../index.ts';

const NOW = Date.parse('2026-01-01T00:00:00Z');

function app(annotations: Record<string, string>) {
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Application',
    metadata: { namespace: 'argocd', name: 'web', annotations },
  };
}

const HOLDS = {
  'nothing is no hold': { text: undefined, kind: 'none' },
  'empty text is no hold': { text: '  ', kind: 'none' },
  'a revision is enough': { text: '{"revision":"abc"}', kind: 'active' },
  'an end in the future': {
    text: '{"revision":"abc","until":"2026-01-01T00:00:05Z"}',
    kind: 'active',
    leftMs: 5_000,
  },
  'an end in the past': { text: '{"revision":"abc","until":"2025-12-31T00:00:00Z"}', kind: 'expired' },
  'an end right now': { text: '{"revision":"abc","until":"2026-01-01T00:00:00Z"}', kind: 'expired' },
  'no JSON': { text: 'abc', kind: 'invalid', says: /"abc": that is not JSON/ },
  'no revision': { text: '{"reason":"x"}', kind: 'invalid', says: /revision/ },
  'an empty revision': { text: '{"revision":""}', kind: 'invalid', says: /revision/ },
  'an end that is no time': {
    text: '{"revision":"abc","until":"soon"}',
    kind: 'invalid',
    says: /until is no time/,
  },
  'a list': { text: '[]', kind: 'invalid', says: /automated sync waits/ },
} as const;

for (const [name, { text, kind, ...want }] of Object.entries(HOLDS)) {
  test(`holdOf(): ${name}`, () => {
    const state = holdOf(app(text === undefined ? {} : { 'fairlead.dev/hold': text }), NOW);
    assert.equal(state.kind, kind);
    if ('leftMs' in want) assert.equal(state.kind === 'active' ? state.leftMs : undefined, want.leftMs);
    if ('says' in want) assert.match(state.kind === 'invalid' ? state.message : '', want.says);
  });
}

test('holdOf() quotes no more of an endless annotation than fits', () => {
  const state = holdOf(app({ 'fairlead.dev/hold': 'x'.repeat(100_000) }), NOW);
  assert.ok(state.kind === 'invalid' && state.message.length < 1_000);
});

test('describeHold() says who, until when and why', () => {
  const revision = 'a'.repeat(40);
  assert.equal(describeHold({ revision }), 'held at aaaaaaa until it is released');
  assert.equal(
    describeHold({ revision: 'v1', by: 'ann', until: '2026-01-01T00:00:00Z', reason: 'broken' }),
    'held at v1 by ann until 2026-01-01T00:00:00Z: broken',
  );
});

const DEPENDENCIES = {
  nothing: { text: '', keys: [] },
  'names in the own namespace': { text: 'db, queue', keys: ['argocd/db', 'argocd/queue'] },
  'another namespace': { text: 'team/db', keys: ['team/db'] },
  'the same one twice': { text: 'db,argocd/db,,', keys: ['argocd/db'] },
  'a blank in a name': { text: 'my db', says: /"my db"/ },
  'upper case': { text: 'DB', says: /"DB"/ },
  'too many parts': { text: 'a/b/c', says: /"a\/b\/c"/ },
  'too many names': { text: Array.from({ length: 51 }, (_, i) => `a${i}`).join(), says: /51 names/ },
} as const;

for (const [name, { text, ...want }] of Object.entries(DEPENDENCIES)) {
  test(`dependsOn(): ${name}`, () => {
    const found = dependsOn(app({ 'fairlead.dev/depends-on': text }));
    if ('keys' in want) assert.deepEqual(found, { kind: 'valid', keys: want.keys });
    else assert.match(found.kind === 'invalid' ? found.message : '', want.says);
  });
}
