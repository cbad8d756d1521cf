// biome-ignore-all lint/suspicious/noTemplateCurlyInString: shell-like variables are what is tested
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { names, type RenderFixture, renderFixture, requestOf } from '../../../test/support/render.ts';
import type { HelmSource, ManifestSet } from '../../model/index.ts';
import { RenderError, type RenderErrorCode } from '../errors.ts';
import { textsOfArchive } from './archive.ts';
import { capabilityUse } from './capabilities.ts';

let fixture: RenderFixture;
before(async () => {
  fixture = await renderFixture();
});
after(() => fixture.close());

const is = (code: RenderErrorCode, message: RegExp) => (error: unknown) =>
  error instanceof RenderError && error.code === code && message.test(error.message);

/** Prints every value under `v` and the release. */
const CHART = {
  'app/Chart.yaml': 'apiVersion: v2\nname: demo\nversion: 0.1.0\n',
  'app/values.yaml': 'v: {from: chart, chart: "1"}\n',
  'app/templates/cm.yaml':
    'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}\n  namespace: {{ .Release.Namespace }}\ndata:\n{{- range $k, $v := .Values.v }}\n  {{ $k }}: {{ $v | toJson | quote }}\n{{- end }}\n',
  'app/one.yaml': 'v: {from: one, one: "1"}\n',
  'app/two.yaml': 'v: {from: two, two: "1"}\n',
  'app/envs/10-a.yaml': 'v: {from: a, a: "1"}\n',
  'app/envs/20-b.yaml': 'v: {from: b, b: "1"}\n',
  'shared/s.yaml': 'v: {from: shared, shared: "1"}\n',
  'app/text.txt': 'hello, world',
};

const data = (set: ManifestSet): Record<string, unknown> => {
  const values = (set.manifests[0]?.object['data'] ?? {}) as Record<string, string>;
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, JSON.parse(value)]));
};

const VALUES: Record<string, { helm: HelmSource; want: Record<string, unknown> }> = {
  'its own values without anything': { helm: {}, want: { from: 'chart', chart: '1' } },
  'later value files over earlier ones': {
    helm: { valueFiles: ['one.yaml', 'two.yaml'] },
    want: { from: 'two', chart: '1', one: '1', two: '1' },
  },
  'values over value files': {
    helm: { valueFiles: ['one.yaml'], values: 'v: {from: inline}\n' },
    want: { from: 'inline', chart: '1', one: '1' },
  },
  'valuesObject instead of values': {
    helm: { values: 'v: {from: inline, inline: "1"}\n', valuesObject: { v: { from: 'object' } } },
    want: { from: 'object', chart: '1' },
  },
  'parameters over everything': {
    helm: { valuesObject: { v: { from: 'object' } }, parameters: [{ name: 'v.from', value: 'set' }] },
    want: { from: 'set', chart: '1' },
  },
  'a number, a forced string, a list and a comma in parameters': {
    helm: {
      parameters: [
        { name: 'v.from', value: '7' },
        { name: 'v.text', value: '7', forceString: true },
        { name: 'v.list', value: '{a,b}' },
        { name: 'v.comma', value: 'a,b' },
        { name: 'v.shell', value: '$$(touch x) \'q\' "d" `b` *' },
      ],
    },
    want: {
      from: 7,
      chart: '1',
      text: '7',
      list: ['a', 'b'],
      comma: 'a,b',
      shell: '$(touch x) \'q\' "d" `b` *',
    },
  },
  'build variables in parameters': {
    helm: { parameters: [{ name: 'v.from', value: '${ARGOCD_APP_NAME}-$ARGOCD_APP_NAMESPACE-$NONE' }] },
    want: { from: 'web-shop-', chart: '1' },
  },
  'file parameters': {
    helm: { fileParameters: [{ name: 'v.from', path: 'text.txt' }] },
    want: { from: 'hello, world', chart: '1' },
  },
  'a value file elsewhere in the repository, relative or from its root': {
    helm: { valueFiles: ['../shared/s.yaml', '/app/one.yaml'] },
    want: { from: 'one', chart: '1', shared: '1', one: '1' },
  },
  'value files by pattern in lexical order': {
    helm: { valueFiles: ['envs/*.yaml'] },
    want: { from: 'b', chart: '1', a: '1', b: '1' },
  },
  'a file named by itself at its own place, whatever pattern matches it': {
    helm: { valueFiles: ['envs/20-b.yaml', 'envs/*.yaml'] },
    want: { from: 'a', chart: '1', a: '1', b: '1' },
  },
  'without the value files that are missing, when told to ignore them': {
    helm: { valueFiles: ['one.yaml', 'nope.yaml', 'no/*.yaml'], ignoreMissingValueFiles: true },
    want: { from: 'one', chart: '1', one: '1' },
  },
};
for (const [name, { helm, want }] of Object.entries(VALUES)) {
  test(`a chart renders ${name}`, async () =>
    assert.deepEqual(data(await fixture.render(CHART, { helm })), want));
}

test('a release has the application’s name and namespace unless told otherwise', async () => {
  const identity = (set: ManifestSet): unknown[] => {
    const { name, namespace } = set.manifests[0]?.object.metadata ?? {};
    return [name, namespace, set.manifests[0]?.origin.file];
  };
  assert.deepEqual(identity(await fixture.render(CHART)), ['web', 'shop', 'demo/templates/cm.yaml']);
  const helm = { releaseName: 'other', namespace: 'there' };
  assert.deepEqual(identity(await fixture.render(CHART, { helm })), [
    'other',
    'there',
    'demo/templates/cm.yaml',
  ]);
});

test('a value file may come from a ref source, and a missing ref is no path either', async () => {
  const values = await fixture.artifact({ 'prod/v.yaml': 'v: {from: ref, ref: "1"}\n' });
  const artifact = await fixture.artifact(CHART);
  const request = requestOf(artifact, { helm: { valueFiles: ['one.yaml', '$values/prod/v.yaml'] } });
  const set = await fixture.renderer.render({ ...request, refs: new Map([['values', values]]) });
  assert.deepEqual(data(set), { from: 'ref', chart: '1', one: '1', ref: '1' });
  assert.ok(set.input.reads.some(({ path }) => path === '$values/prod/v.yaml'));
  await assert.rejects(fixture.renderer.render(request), is('RENDER_VALUE_FILE_NOT_FOUND', /prod\/v\.yaml/));
});

test('hooks and CRDs are kept, tests and CRDs go when told so, lookup finds nothing', async () => {
  const files = {
    ...CHART,
    'app/crds/w.yaml':
      'apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: w.example.com}\n',
    'app/templates/hook.yaml':
      'apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: hook\n  annotations: {"helm.sh/hook": pre-install}\n',
    'app/templates/test.yaml':
      'apiVersion: v1\nkind: Pod\nmetadata:\n  name: test\n  annotations: {"helm.sh/hook": test}\n',
    'app/templates/lookup.yaml':
      '{{- if (lookup "v1" "Secret" "shop" "x") }}\napiVersion: v1\nkind: Secret\nmetadata: {name: found}\n{{- end }}\n',
    'app/templates/NOTES.txt': 'Thank you',
  };
  assert.deepEqual(names(await fixture.render(files)), [
    'CustomResourceDefinition/w.example.com',
    'ConfigMap/web',
    'Pod/test',
    'Job/hook',
  ]);
  assert.deepEqual(names(await fixture.render(files, { helm: { skipCrds: true, skipTests: true } })), [
    'ConfigMap/web',
    'Job/hook',
  ]);
});

test('a schema is checked unless told not to', async () => {
  const files = { ...CHART, 'app/values.schema.json': '{"required": ["must"]}' };
  await assert.rejects(fixture.render(files), is('RENDER_TOOL_FAILED', /must/));
  assert.deepEqual(names(await fixture.render(files, { helm: { skipSchemaValidation: true } })), [
    'ConfigMap/web',
  ]);
});

test('a template error names the file and no path of this machine', async () => {
  await assert.rejects(
    fixture.render({ ...CHART, 'app/templates/bad.yaml': '{{ fail "because" }}' }),
    (error: unknown) => {
      assert.ok(is('RENDER_TOOL_FAILED', /templates\/bad\.yaml.*because/s)(error));
      return !String((error as Error).message).includes(fixture.git.dataDir);
    },
  );
});

test('what a chart gives must be objects', async () => {
  await assert.rejects(
    fixture.render({ ...CHART, 'app/templates/bad.yaml': 'apiVersion: v1\nkind: ConfigMap\n' }),
    is('RENDER_MANIFEST_INVALID', /demo\/templates\/bad\.yaml.*ConfigMap has no metadata/),
  );
});

const REFUSED: Record<string, { helm: HelmSource; code: RenderErrorCode; message: RegExp }> = {
  'a value file above the repository': {
    helm: { valueFiles: ['../../x'] },
    code: 'RENDER_PATH_REFUSED',
    message: /helm\.valueFiles/,
  },
  ...Object.fromEntries(
    ['https', 'http', 'file', 'secrets+file', 's3', 'oci', 'HTTPS'].map((scheme) => [
      `S-I2: a value file by URL (${scheme})`,
      {
        helm: { valueFiles: [`${scheme}://example.com/v.yaml`] },
        code: 'RENDER_REMOTE_REFUSED' as const,
        message: /never use the network/,
      },
    ]),
  ),
  'a value file that is missing': {
    helm: { valueFiles: ['nope.yaml'] },
    code: 'RENDER_VALUE_FILE_NOT_FOUND',
    message: /app\/nope\.yaml does not exist in .* at /,
  },
  'a pattern without a match': {
    helm: { valueFiles: ['no/*.yaml'] },
    code: 'RENDER_VALUE_FILE_NOT_FOUND',
    message: /matches nothing/,
  },
  'a file parameter above the repository': {
    helm: { fileParameters: [{ name: 'a', path: '../../etc/passwd' }] },
    code: 'RENDER_PATH_REFUSED',
    message: /helm\.fileParameters/,
  },
  'a release name that is a flag': {
    helm: { releaseName: '--post-renderer=/bin/sh' },
    code: 'RENDER_SOURCE_INVALID',
    message: /releaseName/,
  },
  'a release name that is a template': {
    helm: { releaseName: '{{ env "HOME" }}' },
    code: 'RENDER_SOURCE_INVALID',
    message: /releaseName/,
  },
};
for (const [name, { helm, code, message }] of Object.entries(REFUSED)) {
  test(`${name} is refused`, async () => assert.rejects(fixture.render(CHART, { helm }), is(code, message)));
}

test('a directory without Chart.yaml is no chart', async () => {
  await assert.rejects(
    fixture.render({ 'app/a.yaml': 'a: 1' }, { helm: {} }),
    is('RENDER_SOURCE_INVALID', /no Chart\.yaml/),
  );
});

const LIBRARY = {
  'libs/common/Chart.yaml': 'apiVersion: v2\nname: common\nversion: 1.0.0\n',
  'libs/common/templates/cm.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: from-common}\n',
};
const depends = (repository: string): string =>
  `apiVersion: v2\nname: demo\nversion: 0.1.0\ndependencies:\n  - name: common\n    version: ^1.0.0\n    repository: ${repository}\n`;

test('a dependency inside the repository needs no vendoring, and its change renders anew', async () => {
  const repository = await fixture.server.repository('local-dependency');
  repository.push({ ...CHART, ...LIBRARY, 'app/Chart.yaml': depends('file://../libs/common') });
  const first = await fixture.renderer.render(requestOf(await fixture.git.artifact(repository.url)));
  assert.deepEqual(names(first), ['ConfigMap/from-common', 'ConfigMap/web']);
  repository.push({ 'libs/common/values.yaml': 'x: 1\n' });
  const second = await fixture.renderer.render(requestOf(await fixture.git.artifact(repository.url)));
  assert.notEqual(second.inputKey, first.inputKey);
});

test('a dependency that would be downloaded is an error with the remedy, one outside the repository too', async () => {
  await assert.rejects(
    fixture.render({ ...CHART, 'app/Chart.yaml': depends('https://charts.example.com') }),
    is('RENDER_DEPENDENCY_MISSING', /common.*helm dependency update/s),
  );
  await assert.rejects(
    fixture.render({ ...CHART, 'app/Chart.yaml': depends('file://../../common') }),
    is('RENDER_PATH_REFUSED', /outside the repository/),
  );
});

const USES: Record<string, { text: string; want: unknown }> = {
  nothing: { text: '{{ .Values.a }}', want: { kubeVersion: false, apiVersions: [] } },
  'a literal version': {
    text: '{{ if .Capabilities.APIVersions.Has "batch/v1" }}',
    want: { kubeVersion: false, apiVersions: ['batch/v1'] },
  },
  'several, through the root': {
    text: '{{ if or ($.Capabilities.APIVersions.Has `b/v1`) (.Capabilities.APIVersions.Has "a/v1") }}',
    want: { kubeVersion: false, apiVersions: ['a/v1', 'b/v1'] },
  },
  'the Kubernetes version': {
    text: '{{ .Capabilities.KubeVersion.Minor }}',
    want: { kubeVersion: true, apiVersions: [] },
  },
  'a variable': {
    text: '{{ .Capabilities.APIVersions.Has .version }}',
    want: { kubeVersion: true, apiVersions: undefined },
  },
  'all of them': {
    text: '{{ .Capabilities.APIVersions | toYaml }}',
    want: { kubeVersion: true, apiVersions: undefined },
  },
  'the whole object': {
    text: '{{ include "x" (dict "c" .Capabilities) }}',
    want: { kubeVersion: true, apiVersions: undefined },
  },
  'by index': { text: '{{ index . "Capabilities" }}', want: { kubeVersion: true, apiVersions: undefined } },
};
for (const [name, { text, want }] of Object.entries(USES)) {
  test(`capabilityUse() sees ${name}`, () => assert.deepEqual(capabilityUse([text]), want));
}

test('only the facts a chart asks for are part of its input', async () => {
  const ask = (text: string) => ({ ...CHART, 'app/templates/cap.yaml': text });
  const key = async (
    files: Record<string, string>,
    kube: { version: string; apiVersions: string[] },
    helm?: HelmSource,
  ) => (await fixture.render(files, helm === undefined ? {} : { helm }, { kube })).input;
  const a = { version: 'v1.34.0', apiVersions: ['v1', 'apps/v1'] };
  const b = { version: 'v1.35.4', apiVersions: ['v1', 'apps/v1', 'example.com/v1'] };
  const none = ask('');
  assert.deepEqual((await key(none, a)).apiVersions, undefined);
  assert.deepEqual((await key(none, b)).kubeVersion, undefined);
  const has = ask(
    '{{ if .Capabilities.APIVersions.Has "example.com/v1" }}\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: has}\n{{ end }}',
  );
  assert.deepEqual((await key(has, a)).apiVersions, ['example.com/v1=false']);
  assert.deepEqual((await key(has, b)).apiVersions, ['example.com/v1=true']);
  assert.deepEqual(names(await fixture.render(has, {}, { kube: b })), ['ConfigMap/has', 'ConfigMap/web']);
  assert.deepEqual(names(await fixture.render(has, {}, { kube: a })), ['ConfigMap/web']);
  assert.deepEqual(
    names(await fixture.render(has, { helm: { apiVersions: ['example.com/v1'] } }, { kube: a })),
    ['ConfigMap/has', 'ConfigMap/web'],
  );
  const dynamic = ask('{{ $v := "example.com/v1" }}{{ if .Capabilities.APIVersions.Has $v }}{{ end }}');
  assert.match((await key(dynamic, a)).apiVersions?.[0] ?? '', /^\*=[0-9a-f]{64}$/);
  const inValues = await key(none, a, { values: 'x: "{{ .Capabilities.KubeVersion }}"\n' });
  assert.equal(inValues.kubeVersion, 'v1.34.0');
});

test('the Kubernetes version is the cluster’s, or the one the source names', async () => {
  const files = {
    ...CHART,
    'app/templates/v.yaml':
      'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ .Capabilities.KubeVersion.Version | quote }}}\n',
  };
  assert.ok(names(await fixture.render(files)).includes('ConfigMap/v1.35.4'));
  assert.ok(
    names(await fixture.render(files, { helm: { kubeVersion: '1.30' } })).includes('ConfigMap/v1.30.0'),
  );
});

test('a packaged subchart is read for its capabilities, and a bomb is refused', async () => {
  const header = Buffer.alloc(512);
  header.write('common/templates/x.yaml');
  header.write('0000644\0', 100);
  header.write('00000000013\0', 124);
  header.write('0', 156);
  const body = Buffer.alloc(512);
  body.write('hello world');
  assert.deepEqual(
    await textsOfArchive(gzipSync(Buffer.concat([header, body, Buffer.alloc(1024)])), 'x.tgz'),
    ['hello world'],
  );
  await assert.rejects(
    textsOfArchive(gzipSync(Buffer.alloc(70 * 1024 * 1024)), 'x.tgz'),
    is('RENDER_LIMIT', /x\.tgz/),
  );
  await assert.rejects(textsOfArchive(Buffer.from('no'), 'x.tgz'), is('RENDER_SOURCE_INVALID', /x\.tgz/));
});

test('nothing of a run stays behind', async () => {
  await fixture.render(CHART, { helm: { values: 'v: {a: "1"}\n' } });
  const scratch = join(fixture.git.dataDir, 'scratch');
  assert.deepEqual(existsSync(scratch) ? readdirSync(scratch) : [], []);
});

/** A helm that is not well: what it does for `template`. */
const SICK: Record<string, { script: string; code: RenderErrorCode; retry: 'backoff' | 'on-change' }> = {
  'is killed': { script: 'echo "apiVersion: v1"; kill -9 $$', code: 'RENDER_TOOL_FAILED', retry: 'backoff' },
  'stops in the middle of its output': {
    script:
      'printf "apiVersion: v1\\nkind: ConfigMap\\nmetadata:\\n  name: a\\n---\\napiVersion: v1\\nkind: Con"',
    code: 'RENDER_MANIFEST_INVALID',
    retry: 'on-change',
  },
  'writes without end': { script: 'exec cat /dev/zero', code: 'RENDER_LIMIT', retry: 'on-change' },
  'fails without a word': { script: 'exit 3', code: 'RENDER_TOOL_FAILED', retry: 'on-change' },
};
for (const [name, { script, code, retry }] of Object.entries(SICK)) {
  test(`a helm that ${name} is an error, never a set`, async () => {
    const bin = mkdtempSync(join(fixture.git.dataDir, 'bin-'));
    const text = `#!/bin/sh\nPATH=/usr/bin:/bin\n[ "$1" = version ] && { echo v4.0.0; exit; }\n${script}\n`;
    writeFileSync(join(bin, 'helm'), text, { mode: 0o755 });
    const renderer = fixture.restart({ path: bin });
    const request = requestOf(await fixture.artifact(CHART));
    await assert.rejects(
      renderer.render(request),
      (error: unknown) => error instanceof RenderError && error.code === code && error.retry === retry,
    );
  });
}
