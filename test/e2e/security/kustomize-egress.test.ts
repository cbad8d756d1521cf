// S-I3 for kustomizations: whatever kustomize itself would fetch is refused before it runs, however deep it is named, so
// that nothing comes from a repository that nobody held against sourceRepos. A server on the loopback, which the proxy of
// renders does not cover, writes down whether anybody asked.
import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { RenderError } from '../../../src/render/errors.ts';
import { configMap, names, type RenderFixture, renderFixture } from '../../support/render.ts';

let fixture: RenderFixture;
let foreign: Server;
let at: string;
const asked: string[] = [];

before(async () => {
  foreign = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    response.end(configMap('foreign'));
  });
  await new Promise<void>((resolve) => foreign.listen(0, '127.0.0.1', resolve));
  at = `http://127.0.0.1:${(foreign.address() as AddressInfo).port}`;
  fixture = await renderFixture();
});
after(async () => {
  foreign?.close();
  await fixture?.close();
});

const PATCH = 'patches: [{path: AT/p.yaml, target: {kind: ConfigMap}}]';
const TRANSFORMER = (more: string): string =>
  `apiVersion: builtin\nkind: PatchTransformer\nmetadata: {name: t}\n${more}`;
const inline = (field: string, text: string): string =>
  `${field}:\n- |-\n  ${text.replaceAll('\n', '\n  ')}\n`;

/** The kustomization of a base two bases down; AT is the foreign server. */
const REMOTE: Readonly<Record<string, string>> = {
  'a resource': 'resources: [AT/a.yaml]',
  'a resource with a scheme in capitals': 'resources: ["HTTP://LOCAL/a.yaml"]',
  'a repository': 'resources: ["AT/team/repo.git//base?ref=v1"]',
  'a repository for git': 'resources: ["git::AT/team/repo"]',
  'a base': 'bases: [AT/team/repo.git]',
  'a component': 'components: [AT/team/repo.git]',
  'a definition': 'crds: [AT/crd.yaml]',
  'a configuration': 'configurations: [AT/c.yaml]',
  'a patch': PATCH,
  'a strategic patch': 'patchesStrategicMerge: [AT/p.yaml]',
  'a JSON patch': 'patchesJson6902: [{path: AT/p.yaml, target: {version: v1, kind: ConfigMap, name: a}}]',
  'a replacement': 'replacements: [{path: AT/r.yaml}]',
  'a schema': 'openapi: {path: AT/o.json}',
  'a file of a generator': 'configMapGenerator: [{name: g, files: ["key=AT/f"]}]',
  'variables of a generator': 'secretGenerator: [{name: g, envs: [AT/f]}]',
  'a generator': 'generators: [AT/g.yaml]',
  'a transformer': 'transformers: [AT/t.yaml]',
  'a validator': 'validators: [AT/v.yaml]',
  'a resource under a name in capitals': 'Resources: [AT/a.yaml]',
  'a resource under a name that only folds to it': 're\u017fource\u017f: [AT/a.yaml]',
  'a patch whose path is in capitals': 'patches: [{Path: AT/p.yaml, target: {kind: ConfigMap}}]',
  'the path of an inline transformer': inline(
    'transformers',
    TRANSFORMER('path: AT/p.yaml\ntarget: {kind: ConfigMap}'),
  ),
  'the path of an inline transformer in capitals': inline(
    'transformers',
    TRANSFORMER('Path: AT/p.yaml\ntarget: {kind: ConfigMap}'),
  ),
  'the paths of an inline transformer': inline(
    'transformers',
    'apiVersion: builtin\nkind: PatchStrategicMergeTransformer\nmetadata: {name: t}\npaths: [AT/p.yaml]',
  ),
  'the files of an inline generator': inline(
    'generators',
    'apiVersion: builtin\nkind: ConfigMapGenerator\nmetadata: {name: g}\nfiles: ["key=AT/f"]',
  ),
  'the replacements of an inline transformer': inline(
    'transformers',
    'apiVersion: builtin\nkind: ReplacementTransformer\nmetadata: {name: t}\nreplacements: [{path: AT/r.yaml}]',
  ),
  'the path of a transformer in a file': 'transformers: [t.yaml]',
  'the path of a transformer in a directory': 'transformers: [../plugins]',
  'the path of a transformer that is put together': 'transformers: [../assembled]',
  'a chart of a repository': 'helmCharts: [{name: x, repo: AT, version: "1"}]',
};

const host = (): string => at.slice('http://'.length);

for (const [what, kustomization] of Object.entries(REMOTE)) {
  test(`S-I3: ${what} from elsewhere, two bases down, is refused and nobody is asked`, async () => {
    const fill = (text: string): string => text.replaceAll('AT', at).replaceAll('LOCAL', host());
    const files = {
      'app/kustomization.yaml': 'resources: [../one]\n',
      'one/kustomization.yaml': 'resources: [../two]\n',
      'two/kustomization.yaml': fill(
        kustomization.startsWith('resources') ? kustomization : `resources: [a.yaml]\n${kustomization}`,
      ),
      'two/a.yaml': configMap('a'),
      'two/t.yaml': fill(TRANSFORMER('path: AT/p.yaml\ntarget: {kind: ConfigMap}\n')),
      'plugins/kustomization.yaml': 'resources: [t.yaml]\n',
      'plugins/t.yaml': fill(TRANSFORMER('path: AT/p.yaml\ntarget: {kind: ConfigMap}\n')),
      'assembled/kustomization.yaml':
        'resources: [t.yaml]\npatches:\n- target: {kind: PatchTransformer}\n  patch: |-\n' +
        fill('    [{"op": "replace", "path": "/path", "value": "AT/p.yaml"}]\n'),
      'assembled/t.yaml': TRANSFORMER('path: p.yaml\ntarget: {kind: ConfigMap}\n'),
    };
    await assert.rejects(fixture.render(files), (error: unknown) => {
      assert.ok(error instanceof RenderError, String(error));
      assert.match(error.code, /^RENDER_(?:REMOTE_REFUSED|FEATURE_REFUSED|SOURCE_INVALID)$/, error.message);
      return true;
    });
    assert.deepEqual(asked, []);
  });
}

test('plugins that load files beside them, inline, in a file and in a directory, are rendered', async () => {
  const annotations = (name: string): string =>
    `apiVersion: builtin\nkind: AnnotationsTransformer\nmetadata: {name: ${name}}\nannotations: {${name}: "https://example.com/docs"}\nfieldSpecs: [{path: metadata/annotations, create: true}]\n`;
  const set = await fixture.render({
    'app/kustomization.yaml': `resources: [a.yaml]\n${inline('generators', 'apiVersion: builtin\nkind: ConfigMapGenerator\nmetadata: {name: g}\nfiles: [key=f.txt]')}transformers: [t.yaml, ../plugins, p.yaml]\n`,
    'app/a.yaml': configMap('a'),
    'app/f.txt': 'see https://example.com\n',
    'app/t.yaml': annotations('one'),
    'app/p.yaml': TRANSFORMER('path: patch.yaml\ntarget: {name: a}\n'),
    'app/patch.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {patched: "yes"}\n',
    'plugins/kustomization.yaml': 'resources: [t.yaml]\n',
    'plugins/t.yaml': annotations('two'),
  });
  assert.equal(names(set).length, 2);
  const [a] = set.manifests.map(({ object }) => object).filter(({ metadata }) => metadata.name === 'a');
  assert.deepEqual(Object.keys(a?.metadata.annotations ?? {}).sort(), ['one', 'two']);
  assert.deepEqual(a?.['data'], { patched: 'yes' });
});
