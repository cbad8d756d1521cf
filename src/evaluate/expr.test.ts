import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileExpr } from './expr.ts';
import { GoTime, goTimeMembers } from './go-time.ts';
import { LanguageError } from './language-error.ts';

const NOW = Date.parse('2026-01-02T03:04:05Z');
const VALUES = {
  app: {
    metadata: { name: 'web', annotations: { team: 'a' } },
    status: {
      operationState: {
        phase: 'Succeeded',
        finishedAt: '2026-01-02T03:00:00Z',
        syncResult: { revision: 'abc' },
      },
      health: { status: 'Healthy' },
      conditions: [{ type: 'SyncError' }, { type: 'Warning' }],
    },
  },
  time: { ...goTimeMembers, Now: () => new GoTime(NOW) },
  strings: { ReplaceAll: (text: string, from: string, to: string) => text.replaceAll(from, to) },
};

const RESULTS: Record<string, unknown> = {
  "app.status.operationState.phase in ['Succeeded'] and app.status.health.status == 'Healthy'": true,
  'app.status.operationState?.syncResult?.revision': 'abc',
  'app.status?.nothing?.deep.deeper': null,
  'app.status.operationState != nil': true,
  'time.Now().Sub(time.Parse(app.status.operationState.finishedAt)).Minutes() >= 4': true,
  "time.Now().Add(24 * time.Hour).Format('2006-01-02')": '2026-01-03',
  "not (app.status.health.status in ['Degraded'])": true,
  "app.status.health.status not in ['Degraded']": true,
  "any(app.status.conditions, {.type == 'SyncError'})": true,
  'filter(1..5, # > 3)': [4, 5],
  '[1, 2, 3] | map(# * 2) | sum()': 12,
  'reduce([1, 2, 3], #acc + #, 10)': 16,
  'let x = 3; x ** 2': 9,
  '1 + 2 * 3 == 7 ? "yes" : "no"': 'yes',
  'app.metadata.annotations["team"] ?? "none"': 'a',
  'app.nothing.deep ?? "none"': 'none',
  "'v1.2.3' matches '^v[0-9]'": true,
  "'abc' startsWith 'ab' and 'abc' endsWith 'bc' and 'abc' contains 'b'": true,
  "strings.ReplaceAll('a.b', '.', '-')": 'a-b',
  "{'a': 1, b: 2}.b": 2,
  '[1, 2, 3][-1] + [1, 2, 3][0]': 4,
  '[1, 2, 3, 4][1:3]': [2, 3],
  "len('héé')": 3,
  '7 % 4 + 5 / 2': 5.5,
  "map(app.status.conditions, .type) | join(',')": 'SyncError,Warning',
  'duration("1h30m").Minutes()': 90,
  'date("2026-01-02").Year()': 2026,
  "type(nil) + type(1) + type('')": 'nilintstring',
  '/* a comment */ true // and another': true,
};

for (const [source, want] of Object.entries(RESULTS)) {
  test(`expr ${source}`, () => assert.deepEqual(compileExpr(source).run(VALUES), want));
}

const FAILURES: Record<string, [code: string, message: RegExp]> = {
  'app.status.nothing.deep': ['EVALUATION', /cannot fetch deep from nil/],
  'app.constructor.constructor("return 1")()': ['EVALUATION', /nil|not a function/],
  'app.__proto__.x': ['EVALUATION', /from nil/],
  'time.Now.constructor': ['EVALUATION', /nil|not/],
  'unknown == 1': ['EVALUATION', /unknown name unknown/],
  "'a' + 1": ['EVALUATION', /needs a number/],
  "'x' and true": ['EVALUATION', /true or false/],
  '1 +': ['SYNTAX', /unexpected the end/],
  'a b': ['SYNTAX', /unexpected "b" at position 3/],
  "'open": ['SYNTAX', /does not end/],
  'map(1..1000000, #)': ['LIMIT', /steps/],
  'repeat("x", 1e9)': ['LIMIT', /longer/],
  [`${'('.repeat(500)}1${')'.repeat(500)}`]: ['LIMIT', /nests/],
  "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!' matches '^(a+)+$'": ['LIMIT', /regular expression/],
  "'a' matches '('": ['EVALUATION', /regular expression/],
};

for (const [source, [code, message]] of Object.entries(FAILURES)) {
  test(`expr refuses ${source.slice(0, 60)}`, () => {
    const run = (): unknown => {
      const value = compileExpr(source).run(VALUES);
      // A name that objects inherit is no member.
      if (value === null) throw new LanguageError('EVALUATION', 'nil');
      return value;
    };
    assert.throws(
      run,
      (error) => error instanceof LanguageError && error.code === code && message.test(error.message),
    );
  });
}
