import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stringify } from 'yaml';
import { fc } from '../../test/support/property.ts';
import { parseYaml, parseYamlDocuments, YamlError, type YamlErrorCode } from './yaml.ts';
import { BAIL, parseBlockDocument } from './yaml-block.ts';

/** What kubectl (sigs.k8s.io/yaml 1.6) answered for each text. */
const KUBECTL: Record<string, { yaml: string; want: unknown }> = {
  'YAML 1.1 booleans': {
    yaml: 'a: yes\nb: Off\nc: y\nd: "yes"\n',
    want: { a: true, b: false, c: true, d: 'yes' },
  },
  'a boolean key as text': { yaml: 'on: x\n', want: { true: 'x' } },
  'octal, hexadecimal, binary, underscores': {
    yaml: 'a: 0777\nb: 0o14\nc: 0x1f\nd: 0b11\ne: 1_000\nf: 08\n',
    want: { a: 511, b: 12, c: 31, d: 3, e: 1000, f: 8 },
  },
  'an exponent as a number': { yaml: 'a: 1e3\nb: 12e03\nc: .5\n', want: { a: 1000, b: 12000, c: 0.5 } },
  'numbers as keys': { yaml: '1: a\n1.50: b\n', want: { '1': 'a', '1.5': 'b' } },
  'a timestamp and a sexagesimal as text': {
    yaml: 'a: 2020-01-01\nb: 1:20\n',
    want: { a: '2020-01-01', b: '1:20' },
  },
  nulls: { yaml: 'a: ~\nb:\nc: null\nd: ""\n', want: { a: null, b: null, c: null, d: '' } },
  'the last of two equal keys': { yaml: 'k: v\nk: w\n', want: { k: 'w' } },
  'a quoted scalar continued without indentation': {
    yaml: 'a:\n  b: "one\ntwo"\n  c: 1\n',
    want: { a: { b: 'one two', c: 1 } },
  },
  'a flow list closed without indentation': { yaml: 'a: [1,\n2\n]\nb: 1\n', want: { a: [1, 2], b: 1 } },
  'a list at the column of its key': { yaml: 'a:\n- 1\n- b: 2\n  c: 3\n', want: { a: [1, { b: 2, c: 3 }] } },
  'block scalars with every chomping': {
    yaml: 'a: |\n  x\n   y\n\nb: |-\n  x\n\nc: |+\n  x\n\nd: >\n  x\n  y\n\n  z\n',
    want: { a: 'x\n y\n', b: 'x', c: 'x\n\n', d: 'x y\nz\n' },
  },
  'a block scalar cut off by the end of the text': { yaml: 'a: |\n  x', want: { a: 'x' } },
  'the same with an anchor elsewhere': { yaml: 'b: &x 1\na: |\n  x', want: { a: 'x', b: 1 } },
  'plain text over lines': { yaml: 'a: one\n  two\n\n  three\nb: 1\n', want: { a: 'one two\nthree', b: 1 } },
  'hashes and colons inside plain text': {
    yaml: 'a: b#c # comment\nb: http://x:80/y\nc: :x\n',
    want: { a: 'b#c', b: 'http://x:80/y', c: ':x' },
  },
  'anchors, aliases and merges in written order': {
    yaml: 'a: &a {p: 1, q: 2}\nb: {q: 3, <<: *a}\nc:\n  <<: *a\n  q: 3\n',
    want: { a: { p: 1, q: 2 }, b: { p: 1, q: 2 }, c: { p: 1, q: 3 } },
  },
  tags: { yaml: 'a: !!str 1\nb: !!binary aGk=\nc: !foo x\n', want: { a: '1', b: 'hi', c: 'x' } },
  JSON: { yaml: '{"a": [1, {"b": "c"}], "d": null}', want: { a: [1, { b: 'c' }], d: null } },
  'helm toJson inside block style': { yaml: 'a: {"b":"c","d":["e"]}\n', want: { a: { b: 'c', d: ['e'] } } },
  escapes: { yaml: "a: \"\\x41\\u00e9\\U0001F600\\t\"\nb: 'it''s'\n", want: { a: 'Aé😀\t', b: "it's" } },
};

for (const [name, { yaml, want }] of Object.entries(KUBECTL)) {
  test(`parseYaml() reads ${name} as kubectl does`, () => assert.deepEqual(parseYaml(yaml), want));
}

const REFUSED: Record<string, { yaml: string; code: YamlErrorCode; message: RegExp }> = {
  'an unclosed quote': {
    yaml: 'a: 1\nb: "x\n',
    code: 'YAML_SYNTAX',
    message: /^f\.yaml line [23]: Missing closing/,
  },
  'a mapping inside plain text': { yaml: 'a: b: c\n', code: 'YAML_SYNTAX', message: /^f\.yaml line 1/ },
  'a tab as indentation': { yaml: 'a:\n\tb: 1\n', code: 'YAML_SYNTAX', message: /^f\.yaml line 2/ },
  'a control character': {
    yaml: 'a: 1\nb: \u0001\n',
    code: 'YAML_SYNTAX',
    message: /line 2: control character U\+0001/,
  },
  'an unknown alias': { yaml: 'a: 1\nb: *x\n', code: 'YAML_SYNTAX', message: /line 2: unknown anchor x/ },
  'an alias inside itself': { yaml: 'a: &a [*a]\n', code: 'YAML_SYNTAX', message: /contains itself/ },
  'an infinity': { yaml: 'a: 1\nb: .inf\n', code: 'YAML_VALUE', message: /line 2: \.inf is not a value/ },
  'an integer that would lose digits': {
    yaml: 'a: 9007199254740993\n',
    code: 'YAML_VALUE',
    message: /line 1: the integer 9007199254740993 needs more than 53 bits/,
  },
};

for (const [name, { yaml, code, message }] of Object.entries(REFUSED)) {
  test(`parseYaml() refuses ${name} and says where`, () => {
    assert.throws(
      () => parseYaml(yaml, { name: 'f.yaml' }),
      (error: unknown) => error instanceof YamlError && error.code === code && message.test(error.message),
    );
  });
}

const BOMBS: Record<string, string> = {
  'an alias bomb': `a: &a [x,x,x,x,x,x,x,x,x]\n${[...'bcdefghij'].map((c, i) => `${c}: &${c} [${Array(9).fill(`*${'abcdefghi'[i]}`)}]`).join('\n')}`,
  'ten thousand merges': `a: &a {x: 1}\nb:\n${'  <<: *a\n'.repeat(100_000)}`,
  'open brackets': `a: ${'['.repeat(100_000)}`,
  'nested dashes': `a:\n${'- '.repeat(100_000)}`,
  'deep indentation': Array.from({ length: 1_200 }, (_, i) => `${' '.repeat(i)}a:`).join('\n'),
  'a million documents': '---\na: 1\n'.repeat(1_000_000),
  'fifty megabytes': `a: ${'x'.repeat(50_000_000)}`,
};

for (const [name, yaml] of Object.entries(BOMBS)) {
  test(`parseYamlDocuments() ends quickly on ${name}`, () => {
    // Processor time: what else the machine does is not the parser's doing.
    const before = process.cpuUsage();
    assert.throws(() => parseYamlDocuments(yaml), YamlError);
    const { user, system } = process.cpuUsage(before);
    assert.ok((user + system) / 1000 < 2_000);
  });
}

test('parseYamlDocuments() tells the first line of each document and passes over empty ones', () => {
  const text = '# head\n---\n# only a comment\n---\na: 1\n--- # again\n\n# why\nb: 2\n---\n';
  assert.deepEqual(parseYamlDocuments(text), [
    { value: { a: 1 }, line: 5 },
    { value: { b: 2 }, line: 9 },
  ]);
});

test('parseYamlDocuments() takes carriage returns and a byte order mark', () => {
  assert.deepEqual(parseYamlDocuments('\ufeffa: 1\r\n---\r\nb: |\r\n  x\r\n'), [
    { value: { a: 1 }, line: 1 },
    { value: { b: 'x\n' }, line: 3 },
  ]);
});

test('a key named __proto__ is a key like any other', () => {
  const value = parseYaml('__proto__: {polluted: 1}\n') as object;
  assert.deepEqual(Object.keys(value), ['__proto__']);
  assert.equal(({} as Record<string, unknown>)['polluted'], undefined);
});

// The writer leaves a key `<<` without quotes, and what it then says is a merge.
const key = fc.string({ minLength: 1 }).filter((text) => text !== '<<');
const json = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom(
      '',
      'yes',
      '1',
      '0x1',
      'a: b',
      ' lead',
      'trail ',
      '# c',
      'a #b',
      '- x',
      "it's",
      '"q"',
      '\n',
      'a\nb\n',
      '{',
      '~',
      '1e3',
      'é😀',
      '<<',
      '*a',
      '&a',
      '!t',
      '%',
      '|',
      '>',
    ),
    fc.string(),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.oneof(key, fc.constantFrom('a', 'b/c', 'on', '1')), tie('value'), { maxKeys: 4 }),
  ),
})).value;

test('whatever a YAML writer writes is read back, and the fast parser never differs from the full one', () => {
  fc.assert(
    fc.property(
      fc.dictionary(key, json, { minKeys: 1, maxKeys: 4 }),
      fc.record({
        indent: fc.integer({ min: 1, max: 4 }),
        lineWidth: fc.constantFrom(0, 20, 80),
        indentSeq: fc.boolean(),
      }),
      (value, style) => {
        const text = stringify(value, { ...style, version: '1.1' });
        // Control characters and the line breaks of YAML 1.1 are another matter.
        const want: unknown = JSON.parse(JSON.stringify(value));
        if (!/^[\n\x20-\x7e\xa0-\u2027\u202a-\ufffd]*$/.test(text)) return;
        assert.deepEqual(parseYaml(text), want);
        try {
          assert.deepEqual(parseBlockDocument(text, 200), want);
        } catch (error) {
          if (error !== BAIL) throw error;
        }
      },
    ),
    { numRuns: 300 },
  );
});
