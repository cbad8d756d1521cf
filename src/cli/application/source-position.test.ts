import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Application } from '../../contract/index.ts';
import { revisionsByPosition, sourcePosition } from './source-position.ts';

const APP: Application = {
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'Application',
  metadata: { name: 'web' },
  spec: {
    project: 'default',
    destination: {},
    sources: [
      { repoURL: 'https://g/a', name: 'chart' },
      { repoURL: 'https://g/b', name: 'values' },
    ],
  },
};
const NONE = { revisions: [], 'source-positions': [], 'source-names': [] };

test('a source is named by position or by name', () => {
  assert.equal(sourcePosition(APP, {}), undefined);
  assert.equal(sourcePosition(APP, { 'source-position': 2 }), 2);
  assert.equal(sourcePosition(APP, { 'source-name': 'values' }), 2);
});

test('a source that is not there, or named twice over, is refused', () => {
  assert.throws(() => sourcePosition(APP, { 'source-position': 3 }), /has 2 sources/);
  assert.throws(() => sourcePosition(APP, { 'source-name': 'other' }), /no source named other/);
  assert.throws(() => sourcePosition(APP, { 'source-position': 1, 'source-name': 'chart' }), /not both/);
});

test('revisions go with positions or names, one for each', () => {
  assert.deepEqual(revisionsByPosition(APP, NONE), {});
  assert.deepEqual(revisionsByPosition(APP, { ...NONE, revisions: ['v1'], 'source-names': ['values'] }), {
    revisions: ['v1'],
    sourcePositions: [2],
  });
  assert.throws(() => revisionsByPosition(APP, { ...NONE, revisions: ['v1'] }), /given for 0 sources/);
});
