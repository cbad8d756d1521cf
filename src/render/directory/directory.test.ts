import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  configMap,
  names,
  type RenderFixture,
  renderFixture,
  requestOf,
} from '../../../test/support/render.ts';
import type { DirectorySource } from '../../model/index.ts';
import { RenderError, type RenderErrorCode } from '../errors.ts';

let fixture: RenderFixture;
before(async () => {
  fixture = await renderFixture();
});
after(() => fixture.close());

const is = (code: RenderErrorCode, message: RegExp) => (error: unknown) =>
  error instanceof RenderError && error.code === code && message.test(error.message);

const TREE = {
  'app/a.yaml': configMap('a'),
  'app/b.yml': configMap('b'),
  'app/c.json': JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c' } }),
  'app/d.txt': configMap('d'),
  'app/sub/e.yaml': configMap('e'),
  'app/sub/deep/f.yaml': configMap('f'),
  'other/g.yaml': configMap('g'),
};
const SELECTIONS: Record<string, { directory: DirectorySource; want: string }> = {
  'only its own files by default': { directory: {}, want: 'a b c' },
  'sub-directories with recurse': { directory: { recurse: true }, want: 'a b c f e' },
  'other extensions without the filter': { directory: { disableExtensionFilter: true }, want: 'a b c d' },
  'include, where * crosses directories': { directory: { recurse: true, include: '*e.yaml' }, want: 'e' },
  'lists of patterns': { directory: { recurse: true, include: '{a.yaml,sub/*}' }, want: 'a f e' },
  'exclude over include': { directory: { recurse: true, include: '*.yaml', exclude: 'sub/*' }, want: 'a' },
  'character classes': { directory: { include: '[ab].y*' }, want: 'a b' },
  'a pattern that matches nothing': { directory: { include: 'nothing' }, want: '' },
};
for (const [name, { directory, want }] of Object.entries(SELECTIONS)) {
  test(`a directory renders ${name}`, async () => {
    const set = await fixture.render(TREE, { directory });
    assert.deepEqual(
      names(set),
      want
        .split(' ')
        .filter(Boolean)
        .map((file) => `ConfigMap/${file}`),
    );
  });
}

test('manifests know their file and line, lists are unrolled, marked and unrelated files are passed over', async () => {
  const set = await fixture.render({
    'app/1-many.yaml': `# comment\n---\n${configMap('a')}---\n\n${configMap('b')}`,
    'app/2-list.yaml': `apiVersion: v1\nkind: List\nitems:\n  - apiVersion: v1\n    kind: ConfigMap\n    metadata: {name: c}\n`,
    'app/3-typed.yaml': `apiVersion: v1\nkind: ConfigMapList\nitems:\n  - metadata: {name: d}\n`,
    'app/4-skipped.yaml': `# +argocd:skip-file-rendering\n${configMap('e')}`,
    'app/5-values.yaml': 'replicas: 2\nname: x\n',
    'app/6-broken.yaml': 'this: is: not: yaml\n',
    'app/7-empty.yaml': '# nothing\n',
    'app/8-hook.yaml': 'apiVersion: batch/v1\nkind: Job\nmetadata: {generateName: migrate-}\n',
  });
  assert.deepEqual(
    set.manifests.map(({ object, origin }) => `${object.metadata.name} ${origin.file}:${origin.line}`),
    [
      'a app/1-many.yaml:3',
      'b app/1-many.yaml:10',
      'c app/2-list.yaml:1',
      'd app/3-typed.yaml:1',
      'undefined app/8-hook.yaml:1',
    ],
  );
});

test('a directory that holds no manifest is an empty set, a path that is not there is an error', async () => {
  assert.deepEqual(names(await fixture.render({ 'app/README.md': 'x' })), []);
  const there = { 'app/a.yaml': configMap('a'), file: 'x' };
  await assert.rejects(
    fixture.render(there, { path: 'nope' }),
    is('RENDER_PATH_NOT_FOUND', /^nope: app path does not exist in .* at [0-9a-f]{12}/),
  );
  await assert.rejects(
    fixture.render(there, { path: 'file' }),
    is('RENDER_PATH_NOT_FOUND', /is a file, not a directory/),
  );
  for (const path of ['../x', '/app', 'app/../../x', 'app\\x', '.git']) {
    await assert.rejects(
      fixture.render(there, { path }),
      is('RENDER_PATH_REFUSED', /spec\.source\.path/),
      path,
    );
  }
  assert.deepEqual(names(await fixture.render(there, { path: './app/' })), ['ConfigMap/a']);
});

const BROKEN: Record<string, { file: string; message: RegExp }> = {
  'YAML that looks like a manifest': {
    file: 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: x\ndata:\n  a: "\n',
    message: /^app\/x\.yaml line [67]/,
  },
  'a second document after a valid one': {
    file: `${configMap('a')}---\na: b: c\n`,
    message: /^app\/x\.yaml line 7/,
  },
  'an object without a kind beside one with': {
    file: `${configMap('a')}---\nname: x\n`,
    message: /^app\/x\.yaml line 7: the document has no kind/,
  },
  'an object without a name': {
    file: 'apiVersion: v1\nkind: ConfigMap\nmetadata: {}\n',
    message: /^app\/x\.yaml line 1: the document ConfigMap has no metadata\.name/,
  },
  'a name that is a number': {
    file: 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: 1}\n',
    message: /has no metadata\.name that is text, but the number 1/,
  },
  'a namespace that is a boolean': {
    file: 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: on}\n',
    message: /metadata\.namespace that is the boolean true; quote it/,
  },
  'a kind without an apiVersion': {
    file: 'kind: ConfigMap\nmetadata: {name: a}\napiVersion:\n',
    message: /ConfigMap has no apiVersion/,
  },
};
for (const [name, { file, message }] of Object.entries(BROKEN)) {
  test(`${name} is an error with file and line`, async () => {
    await assert.rejects(fixture.render({ 'app/x.yaml': file }), (error: unknown) =>
      message.test(String((error as Error).message)),
    );
  });
}

test('JSON that is not JSON is an error naming the file', async () => {
  await assert.rejects(
    fixture.render({ 'app/x.json': '{"a": ' }),
    is('RENDER_MANIFEST_INVALID', /^app\/x\.json is not JSON/),
  );
});

test('more than ten megabytes of manifests are refused', async () => {
  const files = Object.fromEntries(
    [1, 2, 3].map((n) => [`app/${n}.yaml`, configMap(`a${n}`, { k: 'x'.repeat(4_000_000) })]),
  );
  await assert.rejects(
    fixture.render(files),
    is('RENDER_LIMIT', /have \d+ bytes in all and 10485760 are allowed/),
  );
});

test('a link to a file outside the repository is an error, one inside renders', async () => {
  assert.deepEqual(
    names(await fixture.render({ 'app/a.yaml': 'link:../shared.yaml', 'shared.yaml': configMap('s') })),
    ['ConfigMap/s'],
  );
  await assert.rejects(fixture.render({ 'app/a.yaml': 'link:/etc/passwd' }), {
    code: 'GIT_LINK_OUT_OF_BOUNDS',
  });
});

test('the input record changes with what was read and with nothing else', async () => {
  const repository = await fixture.server.repository('inputs');
  const render = async () =>
    await fixture.renderer.render(requestOf(await fixture.git.artifact(repository.url)));
  repository.push({ 'app/a.yaml': configMap('a'), 'other/b.yaml': configMap('b') });
  const first = await render();
  repository.push({ 'other/b.yaml': configMap('b', { k: 'v' }) });
  const second = await render();
  assert.equal(second, first); // the very same set, from the store
  repository.push({ 'app/c.yaml': configMap('c') });
  const third = await render();
  assert.notEqual(third.inputKey, first.inputKey);
  assert.deepEqual(
    first.input.reads.map(({ path }) => path),
    [
      'app',
      'app/.argocd-source-web.yaml',
      'app/.argocd-source.yaml',
      'app/Chart.yaml',
      'app/Kustomization',
      'app/kustomization.yaml',
      'app/kustomization.yml',
    ],
  );
});

test('results are frozen, because they are shared', async () => {
  const set = await fixture.render({ 'app/a.yaml': configMap('a') });
  assert.throws(() => Object.assign(set.manifests[0]?.object.metadata ?? {}, { name: 'b' }), TypeError);
});

test('three small files render within a few milliseconds', async () => {
  const artifact = await fixture.artifact({
    'app/a.yaml': configMap('a'),
    'app/b.yaml': configMap('b'),
    'app/c.yaml': configMap('c'),
  });
  const times: number[] = [];
  for (let i = 0; i < 20; i += 1) {
    const startedAt = performance.now();
    await fixture.renderer.render({ ...requestOf(artifact), fresh: true });
    times.push(performance.now() - startedAt);
  }
  const median = times.sort((a, b) => a - b)[10] ?? 0;
  assert.ok(median < 10, `median ${median} ms`); // 0.8 ms on an idle machine
});
