// The pure parts of the application commands, as tables of text.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { application } from '../../../test/support/api-server.ts';
import type { OptionsOf } from '../command.ts';
import { lineDiff } from './line-diff.ts';
import { isSelected, parseSelectors } from './selection.ts';
import { specOptions, withSpecFlags } from './spec-flags.ts';
import { treeText } from './tree.ts';

const numbered = (from: number, to: number): string =>
  Array.from({ length: to - from + 1 }, (_, i) => `line ${from + i}\n`).join('');

const DIFFS: Record<string, { before: string; after: string; want: string }> = {
  'is empty for equal texts': { before: 'a\nb\n', after: 'a\nb\n', want: '' },
  'shows a changed line': {
    before: 'a\nb\nc\n',
    after: 'a\nx\nc\n',
    want: '@@ -1,3 +1,3 @@\n a\n-b\n+x\n c',
  },
  'shows a new object whole': { before: '', after: 'a\nb\n', want: '@@ -0,0 +1,2 @@\n+a\n+b' },
  'shows a removed object whole': { before: 'a\n', after: '', want: '@@ -1 +0,0 @@\n-a' },
  'parts far-away changes into hunks': {
    before: `x\n${numbered(1, 10)}y\n`,
    after: `X\n${numbered(1, 10)}Y\n`,
    want: '@@ -1,4 +1,4 @@\n-x\n+X\n line 1\n line 2\n line 3\n@@ -9,4 +9,4 @@\n line 8\n line 9\n line 10\n-y\n+Y',
  },
  'keeps what both have': {
    before: 'a\nb\nc\nd\n',
    after: 'b\nd\ne\n',
    want: '@@ -1,4 +1,3 @@\n-a\n b\n-c\n d\n+e',
  },
};

for (const [name, { before, after, want }] of Object.entries(DIFFS)) {
  test(`lineDiff() ${name}`, () => assert.equal(lineDiff(before, after), want));
}

const ITEM = { group: 'apps', kind: 'Deployment', namespace: 'web', name: 'shop' };
const SELECTIONS: Record<string, { selectors: string[]; want: boolean }> = {
  'no selector means everything': { selectors: [], want: true },
  'group, kind and name': { selectors: ['apps:Deployment:shop'], want: true },
  'with a namespace': { selectors: ['apps:Deployment:web/shop'], want: true },
  'another namespace': { selectors: ['apps:Deployment:api/shop'], want: false },
  'the core group is empty': { selectors: [':Deployment:shop'], want: false },
  'a star matches a part': { selectors: ['*:Depl*:sh*'], want: true },
  'an exclusion wins': { selectors: ['*:*:*', '!apps:Deployment:*'], want: false },
  'an exclusion alone means the rest': { selectors: ['!:Service:*'], want: true },
};

for (const [name, { selectors, want }] of Object.entries(SELECTIONS)) {
  test(`isSelected(): ${name}`, () => assert.equal(isSelected(parseSelectors(selectors), ITEM), want));
}

test('parseSelectors() refuses what names no resource', () => {
  assert.throws(() => parseSelectors(['Deployment']), { code: 'USAGE' });
});

type Flags = OptionsOf<typeof specOptions>;
const none = Object.fromEntries(
  Object.entries(specOptions).map(([name, spec]) => [name, spec.type === 'list' ? [] : undefined]),
) as unknown as Flags;

const SPECS: Record<
  string,
  {
    flags: Partial<Record<keyof Flags, unknown>>;
    want: (spec: ReturnType<typeof withSpecFlags>) => unknown;
    is: unknown;
  }
> = {
  'automated sync with pruning': {
    flags: { 'sync-policy': 'auto', 'auto-prune': true, 'self-heal': true },
    want: (spec) => spec.syncPolicy,
    is: { automated: { prune: true, selfHeal: true } },
  },
  'a revision keeps the rest of the source': {
    flags: { revision: 'v2' },
    want: (spec) => spec.source,
    is: { repoURL: 'https://git.example.com/apps.git', path: 'web', targetRevision: 'v2' },
  },
  'helm values': {
    flags: { parameter: ['image.tag=1.2'], 'helm-set-string': ['port=80'], values: ['prod.yaml'] },
    want: (spec) => spec.source?.helm,
    is: {
      valueFiles: ['prod.yaml'],
      parameters: [
        { name: 'image.tag', value: '1.2' },
        { name: 'port', value: '80', forceString: true },
      ],
    },
  },
  'kustomize images': {
    flags: { 'kustomize-image': ['nginx:1.2'] },
    want: (spec) => spec.source?.kustomize,
    is: { images: ['nginx:1.2'] },
  },
  'jsonnet arguments': {
    flags: { 'jsonnet-tla-code': ['n=1'] },
    want: (spec) => spec.source?.directory,
    is: { jsonnet: { tlas: [{ name: 'n', value: '1', code: true }] } },
  },
  retries: {
    flags: { 'sync-retry-limit': 3, 'sync-retry-backoff-duration': '10s' },
    want: (spec) => spec.syncPolicy,
    is: { retry: { limit: 3, backoff: { duration: '10s' } } },
  },
};

for (const [name, { flags, want, is }] of Object.entries(SPECS)) {
  test(`withSpecFlags(): ${name}`, () => {
    const before = application('web').spec;
    const copy = structuredClone(before);
    assert.deepEqual(want(withSpecFlags(before, { ...none, ...flags } as Flags)), is);
    assert.deepEqual(before, copy);
  });
}

test('withSpecFlags() takes automated sync and options away again', () => {
  const before = {
    ...application('web').spec,
    syncPolicy: { automated: { prune: true }, syncOptions: ['A=1', 'B=2'] },
  };
  const flags = { ...none, 'sync-policy': 'none', 'sync-option': ['!A=1', 'C=3'] } as Flags;
  assert.deepEqual(withSpecFlags(before, flags).syncPolicy, { syncOptions: ['B=2', 'C=3'] });
});

test('withSpecFlags() changes the source that was asked for', () => {
  const { source: _, ...spec } = application('web').spec;
  const many = { ...spec, sources: [{ repoURL: 'a' }, { repoURL: 'b' }] };
  assert.deepEqual(withSpecFlags(many, { ...none, revision: 'v2' } as Flags, 1).sources, [
    { repoURL: 'a' },
    { repoURL: 'b', targetRevision: 'v2' },
  ]);
  assert.throws(() => withSpecFlags(many, { ...none, revision: 'v2' } as Flags, 2), /only 2 sources/);
});

test('treeText() draws owners above what they own, and survives a circle', () => {
  const node = (kind: string, name: string, uid: string, parent?: string) => ({
    version: 'v1',
    kind,
    name,
    uid,
    ...(parent === undefined ? {} : { parentRefs: [{ version: 'v1', kind: 'X', name: 'x', uid: parent }] }),
  });
  const nodes = [
    node('Pod', 'p1', '3', '2'),
    node('Pod', 'p2', '4', '2'),
    node('ReplicaSet', 'r', '2', '1'),
    node('Deployment', 'd', '1'),
    node('Service', 's', '5', 'gone'),
  ];
  assert.equal(
    treeText({ nodes, orphanedNodes: [] }),
    'Deployment d\n└─ReplicaSet r\n  ├─Pod p1\n  └─Pod p2\nService s',
  );
  assert.equal(
    treeText({ nodes: [node('A', 'a', '1', '2'), node('B', 'b', '2', '1')], orphanedNodes: [] }),
    '',
  );
});
