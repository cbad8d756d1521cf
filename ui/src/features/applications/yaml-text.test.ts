import assert from 'node:assert/strict';
import { test } from 'node:test';
import { yamlText } from './yaml-text.ts';

const CASES: Record<string, [unknown, string]> = {
  'nests objects and lists': [
    { spec: { ports: [{ port: 80, name: 'http' }, { port: 443 }], empty: [], none: {} } },
    'spec:\n  ports:\n  - port: 80\n    name: http\n  - port: 443\n  empty: []\n  none: {}',
  ],
  'quotes what would be read as something else': [
    { a: 'true', b: '1.20', c: '', d: 'a: b', e: '- x', f: null, g: '*', 'h i': 'plain text' },
    'a: "true"\nb: "1.20"\nc: ""\nd: "a: b"\ne: "- x"\nf: null\ng: "*"\nh i: plain text',
  ],
  'writes several lines as a block': [
    { data: { run: 'set -e\necho hi\n', last: 'a\nb' } },
    'data:\n  run: |\n    set -e\n    echo hi\n  last: |-\n    a\n    b',
  ],
  'puts lists into lists': [[[1, 2], ['x']], '- - 1\n  - 2\n- - x'],
  'writes a lone value': ['nginx:1.27', 'nginx:1.27'],
};
for (const [name, [value, want]] of Object.entries(CASES))
  test(`yamlText() ${name}`, () => assert.equal(yamlText(value), want));
