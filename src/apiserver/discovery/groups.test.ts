import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareVersions } from './groups.ts';

test('compareVersions() puts stable before beta before alpha, newer before older, others last by name', () => {
  const versions = [
    'foo1',
    'v1alpha1',
    'v11beta2',
    'v10',
    'v2',
    'v1',
    'v12alpha1',
    'v3beta1',
    'foo10',
    'v11alpha2',
  ];
  assert.deepEqual(versions.sort(compareVersions), [
    'v10',
    'v2',
    'v1',
    'v11beta2',
    'v3beta1',
    'v12alpha1',
    'v11alpha2',
    'v1alpha1',
    'foo1',
    'foo10',
  ]);
});
