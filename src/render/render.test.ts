// biome-ignore-all lint/suspicious/noTemplateCurlyInString: shell-like variables are what is tested
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { configMap, names, type RenderFixture, renderFixture, requestOf } from '../../test/support/render.ts';
import { jsonLogger, sha256 } from '../lib/index.ts';
import { buildEnvironment, expand } from './environment.ts';
import { RenderError } from './errors.ts';
import { compileGlob } from './glob.ts';

let fixture: RenderFixture;
before(async () => {
  fixture = await renderFixture();
});
after(() => fixture.close());

/** What Go's os.Expand gives with A=1. */
const EXPANSIONS: [string, string][] = [
  ['$A', '1'],
  ['${A}', '1'],
  ['x$A-y', 'x1-y'],
  ['$AB', ''],
  ['${A}B', '1B'],
  ['$$A', '$A'],
  ['$', '$'],
  ['a$', 'a$'],
  ['$ x', '$ x'],
  ['$/x', '$/x'],
  ['${', ''],
  ['${}', ''],
  ['${A', 'A'],
  ['$1x', 'x'],
  ['${1}x', 'x'],
  ['$-x', 'x'],
];
for (const [text, want] of EXPANSIONS) {
  test(`expand() turns ${text} into ${JSON.stringify(want)}`, () => {
    assert.equal(
      expand(text, (name) => (name === '$' ? '$' : name === 'A' ? '1' : '')),
      want,
    );
  });
}

test('the build environment is that of Argo CD', async () => {
  const artifact = await fixture.artifact({ 'app/a.yaml': configMap('a') });
  const { variables } = buildEnvironment({ ...requestOf(artifact, { targetRevision: 'main' }) });
  assert.deepEqual(variables, {
    ARGOCD_APP_NAME: 'web',
    ARGOCD_APP_NAMESPACE: 'shop',
    ARGOCD_APP_PROJECT_NAME: 'default',
    ARGOCD_APP_REVISION: artifact.revision,
    ARGOCD_APP_REVISION_SHORT: artifact.revision.slice(0, 7),
    ARGOCD_APP_REVISION_SHORT_8: artifact.revision.slice(0, 8),
    ARGOCD_APP_SOURCE_PATH: 'app',
    ARGOCD_APP_SOURCE_REPO_URL: artifact.repository,
    ARGOCD_APP_SOURCE_TARGET_REVISION: 'main',
    KUBE_VERSION: '1.35.4',
    KUBE_API_VERSIONS: 'v1,apps/v1,example.com/v1/Widget',
  });
});

const GLOBS: [string, 'any' | 'path', string, string][] = [
  ['*.yaml', 'any', 'a.yaml a/b.yaml', 'a.yml'],
  ['*.yaml', 'path', 'a.yaml', 'a/b.yaml'],
  ['**/*.yaml', 'path', 'a.yaml a/b.yaml a/b/c.yaml', 'a.yml'],
  ['a/**', 'path', 'a/b a/b/c', 'b/a'],
  ['a?c', 'path', 'abc', 'ac a/c'],
  ['{a,b/{c,d}}.x', 'path', 'a.x b/c.x b/d.x', 'b.x c.x'],
  ['[!a-c]x', 'path', 'dx', 'ax bx'],
  ['a\\*', 'path', 'a*', 'ab'],
];
for (const [pattern, slashes, yes, no] of GLOBS) {
  test(`the glob ${pattern} (${slashes}) matches ${yes} and not ${no}`, () => {
    const glob = compileGlob(pattern, { slashes });
    assert.deepEqual(
      yes.split(' ').filter((text) => !glob(text)),
      [],
    );
    assert.deepEqual(no.split(' ').filter(glob), []);
  });
}

test('no glob takes long, and a malformed one is refused', () => {
  const startedAt = performance.now();
  assert.equal(compileGlob(`${'*a'.repeat(200)}b`, { slashes: 'any' })('a'.repeat(2_000)), false);
  assert.ok(performance.now() - startedAt < 1_000);
  for (const pattern of ['{a', '[a', '{a,{b}', 'x'.repeat(2_000), '{a,b}'.repeat(20)]) {
    assert.throws(() => compileGlob(pattern, { slashes: 'path' }), RenderError, pattern.slice(0, 20));
  }
});

test('a source that names two tools is refused, one with a plugin is told to be unsupported', async () => {
  const files = { 'app/a.yaml': configMap('a') };
  await assert.rejects(fixture.render(files, { helm: {}, kustomize: {} }), (error: Error) =>
    /several tools \(helm, kustomize\)/.test(error.message),
  );
  await assert.rejects(fixture.render(files, { plugin: { name: 'x' } }), { code: 'RENDER_UNSUPPORTED' });
});

test('a source that is only a reference renders nothing', async () => {
  const set = await fixture.renderer.render(
    requestOf(await fixture.artifact({ 'values.yaml': 'a: 1' }), { ref: 'values', path: '' }),
  );
  assert.deepEqual(set.manifests, []);
});

test('overrides in the repository are merged, the application’s own last, and cannot move the source', async () => {
  const files = {
    'app/a.yaml': configMap('a'),
    'app/b.yaml': configMap('b'),
    'app/.argocd-source.yaml':
      'repoURL: https://evil.example.com\npath: elsewhere\ndirectory: {include: a.yaml}\n',
    'app/.argocd-source-web.yaml': 'directory: {include: b.yaml}\n',
    'app/.argocd-source-other.yaml': 'directory: {include: nothing}\n',
  };
  assert.deepEqual(names(await fixture.render(files)), ['ConfigMap/b']);
  await assert.rejects(
    fixture.render({ ...files, 'app/.argocd-source-web.yaml': 'directory: {recurse: 7}\n' }),
    { code: 'RENDER_SOURCE_INVALID' },
  );
});

const KUSTOMIZED = { 'app/kustomization.yaml': 'resources: [a.yaml]\n', 'app/a.yaml': configMap('a') };

test('a stored render survives a restart, and a damaged file is a miss', async () => {
  const artifact = await fixture.artifact(KUSTOMIZED);
  const first = await fixture.renderer.render(requestOf(artifact));
  await fixture.renderer.close();
  const path = join(fixture.git.dataDir, 'renders', `${first.inputKey}.json`);
  const whole = readFileSync(path);
  const stored = await fixture.restart().render(requestOf(artifact));
  assert.deepEqual(stored, first);
  assert.equal(
    readdirSync(join(fixture.git.dataDir, 'renders')).filter((name) => name.includes('.new-')).length,
    0,
  );
  const damages: ((file: string) => void)[] = [
    (file) => truncateSync(file, whole.length - 10),
    (file) => truncateSync(file, 0),
    (file) => writeFileSync(file, whole.toString('utf8').replace('"a"', '"b"')),
    (file) => writeFileSync(file, Buffer.alloc(whole.length)),
  ];
  for (const damage of damages) {
    writeFileSync(path, whole);
    damage(path);
    const again = fixture.restart();
    assert.deepEqual((await again.render(requestOf(artifact))).digest, first.digest);
    await again.close();
    assert.equal(readFileSync(path).length, whole.length);
  }
});

const FORGERIES: Readonly<Record<string, (whole: string) => string>> = {
  'without a signature': (whole) => whole.slice(whole.indexOf('\n') + 1),
  'with the digest that anybody can make': (whole) => {
    const text = whole.slice(whole.indexOf('\n') + 1).replace('"a"', '"b"');
    return `fairlead-render-1 ${sha256(text)}\n${text}`;
  },
  'with the signature of another key': (whole) => {
    const text = whole.slice(whole.indexOf('\n') + 1);
    const key = whole.split('inputKey":"')[1]?.slice(0, 64);
    const mac = createHmac('sha256', Buffer.alloc(32, 8)).update(`fairlead-render-2 ${key}\n`).update(text);
    return `fairlead-render-2 ${mac.digest('hex')}\n${text}`;
  },
  'with its signature and other manifests': (whole) => whole.replace('"name":"a"', '"name":"b"'),
};
for (const [how, forge] of Object.entries(FORGERIES)) {
  test(`S-J2: a stored render ${how} is not believed, and somebody is told`, async () => {
    const artifact = await fixture.artifact(KUSTOMIZED);
    const writer = fixture.restart();
    const first = await writer.render({ ...requestOf(artifact), fresh: true });
    await writer.close();
    const path = join(fixture.git.dataDir, 'renders', `${first.inputKey}.json`);
    const whole = readFileSync(path, 'utf8');
    writeFileSync(path, forge(whole));
    assert.notEqual(readFileSync(path, 'utf8'), whole);
    let forged = 0;
    const lines: string[] = [];
    const log = jsonLogger({ level: 'error', write: (line) => void lines.push(line), now: () => 0 });
    const reader = fixture.restart({ log, onForged: () => void forged++ });
    assert.equal((await reader.render(requestOf(artifact))).digest, first.digest);
    await reader.close();
    assert.equal(forged, 1);
    assert.match(lines.join(''), /written by somebody else/);
    assert.equal(readFileSync(path, 'utf8'), whole);
  });
}

test('S-J2: the signed render of one input is none of another', async () => {
  const one = await fixture.artifact(KUSTOMIZED);
  const other = await fixture.artifact({ ...KUSTOMIZED, 'app/a.yaml': configMap('other') });
  const writer = fixture.restart();
  const sets = [await writer.render(requestOf(one)), await writer.render(requestOf(other))] as const;
  await writer.close();
  const folder = join(fixture.git.dataDir, 'renders');
  const [from, to] = sets.map(({ inputKey }) => join(folder, `${inputKey}.json`)) as [string, string];
  writeFileSync(to, readFileSync(from));
  let forged = 0;
  const reader = fixture.restart({ onForged: () => void forged++ });
  assert.equal((await reader.render(requestOf(other))).digest, sets[1].digest);
  assert.equal(forged, 1);
  await reader.close();
});

test('S-J2: without a key nothing is stored and nothing stored is believed', async () => {
  const artifact = await fixture.artifact({ ...KUSTOMIZED, 'app/a.yaml': configMap('keyless') });
  const keyless = { storeKey: () => undefined };
  const results: string[] = [];
  const once = async (extra: object): Promise<string> => {
    const renderer = fixture.restart({ ...extra, onRender: (_tool, result) => void results.push(result) });
    const { inputKey } = await renderer.render(requestOf(artifact));
    await renderer.close();
    return inputKey;
  };
  const path = join(fixture.git.dataDir, 'renders', `${await once(keyless)}.json`);
  assert.equal(existsSync(path), false);
  await once({});
  await once({});
  await once(keyless);
  assert.deepEqual(results, ['miss', 'miss', 'hit', 'miss']);
  assert.equal(statSync(path).mode & 0o777, 0o600);
});

test('without the tool the error names what to install, and a failure is remembered for seconds only', async () => {
  const artifact = await fixture.artifact(KUSTOMIZED);
  const bare = fixture.restart({ path: '/nonexistent', layerZip: null });
  await assert.rejects(
    bare.render(requestOf(artifact)),
    (error: unknown) =>
      error instanceof RenderError &&
      error.code === 'RENDER_TOOL_MISSING' &&
      /Install kustomize 5 or kubectl/.test(error.message),
  );
});

test('a fresh render runs again, and concurrent renders of one input are one', async () => {
  const artifact = await fixture.artifact(KUSTOMIZED);
  const sets = await Promise.all(
    Array.from({ length: 20 }, () => fixture.renderer.render(requestOf(artifact))),
  );
  assert.equal(new Set(sets).size, 1);
  const fresh = await fixture.renderer.render({ ...requestOf(artifact), fresh: true });
  assert.notEqual(fresh, sets[0]);
  assert.equal(fresh.digest, sets[0]?.digest);
});

test('one application’s broken source does not concern another of the same repository', async () => {
  const artifact = await fixture.artifact({
    'bad/a.yaml': 'link:/etc/passwd',
    'good/a.yaml': configMap('a'),
  });
  const results = await Promise.allSettled([
    fixture.renderer.render(requestOf(artifact, { path: 'bad' })),
    fixture.renderer.render(requestOf(artifact, { path: 'good' })),
  ]);
  assert.deepEqual(
    results.map(({ status }) => status),
    ['rejected', 'fulfilled'],
  );
});
