// The built-in types and documents, and that nothing large is read before it is needed.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { builtinKind, builtinKinds, openApiV2, openApiV3, openApiV3GroupVersions } from './builtin.ts';

test('builtinKinds() lists every type once, with a schema each', () => {
  const kinds = builtinKinds();
  const names = kinds.map(({ group, version, resource }) => `${group}/${version}/${resource}`);
  assert.equal(new Set(names).size, kinds.length);
  assert.equal(kinds.length, 66);
  for (const kind of kinds) assert.equal(kind.schema().type, 'object', kind.kind);
});

test('builtinKind() knows short names, categories, subresources and the storage version', () => {
  const deployment = builtinKind('apps', 'v1', 'Deployment');
  assert.deepEqual(deployment?.shortNames, ['deploy']);
  assert.deepEqual(deployment?.categories, ['all']);
  assert.deepEqual(
    deployment?.subresources.map(({ name, kind }) => `${name}:${kind}`),
    ['scale:Scale', 'status:Deployment'],
  );
  assert.equal(builtinKind('autoscaling', 'v1', 'HorizontalPodAutoscaler')?.storageVersion, false);
  assert.equal(builtinKind('autoscaling', 'v2', 'HorizontalPodAutoscaler')?.storageVersion, true);
  assert.equal(builtinKind('apps', 'v2', 'Deployment'), undefined);
});

test('schemas keep list keys, merge keys and defaults', () => {
  const spec = builtinKind('apps', 'v1', 'Deployment')?.schema().properties?.['spec'];
  const ports =
    spec?.properties?.['template']?.properties?.['spec']?.properties?.['containers']?.items?.properties?.[
      'ports'
    ];
  assert.deepEqual(ports?.listMapKeys, ['containerPort', 'protocol']);
  assert.equal(ports?.patchMergeKey, 'containerPort');
  assert.equal(ports?.items?.properties?.['protocol']?.default, 'TCP');
  assert.equal(spec?.properties?.['strategy']?.patchStrategy, 'retainKeys');
});

test('openApiV3() has a document per group version, references resolved within it', () => {
  for (const groupVersion of openApiV3GroupVersions()) {
    const document = openApiV3(groupVersion);
    assert.ok(document !== undefined);
    const text = JSON.stringify(document);
    const known = (document['components'] as { schemas: Record<string, unknown> }).schemas;
    for (const [, name = ''] of text.matchAll(/"#\/components\/schemas\/([^"]+)"/g)) {
      assert.ok(known[name] !== undefined, `${groupVersion}: ${name}`);
    }
  }
  assert.equal(openApiV3('nope/v1'), undefined);
});

test('openApiV2() describes what is served only', () => {
  const paths = Object.keys(openApiV2()['paths'] as object);
  assert.ok(paths.includes('/apis/apps/v1/namespaces/{namespace}/deployments/{name}'));
  assert.ok(!paths.some((path) => /\/v\d+(alpha|beta)/.test(path)));
});
