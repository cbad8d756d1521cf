import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileGoTemplate } from './go-template.ts';
import { GoTime, goTimeMembers } from './go-time.ts';
import { LanguageError } from './language-error.ts';

const NOW = Date.parse('2026-01-02T03:04:05Z');
const clock = { now: () => NOW };
const DATA = {
  app: {
    metadata: { name: 'web', labels: { b: '2', a: '1' } },
    status: { health: 'Healthy', revision: 'abcdef0123', conditions: [{ type: 'X' }, { type: 'Y' }] },
  },
  time: { ...goTimeMembers, Now: () => new GoTime(NOW) },
  strings: { ReplaceAll: (text: string, from: string, to: string) => text.replaceAll(from, to) },
};

const RESULTS: Record<string, string> = {
  'Hi {{.app.metadata.name | upper}}!': 'Hi WEB!',
  'a {{- " b " -}} c': 'a b c',
  '{{/* nothing */}}x': 'x',
  '{{if eq .app.status.health "Bad"}}a{{else if eq .app.status.health "Healthy"}}b{{else}}c{{end}}': 'b',
  '{{with .nothing}}a{{else}}b{{end}}': 'b',
  '{{with $x := .app.metadata}}{{$x.name}}{{.name}}{{end}}': 'webweb',
  '{{range $i, $c := .app.status.conditions}}{{$i}}{{$c.type}} {{end}}': '0X 1Y ',
  '{{range $k, $v := .app.metadata.labels}}{{$k}}={{$v}};{{end}}': 'a=1;b=2;',
  '{{range .nothing}}a{{else}}none{{end}}': 'none',
  '{{range until 5}}{{if eq . 1}}{{continue}}{{end}}{{if gt . 2}}{{break}}{{end}}{{.}}{{end}}': '02',
  '{{$x := 1}}{{range until 3}}{{$x = add $x .}}{{end}}{{$x}}': '4',
  '{{define "t"}}<{{.}}>{{end}}{{template "t" 5}}{{include "t" "x" | quote}}': '<5>"<x>"',
  '{{block "b" .app.metadata.name}}[{{.}}]{{end}}': '[web]',
  '{{.nothing.deep}}': '<no value>',
  '{{printf "%-5s|%05d|%.2f|%q|%v|%t" "a" 42 3.14159 "x" (list 1 2) true}}':
    'a    |00042|3.14|"x"|[1 2]|true',
  '{{printf "%d" "x"}} {{printf "%s"}} {{printf "a" 1}}': '%!d(string=x) %!s(MISSING) a%!(EXTRA int=1)',
  '{{and 1 0 (fail "never")}} {{or "" "b"}} {{not false}}': '0 b true',
  '{{eq 1 2 1}} {{ne "a" "b"}} {{lt 1 2}} {{ge 2.5 2}}': 'true true true true',
  '{{index .app.status.conditions 1 "type"}} {{index .app.metadata.labels "a"}} {{len .app.status.conditions}}':
    'Y 1 2',
  '{{.app.status.revision | trunc 7}} {{trunc -3 "abcdef"}} {{substr 1 3 "abcdef"}}': 'abcdef0 def bc',
  '{{default "d" ""}} {{coalesce "" 0 "c"}} {{ternary "y" "n" true}} {{empty (list)}}': 'd c y true',
  '{{toJson (dict "a" (list 1 "x") "b" true)}} {{(fromJson "{\\"k\\": 2}").k}}': '{"a":[1,"x"],"b":true} 2',
  '{{"a\\nb" | indent 2}}|{{"x" | nindent 2}}': '  a\n  b|\n  x',
  '{{list 3 1 2 | join ","}} {{without (list 1 2) 1}} {{has 2 (list 1 2)}} {{uniq (list 1 1)}}':
    '3,1,2 [2] true [1]',
  '{{add 1 2 3}} {{sub 5 2}} {{div 7 2}} {{mod 7 2}} {{mul 2 3}} {{max 1 5 3}} {{round 3.456 1}}':
    '6 3 3 1 6 5 3.5',
  '{{splitList "/" "a/b" | last}} {{(split "." "a.b")._1}} {{replace "a" "b" "aa"}} {{title "ab cd"}}':
    'b b bb Ab Cd',
  '{{regexMatch "^v[0-9]+" "v12"}} {{regexReplaceAll "(a)(b)" "ab" "${2}$1"}} {{regexFind "[0-9]+" "a12b"}}':
    'true ba 12',
  '{{b64enc "a"}} {{b64dec "YQ=="}} {{sha256sum "" | trunc 6}}': 'YQ== a e3b0c4',
  '{{(call .time.Parse "2026-01-02T03:00:00+01:00").Format "Jan _2 15:04:05 -0700"}}':
    'Jan  2 03:00:00 +0100',
  '{{(call .time.Now).Format "Monday, January 2, 2006 at 3:04PM (MST)"}}':
    'Friday, January 2, 2026 at 3:04AM (UTC)',
  '{{call .strings.ReplaceAll "a.b" "." "-"}}': 'a-b',
  '{{now | date "2006-01-02"}} {{dateModify "-24h" now | htmlDate}}': '2026-01-02 2026-01-01',
  '{{"<a href=\\"x\\">" | html}} {{urlquery "a b&c"}}': '&lt;a href=&#34;x&#34;&gt; a+b%26c',
  '{{tpl "{{.name}}" .app.metadata}}': 'web',
  '{{toYaml (dict "b" 1 "a" (list "x"))}}': 'a:\n  - x\nb: 1',
  '{{dig "app" "metadata" "name" "none" .}} {{dig "app" "x" "none" .}}': 'web none',
  '{{kebabcase "FirstName"}} {{snakecase "FirstName"}} {{camelcase "first_name"}}':
    'first-name first_name FirstName',
};

for (const [source, want] of Object.entries(RESULTS)) {
  test(`template ${source}`, () => assert.equal(compileGoTemplate(source, { clock }).render(DATA), want));
}

const FAILURES: Record<string, [code: string, message: RegExp]> = {
  '{{if}}': ['SYNTAX', /line 1/],
  'a\nb {{.x': ['SYNTAX', /line 2: an action does not end/],
  '{{if .x}}': ['SYNTAX', /no \{\{end\}\}/],
  '{{end}}': ['SYNTAX', /nothing to end/],
  '{{nothing 1}}': ['EVALUATION', /function "nothing" is not defined/],
  '{{env "HOME"}}': ['EVALUATION', /not defined/],
  '{{template "gone"}}': ['EVALUATION', /no template "gone"/],
  '{{fail "because"}}': ['EVALUATION', /because/],
  '{{index .app.status.conditions 7}}': ['EVALUATION', /out of range/],
  '{{lt 1 "a"}}': ['EVALUATION', /cannot compare/],
  '{{define "r"}}{{template "r"}}{{end}}{{template "r"}}': ['LIMIT', /calls itself/],
  '{{range until 1000000}}x{{end}}': ['LIMIT', /steps/],
  '{{repeat 100000000 "x"}}': ['LIMIT', /longer/],
  '{{$x := "aaaaaaaaaa"}}{{range until 60}}{{$x = print $x $x}}{{end}}': ['LIMIT', /./],
  '{{printf "%999999999s" "x"}}': ['LIMIT', /longer/],
  '{{.app.constructor.constructor}}{{call .app.constructor}}': ['EVALUATION', /no function/],
};

for (const [source, [code, message]] of Object.entries(FAILURES)) {
  test(`template refuses ${source}`, () => {
    assert.throws(
      () => compileGoTemplate(source, { clock }).render(DATA),
      (error) => error instanceof LanguageError && error.code === code && message.test(error.message),
    );
  });
}

test('missing members are errors when asked for', () => {
  const template = compileGoTemplate('{{.app.nothing}}', { clock, missingKeyIsError: true });
  assert.throws(() => template.render(DATA), /no entry for key "nothing"/);
});
