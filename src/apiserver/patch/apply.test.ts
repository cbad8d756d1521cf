// Server-side apply against what kube-apiserver 1.35.4 answered to the same requests.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject } from '../../k8s/index.ts';
import { builtinKind } from '../schema/builtin.ts';
import { parseCrd } from '../schema/crd.ts';
import { applyBuiltinDefaults } from '../schema/defaults/index.ts';
import type { Schema } from '../schema/types.ts';
import { applyConflictError, applyPatch } from './apply.ts';
import { eachPath, fieldSetFromFieldsV1, pathText } from './field-set.ts';
import { trackUpdate } from './managed-fields.ts';

const NOW = '2026-01-01T00:00:00Z';

/** `manager: fields` per entry, fields separated by blanks; updates are marked with `~`. */
function owners(object: KubeObject): string[] {
  return (object.metadata.managedFields ?? []).map((entry) => {
    const paths: string[] = [];
    const set = fieldSetFromFieldsV1(entry.fieldsV1);
    if (set !== undefined) eachPath(set, (path) => paths.push(pathText(path)));
    const mark = entry.operation === 'Update' ? '~' : '';
    const subresource = entry.subresource === undefined ? '' : `/${entry.subresource}`;
    return `${mark}${entry.manager}${subresource}: ${paths.join(' ')}`;
  });
}

const configMapKind = builtinKind('', 'v1', 'ConfigMap');
const deploymentKind = builtinKind('apps', 'v1', 'Deployment');
assert.ok(configMapKind !== undefined && deploymentKind !== undefined);

function configMap(data?: Record<string, unknown>, metadata: Record<string, unknown> = {}): KubeObject {
  const object: KubeObject = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c', ...metadata } };
  return data === undefined ? object : { ...object, data };
}

function deployment(containers: readonly unknown[], spec: Record<string, unknown> = {}): KubeObject {
  const selector = { matchLabels: { app: 'x' } };
  const template = { metadata: { labels: { app: 'x' } }, spec: { containers } };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'd' },
    spec: { selector, template, ...spec },
  };
}

const FREE = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };

function widgetSchema(): Schema {
  const keys = ['name', 'proto'];
  const text = { type: 'string' };
  const spec = {
    type: 'object',
    properties: {
      set: { type: 'array', 'x-kubernetes-list-type': 'set', items: text },
      list: { type: 'array', items: text },
      whole: { type: 'object', 'x-kubernetes-map-type': 'atomic', properties: { a: text, b: text } },
      free: FREE,
      labels: { type: 'object', additionalProperties: text },
      map: {
        type: 'array',
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': keys,
        items: {
          type: 'object',
          required: ['name'],
          properties: { name: text, proto: { ...text, default: 'TCP' }, v: text },
        },
      },
    },
  };
  const version = {
    name: 'v1',
    served: true,
    storage: true,
    subresources: { status: {} },
    schema: { openAPIV3Schema: { type: 'object', properties: { spec, status: FREE } } },
  };
  const parsed = parseCrd({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'widgets.ex.io' },
    spec: {
      group: 'ex.io',
      scope: 'Namespaced',
      names: { plural: 'widgets', singular: 'widget', kind: 'Widget', listKind: 'WidgetList' },
      versions: [version],
    },
  });
  assert.ok('kind' in parsed, JSON.stringify(parsed));
  const [first] = parsed.kind.versions;
  assert.ok(first !== undefined);
  return first.schema;
}

const WIDGET = widgetSchema();

function widget(spec?: Record<string, unknown>): KubeObject {
  const object: KubeObject = { apiVersion: 'ex.io/v1', kind: 'Widget', metadata: { name: 'w' } };
  return spec === undefined ? object : { ...object, spec };
}

function schemaOf(object: KubeObject): Schema {
  if (object.kind === 'Widget') return WIDGET;
  const kind = object.kind === 'ConfigMap' ? configMapKind : deploymentKind;
  assert.ok(kind !== undefined);
  return kind.schema();
}

interface Step {
  readonly by: string;
  readonly apply?: KubeObject;
  readonly force?: boolean;
  /** An update instead of an apply: the whole object. */
  readonly update?: KubeObject;
  readonly subresource?: string;
  /** Owners after the step, or the conflict. */
  readonly want?: readonly string[] | string;
  /** The data or spec after the step. */
  readonly content?: unknown;
}

function run(steps: readonly Step[]): void {
  let live: KubeObject | undefined;
  for (const [i, step] of steps.entries()) {
    const object = step.apply ?? step.update;
    assert.ok(object !== undefined);
    const context = {
      schema: schemaOf(object),
      manager: step.by,
      apiVersion: object.apiVersion,
      subresource: step.subresource ?? '',
      now: NOW,
      ...(object.kind === 'Widget' ? { hasStatus: true } : {}),
    };
    if (step.update !== undefined)
      live = trackUpdate({ ...context, before: live, after: structuredClone(step.update) });
    else {
      const { object: result, conflicts } = applyPatch({
        ...context,
        live,
        applied: object,
        force: step.force ?? false,
      });
      if (conflicts.length > 0) {
        assert.equal(applyConflictError(conflicts).message, step.want, `step ${i}`);
        continue;
      }
      live = result;
      live.metadata.uid = 'u';
      if (object.kind === 'Deployment' && deploymentKind !== undefined)
        applyBuiltinDefaults(live, deploymentKind);
    }
    if (step.want !== undefined) assert.deepEqual(owners(live), step.want, `step ${i}`);
    if ('content' in step) assert.deepEqual(live['data'] ?? live['spec'], step.content, `step ${i}`);
  }
}

const SCENARIOS: Record<string, readonly Step[]> = {
  'removes a field that is no longer applied': [
    { by: 'a', apply: configMap({ x: '1', y: '2' }), want: ['a: .data.x .data.y'] },
    { by: 'a', apply: configMap({ x: '1' }), want: ['a: .data.x'], content: { x: '1' } },
    { by: 'a', apply: configMap(), want: [], content: undefined },
  ],
  'keeps a field that another applier still owns': [
    { by: 'a', apply: configMap({ x: '1', y: '2' }) },
    // Without a time, since b changed nothing: such entries come first.
    { by: 'b', apply: configMap({ x: '1' }), want: ['b: .data.x', 'a: .data.x .data.y'] },
    {
      by: 'a',
      apply: configMap({ y: '2' }),
      want: ['b: .data.x', 'a: .data.y'],
      content: { x: '1', y: '2' },
    },
    { by: 'b', apply: configMap(), want: ['a: .data.y'], content: { y: '2' } },
  ],
  'names the manager and field of one conflict': [
    { by: 'kubectl', update: configMap({ x: '1' }) },
    {
      by: 'a',
      apply: configMap({ x: '2' }),
      want: 'Apply failed with 1 conflict: conflict with "kubectl" using v1: .data.x',
    },
  ],
  'groups several conflicts by manager': [
    { by: 'a', apply: configMap({ x: '1' }, { labels: { l: '1' } }) },
    { by: 'k', update: configMap({ x: '1', y: '1' }, { labels: { l: '1' } }) },
    {
      by: 'b',
      apply: configMap({ x: '2', y: '2' }, { labels: { l: '2' } }),
      want: 'Apply failed with 3 conflicts: conflicts with "a":\n- .data.x\n- .metadata.labels.l\nconflicts with "k" using v1:\n- .data.y',
    },
  ],
  'takes fields by force, and leaves what the loser owned alone': [
    { by: 'a', apply: configMap({ x: '1', y: '1' }) },
    { by: 'b', apply: configMap({ x: '2' }), force: true, want: ['a: .data.y', 'b: .data.x'] },
    { by: 'a', apply: configMap({ x: '2', y: '1' }), want: ['a: .data.x .data.y', 'b: .data.x'] },
  ],
  'gives an object that was never tracked to before-first-apply': [
    { by: 'k', update: configMap({ x: '1' }) },
    { by: 'k', update: configMap({ x: '1' }, { uid: 'u', managedFields: [] }), want: [] },
    { by: 'k', update: configMap({ x: '1', y: '1' }, { uid: 'u' }), want: [] },
    {
      by: 'a',
      apply: configMap({ x: '1' }),
      want: ['a: .data.x', '~before-first-apply: .data .data.x .data.y'],
    },
  ],
  'owns items of sets one by one': [
    { by: 'a', apply: configMap({}, { finalizers: ['a/a', 'a/b'] }) },
    {
      by: 'b',
      apply: configMap({}, { finalizers: ['a/b', 'a/c'] }),
      want: [
        'a: .data .metadata.finalizers[="a/a"] .metadata.finalizers[="a/b"]',
        'b: .data .metadata.finalizers[="a/b"] .metadata.finalizers[="a/c"]',
      ],
    },
  ],
  'takes an object over from client-side apply without conflict': [
    {
      by: 'kubectl-client-side-apply',
      update: configMap(
        { x: '1' },
        {
          annotations: {
            'kubectl.kubernetes.io/last-applied-configuration':
              '{"apiVersion":"v1","kind":"ConfigMap","data":{"x":"1"}}',
          },
        },
      ),
    },
    { by: 'kubectl', apply: configMap({ x: '2' }), content: { x: '2' } },
  ],
  'addresses list items by all keys, absent ones by their default': [
    {
      by: 'a',
      apply: widget({
        map: [
          { name: 'a', v: '1' },
          { name: 'a', proto: 'UDP' },
        ],
      }),
      want: [
        'a: .spec.map[name="a",proto="TCP"] .spec.map[name="a",proto="UDP"] .spec.map[name="a",proto="TCP"].name .spec.map[name="a",proto="TCP"].v .spec.map[name="a",proto="UDP"].name .spec.map[name="a",proto="UDP"].proto',
      ],
    },
    { by: 'a', apply: widget({ map: [{ name: 'a' }] }), content: { map: [{ name: 'a' }] } },
  ],
  'orders list items as applied, foreign ones where they were': [
    { by: 'a', apply: widget({ map: [{ name: 'a' }, { name: 'b' }, { name: 'c' }] }) },
    {
      by: 'b',
      apply: widget({ map: [{ name: 'd' }, { name: 'b' }] }),
      content: { map: [{ name: 'a' }, { name: 'd' }, { name: 'b' }, { name: 'c' }] },
    },
    {
      by: 'c',
      apply: widget({ map: [{ name: 'x' }, { name: 'c' }, { name: 'y' }] }),
      content: {
        map: [{ name: 'a' }, { name: 'd' }, { name: 'b' }, { name: 'x' }, { name: 'c' }, { name: 'y' }],
      },
    },
  ],
  'owns atomic maps and lists as a whole': [
    { by: 'a', apply: widget({ whole: { a: '1' }, list: ['x'] }), want: ['a: .spec.list .spec.whole'] },
    {
      by: 'b',
      apply: widget({ whole: { b: '1' } }),
      want: 'Apply failed with 1 conflict: conflict with "a": .spec.whole',
    },
    {
      by: 'b',
      apply: widget({ whole: { b: '1' } }),
      force: true,
      want: ['a: .spec.list', 'b: .spec.whole'],
      content: { whole: { b: '1' }, list: ['x'] },
    },
  ],
  'merges maps without a schema member by member': [
    {
      by: 'a',
      apply: widget({ free: { a: 1, n: { m: 1 }, l: [1] } }),
      want: ['a: .spec.free.a .spec.free.l .spec.free.n .spec.free.n.m'],
    },
    {
      by: 'b',
      apply: widget({ free: { n: { k: 1 } } }),
      content: { free: { a: 1, n: { m: 1, k: 1 }, l: [1] } },
    },
  ],
  'does not own the status unless through it': [
    { by: 'a', apply: { ...widget({ set: ['a'] }), status: { x: 1 } }, want: ['a: .spec.set[="a"]'] },
    {
      by: 's',
      update: { ...widget({ set: ['a', 'b'] }), status: { x: 2 } },
      subresource: 'status',
      want: ['a: .spec.set[="a"]', '~s/status: .status.x'],
    },
  ],
};

for (const [name, steps] of Object.entries(SCENARIOS)) {
  test(`applyPatch() ${name}`, () => run(steps));
}

const REFUSED: Record<string, { applied: KubeObject; want: string }> = {
  'an unknown field': {
    applied: { ...configMap(), foo: 1 },
    want: 'failed to create typed patch object (/c; /v1, Kind=ConfigMap): .foo: field not declared in schema',
  },
  'a value of another type': {
    applied: configMap({ x: 1 }),
    want: 'failed to create typed patch object (/c; /v1, Kind=ConfigMap): .data.x: expected string, got &value.valueUnstructured{Value:1}',
  },
  'an item twice in a set': {
    applied: configMap({}, { finalizers: ['a/b', 'a/b'] }),
    want: 'failed to create typed patch object (/c; /v1, Kind=ConfigMap): .metadata.finalizers: duplicate entries for key [="a/b"]',
  },
  'two ports with the same key': {
    applied: deployment([{ name: 'a', ports: [{ containerPort: 80 }, { containerPort: 80 }] }]),
    want: 'failed to create typed patch object (/d; apps/v1, Kind=Deployment): .spec.template.spec.containers[name="a"].ports: duplicate entries for key [containerPort=80,protocol="TCP"]',
  },
  'managedFields of its own': {
    applied: configMap({}, { managedFields: [] }),
    want: 'metadata.managedFields must be nil',
  },
};
for (const [name, { applied, want }] of Object.entries(REFUSED)) {
  test(`applyPatch() refuses ${name}`, () => {
    const { apiVersion } = applied;
    const request = {
      schema: schemaOf(applied),
      manager: 'm',
      apiVersion,
      now: NOW,
      live: undefined,
      applied,
      force: false,
    };
    assert.throws(() => applyPatch(request), { message: want });
  });
}

test('applyPatch() removes containers given up by all their owners only', () => {
  const named = (...names: string[]) => names.map((name) => ({ name, image: '1' }));
  const names = (object: KubeObject | undefined) =>
    (
      object as unknown as { spec: { template: { spec: { containers: { name: string }[] } } } }
    ).spec.template.spec.containers.map(({ name }) => name);
  let live: KubeObject | undefined;
  const step = (manager: string, containers: readonly unknown[]) => {
    const applied = deployment(containers);
    live = applyPatch({
      schema: schemaOf(applied),
      manager,
      apiVersion: 'apps/v1',
      now: NOW,
      live,
      applied,
      force: false,
    }).object;
  };
  step('a', named('a', 'b', 'c'));
  step('b', named('b'));
  step('a', named('c', 'a'));
  assert.deepEqual(names(live), ['b', 'c', 'a']);
  step('b', named('a'));
  assert.deepEqual(names(live), ['c', 'a']);
});

test('applyPatch() keeps the time of a manager that changes nothing', () => {
  const request = { schema: schemaOf(configMap()), manager: 'a', apiVersion: 'v1', force: false };
  const first = applyPatch({ ...request, now: NOW, live: undefined, applied: configMap({ x: '1' }) }).object;
  const later = applyPatch({
    ...request,
    now: '2026-01-02T00:00:00Z',
    live: first,
    applied: configMap({ x: '1' }),
  }).object;
  assert.equal(later.metadata.managedFields?.[0]?.time, NOW);
});
