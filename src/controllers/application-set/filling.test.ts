import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ApplicationSet } from '../../model/index.ts';
import { ApplicationSetError } from './errors.ts';
import { createFiller } from './filling.ts';
import { normalizedName, slug } from './names.ts';

const clock = { now: () => 0 };

function fillerOf(spec: Partial<ApplicationSet['spec']>) {
  return createFiller({ generators: [], template: {} as never, ...spec }, clock);
}

test('the older language replaces names it knows, in keys and values, and leaves everything else as it is', () => {
  const filler = fillerOf({});
  const parameters = { name: 'web', 'path.basename': 'x', number: 3 };
  const cases: [unknown, unknown][] = [
    ['{{name}}', 'web'],
    ['{{ name }}-{{path.basename}}', 'web-x'],
    ['{{unknown}} {{ }} {{', '{{unknown}} {{ }} {{'],
    ['{{number}}', '{{number}}'],
    ['{{constructor}}', '{{constructor}}'],
    [{ '{{name}}/label': ['{{name}}', 1, null, true] }, { 'web/label': ['web', 1, null, true] }],
  ];
  for (const [template, want] of cases) assert.deepEqual(filler.value(template, parameters), want);
});

test('Go templates have sprig, normalize, slugify and YAML', () => {
  const filler = fillerOf({ goTemplate: true });
  const parameters = { name: 'Web_Shop', list: [{ a: 1 }], text: '- a\n- b\n' };
  const cases: [string, string][] = [
    ['{{ .name | normalize }}', 'web-shop'],
    ['{{ .name | lower | replace "_" "-" }}', 'web-shop'],
    ['{{ slugify .name }}', 'web_shop'],
    ['{{ slugify 5 true "feature one two" }}', 'featu'],
    ['{{ slugify 12 true "feature one two" }}', 'feature-one'],
    ['{{ range .list }}{{ .a }}{{ end }}', '1'],
    ['{{ .list | toYaml }}', '- a: 1'],
    ['{{ index (fromYamlArray .text) 1 }}', 'b'],
    ['{{ .missing }}', '<no value>'],
  ];
  for (const [template, want] of cases) assert.equal(filler.text(template, parameters), want, template);
  assert.throws(() => filler.text('{{ env "HOME" }}', parameters), ApplicationSetError);
});

test('missingkey=error makes a parameter that is not there a failure that names the text', () => {
  const filler = fillerOf({ goTemplate: true, goTemplateOptions: ['missingkey=error'] });
  assert.throws(() => filler.text('{{ .missing }}-x', {}), {
    code: 'TEMPLATE_FAILED',
    message: /^Cannot fill in "\{\{ \.missing \}\}-x": /,
  });
  assert.throws(() => fillerOf({ goTemplate: true, goTemplateOptions: ['missingkey=errors'] }), {
    code: 'SET_INVALID',
    message: /missingkey=errors/,
  });
});

test('a template that would never end is a failure, not a hang', () => {
  const filler = fillerOf({ goTemplate: true });
  const endless = '{{ define "a" }}{{ template "a" }}{{ end }}{{ template "a" }}';
  assert.throws(() => filler.text(endless, {}), { code: 'TEMPLATE_FAILED' });
});

test('names become what Kubernetes takes', () => {
  const cases: [string, string][] = [
    ['Prod_EU.west', 'prod-eu.west'],
    ['--x--', 'x'],
    ['héllo', 'h-llo'],
    ['a'.repeat(300), 'a'.repeat(253)],
    ['', ''],
  ];
  for (const [text, want] of cases) assert.equal(normalizedName(text), want);
});

test('slugs are words in ASCII that fit into a label', () => {
  const cases: [string, string][] = [
    ['Feature/JIRA-1: Add thing!', 'feature-jira-1-add-thing'],
    ['Größe & Maß', 'grosse-and-mass'],
    [`${'x'.repeat(49)}-yy`, 'x'.repeat(49)],
  ];
  for (const [text, want] of cases) assert.equal(slug(text), want);
});
