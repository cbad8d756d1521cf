// jq expressions: what they give, and that none of them gets further than its bounds.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { systemClock } from '../lib/index.ts';
import { createEvaluator, EvaluateError } from './index.ts';

process.env['CANARY'] = 'of the process';
const evaluator = createEvaluator({ clock: systemClock });
after(() => evaluator.close());

const DOCUMENT = { kind: 'Deployment', spec: { list: [{ n: 'x' }, { n: 'y' }], replicas: 2 } };

function run(source: string): Promise<unknown> {
  return evaluator.run({ language: 'jq', name: 'an expression', source }, { input: DOCUMENT });
}

const GIVES: Readonly<Record<string, readonly unknown[]>> = {
  '.spec.replicas': [2],
  '.spec.list[].n': ['x', 'y'],
  '[path(.spec.list[] | select(.n | ascii_upcase == "Y"))]': [[['spec', 'list', 1]]],
  '[path(first(.spec.list[]))]': [[['spec', 'list', 0]]],
  'def n: .n; [path(.spec.list[] | n)]': [
    [
      ['spec', 'list', 0, 'n'],
      ['spec', 'list', 1, 'n'],
    ],
  ],
  'empty # with a comment': [],
  'env | has("CANARY")': [false],
};
for (const [source, wanted] of Object.entries(GIVES)) {
  test(`jq ${source} gives ${JSON.stringify(wanted)}`, async () => {
    assert.deepEqual(await run(source), wanted);
  });
}

const REFUSED: Readonly<Record<string, { readonly source: string; readonly code: RegExp }>> = {
  'what does not parse': { source: '.spec |', code: /^PROGRAM$/ },
  'an endless loop': { source: 'def f: f; f', code: /^(TIMED_OUT|OUT_OF_MEMORY)$/ },
  'an endless list': { source: 'repeat(.spec)', code: /^(TIMED_OUT|OUT_OF_MEMORY|TOO_LARGE)$/ },
  'a list beyond its memory': { source: '[range(1e9)] | length', code: /^(TIMED_OUT|OUT_OF_MEMORY)$/ },
  'a text beyond its memory': { source: '"x" * 500000000 | length', code: /^(TIMED_OUT|OUT_OF_MEMORY)$/ },
  'a file': { source: 'input_filename | halt_error', code: /^PROGRAM$/ },
};
for (const [name, { source, code }] of Object.entries(REFUSED)) {
  test(`jq refuses ${name}, and the next expression runs`, async () => {
    await assert.rejects(run(source), (error: unknown) => {
      assert.ok(error instanceof EvaluateError);
      assert.match(error.code, code, error.message);
      return true;
    });
    assert.deepEqual(await run('.kind'), ['Deployment']);
  });
}
