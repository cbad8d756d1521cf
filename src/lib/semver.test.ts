import assert from 'node:assert/strict';
import { test } from 'node:test';
import { greatest, parseConstraint, parseVersion, satisfies } from './semver.ts';

/** constraint → versions it allows, versions it does not */
const CASES: Record<string, [string, string]> = {
  '*': ['0.0.1 1.2.3 v2.0.0', '1.0.0-rc.1'],
  x: ['1.2.3', '1.0.0-a'],
  '1.x': ['1.0.0 1.9.9', '2.0.0 0.9.0'],
  '1.2.*': ['1.2.0 1.2.9', '1.3.0'],
  '=1.2': ['1.2.0 1.2.7', '1.3.0'],
  '1.2.3 || 2.x': ['1.2.3 2.5.0', '1.2.4 3.0.0'],
  '!=1.2': ['1.3.0 2.2.0', '1.2.0 1.2.9'],
  '!=1.2.3': ['1.2.4', '1.2.3'],
  '>1': ['2.0.0', '1.0.0 1.9.0'],
  '>1.2': ['1.3.0 2.0.0', '1.2.9'],
  '>1.2.3': ['1.2.4', '1.2.3'],
  '<1': ['0.9.9', '1.0.0'],
  '<=1': ['0.1.0 1.9.9', '2.0.0'],
  '<=1.2': ['1.2.9 1.0.0', '1.3.0'],
  '>=1.0.0 <2.0.0': ['1.0.0 1.99.0', '2.0.0 0.9.9'],
  '>=1.0.0, <2.0.0': ['1.5.0', '2.0.0'],
  '>= 1.0.0': ['1.0.0', '0.9.0'],
  '=>1': ['1.0.0', '0.9.0'],
  '~1.2.3': ['1.2.3 1.2.9', '1.3.0 1.2.2'],
  '~1.2': ['1.2.0 1.2.9', '1.3.0'],
  '~1': ['1.0.0 1.9.0', '2.0.0'],
  '~>1.2': ['1.2.4', '1.3.0'],
  '^1.2.3': ['1.2.3 1.9.0', '2.0.0 1.2.2'],
  '^0.2.3': ['0.2.3 0.2.9', '0.3.0 1.0.0'],
  '^0.0.3': ['0.0.3', '0.0.4'],
  '^0.0': ['0.0.9', '0.1.0'],
  '^0': ['0.9.0', '1.0.0'],
  '1.2 - 1.4.5': ['1.2.0 1.4.5 1.3.9', '1.4.6 1.1.9'],
  '>=1.0.0-0': ['1.0.0-rc.1 1.0.0 2.0.0-a', '0.9.0'],
  '^1.0.0-beta.2': ['1.0.0-beta.2 1.0.0-beta.11 1.0.0-rc 1.5.0', '1.0.0-beta.1 1.0.0-alpha'],
};

for (const [text, [allowed, others]] of Object.entries(CASES)) {
  test(`${text} allows ${allowed} and not ${others}`, () => {
    const constraint = parseConstraint(text);
    assert.ok(constraint !== undefined);
    const holds = (name: string): boolean => {
      const version = parseVersion(name);
      return version !== undefined && satisfies(version, constraint);
    };
    assert.deepEqual(
      allowed.split(' ').filter((name) => !holds(name)),
      [],
    );
    assert.deepEqual(others.split(' ').filter(holds), []);
  });
}

test('parseConstraint() does not take names of branches', () => {
  for (const name of ['main', 'release-1.2', 'feature/1.x', '1.2.3.4', '>', '', 'v1 beta']) {
    assert.equal(parseConstraint(name), undefined, name);
  }
});

test('greatest() compares as versions and passes over other names', () => {
  const names = ['v1.9.0', 'v1.10.0', 'latest', 'v1.10.0-rc.1', '1.2'];
  assert.equal(greatest(names, parseConstraint('1.x') ?? []), 'v1.10.0');
  assert.equal(greatest(names, parseConstraint('>=3') ?? []), undefined);
});
