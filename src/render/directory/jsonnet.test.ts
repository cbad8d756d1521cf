import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, before, test } from 'node:test';
import { names, type RenderFixture, renderFixture, requestOf } from '../../../test/support/render.ts';
import { RenderError } from '../errors.ts';
import { importsOf } from './jsonnet-imports.ts';

const PROGRAM = 'jsonnet';
const hasJsonnet = ((): boolean => {
  try {
    execFileSync(PROGRAM, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();
const skip = hasJsonnet ? false : 'needs the jsonnet program on the PATH (Debian: apt-get install jsonnet)';

let fixture: RenderFixture;
before(async () => {
  fixture = await renderFixture();
});
after(() => fixture.close());

const CM = (name: string): string => `{apiVersion: 'v1', kind: 'ConfigMap', metadata: {name: ${name}}}`;

test('jsonnet files render with variables, arguments and libraries of the repository', { skip }, async () => {
  const files = {
    'app/a.jsonnet': `function(top) [${CM("std.extVar('name')")}, ${CM('top')}]`,
    'app/b.jsonnet': `function(top) (import 'lib.libsonnet').make('lib')`,
    'libs/lib.libsonnet': `{make(n):: ${CM('n')}}`,
  };
  const jsonnet = {
    extVars: [{ name: 'name', value: '$ARGOCD_APP_NAME' }],
    tlas: [{ name: 'top', value: "'t' + 1", code: true }],
    libs: ['libs'],
  };
  const set = await fixture.render(files, { directory: { jsonnet } });
  assert.deepEqual(names(set), ['ConfigMap/web', 'ConfigMap/t1', 'ConfigMap/lib']);
  assert.ok(set.input.reads.some(({ path }) => path === 'libs/lib.libsonnet'));
  assert.ok('jsonnet' in set.input.tools);
});

test('a jsonnet error names the file and no path of this machine', { skip }, async () => {
  for (const text of ['{', "error 'no'", "import 'nope.libsonnet'"]) {
    await assert.rejects(
      fixture.render({ 'app/a.jsonnet': text }),
      (error: Error) =>
        error.message.includes('app/a.jsonnet') && !error.message.includes(fixture.git.dataDir),
      text,
    );
  }
});

test('an import that would leave the repository is refused, however it is written and wherever it stands', {
  skip,
}, async () => {
  const escapes = [
    "importstr '/etc/passwd'",
    'import /* x */ "/etc/passwd"',
    "importstr\n// why\n@'../../../etc/passwd'",
    "local lib = import '../lib.libsonnet'; lib",
    "importstr '\\u002fetc/passwd'",
    "importbin '/etc/passwd'",
    'importstr |||\n  /etc/passwd\n|||',
  ];
  for (const way of escapes) {
    const files = {
      'app/a.jsonnet': `{apiVersion: 'v1', kind: 'ConfigMap', metadata: {name: 'a'}, data: {x: ${way}}}`,
      'lib.libsonnet': "importstr '/etc/passwd'",
    };
    await assert.rejects(
      fixture.render(files),
      (error: unknown) =>
        error instanceof RenderError && /^RENDER_(?:PATH_REFUSED|SOURCE_INVALID)$/.test(error.code),
      way,
    );
  }
  const variable = { name: 'v', value: "importstr '/etc/passwd'", code: true };
  for (const jsonnet of [{ extVars: [variable] }, { tlas: [variable] }]) {
    await assert.rejects(fixture.render({ 'app/a.jsonnet': '{}' }, { directory: { jsonnet } }), {
      code: 'RENDER_PATH_REFUSED',
    });
  }
  const libs = { directory: { jsonnet: { libs: ['../outside'] } } };
  await assert.rejects(fixture.render({ 'app/a.jsonnet': '{}' }, libs), { code: 'RENDER_PATH_REFUSED' });
});

test('importsOf() sees imports, and not what only looks like one', () => {
  const source = `// import 'a'
# import 'b'
/* import 'c' */ local x = import "d.libsonnet" + importstr @'e.txt';
{ text: 'import "f"', block: |||
  import 'g'
|||, reimport: 1, z: importbin 'h.bin' }`;
  assert.deepEqual(importsOf(source, 'x'), [
    { path: 'd.libsonnet', isCode: true },
    { path: 'e.txt', isCode: false },
    { path: 'h.bin', isCode: false },
  ]);
});

test('without jsonnet, and with it switched off, the error says what to do', async () => {
  const request = requestOf(await fixture.artifact({ 'app/a.jsonnet': CM("'a'") }));
  const bare = fixture.restart({ path: '/nonexistent', layerZip: null });
  await assert.rejects(bare.render(request), { code: 'RENDER_TOOL_MISSING' });
  const off = fixture.restart({ settings: () => ({ jsonnetEnabled: false }) });
  await assert.rejects(off.render(request), { code: 'RENDER_FEATURE_REFUSED' });
});
