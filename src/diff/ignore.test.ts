// Ignore rules: what matches, what is taken out, what cannot be read.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject } from '../k8s/index.ts';
import {
  compileIgnoreRules,
  compileJqPath,
  DiffError,
  hasIgnoreRules,
  JqSyntaxError,
  respectIgnored,
  stripIgnored,
} from './index.ts';

const OBJECT: KubeObject = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace: 'ns', annotations: { 'a/b': '1', note: 'x' } },
  spec: {
    replicas: 1,
    list: [1, 2, 3],
    containers: [
      { name: 'a', image: 'a:1', env: [{ name: 'X', value: '1' }] },
      { name: 'b', image: 'b:1' },
      { name: 'side-1', image: 's:1' },
    ],
  },
};

const PATHS: Record<string, unknown[][]> = {
  '.spec.replicas': [['spec', 'replicas']],
  '.spec.list[]': [
    ['spec', 'list', 0],
    ['spec', 'list', 1],
    ['spec', 'list', 2],
  ],
  '.spec.list[1]': [['spec', 'list', 1]],
  '.spec.list[-1]': [['spec', 'list', 2]],
  '.metadata.annotations["a/b"]': [['metadata', 'annotations', 'a/b']],
  '.metadata.annotations."a/b"': [['metadata', 'annotations', 'a/b']],
  '.spec.containers[] | select(.name == "b") | .image': [['spec', 'containers', 1, 'image']],
  '.spec.containers[]|select(.name=="a" or .name=="b").image': [
    ['spec', 'containers', 0, 'image'],
    ['spec', 'containers', 1, 'image'],
  ],
  '.spec.containers[] | select(.name | startswith("side-"))': [['spec', 'containers', 2]],
  '.spec.containers[] | select(.name | test("^side"))': [['spec', 'containers', 2]],
  '.spec.containers[] | select(.env[]?.name == "X") | .env': [['spec', 'containers', 0, 'env']],
  '.spec.containers[] | select(.name != "a") | select(.name | contains("side") | not)': [
    ['spec', 'containers', 1],
  ],
  '.spec.containers[] | select(has("env"))': [['spec', 'containers', 0]],
  '.spec.replicas, .metadata.annotations.note': [
    ['spec', 'replicas'],
    ['metadata', 'annotations', 'note'],
  ],
  '(.spec.containers[] | select(.name == "a")).image': [['spec', 'containers', 0, 'image']],
  '.. | select(.name? == "X")': [['spec', 'containers', 0, 'env', 0]],
  '.spec.containers | select(length > 2)': [['spec', 'containers']],
  '.spec.absent[].x': [],
};

for (const [expression, want] of Object.entries(PATHS)) {
  test(`compileJqPath() ${expression}`, () => assert.deepEqual(compileJqPath(expression)(OBJECT), want));
}

test('compileJqPath() refuses what it does not know by name', () => {
  for (const [text, says] of [
    ['.a | to_entries', /"to_entries"/],
    ['.a[', /found "the end"|unexpected/],
    ['.a = 1', /"= 1"|unexpected/],
    ['', /unexpected end/],
    [`.${'a'.repeat(5000)}`, /longer/],
  ] as const) {
    assert.throws(
      () => compileJqPath(text),
      (error) => error instanceof JqSyntaxError && says.test(error.message),
      text,
    );
  }
});

const rules = (rule: object) => compileIgnoreRules([{ group: 'apps', kind: 'Deployment', ...rule }]);

test('rules match by glob on group and kind, and exactly on name and namespace', () => {
  const matches = (rule: object): boolean =>
    hasIgnoreRules(compileIgnoreRules([{ kind: '*', ...rule }]), OBJECT);
  assert.equal(matches({ group: '*' }), true);
  assert.equal(matches({ group: 'a?ps', kind: 'Dep*' }), true);
  assert.equal(matches({ group: '' }), false);
  assert.equal(matches({ group: '*', name: 'web', namespace: 'ns' }), true);
  assert.equal(matches({ group: '*', name: 'we*' }), false);
  assert.equal(matches({ group: '*', namespace: 'other' }), false);
});

test('stripIgnored() removes pointers and paths, list items from the end', () => {
  const stripped = stripIgnored(
    rules({
      jsonPointers: ['/spec/list/0', '/metadata/annotations/a~1b', '/spec/absent/x'],
      jqPathExpressions: ['.spec.list[1]', '.spec.containers[] | select(.name != "a")'],
    }),
    OBJECT,
    OBJECT,
  );
  assert.deepEqual(stripped['spec'], {
    replicas: 1,
    list: [3],
    containers: [{ name: 'a', image: 'a:1', env: [{ name: 'X', value: '1' }] }],
  });
  assert.deepEqual(stripped.metadata.annotations, { note: 'x' });
  assert.equal(OBJECT.metadata.annotations?.['a/b'], '1');
});

test("stripIgnored() removes a manager's fields and keeps what identifies list items", () => {
  const live: KubeObject = {
    ...OBJECT,
    metadata: {
      ...OBJECT.metadata,
      managedFields: [
        {
          manager: 'hpa',
          operation: 'Update',
          fieldsV1: {
            'f:spec': {
              'f:replicas': {},
              'f:containers': { 'k:{"name":"b"}': { 'f:image': {}, 'f:name': {} } },
            },
          },
        },
      ],
    },
  };
  const { spec } = stripIgnored(rules({ managedFieldsManagers: ['hpa'] }), OBJECT, live) as KubeObject & {
    spec: Record<string, unknown>;
  };
  assert.equal(spec['replicas'], undefined);
  assert.deepEqual((spec['containers'] as unknown[])[1], { name: 'b' });
});

test('respectIgnored() keeps live values of what is ignored, by item name, and never status', () => {
  const live = structuredClone(OBJECT) as KubeObject & {
    spec: { replicas: number; containers: { image: string }[] };
  };
  live.spec.replicas = 7;
  live.spec.containers.reverse();
  for (const container of live.spec.containers) container.image += '-live';
  const kept = respectIgnored(
    rules({
      jsonPointers: ['/spec/replicas', '/status'],
      jqPathExpressions: ['.spec.containers[] | select(.name == "a") | .image'],
    }),
    OBJECT,
    live,
  );
  const spec = kept['spec'] as { replicas: number; containers: { image: string }[] };
  assert.equal(spec.replicas, 7);
  assert.deepEqual(
    spec.containers.map(({ image }) => image),
    ['a:1-live', 'b:1', 's:1'],
  );
});

test('rules that cannot be read are refused with the rule', () => {
  for (const rule of [{ jsonPointers: ['spec'] }, { jqPathExpressions: ['.a | foo'] }]) {
    assert.throws(
      () => rules(rule),
      (error) =>
        error instanceof DiffError &&
        error.code === 'INVALID_IGNORE_RULE' &&
        /apps\/Deployment/.test(error.message),
    );
  }
});

test('another engine may stand in for the built-in paths', () => {
  const compiled = compileIgnoreRules(
    [{ group: 'apps', kind: 'Deployment', jqPathExpressions: ['anything'] }],
    { compileExpression: () => () => [['spec', 'replicas']] },
  );
  assert.equal((stripIgnored(compiled, OBJECT, OBJECT)['spec'] as { replicas?: number }).replicas, undefined);
});
