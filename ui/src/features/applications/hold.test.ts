import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Application } from '../../../../src/contract/index.ts';
import { type HoldView, holdView } from './hold.ts';

const NOW = Date.parse('2026-01-31T12:00:00Z');
const [OLD, NEW] = ['a'.repeat(40), 'b'.repeat(40)];

function held(hold: string, message?: string): Application {
  const at = '2026-01-31T11:00:00Z';
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Application',
    metadata: { name: 'web', annotations: { 'fairlead.dev/hold': hold } },
    spec: {
      project: 'default',
      destination: {},
      source: { repoURL: 'https://x.test', targetRevision: 'main' },
    },
    ...(message === undefined
      ? {}
      : { status: { conditions: [{ type: 'HoldWarning', message, lastTransitionTime: at }] } }),
  };
}
const nothing = {
  by: undefined,
  reason: undefined,
  since: undefined,
  until: undefined,
  followsAt: undefined,
};

const CASES: Record<string, { app: Application; want: Partial<HoldView> | undefined }> = {
  'says everything that is known': {
    app: held(
      JSON.stringify({ revision: OLD, by: 'ann', reason: 'slow', since: '2026-01-31T10:00:00Z' }),
      `held at aaaaaaa by ann until it is released: slow; its source is at bbbbbbb`,
    ),
    want: { at: 'aaaaaaa', by: 'ann', reason: 'slow', since: '2026-01-31T10:00:00Z', followsAt: 'bbbbbbb' },
  },
  'of several sources': {
    app: held(JSON.stringify({ revisions: [OLD, NEW] })),
    want: { at: 'aaaaaaa, bbbbbbb' },
  },
  'takes the time of the condition when nobody wrote one down': {
    app: held(JSON.stringify({ revision: OLD }), 'held at aaaaaaa until it is released'),
    want: { at: 'aaaaaaa', since: '2026-01-31T11:00:00Z' },
  },
  'is over when its time is over': {
    app: held(JSON.stringify({ revision: OLD, until: '2026-01-31T12:00:00Z' })),
    want: undefined,
  },
  'is there as long as its time is not over': {
    app: held(JSON.stringify({ revision: OLD, until: '2026-01-31T12:00:01Z' })),
    want: { at: 'aaaaaaa', until: '2026-01-31T12:00:01Z' },
  },
  'that cannot be read is still one': { app: held('{broken'), want: { at: '' } },
  'with wrong types is still one': { app: held('{"revision": 7, "by": []}'), want: { at: '' } },
  'empty is none': { app: held(' '), want: undefined },
};
for (const [name, { app, want }] of Object.entries(CASES))
  test(`holdView(): a hold ${name}`, () =>
    assert.deepEqual(holdView(app, NOW), want && { ...nothing, follows: 'main', ...want }));
