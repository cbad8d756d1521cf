// Custom resources: definitions that are accepted or refused, validation, pruning, defaults, rules, sub-resources.
import {
  apply,
  asyncSequence,
  del,
  get,
  patch,
  post,
  put,
  quietly,
  type Sequence,
  type Step,
  sequence,
  waitFor,
  waitGone,
} from '../sequence.ts';
import { paths } from './objects.ts';

type Json = Record<string, unknown>;

/** A definition of kind Thing in a group of the sequence's own. */
export function definition(schema: Json, version: Json = {}, spec: Json = {}): Json {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'things.{id}.example.com' },
    spec: {
      group: '{id}.example.com',
      scope: 'Namespaced',
      names: { plural: 'things', kind: 'Thing' },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type: 'object', properties: schema } },
          ...version,
        },
      ],
      ...spec,
    },
  };
}

const crd = `${paths.crds}/things.{id}.example.com`;
const things = '/apis/{id}.example.com/v1/namespaces/{ns}/things';
const thing = (body: Json = {}, name = 'a'): Json => ({
  apiVersion: '{id}.example.com/v1',
  kind: 'Thing',
  metadata: { name },
  ...body,
});

function isEstablished({ body }: { body: Json }): boolean {
  const { conditions } = (body['status'] ?? {}) as { conditions?: { type: string; status: string }[] };
  return conditions?.some(({ type, status }) => type === 'Established' && status === 'True') ?? false;
}

/** Creates the definition and waits until its objects can be written. */
function establish(body: Json): Step[] {
  return [
    post(paths.crds, body, { silent: true }),
    quietly(waitFor(crd, isEstablished)),
    quietly(waitFor(things, ({ status }) => status === 200)),
  ];
}

const cleanUp: Step = del(crd, undefined, { silent: true });
const withSpec = (properties: Json, more: Json = {}) => ({ spec: { type: 'object', properties, ...more } });

export function customSequences(): Sequence[] {
  return [
    ...definitions(),
    ...validation(),
    ...rules(),
    ...shapes(),
    ...subresources(),
    ...versions(),
    ...applied(),
  ];
}

function definitions(): Sequence[] {
  const ok = { spec: { type: 'object' } };
  const wrong: Record<string, Json> = {
    'a name that does not fit': { ...definition(ok), metadata: { name: 'other.{id}.example.com' } },
    'no schema': definition(ok, { schema: undefined }),
    'a field without a type': definition({ spec: {} }),
    'an unknown type': definition({ spec: { type: 'thing' } }),
    'a list without items': definition({ spec: { type: 'array' } }),
    'properties and additionalProperties': definition({
      spec: {
        type: 'object',
        properties: { a: { type: 'string' } },
        additionalProperties: { type: 'string' },
      },
    }),
    'additionalProperties false': definition({ spec: { type: 'object', additionalProperties: false } }),
    'a default of the wrong type': definition({ spec: { type: 'integer', default: 'x' } }),
    uniqueItems: definition({ spec: { type: 'array', uniqueItems: true, items: { type: 'string' } } }),
    'a reference': definition({ spec: { $ref: '#/x' } }),
    'a type inside allOf': definition({ spec: { type: 'object', allOf: [{ type: 'object' }] } }),
    'no storage version': definition(ok, { storage: false }),
    'no versions': definition(ok, {}, { versions: [] }),
    'a wrong scope': definition(ok, {}, { scope: 'Everywhere' }),
    'a lower-case kind that is the plural in upper case': definition(
      ok,
      {},
      { names: { plural: 'Things', kind: 'Thing' } },
    ),
    'a wrong short name': definition(
      ok,
      {},
      { names: { plural: 'things', kind: 'Thing', shortNames: ['A_B'] } },
    ),
    'a map list without keys': definition({
      spec: {
        type: 'array',
        'x-kubernetes-list-type': 'map',
        items: { type: 'object', properties: { k: { type: 'string' } } },
      },
    }),
    'a map list with optional keys': definition({
      spec: {
        type: 'array',
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['k'],
        items: { type: 'object', properties: { k: { type: 'string' } } },
      },
    }),
    'an unknown list type': definition({
      spec: { type: 'array', 'x-kubernetes-list-type': 'bag', items: { type: 'string' } },
    }),
    'int-or-string with a type': definition({ spec: { type: 'string', 'x-kubernetes-int-or-string': true } }),
    'a metadata schema': definition({
      metadata: { type: 'object', properties: { labels: { type: 'object' } } },
    }),
    'a rule that does not compile': definition({
      spec: { type: 'object', 'x-kubernetes-validations': [{ rule: 'self.none > 1' }] },
    }),
    'an empty rule': definition({ spec: { type: 'object', 'x-kubernetes-validations': [{ rule: '' }] } }),
    'a scale without paths': definition(ok, { subresources: { scale: {} } }),
    'a column without a path': definition(ok, { additionalPrinterColumns: [{ name: 'A', type: 'string' }] }),
    'a column of an unknown type': definition(ok, {
      additionalPrinterColumns: [{ name: 'A', type: 'text', jsonPath: '.a' }],
    }),
    'a root that is no object': definition(ok, { schema: { openAPIV3Schema: { type: 'string' } } }),
    'a group without a dot': {
      ...definition(ok, {}, { group: 'plain' }),
      metadata: { name: 'things.plain' },
    },
    'a protected group without approval': {
      ...definition(ok, {}, { group: 'x.k8s.io' }),
      metadata: { name: 'things.x.k8s.io' },
    },
  };
  return [
    ...Object.entries(wrong).map(([name, body]) =>
      sequence(
        `definition: ${name}`,
        post(paths.crds, body),
        del(`${paths.crds}/things.{id}.example.com`, undefined, { silent: true }),
      ),
    ),
    asyncSequence(
      'definition: is established and served, then gone',
      post(
        paths.crds,
        definition(
          ok,
          {},
          { names: { plural: 'things', kind: 'Thing', shortNames: ['th'], categories: ['all'] } },
        ),
      ),
      waitFor(crd, isEstablished),
      waitFor(things, ({ status }) => status === 200),
      get('/apis/{id}.example.com'),
      get('/apis/{id}.example.com/v1'),
      get(`${things}?limit=5`),
      post(things, thing({ spec: {} })),
      del(crd),
      waitGone(crd),
      waitFor(things, ({ status }) => status === 404),
    ),
    asyncSequence(
      'definition: its objects go with it',
      ...establish(definition(ok)),
      post(things, thing(), { silent: true }),
      post(things, thing({ metadata: { name: 'b', finalizers: ['example.com/hold'] } }), { silent: true }),
      del(crd),
      waitFor(`${things}/b`, ({ body }) => body.metadata?.['deletionTimestamp'] !== undefined),
      patch('merge', `${things}/b`, { metadata: { finalizers: null } }),
      waitGone(crd),
    ),
    asyncSequence(
      'definition: names that are taken',
      ...establish(definition(ok)),
      post(
        paths.crds,
        {
          ...definition(ok, {}, { names: { plural: 'others', kind: 'Thing' } }),
          metadata: { name: 'others.{id}.example.com' },
        },
        { silent: true },
      ),
      waitFor(
        `${paths.crds}/others.{id}.example.com`,
        ({ body }) => ((body.status?.['conditions'] as unknown[] | undefined) ?? []).length >= 2,
      ),
      del(`${paths.crds}/others.{id}.example.com`, undefined, { silent: true }),
      cleanUp,
    ),
    asyncSequence(
      'definition: a field added later is kept from then on',
      ...establish(definition(withSpec({ a: { type: 'string' } }))),
      post(things, thing({ spec: { a: 'x', b: 'y' } })),
      patch(
        'json',
        crd,
        [
          {
            op: 'add',
            path: '/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/b',
            value: { type: 'string' },
          },
        ],
        { silent: true },
      ),
      waitFor(`${things}?limit=1`, ({ status }) => status === 200),
      cleanUp,
    ),
    asyncSequence(
      'definition: a cluster-wide kind',
      post(paths.crds, definition(ok, {}, { scope: 'Cluster' }), { silent: true }),
      quietly(waitFor('/apis/{id}.example.com/v1/things', ({ status }) => status === 200)),
      post('/apis/{id}.example.com/v1/things', thing({ spec: { a: 1 } })),
      get('/apis/{id}.example.com/v1/things/a'),
      post(things, thing()),
      cleanUp,
    ),
  ];
}

function validation(): Sequence[] {
  const cases: Record<string, [schema: Json, values: unknown[]]> = {
    texts: [
      { type: 'string', minLength: 2, maxLength: 4, pattern: '^[a-z]+$' },
      ['abc', 'a', 'abcde', 'AB', 7, null, true],
    ],
    integers: [{ type: 'integer', minimum: 1, maximum: 10, multipleOf: 2 }, [2, 0, 12, 3, 2.5, '2', 4.0]],
    'exclusive bounds': [
      { type: 'number', minimum: 1, exclusiveMinimum: true, maximum: 2, exclusiveMaximum: true },
      [1.5, 1, 2],
    ],
    numbers: [{ type: 'number' }, [1, 1.5, 'x']],
    flags: [{ type: 'boolean' }, [true, 'true', 0]],
    enums: [{ type: 'string', enum: ['a', 'b'] }, ['a', 'c', '']],
    lists: [
      { type: 'array', minItems: 1, maxItems: 2, items: { type: 'string' } },
      [['a'], [], ['a', 'b', 'c'], ['a', 1], 'a'],
    ],
    sets: [
      { type: 'array', 'x-kubernetes-list-type': 'set', items: { type: 'string' } },
      [
        ['a', 'b'],
        ['a', 'a'],
      ],
    ],
    'map lists': [
      {
        type: 'array',
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['k'],
        items: {
          type: 'object',
          required: ['k'],
          properties: { k: { type: 'string' }, v: { type: 'integer' } },
        },
      },
      [[{ k: 'a' }, { k: 'b' }], [{ k: 'a' }, { k: 'a' }], [{ v: 1 }]],
    ],
    objects: [
      {
        type: 'object',
        required: ['a'],
        minProperties: 1,
        maxProperties: 2,
        properties: { a: { type: 'string' }, b: { type: 'string' }, c: { type: 'string' } },
      },
      [{ a: 'x' }, {}, { b: 'x' }, { a: 'x', b: 'y', c: 'z' }],
    ],
    maps: [
      { type: 'object', additionalProperties: { type: 'integer' } },
      [{ a: 1 }, { a: 'x' }, { a: { b: 1 } }],
    ],
    'int-or-string': [{ 'x-kubernetes-int-or-string': true }, [1, '50%', 1.5, true]],
    nullable: [{ type: 'string', nullable: true }, [null, 'a', 1]],
    oneOf: [
      {
        type: 'object',
        properties: { a: { type: 'string' }, b: { type: 'string' } },
        oneOf: [{ required: ['a'] }, { required: ['b'] }],
      },
      [{ a: 'x' }, { a: 'x', b: 'y' }, {}],
    ],
    anyOf: [
      {
        type: 'object',
        properties: { a: { type: 'string' }, b: { type: 'string' } },
        anyOf: [{ required: ['a'] }, { required: ['b'] }],
      },
      [{ a: 'x', b: 'y' }, {}],
    ],
    allOf: [{ type: 'string', allOf: [{ minLength: 2 }, { pattern: '^a' }] }, ['ab', 'a', 'bb', 'b']],
    not: [{ type: 'string', not: { enum: ['no'] } }, ['yes', 'no']],
    'format date-time': [
      { type: 'string', format: 'date-time' },
      ['2026-01-02T03:04:05Z', '2026-01-02', 'x'],
    ],
    'format date': [{ type: 'string', format: 'date' }, ['2026-01-02', 'x']],
    'format int32': [{ type: 'integer', format: 'int32' }, [1, 3_000_000_000]],
    'format of addresses': [{ type: 'string', format: 'ipv4' }, ['1.2.3.4', 'x']],
    'format of identifiers': [
      { type: 'string', format: 'uuid' },
      ['6ba7b810-9dad-11d1-80b4-00c04fd430c8', 'x'],
    ],
    'format of bytes': [{ type: 'string', format: 'byte' }, ['YQ==', '!']],
    'format of durations': [{ type: 'string', format: 'duration' }, ['1h', 'x']],
    'format nobody knows': [{ type: 'string', format: 'bogus' }, ['x']],
    'everything at once': [
      {
        type: 'object',
        required: ['a', 'b'],
        properties: {
          a: { type: 'string' },
          b: { type: 'object', required: ['c'], properties: { c: { type: 'integer' } } },
          l: {
            type: 'array',
            items: { type: 'object', required: ['n'], properties: { n: { type: 'string' } } },
          },
        },
      },
      [{}, { a: 1, b: {}, l: [{ n: 'x' }, {}, { n: 1 }] }],
    ],
  };
  return Object.entries(cases).map(([name, [schema, values]]) =>
    sequence(
      `custom validation: ${name}`,
      ...establish(definition(withSpec({ value: schema }))),
      ...values.map((value, i) => post(things, thing({ spec: { value } }, `v${i}`))),
      cleanUp,
    ),
  );
}

function rules(): Sequence[] {
  const int = { type: 'integer' };
  const text = { type: 'string', maxLength: 100 };
  const cases: Record<string, [properties: Json, rules: Json[], values: Json[]]> = {
    'a comparison': [
      { min: int, max: int },
      [{ rule: 'self.min <= self.max', message: 'min must not be above max' }],
      [
        { min: 1, max: 2 },
        { min: 3, max: 2 },
      ],
    ],
    'without a message': [{ min: int, max: int }, [{ rule: 'self.min <= self.max' }], [{ min: 3, max: 2 }]],
    'with a message expression': [
      { n: int },
      [{ rule: 'self.n < 5', messageExpression: 'self.n > 6 ? "far above" : "above"' }],
      [{ n: 7 }],
    ],
    'with a reason and a path': [
      { n: int },
      [{ rule: 'self.n < 5', message: 'too much', reason: 'FieldValueForbidden', fieldPath: '.n' }],
      [{ n: 7 }],
    ],
    'has and optional fields': [
      { a: text, b: text },
      [{ rule: 'has(self.a) || has(self.b)', message: 'a or b' }],
      [{ a: 'x' }, {}],
    ],
    lists: [
      { l: { type: 'array', maxItems: 10, items: text } },
      [{ rule: 'self.l.all(x, x.startsWith("a"))', message: 'all a' }, { rule: 'size(self.l) > 1' }],
      [{ l: ['ab', 'ac'] }, { l: ['ab'] }, { l: ['ab', 'b'] }],
    ],
    'exists and filter': [
      { l: { type: 'array', maxItems: 10, items: int } },
      [{ rule: 'self.l.exists(x, x == 2)' }, { rule: 'self.l.filter(x, x > 1).size() <= 2' }],
      [{ l: [1, 2] }, { l: [1] }, { l: [2, 3, 4] }],
    ],
    maps: [
      { m: { type: 'object', maxProperties: 10, additionalProperties: text } },
      [{ rule: '"k" in self.m && self.m["k"] == "v"', message: 'k is v' }],
      [{ m: { k: 'v' } }, { m: { k: 'w' } }, { m: {} }],
    ],
    texts: [
      { s: text },
      [{ rule: 'self.s.matches("^[a-z]+$") && self.s.size() < 4', message: 'short and low' }],
      [{ s: 'abc' }, { s: 'abcd' }, { s: 'A' }],
    ],
    conditionals: [
      { kind: text, n: int },
      [{ rule: 'self.kind == "many" ? self.n > 1 : self.n == 1', message: 'n fits kind' }],
      [
        { kind: 'many', n: 2 },
        { kind: 'one', n: 2 },
      ],
    ],
    'quantities and addresses': [
      { q: text },
      [
        {
          rule: 'isQuantity(self.q) && quantity(self.q).isLessThan(quantity("1Gi"))',
          message: 'less than 1Gi',
        },
      ],
      [{ q: '1Mi' }, { q: '2Gi' }, { q: 'x' }],
    ],
    'durations and times': [
      { d: { type: 'string', format: 'duration', maxLength: 20 } },
      [{ rule: 'self.d < duration("1h")', message: 'below an hour' }],
      [{ d: '5m' }, { d: '2h' }],
    ],
    'a transition': [{ n: int }, [{ rule: 'self.n >= oldSelf.n', message: 'never less' }], [{ n: 2 }]],
  };
  const plain = Object.entries(cases).map(([name, [properties, list, values]]) =>
    sequence(
      `custom rules: ${name}`,
      ...establish(definition(withSpec(properties, { 'x-kubernetes-validations': list }))),
      ...values.map((spec, i) => post(things, thing({ spec }, `v${i}`))),
      ...(name === 'a transition'
        ? [
            patch('merge', `${things}/v0`, { spec: { n: 3 } }),
            patch('merge', `${things}/v0`, { spec: { n: 1 } }),
          ]
        : []),
      cleanUp,
    ),
  );
  return [
    ...plain,
    sequence(
      'custom rules: an immutable field',
      ...establish(
        definition(
          withSpec({
            name: {
              ...text,
              'x-kubernetes-validations': [{ rule: 'self == oldSelf', message: 'is immutable' }],
            },
          }),
        ),
      ),
      post(things, thing({ spec: { name: 'a' } })),
      patch('merge', `${things}/a`, { spec: { name: 'b' } }),
      patch('merge', `${things}/a`, { metadata: { labels: { a: 'b' } } }),
      cleanUp,
    ),
    sequence(
      'custom rules: the name at the root',
      ...establish(
        definition(
          { spec: { type: 'object' } },
          {
            schema: {
              openAPIV3Schema: {
                type: 'object',
                properties: { spec: { type: 'object' } },
                'x-kubernetes-validations': [
                  { rule: 'self.metadata.name.startsWith("a")', message: 'begins with a' },
                ],
              },
            },
          },
        ),
      ),
      post(things, thing({}, 'a')),
      post(things, thing({}, 'b')),
      cleanUp,
    ),
  ];
}

function shapes(): Sequence[] {
  const nested = withSpec({
    a: { type: 'string', default: 'one' },
    o: {
      type: 'object',
      default: {},
      properties: { n: { type: 'integer', default: 7 }, x: { type: 'string' } },
    },
    l: {
      type: 'array',
      items: { type: 'object', properties: { p: { type: 'string', default: 'TCP' }, q: { type: 'string' } } },
    },
    any: {
      type: 'object',
      'x-kubernetes-preserve-unknown-fields': true,
      properties: { known: { type: 'object', properties: { k: { type: 'string' } } } },
    },
    raw: { 'x-kubernetes-preserve-unknown-fields': true },
    pod: {
      type: 'object',
      'x-kubernetes-embedded-resource': true,
      'x-kubernetes-preserve-unknown-fields': true,
    },
    map: {
      type: 'object',
      additionalProperties: { type: 'object', properties: { v: { type: 'string', default: 'd' } } },
    },
  });
  return [
    sequence(
      'custom shapes: defaults',
      ...establish(definition(nested)),
      post(things, thing({ spec: {} })),
      post(things, thing({ spec: { o: { x: 'y' }, l: [{}, { p: 'UDP' }], map: { k: {} } } }, 'b')),
      post(things, thing({}, 'c')),
      post(things, thing({ spec: { a: null, o: null } }, 'd')),
      cleanUp,
    ),
    sequence(
      'custom shapes: pruning',
      ...establish(definition(nested)),
      post(
        things,
        thing({
          bogus: 1,
          spec: {
            bogus: 1,
            o: { bogus: 1 },
            l: [{ bogus: 1 }],
            any: { free: { deep: [1] }, known: { k: 'x', gone: 1 } },
            raw: [1, { a: null }],
            map: { k: { bogus: 1 } },
          },
        }),
      ),
      put(`${things}/a`, thing({ spec: { other: 1 } })),
      cleanUp,
    ),
    sequence(
      'custom shapes: field validation',
      ...establish(definition(nested)),
      post(`${things}?fieldValidation=Strict`, thing({ spec: { bogus: 1, o: { more: 1 } } })),
      post(`${things}?fieldValidation=Warn`, thing({ spec: { bogus: 1 } })),
      post(`${things}?fieldValidation=Ignore`, thing({ spec: { bogus: 1 } }, 'b')),
      cleanUp,
    ),
    sequence(
      'custom shapes: embedded resources',
      ...establish(definition(nested)),
      post(
        things,
        thing({
          spec: {
            pod: { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'x', bogus: 1 }, spec: { free: 1 } },
          },
        }),
      ),
      post(things, thing({ spec: { pod: { kind: 'Pod' } } }, 'b')),
      post(
        things,
        thing({ spec: { pod: { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'A_B' } } } }, 'c'),
      ),
      cleanUp,
    ),
    sequence(
      'custom shapes: everything is kept',
      ...establish(
        definition(
          {},
          { schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } } },
        ),
      ),
      post(things, thing({ spec: { a: [1, { b: null }] }, other: true })),
      patch('merge', `${things}/a`, { spec: { c: 1 } }),
      patch('strategic', `${things}/a`, { spec: { c: 2 } }),
      cleanUp,
    ),
    sequence(
      'custom shapes: wrong bodies',
      ...establish(definition(nested)),
      post(things, thing({ kind: 'Other' })),
      post(things, thing({ apiVersion: '{id}.example.com/v2' })),
      post(things, {}),
      post(things, '{'),
      post(things, thing({ spec: 'text' })),
      post(things, thing({ metadata: { name: 'A_B', labels: { 'a b': 'c' } } })),
      post(things, thing({ metadata: { name: 'a', labels: { a: 1 } } })),
      post(things, thing({ metadata: [] })),
      cleanUp,
    ),
    sequence(
      'custom shapes: life',
      ...establish(definition(nested)),
      post(things, thing({ spec: { a: 'x' } }), { id: 'a' }),
      post(things, thing()),
      get(`${things}/a`),
      patch('merge', `${things}/a`, { spec: { a: 'y' } }),
      patch('json', `${things}/a`, [{ op: 'replace', path: '/spec/a', value: 'z' }]),
      put(`${things}/a`, thing({ spec: { a: 'w' } })),
      put(
        `${things}/a`,
        thing({ metadata: { name: 'a', resourceVersion: '{{a:metadata.resourceVersion}}' } }),
      ),
      patch('merge', `${things}/a`, { metadata: { labels: { x: 'y' } } }),
      get(`${things}?labelSelector=x%3Dy`),
      del(`${things}/a`),
      get(`${things}/a`),
      cleanUp,
    ),
  ];
}

function subresources(): Sequence[] {
  const schema = {
    ...withSpec({ replicas: { type: 'integer' }, a: { type: 'string' } }),
    status: {
      type: 'object',
      properties: { replicas: { type: 'integer' }, selector: { type: 'string' }, b: { type: 'string' } },
    },
  };
  const scale = {
    specReplicasPath: '.spec.replicas',
    statusReplicasPath: '.status.replicas',
    labelSelectorPath: '.status.selector',
  };
  return [
    sequence(
      'custom status: with the sub-resource',
      ...establish(definition(schema, { subresources: { status: {} } })),
      post(things, thing({ spec: { a: 'x' }, status: { b: 'y' } })),
      patch('merge', `${things}/a`, { status: { b: 'y' } }),
      patch('merge', `${things}/a/status`, { spec: { a: 'z' }, status: { b: 'y' } }),
      put(`${things}/a/status`, thing({ status: { b: 'w' } })),
      patch('merge', `${things}/a/status`, { status: { b: 7 } }),
      patch('merge', `${things}/a/status`, { metadata: { labels: { a: 'b' } } }),
      get(`${things}/a/status`),
      cleanUp,
    ),
    sequence(
      'custom status: without the sub-resource',
      ...establish(definition(schema)),
      post(things, thing({ spec: { a: 'x' }, status: { b: 'y' } })),
      patch('merge', `${things}/a`, { status: { b: 'z' } }),
      get(`${things}/a/status`),
      patch('merge', `${things}/a/status`, { status: { b: 'y' } }),
      cleanUp,
    ),
    sequence(
      'custom scale',
      ...establish(definition(schema, { subresources: { status: {}, scale } })),
      post(things, thing({ spec: { replicas: 2 } })),
      get(`${things}/a/scale`),
      patch('merge', `${things}/a/status`, { status: { replicas: 1, selector: 'a=b' } }, { silent: true }),
      patch('merge', `${things}/a/scale`, { spec: { replicas: 3 } }),
      put(`${things}/a/scale`, {
        apiVersion: 'autoscaling/v1',
        kind: 'Scale',
        metadata: { name: 'a', namespace: '{ns}' },
        spec: { replicas: 4 },
      }),
      patch('merge', `${things}/a/scale`, { spec: { replicas: -1 } }),
      get(`${things}/a`),
      cleanUp,
    ),
    sequence(
      'custom scale: without replicas',
      ...establish(definition(schema, { subresources: { scale } })),
      post(things, thing()),
      get(`${things}/a/scale`),
      cleanUp,
    ),
    sequence(
      'custom columns',
      ...establish(
        definition(schema, {
          additionalPrinterColumns: [
            { name: 'Replicas', type: 'integer', jsonPath: '.spec.replicas', description: 'how many' },
            { name: 'Text', type: 'string', jsonPath: '.spec.a', priority: 1 },
            { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
          ],
        }),
      ),
      post(things, thing({ spec: { replicas: 3, a: 'x' } }), { silent: true }),
      post(things, thing({}, 'b'), { silent: true }),
      get(things, { headers: { accept: 'application/json;as=Table;g=meta.k8s.io;v=v1' } }),
      cleanUp,
    ),
    sequence(
      'custom columns: by default',
      ...establish(definition(schema)),
      post(things, thing(), { silent: true }),
      get(things, { headers: { accept: 'application/json;as=Table;g=meta.k8s.io;v=v1' } }),
      get(`${things}/a`, {
        headers: { accept: 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1' },
      }),
      cleanUp,
    ),
    sequence(
      'custom selectable fields',
      ...establish(definition(schema, { selectableFields: [{ jsonPath: '.spec.a' }] })),
      post(things, thing({ spec: { a: 'x' } }), { silent: true }),
      post(things, thing({ spec: { a: 'y' } }, 'b'), { silent: true }),
      get(`${things}?fieldSelector=spec.a%3Dx`),
      get(`${things}?fieldSelector=spec.replicas%3D1`),
      cleanUp,
    ),
  ];
}

function versions(): Sequence[] {
  const schema = { openAPIV3Schema: { type: 'object', properties: withSpec({ a: { type: 'string' } }) } };
  const two = definition(
    {},
    {},
    {
      versions: [
        { name: 'v1', served: true, storage: true, schema },
        { name: 'v1beta1', served: true, storage: false, schema, deprecated: true },
        { name: 'v1alpha1', served: false, storage: false, schema },
      ],
    },
  );
  const at = (version: string) => `/apis/{id}.example.com/${version}/namespaces/{ns}/things`;
  return [
    sequence(
      'custom versions',
      ...establish(two),
      get('/apis/{id}.example.com'),
      post(at('v1beta1'), { ...thing({ spec: { a: 'x' } }), apiVersion: '{id}.example.com/v1beta1' }),
      get(`${at('v1')}/a`),
      patch('merge', `${at('v1beta1')}/a`, { spec: { a: 'y' } }),
      apply(`${at('v1')}/a`, 'm', thing({ spec: { a: 'z' } }), '&force=true'),
      get(`${at('v1beta1')}`),
      get(`${at('v1alpha1')}/a`),
      cleanUp,
    ),
  ];
}

function applied(): Sequence[] {
  const schema = withSpec({
    a: { type: 'string' },
    d: { type: 'string', default: 'dee' },
    map: {
      type: 'array',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['k'],
      items: {
        type: 'object',
        required: ['k'],
        properties: { k: { type: 'string' }, v: { type: 'string' }, p: { type: 'string', default: 'TCP' } },
      },
    },
    set: { type: 'array', 'x-kubernetes-list-type': 'set', items: { type: 'string' } },
    list: { type: 'array', items: { type: 'string' } },
    whole: {
      type: 'object',
      'x-kubernetes-map-type': 'atomic',
      properties: { x: { type: 'string' }, y: { type: 'string' } },
    },
    free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
  });
  const one = `${things}/a`;
  return [
    sequence(
      'custom apply: lists of all kinds',
      ...establish(definition(schema)),
      apply(
        one,
        'm',
        thing({
          spec: {
            map: [{ k: 'a', v: '1' }],
            set: ['x'],
            list: ['l'],
            whole: { x: '1' },
            free: { p: { q: 1 } },
          },
        }),
      ),
      apply(one, 'n', thing({ spec: { map: [{ k: 'b', v: '2' }], set: ['y'], free: { r: [1] } } })),
      apply(one, 'n', thing({ spec: { map: [{ k: 'a', v: '9' }], list: ['other'], whole: { y: '2' } } })),
      apply(one, 'n', thing({ spec: { map: [{ k: 'a', v: '9' }], whole: { y: '2' } } }), '&force=true'),
      apply(one, 'm', thing({ spec: {} })),
      cleanUp,
    ),
    sequence(
      'custom apply: pruning and defaults',
      ...establish(definition(schema)),
      apply(one, 'm', thing({ spec: { a: 'x', bogus: 1 } })),
      apply(one, 'm', thing({ spec: { d: 'mine' } })),
      apply(one, 'm', thing({ spec: {} })),
      cleanUp,
    ),
    sequence(
      'custom apply: wrong values',
      ...establish(definition(schema)),
      apply(one, 'm', thing({ spec: { a: 1 } })),
      apply(one, 'm', thing({ spec: { map: [{ v: 'x' }] } })),
      apply(one, 'm', thing({ spec: { set: ['x', 'x'] } })),
      apply(one, 'm', thing({ spec: { map: [{ k: 'x' }, { k: 'x' }] } })),
      cleanUp,
    ),
  ];
}
