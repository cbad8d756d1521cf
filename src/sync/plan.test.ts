// Plans as text: phases, waves, kinds, hooks, prunes, options. Input is YAML, output is one line per stage.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { type KubeObject, keyOf } from '../k8s/index.ts';
import type { Change } from '../model/index.ts';
import { hookDeletePolicies } from './hooks.ts';
import {
  hookTypes,
  isHook,
  massLimit,
  type PlanInput,
  parseOptions,
  planSync,
  type SyncPlan,
  splitHooks,
  taskOptions,
} from './index.ts';

/** `Kind name [wave] {annotations}` per line. `-` in front: only live. */
function parsed(text: string): { changes: Change[]; hooks: readonly KubeObject[] } {
  const desired: KubeObject[] = [];
  const extras: Change[] = [];
  for (const line of text.trim().split('\n')) {
    const [, minus, kind = '', name = '', wave, more] =
      /^\s*(-)?\s*(\S+) (\S+)(?: (-?\d+))?(?: (\{.*\}))?\s*$/.exec(line) ?? [];
    const [document] = parseAllDocuments(more ?? '{}');
    const annotations = {
      ...(document?.toJS() as Record<string, string>),
      ...(wave === undefined ? {} : { 'argocd.argoproj.io/sync-wave': wave }),
    };
    const [group, plain] = kind.includes('/') ? kind.split('/') : ['', kind];
    const clusterScoped = /^(Namespace|CustomResourceDefinition)$/.test(plain ?? '');
    const object: KubeObject = {
      apiVersion: group === '' ? 'v1' : `${group}/v1`,
      kind: plain ?? '',
      metadata: { name, annotations, ...(clusterScoped ? {} : { namespace: 'ns' }) },
    };
    if (plain === 'CustomResourceDefinition')
      object['spec'] = { group: 'example.org', names: { kind: 'Widget' } };
    if (minus === undefined) desired.push(object);
    else extras.push({ key: keyOf(object), kind: 'extra', live: object, fields: [] });
  }
  const { resources, hooks } = splitHooks(desired);
  return {
    changes: [
      ...resources.map(
        (object): Change => ({ key: keyOf(object), kind: 'missing', desired: object, fields: [] }),
      ),
      ...extras,
    ],
    hooks,
  };
}

function plan(text: string, more: Partial<PlanInput> = {}): SyncPlan {
  return planSync({
    ...parsed(text),
    operation: { prune: true },
    startedAt: 1_700_000_000_000,
    automated: false,
    revision: 'abcdef0123',
    destinationNamespace: 'ns',
    ...more,
  });
}

function text({ stages, failStages }: SyncPlan): string[] {
  return [...stages, ...failStages].map(({ phase, wave, prunes, groups }) => {
    const parts = [
      ...prunes.map(({ key }) => `-${key.name}`),
      ...groups.map((group) => group.map(({ key }) => key.name).join('+')),
    ];
    return `${phase} ${wave}: ${parts.join(' ')}`;
  });
}

const PLANS: Record<string, { given: string; want: string[] }> = {
  'kinds in the order in which they need each other': {
    given:
      'example.org/Widget w\napps/Deployment d\nService s\nConfigMap b\nConfigMap a\nNamespace other\nnetworking.k8s.io/Ingress i',
    want: ['Sync 0: other a+b s d i w'],
  },
  'phases before waves': {
    given:
      'ConfigMap a 2\nConfigMap b -1\nJob pre 5 {argocd.argoproj.io/hook: PreSync}\nJob post {argocd.argoproj.io/hook: PostSync}\nJob fail {argocd.argoproj.io/hook: SyncFail}',
    want: ['PreSync 5: pre', 'Sync -1: b', 'Sync 2: a', 'PostSync 0: post', 'SyncFail 0: fail'],
  },
  'Helm hooks with their weights': {
    given:
      'Job a {helm.sh/hook: "pre-install,pre-upgrade", helm.sh/hook-weight: "-5"}\nJob b {helm.sh/hook: post-install}\nJob test {helm.sh/hook: test}\nConfigMap crd {helm.sh/hook: crd-install}',
    want: ['PreSync -5: a', 'Sync 0: crd', 'PostSync 0: b'],
  },
  'a hook of several phases, an invalid one and a skipped one': {
    given:
      'Job both {argocd.argoproj.io/hook: "PreSync, PostSync"}\nJob wrong {argocd.argoproj.io/hook: Never}\nJob skip {argocd.argoproj.io/hook: Skip}\nJob delete {argocd.argoproj.io/hook: PreDelete}',
    want: ['PreSync 0: both', 'PostSync 0: both'],
  },
  'a namespace moves in front of what needs it': {
    given: 'Namespace ns 3\nConfigMap a -2\nJob pre {argocd.argoproj.io/hook: PreSync}',
    want: ['PreSync 0: ns pre', 'Sync -2: a'],
  },
  'a definition moves in front of its objects': {
    given: 'apiextensions.k8s.io/CustomResourceDefinition widgets 1\nexample.org/Widget w',
    want: ['Sync 0: widgets w'],
  },
  'prunes in reverse order of their waves': {
    given: 'ConfigMap a\n- ConfigMap one 1\n- ConfigMap two 2\n- ConfigMap three 3',
    want: ['Sync 0: a', 'Sync 1: -three', 'Sync 2: -two', 'Sync 3: -one'],
  },
  'PruneLast goes behind the last wave': {
    given:
      'ConfigMap a 4\n- ConfigMap last -9 {argocd.argoproj.io/sync-options: PruneLast=true}\n- ConfigMap old',
    want: ['Sync 0: -old', 'Sync 4: a', 'Sync 5: -last'],
  },
};

for (const [name, { given, want }] of Object.entries(PLANS)) {
  test(`planSync() orders ${name}`, () => assert.deepEqual(text(plan(given)), want));
}

test('planSync() skips prunes that nobody asked for or that are switched off', () => {
  const given =
    '- ConfigMap a\n- ConfigMap b {argocd.argoproj.io/sync-options: "Prune=false"}\n- ConfigMap c {helm.sh/resource-policy: keep}';
  const messages = (p: SyncPlan): unknown[] => p.skipped.map(({ name, message }) => [name, message]);
  assert.deepEqual(messages(plan(given)), [
    ['b', 'ignored (no prune)'],
    ['c', 'ignored (no prune)'],
  ]);
  assert.deepEqual(messages(plan(given, { operation: {} })), [
    ['a', 'ignored (requires pruning)'],
    ['b', 'ignored (no prune)'],
    ['c', 'ignored (no prune)'],
  ]);
});

test('planSync() selects by name, leaves hooks out, and understands exclusion', () => {
  const given = 'ConfigMap a\nConfigMap b\nSecret c\nJob pre {argocd.argoproj.io/hook: PreSync}';
  const selected = (...resources: object[]): string[] =>
    text(plan(given, { operation: { resources: resources as never } }));
  assert.deepEqual(selected({ kind: 'ConfigMap', name: 'a' }), ['Sync 0: a']);
  assert.deepEqual(
    selected({ kind: '*', name: '*', group: '*' }, { kind: 'ConfigMap', name: 'b', exclude: true }),
    ['Sync 0: c a'],
  );
  assert.deepEqual(selected({ kind: 'Secret', name: '*', exclude: true }), ['Sync 0: a+b']);
});

test('planSync() creates the namespace untracked, and not when it is there', () => {
  const made = plan('ConfigMap a', {
    syncOptions: ['CreateNamespace=true'],
    managedNamespaceMetadata: { labels: { a: 'b' } },
  });
  assert.deepEqual(text(made), ['Sync 0: ns a']);
  assert.deepEqual(made.stages[0]?.groups[0]?.[0]?.desired?.metadata, { name: 'ns', labels: { a: 'b' } });
  const live: KubeObject = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'ns' } };
  assert.deepEqual(
    text(plan('ConfigMap a', { syncOptions: ['CreateNamespace=true'], liveNamespace: live })),
    ['Sync 0: a'],
  );
});

test('planSync() creates the namespace for a selective sync, too: what was chosen could not be created without it', () => {
  const resources = [{ kind: 'ConfigMap', name: 'a' }];
  const made = plan('ConfigMap a\nSecret b', {
    syncOptions: ['CreateNamespace=true'],
    operation: { resources } as never,
  });
  assert.deepEqual(text(made), ['Sync 0: ns a']);
});

test('planSync() is multi-step with waves or hooks only', () => {
  assert.equal(plan('ConfigMap a\nSecret b').multiStep, false);
  assert.equal(plan('ConfigMap a\nSecret b 1').multiStep, true);
  assert.equal(plan('Job a {argocd.argoproj.io/hook: Sync}').multiStep, true);
});

test('planSync() asks before mass deletions, and an automated one before protected kinds', () => {
  const asks = (given: string, more: Partial<PlanInput> = {}): boolean =>
    plan(given, more).stages.some(({ prunes }) => prunes.some(({ needsApproval }) => needsApproval));
  const many = Array.from({ length: 11 }, (_, i) => `- ConfigMap c${i}`).join('\n');
  assert.equal(asks(many), true);
  assert.equal(asks(many, { maxPrune: '100%' }), false);
  assert.equal(asks('- ConfigMap a', { maxPrune: '0' }), true);
  assert.equal(asks('- apps/StatefulSet a'), false);
  assert.equal(asks('- apps/StatefulSet a', { automated: true }), true);
  assert.equal(asks('- ConfigMap a {argocd.argoproj.io/sync-options: Prune=confirm}'), true);
});

test('planSync() gives generated hooks a name of the operation and the retry', () => {
  const [hook] = splitHooks([
    {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { generateName: 'job-', annotations: { 'argocd.argoproj.io/hook': 'PreSync' } },
    },
  ]).hooks;
  assert.ok(hook);
  const name = (retryCount: number): string | undefined =>
    plan('ConfigMap a', { hooks: [hook], retryCount }).stages[0]?.groups[0]?.[0]?.key.name;
  assert.equal(name(0), 'job-abcdef0-presync-1700000000');
  assert.equal(name(2), 'job-abcdef0-presync-1700000000-2');
});

test('planSync() names plain objects with generateName after the operation, each its own', () => {
  const object = (): Change => {
    const desired: KubeObject = {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { generateName: 'run-', namespace: 'ns' },
    };
    return { key: keyOf(desired), kind: 'missing', desired, fields: [] };
  };
  const [group] = plan('ConfigMap a', { changes: [object(), object()] }).stages[0]?.groups ?? [];
  assert.deepEqual(
    group?.map(({ key }) => key.name),
    ['run-abcdef0-sync-1700000000-0', 'run-abcdef0-sync-1700000000-1'],
  );
});

test('massLimit() takes numbers and shares, and nothing else lifts the default', () => {
  const cases: [string | undefined, number, number][] = [
    [undefined, 8, 10],
    [undefined, 400, 100],
    ['5', 400, 5],
    ['50%', 10, 5],
    ['all', 400, 100],
    ['-1', 8, 10],
    [' 10 % ', 50, 5],
  ];
  for (const [given, total, want] of cases) assert.equal(massLimit(given, total), want, String(given));
});

test('options: the annotation wins over the application, commas and spaces are fine', () => {
  const options = (annotation: string, ...application: string[]) =>
    taskOptions(
      {
        apiVersion: 'v1',
        kind: 'X',
        metadata: { annotations: { 'argocd.argoproj.io/sync-options': annotation } },
      },
      parseOptions(application),
    );
  assert.equal(options('', 'Validate=false').validate, false);
  assert.equal(options('Validate=true', 'Validate=false').validate, true);
  assert.equal(options(' Prune=confirm , Replace=true').prune, 'confirm');
  assert.equal(options('Replace=false', 'Replace=true').replace, false);
  assert.equal(options('', 'Force=true').force, false);
  assert.equal(options('Force=true').force, true);
});

test('hooks: an Argo type silences Helm, policies default to BeforeHookCreation', () => {
  const object = (annotations: Record<string, string>): KubeObject => ({
    apiVersion: 'v1',
    kind: 'X',
    metadata: { annotations },
  });
  assert.deepEqual(
    hookTypes(object({ 'argocd.argoproj.io/hook': 'PostSync', 'helm.sh/hook': 'pre-install' })),
    ['PostSync'],
  );
  assert.deepEqual(
    hookTypes(object({ 'argocd.argoproj.io/hook': 'nonsense', 'helm.sh/hook': 'pre-install' })),
    ['PreSync'],
  );
  assert.deepEqual(hookDeletePolicies(object({})), ['BeforeHookCreation']);
  assert.deepEqual(
    hookDeletePolicies(object({ 'helm.sh/hook-delete-policy': 'hook-succeeded,hook-failed' })),
    ['HookSucceeded', 'HookFailed'],
  );
  assert.equal(isHook(object({ 'helm.sh/hook': 'crd-install' })), false);
});
