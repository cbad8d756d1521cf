// biome-ignore-all lint/suspicious/noTemplateCurlyInString: shell-like variables are what is tested
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  configMap,
  names,
  type RenderFixture,
  renderFixture,
  requestOf,
} from '../../../test/support/render.ts';
import type { KustomizeSource } from '../../model/index.ts';
import { RenderError, type RenderErrorCode } from '../errors.ts';
import { DEFAULT_RENDER_SETTINGS } from '../render.ts';
import { editKustomization, parseImage } from './edit.ts';
import { buildFlags } from './options.ts';

let fixture: RenderFixture;
before(async () => {
  fixture = await renderFixture();
});
after(() => fixture.close());

const is = (code: RenderErrorCode, message: RegExp) => (error: unknown) =>
  error instanceof RenderError && error.code === code && message.test(error.message);

const DEPLOYMENT =
  'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  replicas: 1\n  selector: {matchLabels: {app: web}}\n  template:\n    metadata: {labels: {app: web}}\n    spec: {containers: [{name: c, image: "nginx:1.0"}]}\n';
const TREE = {
  'app/kustomization.yaml':
    'resources: [../base]\nnamePrefix: old-\nimages: [{name: nginx, newTag: "1.1"}]\n',
  'base/kustomization.yaml': 'resources: [dep.yaml]\n',
  'base/dep.yaml': DEPLOYMENT,
  'more/kustomization.yaml':
    'apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nresources: [cm.yaml]\n',
  'more/cm.yaml': configMap('more'),
};

test('a kustomization renders with its bases', async () => {
  assert.deepEqual(names(await fixture.render(TREE)), ['Deployment/old-web']);
});

test('parameters are worked in as `kustomize edit` does', async () => {
  const kustomize: KustomizeSource = {
    namePrefix: 'new-',
    nameSuffix: '-x',
    namespace: 'there',
    images: ['nginx=registry.example.com/nginx:2.0'],
    replicas: [{ name: 'web', count: '5' }],
    commonLabels: { team: 'a' },
    commonAnnotations: { by: '${ARGOCD_APP_NAME}' },
    commonAnnotationsEnvsubst: true,
    labelWithoutSelector: true,
    labelIncludeTemplates: true,
    components: ['../more', '../missing'],
    ignoreMissingComponents: true,
    patches: [{ patch: '- {op: add, path: /spec/paused, value: true}', target: { kind: 'Deployment' } }],
  };
  const set = await fixture.render(TREE, { kustomize });
  assert.deepEqual(names(set), ['ConfigMap/new-more-x', 'Deployment/new-web-x']);
  assert.deepEqual(set.manifests[1]?.object, {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'new-web-x', namespace: 'there', labels: { team: 'a' }, annotations: { by: 'web' } },
    spec: {
      paused: true,
      replicas: 5,
      selector: { matchLabels: { app: 'web' } },
      template: {
        metadata: { labels: { app: 'web', team: 'a' }, annotations: { by: 'web' } },
        spec: { containers: [{ name: 'c', image: 'registry.example.com/nginx:2.0' }] },
      },
    },
  });
});

test('the shared checkout is never changed by parameters', async () => {
  const artifact = await fixture.artifact(TREE);
  const edited = await fixture.renderer.render(requestOf(artifact, { kustomize: { namePrefix: 'new-' } }));
  const plain = await fixture.renderer.render(requestOf(artifact));
  assert.deepEqual([names(edited), names(plain)], [['Deployment/new-web'], ['Deployment/old-web']]);
});

const IMAGES: Record<string, unknown> = {
  'nginx:1.2': { name: 'nginx', newTag: '1.2' },
  'nginx@sha256:ab': { name: 'nginx', digest: 'sha256:ab' },
  'nginx:1.2@sha256:ab': { name: 'nginx', newTag: '1.2', digest: 'sha256:ab' },
  'nginx=other': { name: 'nginx', newName: 'other' },
  'nginx=localhost:5000/other:1.2': { name: 'nginx', newName: 'localhost:5000/other', newTag: '1.2' },
  'localhost:5000/nginx=other@sha256:ab': {
    name: 'localhost:5000/nginx',
    newName: 'other',
    digest: 'sha256:ab',
  },
};
for (const [text, want] of Object.entries(IMAGES)) {
  test(`parseImage() reads ${text}`, () => assert.deepEqual(parseImage(text), want));
}
for (const text of ['nginx', 'localhost:5000/nginx', '', 'a=b=c']) {
  test(`parseImage() refuses ${JSON.stringify(text)}`, () =>
    assert.throws(() => parseImage(text), RenderError));
}

/** Results of kustomize 5.7.1 `edit set|add` on the same files. */
const EDITS: Record<
  string,
  { before: Record<string, unknown>; source: KustomizeSource; want: Record<string, unknown> }
> = {
  'an image replaces the entry of its name, and the list is sorted': {
    before: {
      images: [
        { name: 'z', newTag: '1' },
        { name: 'nginx', newName: 'old', newTag: '1' },
      ],
    },
    source: { images: ['nginx:2', 'a:1'] },
    want: {
      images: [
        { name: 'a', newTag: '1' },
        { name: 'nginx', newTag: '2' },
        { name: 'z', newTag: '1' },
      ],
    },
  },
  'an asterisk keeps the new name': {
    before: { images: [{ name: 'nginx', newName: 'old', newTag: '1' }] },
    source: { images: ['nginx=*:2'] },
    want: { images: [{ name: 'nginx', newName: 'old', newTag: '2' }] },
  },
  'replicas replace the entry of their name': {
    before: { replicas: [{ name: 'a', count: 1 }] },
    source: {
      replicas: [
        { name: 'a', count: 3 },
        { name: 'b', count: '2' },
      ],
    },
    want: {
      replicas: [
        { name: 'a', count: 3 },
        { name: 'b', count: 2 },
      ],
    },
  },
  'labels with force replace': {
    before: { commonLabels: { a: '1', b: '1' } },
    source: { commonLabels: { a: '2' }, forceCommonLabels: true },
    want: { commonLabels: { a: '2', b: '1' } },
  },
  'labels without selectors join the entry of the same kind': {
    before: { labels: [{ pairs: { a: '1' }, includeSelectors: true }, { pairs: { b: '1' } }] },
    source: { commonLabels: { c: '1' }, labelWithoutSelector: true },
    want: { labels: [{ pairs: { a: '1' }, includeSelectors: true }, { pairs: { b: '1', c: '1' } }] },
  },
  'a component that is there already is not added twice': {
    before: { components: ['../a'] },
    source: { components: ['../a', '../b'] },
    want: { components: ['../a', '../b'] },
  },
};
for (const [name, { before: kustomization, source, want }] of Object.entries(EDITS)) {
  test(`editKustomization(): ${name}`, () =>
    assert.deepEqual(editKustomization(kustomization, source), want));
}

test('a label that is there already is refused without force', () => {
  const edit = () => editKustomization({ commonLabels: { a: '1' } }, { commonLabels: { a: '2' } });
  assert.throws(edit, is('RENDER_SOURCE_INVALID', /forceCommonLabels/));
});

test('the whole graph is read, and what nobody names is not', async () => {
  const files = {
    'app/kustomization.yaml': [
      'resources: [cm.yaml, ../base]',
      'components: [../more]',
      'patches: [{path: patch.yaml}]',
      'configMapGenerator: [{name: g, files: [key=g.txt], envs: [g.env]}]',
      'secretGenerator: [{name: s, files: [s.txt]}]',
      'replacements: [{path: replace.yaml}]',
      'configurations: [conf.yaml]',
      'generatorOptions: {disableNameSuffixHash: true}',
    ].join('\n'),
    'app/cm.yaml': configMap('cm'),
    'app/patch.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: cm}\ndata: {p: "1"}\n',
    'app/g.txt': 'g',
    'app/g.env': 'A=1\n',
    'app/s.txt': 's',
    'app/replace.yaml': '[]\n',
    'app/conf.yaml': 'namePrefix: []\n',
    'app/unused.yaml': configMap('unused'),
    'base/kustomization.yml': 'resources: [dep.yaml]\n',
    'base/dep.yaml': DEPLOYMENT,
    'more/kustomization.yaml': TREE['more/kustomization.yaml'],
    'more/cm.yaml': TREE['more/cm.yaml'],
  };
  const set = await fixture.render(files);
  assert.deepEqual(names(set).sort(), [
    'ConfigMap/cm',
    'ConfigMap/g',
    'ConfigMap/more',
    'Deployment/web',
    'Secret/s',
  ]);
  const present = set.input.reads.filter(({ id }) => id !== 'absent').map(({ path }) => path);
  assert.deepEqual(
    present,
    Object.keys(files)
      .filter((path) => path !== 'app/unused.yaml')
      .sort(),
  );
  const absent = set.input.reads.filter(({ id }) => id === 'absent').map(({ path }) => path);
  assert.ok(absent.includes('base/kustomization.yaml'));
});

const REFUSED: Record<string, { kustomization: string; code: RenderErrorCode; message: RegExp }> = {
  'a remote base': {
    kustomization: 'resources: ["https://github.com/x/y//z?ref=v1"]',
    code: 'RENDER_REMOTE_REFUSED',
    message: /never use the network/,
  },
  'a remote base without a scheme': {
    kustomization: 'resources: [github.com/x/y]',
    code: 'RENDER_REMOTE_REFUSED',
    message: /remote/,
  },
  'a remote base over SSH': {
    kustomization: 'resources: ["git@example.com:x/y"]',
    code: 'RENDER_REMOTE_REFUSED',
    message: /remote/,
  },
  'a Helm chart': {
    kustomization: 'helmCharts: [{name: x, repo: "https://example.com"}]',
    code: 'RENDER_FEATURE_REFUSED',
    message: /helmCharts/,
  },
  'a base above the repository': {
    kustomization: 'resources: [../../../etc]',
    code: 'RENDER_PATH_REFUSED',
    message: /outside the repository/,
  },
  'a generator file above the repository': {
    kustomization: 'configMapGenerator: [{name: x, files: [../../etc/passwd]}]',
    code: 'RENDER_PATH_REFUSED',
    message: /configMapGenerator\.files/,
  },
  'a directory without a kustomization': {
    kustomization: 'resources: [../empty]',
    code: 'RENDER_SOURCE_INVALID',
    message: /^empty has no kustomization\.yaml/,
  },
  'a cycle': {
    kustomization: 'resources: [../loop]',
    code: 'RENDER_SOURCE_INVALID',
    message: /includes itself \(app → loop → app\)/,
  },
  'a resource that is missing': {
    kustomization: 'resources: [nope.yaml]',
    code: 'RENDER_TOOL_FAILED',
    message: /nope\.yaml/,
  },
  'a patch beside the kustomization root': {
    kustomization: 'resources: [cm.yaml]\npatches: [{path: ../empty/x.yaml}]',
    code: 'RENDER_TOOL_FAILED',
    message: /security|not in or below/,
  },
};
for (const [name, { kustomization, code, message }] of Object.entries(REFUSED)) {
  test(`${name} is refused`, async () => {
    const files = {
      'app/kustomization.yaml': kustomization,
      'app/cm.yaml': configMap('cm'),
      'empty/x.yaml': configMap('x'),
      'loop/kustomization.yaml': 'resources: [../app]\n',
    };
    await assert.rejects(fixture.render(files), (error: unknown) => {
      assert.ok(is(code, message)(error), String(error));
      return !String(error).includes(fixture.git.dataDir);
    });
  });
}

test('build options that open something are refused', () => {
  const flags = (text: string) =>
    buildFlags({ ...DEFAULT_RENDER_SETTINGS, kustomizeBuildOptions: text.split(' ') });
  assert.deepEqual(flags('--reorder none --load-restrictor LoadRestrictionsRootOnly'), ['--reorder', 'none']);
  for (const text of [
    '--enable-alpha-plugins',
    '--enable-exec',
    '--load-restrictor=LoadRestrictionsNone',
    '--load-restrictor LoadRestrictionsNone',
    '--helm-command=/bin/sh',
    '-o /tmp/x',
    '--network',
  ]) {
    assert.throws(() => flags(text), is('RENDER_FEATURE_REFUSED', /buildOptions/), text);
  }
});

test('an exec generator does not run', async () => {
  const files = {
    'app/kustomization.yaml': 'generators: [gen.yaml]\n',
    'app/gen.yaml':
      'apiVersion: x/v1\nkind: Gen\nmetadata:\n  name: g\n  annotations:\n    config.kubernetes.io/function: |\n      exec: {path: ./run.sh}\n',
    'app/run.sh': '#!/bin/sh\ntouch /tmp/fairlead-canary\n',
  };
  await assert.rejects(fixture.render(files), { code: 'RENDER_TOOL_FAILED' });
});
