// Custom resources: definitions, pruning, defaults, validation and CEL, with the answers of kube-apiserver 1.35.4.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject } from '../../k8s/index.ts';
import { isRecord } from '../../lib/index.ts';
import { validateRules } from './cel.ts';
import { type CustomKind, parseCrd } from './crd.ts';
import { customOpenApiV3 } from './crd-openapi.ts';
import { invalidError } from './field-error.ts';
import { prune } from './prune.ts';
import { applySchemaDefaults } from './structural-defaults.ts';
import type { Schema } from './types.ts';
import { validate } from './validate.ts';

const TEXT = { type: 'string' };
const SPEC: Record<string, unknown> = {
  type: 'object',
  required: ['req'],
  'x-kubernetes-validations': [
    { rule: 'self.replicas <= 10', message: 'too many replicas' },
    { rule: '!has(oldSelf.imm) || self.imm == oldSelf.imm', message: 'imm is immutable' },
    {
      rule: 'self.replicas != 7',
      message: 'no seven',
      fieldPath: '.replicas',
      reason: 'FieldValueForbidden',
    },
  ],
  properties: {
    req: { type: 'string', minLength: 2, maxLength: 5, pattern: '^[a-z]*$' },
    replicas: { type: 'integer', default: 1, minimum: 0, maximum: 20 },
    imm: TEXT,
    en: { type: 'string', enum: ['a', 'b'] },
    mul: { type: 'integer', multipleOf: 2 },
    num: { type: 'number', exclusiveMinimum: true, minimum: 1.5 },
    when: { type: 'string', format: 'date-time' },
    set: { type: 'array', 'x-kubernetes-list-type': 'set', items: TEXT, maxItems: 3 },
    map: {
      type: 'array',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['name', 'proto'],
      items: {
        type: 'object',
        required: ['name'],
        properties: { name: TEXT, proto: { ...TEXT, default: 'TCP' } },
      },
    },
    free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
    labels: { type: 'object', additionalProperties: TEXT, maxProperties: 2 },
    port: { 'x-kubernetes-int-or-string': true },
    nul: { type: 'string', nullable: true },
    deep: { type: 'object', default: {}, properties: { x: { type: 'string', default: 'dx' } } },
    tmpl: {
      type: 'object',
      'x-kubernetes-embedded-resource': true,
      'x-kubernetes-preserve-unknown-fields': true,
    },
    one: {
      type: 'object',
      properties: { a: TEXT, b: TEXT },
      oneOf: [{ required: ['a'] }, { required: ['b'] }],
    },
    no: { type: 'string', not: { enum: ['bad'] } },
  },
};

function definition(
  change: (spec: Record<string, unknown>, schema: Record<string, unknown>) => void = () => {},
): KubeObject {
  const schema: Record<string, unknown> = {
    type: 'object',
    required: ['spec'],
    properties: { spec: structuredClone(SPEC) },
  };
  const spec: Record<string, unknown> = {
    group: 'ex.io',
    scope: 'Namespaced',
    names: { plural: 'widgets', singular: 'widget', kind: 'Widget', listKind: 'WidgetList' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        subresources: {
          status: {},
          scale: { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas' },
        },
        additionalPrinterColumns: [{ name: 'R', type: 'integer', jsonPath: '.spec.replicas' }],
        schema: { openAPIV3Schema: schema },
      },
    ],
  };
  change(spec, schema);
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'widgets.ex.io' },
    spec,
  };
}

function parsed(crd: KubeObject): CustomKind {
  const result = parseCrd(crd);
  assert.ok('kind' in result, JSON.stringify(result));
  return result.kind;
}

const KIND = parsed(definition());
const schema: Schema = KIND.versions[0]?.schema ?? {};

/** The message of the refusal, or the spec as stored. */
function store(spec: unknown, before?: unknown): unknown {
  const widget = (of: unknown): Record<string, unknown> => ({
    apiVersion: 'ex.io/v1',
    kind: 'Widget',
    metadata: { name: 'w' },
    spec: structuredClone(of),
  });
  const object = widget(spec);
  prune(object, schema);
  applySchemaDefaults(object, schema);
  const errors = validate(object, schema);
  const all = [
    ...errors,
    ...validateRules(object, before === undefined ? undefined : widget(before), schema, errors),
  ];
  if (all.length === 0) return object['spec'];
  return invalidError({ group: 'ex.io', kind: 'Widget', name: 'w' }, all).message.replace(
    'Widget.ex.io "w" is invalid: ',
    '',
  );
}

const NOT_CHECKED =
  '<nil>: Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation';
const FILLED = { replicas: 1, req: 'ab', deep: { x: 'dx' } };

const ANSWERS: [spec: unknown, answer: unknown][] = [
  [{}, `[spec.req: Required value, ${NOT_CHECKED}]`],
  [{ req: null }, `[spec.req: Required value, ${NOT_CHECKED}]`],
  [{ req: 'a' }, 'spec.req: Invalid value: "a": spec.req in body should be at least 2 chars long'],
  [{ req: 'abcdefgh' }, `[spec.req: Too long: may not be more than 5 bytes, ${NOT_CHECKED}]`],
  [{ req: 'AB' }, `spec.req: Invalid value: "AB": spec.req in body should match '^[a-z]*$'`],
  [
    { req: 5 },
    `[spec.req: Invalid value: "integer": spec.req in body must be of type string: "integer", ${NOT_CHECKED}]`,
  ],
  [
    { req: 'ab', replicas: 21 },
    '[spec.replicas: Invalid value: 21: spec.replicas in body should be less than or equal to 20, spec: Invalid value: too many replicas]',
  ],
  [{ req: 'ab', replicas: 11 }, 'spec: Invalid value: too many replicas'],
  [{ req: 'ab', replicas: 7 }, 'spec.replicas: Forbidden: no seven'],
  [{ req: 'ab', en: 'z' }, `[spec.en: Unsupported value: "z": supported values: "a", "b", ${NOT_CHECKED}]`],
  [{ req: 'ab', mul: 3 }, 'spec.mul: Invalid value: 3: spec.mul in body should be a multiple of 2'],
  [{ req: 'ab', num: 1.5 }, 'spec.num: Invalid value: 1.5: spec.num in body should be greater than 1.5'],
  [
    { req: 'ab', when: 'x' },
    `[spec.when: Invalid value: "x": spec.when in body must be of type date-time: "x", ${NOT_CHECKED}]`,
  ],
  [{ req: 'ab', set: ['a', 'a'] }, 'spec.set[1]: Duplicate value: "a"'],
  [
    { req: 'ab', set: ['a', 'b', 'c', 'd'] },
    `[spec.set: Too many: 4: must have at most 3 items, ${NOT_CHECKED}]`,
  ],
  [
    { req: 'ab', map: [{ name: 'a' }, { name: 'a', proto: 'TCP' }] },
    'spec.map[1]: Duplicate value: {"name":"a","proto":"TCP"}',
  ],
  [
    { req: 'ab', map: [null] },
    `[spec.map[0]: Invalid value: "null": spec.map[0] in body must be of type object: "null", ${NOT_CHECKED}]`,
  ],
  [
    { req: 'ab', labels: { a: '1', b: '2', c: '3' } },
    `[spec.labels: Too many: 3: must have at most 2 items, ${NOT_CHECKED}]`,
  ],
  [
    { req: 'ab', port: true },
    `[spec.port: Invalid value: "boolean": spec.port in body must be of type integer,string: "boolean", ${NOT_CHECKED}]`,
  ],
  [
    { req: 'ab', tmpl: { a: 1 } },
    `[spec.tmpl.apiVersion: Required value, spec.tmpl.kind: Required value, ${NOT_CHECKED}]`,
  ],
  [
    { req: 'ab', one: {} },
    `[<nil>: Invalid value: "": "spec.one" must validate one and only one schema (oneOf). Found none valid, spec.one.a: Required value, ${NOT_CHECKED}]`,
  ],
  [
    { req: 'ab', one: { a: '1', b: '1' } },
    '<nil>: Invalid value: "": "spec.one" must validate one and only one schema (oneOf). Found 2 valid alternatives',
  ],
  [{ req: 'ab', no: 'bad' }, '<nil>: Invalid value: "": "spec.no" must not validate the schema (not)'],
  [
    { req: 'ab', unknown: 1, deep: { z: 1 }, free: { a: { b: 1 } } },
    { ...FILLED, free: { a: { b: 1 } } },
  ],
  [
    { req: 'ab', port: '80', nul: null, en: null, deep: null, replicas: null },
    { ...FILLED, port: '80', nul: null },
  ],
];
for (const [spec, answer] of ANSWERS) {
  test(`a custom resource of ${JSON.stringify(spec)}`, () => assert.deepEqual(store(spec), answer));
}

test('rules that read oldSelf run on updates', () => {
  assert.equal(
    store({ req: 'ab', imm: 'y' }, { req: 'ab', imm: 'x' }),
    'spec: Invalid value: imm is immutable',
  );
  assert.deepEqual(store({ req: 'ab', imm: 'x' }, { req: 'ab', imm: 'x' }), { ...FILLED, imm: 'x' });
});

test('prune() names what it removes', () => {
  const object = {
    metadata: { name: 'w', foo: 1 },
    spec: { req: 'ab', bogus: 1, map: [{ name: 'a', q: 1 }] },
    top: 1,
  };
  assert.deepEqual(prune(object, schema), ['metadata.foo', 'spec.bogus', 'spec.map[0].q', 'top']);
  assert.deepEqual(object, { metadata: { name: 'w' }, spec: { req: 'ab', map: [{ name: 'a' }] } });
});

test('parseCrd() reads names, columns and subresources', () => {
  const [version] = KIND.versions;
  assert.equal(KIND.storageVersion, 'v1');
  assert.equal(KIND.namespaced, true);
  assert.equal(version?.hasStatus, true);
  assert.equal(version?.scale?.specReplicasPath, '.spec.replicas');
  assert.deepEqual(version?.printerColumns, [{ name: 'R', type: 'integer', jsonPath: '.spec.replicas' }]);
});

function specProperties(root: Record<string, unknown>): Record<string, Record<string, unknown>> {
  const properties = root['properties'];
  const spec = isRecord(properties) ? properties['spec'] : undefined;
  const inner = isRecord(spec) ? spec['properties'] : undefined;
  assert.ok(isRecord(inner));
  return inner as Record<string, Record<string, unknown>>;
}

const AT = 'spec.validation.openAPIV3Schema';
const REFUSED: Record<string, { change: Parameters<typeof definition>[0]; want: string }> = {
  'no scope': { change: (spec) => delete spec['scope'], want: 'spec.scope: Required value' },
  'an unknown scope': {
    change: (spec) => Object.assign(spec, { scope: 'X' }),
    want: 'spec.scope: Unsupported value: "X": supported values: "Cluster", "Namespaced"',
  },
  'a root that is no object': {
    change: (_, root) => delete root['type'],
    want: `${AT}.type: Required value: must not be empty at the root`,
  },
  'a field without a type': {
    change: (_, root) => delete specProperties(root)['req']?.['type'],
    want: `${AT}.properties[spec].properties[req].type: Required value: must not be empty for specified object fields`,
  },
  'a list without items': {
    change: (_, root) => delete specProperties(root)['set']?.['items'],
    want: `${AT}.properties[spec].properties[set].items: Required value: must be specified`,
  },
  'keys that may be absent': {
    change: (_, root) => Object.assign(specProperties(root)['map']?.['items'] ?? {}, { required: [] }),
    want: `${AT}.properties[spec].properties[map].items.properties[name].default: Required value: this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property`,
  },
};
for (const [name, { change, want }] of Object.entries(REFUSED)) {
  test(`parseCrd() refuses ${name}`, () => {
    const result = parseCrd(definition(change));
    assert.deepEqual(
      'errors' in result ? result.errors.map(({ field, message }) => `${field}: ${message}`) : [],
      [want],
    );
  });
}

test('customOpenApiV3() describes the kind, its list and its requests', () => {
  const document = customOpenApiV3([KIND], 'v1');
  const { schemas } = document['components'] as { schemas: Record<string, unknown> };
  assert.ok(schemas['io.ex.v1.Widget'] !== undefined && schemas['io.ex.v1.WidgetList'] !== undefined);
  assert.deepEqual(Object.keys(document['paths'] as object), [
    '/apis/ex.io/v1/namespaces/{namespace}/widgets',
    '/apis/ex.io/v1/namespaces/{namespace}/widgets/{name}',
    '/apis/ex.io/v1/namespaces/{namespace}/widgets/{name}/status',
    '/apis/ex.io/v1/namespaces/{namespace}/widgets/{name}/scale',
  ]);
});

const CEL: [rule: string, self: unknown, holds: boolean][] = [
  ['self.map.all(k, k.startsWith("a"))', { map: { a1: 'x' } }, true],
  ['self.a.find("b+") == "bb"', { a: 'abbc' }, true],
  ['self.l.isSorted() && self.l.sum() == 6 && self.l.max() == 3', { l: [1, 2, 3] }, true],
  ['quantity(self.q).isGreaterThan(quantity("1Gi"))', { q: '2Gi' }, true],
  ['isURL(self.u) && url(self.u).getHost() == "a.b"', { u: 'https://a.b/c' }, true],
  ['ip(self.i).family() == 4 && !isCIDR(self.i)', { i: '1.2.3.4' }, true],
  ['self.a__dash__b == 1', { 'a-b': 1 }, true],
  ['self.missing == 1', {}, false],
];
for (const [rule, self, holds] of CEL) {
  test(`CEL ${rule} is ${holds}`, () => {
    const properties = Object.fromEntries(['map', 'a', 'l', 'q', 'u', 'i', 'a-b'].map((name) => [name, {}]));
    const errors = validateRules(
      self,
      undefined,
      { type: 'object', properties, validations: [{ rule }] },
      [],
    );
    assert.equal(errors.length === 0, holds, JSON.stringify(errors));
  });
}
