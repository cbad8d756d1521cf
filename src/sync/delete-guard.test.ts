// Every condition of the delete guard holds a delete by itself, for the purposes it is meant for and no others.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject } from '../k8s/index.ts';
import {
  type DeleteFacts,
  type DeletePurpose,
  type DeleteSubject,
  decideDelete,
  type HoldCode,
} from './index.ts';

const OPEN: DeleteFacts = {
  render: { complete: true, stable: true },
  discovery: { complete: true, scopeKnown: true },
  list: { complete: true, ageMs: 1_000 },
  instance: 'app',
  desiredBy: [],
  protection: { needsApproval: false },
  mass: { deletions: 1, total: 20, limit: 10 },
  approved: false,
  ownership: { epochCurrent: true, deletingElsewhere: false, windowOpen: true },
  auditDurable: true,
  inputsComplete: true,
  deletesDisabled: false,
};

const LIVE: KubeObject = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: {
    name: 'web',
    namespace: 'ns',
    uid: 'u1',
    resourceVersion: '7',
    annotations: { 'argocd.argoproj.io/tracking-id': 'app:apps/Deployment:ns/web' },
  },
};

function subject(
  purpose: DeletePurpose,
  metadata: Partial<KubeObject['metadata']> = {},
  recordedUid = 'u1',
): DeleteSubject {
  const live = { ...LIVE, metadata: { ...LIVE.metadata, ...metadata } };
  return {
    purpose,
    key: { group: 'apps', kind: 'Deployment', namespace: 'ns', name: 'web' },
    live,
    recordedUid,
  };
}

function marked(annotations: Record<string, string>): Partial<KubeObject['metadata']> {
  return { annotations: { ...LIVE.metadata.annotations, ...annotations } };
}

const PURPOSES: readonly DeletePurpose[] = ['prune', 'cascade', 'hook', 'replace', 'request'];
const TRACKED = 'prune cascade hook replace';
const ALL = `${TRACKED} request`;

/** What is wrong → the code, the purposes it holds, and part of the message. */
const HOLDS: Record<
  string,
  {
    facts?: Partial<DeleteFacts>;
    metadata?: Partial<KubeObject['metadata']>;
    uid?: string;
    code: HoldCode;
    holds: string;
    says: RegExp;
  }
> = {
  'deletions are switched off': {
    facts: { deletesDisabled: true },
    code: 'DELETES_DISABLED',
    holds: ALL,
    says: /switched off/,
  },
  'a source could not be rendered': {
    facts: { render: { complete: false, stable: true, reason: 'git is down' } },
    code: 'RENDER_INCOMPLETE',
    holds: 'prune',
    says: /rendered: git is down/,
  },
  'a second render differs': {
    facts: { render: { complete: true, stable: false } },
    code: 'RENDER_UNSTABLE',
    holds: 'prune',
    says: /rendered twice/,
  },
  'discovery is incomplete': {
    facts: { discovery: { complete: false, scopeKnown: true } },
    code: 'DISCOVERY_INCOMPLETE',
    holds: 'prune cascade',
    says: /all kinds/,
  },
  'the scope of the kind is unknown': {
    facts: { discovery: { complete: true, scopeKnown: false } },
    code: 'DISCOVERY_INCOMPLETE',
    holds: 'prune cascade',
    says: /all kinds/,
  },
  'the list was cut': {
    facts: { list: { complete: false, ageMs: 0 } },
    code: 'LIST_INCOMPLETE',
    holds: 'prune cascade',
    says: /listed completely/,
  },
  'the list is old': {
    facts: { list: { complete: true, ageMs: 61_000 } },
    code: 'LIST_STALE',
    holds: 'prune cascade',
    says: /61 s old/,
  },
  'another object has the name': { uid: 'u0', code: 'OTHER_OBJECT', holds: ALL, says: /another object/ },
  'it has no tracking id': {
    metadata: { annotations: {} },
    code: 'NOT_OURS',
    holds: TRACKED,
    says: /no tracking id/,
  },
  'its tracking id was copied from elsewhere': {
    metadata: marked({ 'argocd.argoproj.io/tracking-id': 'app:apps/Deployment:ns/other' }),
    code: 'NOT_OURS',
    holds: TRACKED,
    says: /names another object/,
  },
  'it is of another application': {
    metadata: marked({ 'argocd.argoproj.io/tracking-id': 'app2:apps/Deployment:ns/web' }),
    code: 'NOT_OURS',
    holds: TRACKED,
    says: /names another object/,
  },
  'it is of another installation': {
    metadata: marked({ 'argocd.argoproj.io/installation-id': 'x' }),
    code: 'NOT_OURS',
    holds: TRACKED,
    says: /installation "x"/,
  },
  'another application desires it': {
    facts: { desiredBy: ['b'] },
    code: 'DESIRED_ELSEWHERE',
    holds: 'prune cascade',
    says: /application b desires it/,
  },
  'Fairlead lives in it': {
    facts: { protection: { needsApproval: false, ownNamespace: true } },
    code: 'OWN_NAMESPACE',
    holds: ALL,
    says: /itself runs/,
  },
  'its kind has instances': {
    facts: { protection: { needsApproval: false, instances: 3 } },
    code: 'HAS_INSTANCES',
    holds: 'prune cascade replace request',
    says: /3 objects/,
  },
  'it holds objects of others': {
    facts: { protection: { needsApproval: false, foreignObjects: 2 } },
    code: 'FOREIGN_OBJECTS',
    holds: 'prune cascade replace request',
    says: /2 objects/,
  },
  'a person has to agree': {
    facts: { protection: { needsApproval: true } },
    code: 'PROTECTED',
    holds: 'prune cascade',
    says: /needs a person/,
  },
  'its annotation keeps it when its application goes': {
    metadata: marked({ 'argocd.argoproj.io/sync-options': 'Delete=false' }),
    code: 'PROTECTED',
    holds: 'cascade',
    says: /annotation/,
  },
  'its annotation keeps it when it leaves the source': {
    metadata: marked({ 'argocd.argoproj.io/sync-options': 'Validate=false, Prune=false' }),
    code: 'PROTECTED',
    holds: 'prune',
    says: /annotation/,
  },
  'Helm keeps it': {
    metadata: marked({ 'helm.sh/resource-policy': 'keep' }),
    code: 'PROTECTED',
    holds: 'prune cascade',
    says: /helm.sh/,
  },
  'too many go at once': {
    facts: { mass: { deletions: 11, total: 20, limit: 10 } },
    code: 'MASS',
    holds: 'prune',
    says: /11 of 20 objects and 10 are allowed/,
  },
  'another replica owns the application': {
    facts: { ownership: { ...OPEN.ownership, epochCurrent: false } },
    code: 'NOT_OWNER',
    holds: ALL,
    says: /another replica/,
  },
  'the application is deleted elsewhere': {
    facts: { ownership: { ...OPEN.ownership, deletingElsewhere: true } },
    code: 'NOT_OWNER',
    holds: ALL,
    says: /another replica/,
  },
  'the window is closed': {
    facts: { ownership: { ...OPEN.ownership, windowOpen: false } },
    code: 'WINDOW_CLOSED',
    holds: 'prune',
    says: /window/,
  },
  'the journal is away': { facts: { auditDurable: false }, code: 'NOT_AUDITED', holds: ALL, says: /journal/ },
  'a generator was incomplete': {
    facts: { inputsComplete: false },
    code: 'INPUTS_INCOMPLETE',
    holds: 'prune cascade',
    says: /generator/,
  },
};

for (const [name, { facts, metadata, uid, code, holds, says }] of Object.entries(HOLDS)) {
  test(`decideDelete() holds when ${name}`, () => {
    for (const purpose of PURPOSES) {
      const decision = decideDelete(subject(purpose, metadata, uid), { ...OPEN, ...facts });
      const held = holds.split(' ').includes(purpose);
      assert.equal(decision.kind, held ? 'hold' : 'allow', purpose);
      if (decision.kind !== 'hold') continue;
      assert.equal(decision.code, code);
      assert.match(decision.message, /^kept apps\/Deployment ns\/web: /);
      assert.match(decision.message, says);
    }
  });
}

test('decideDelete() allows with preconditions when everything holds', () => {
  for (const purpose of PURPOSES) {
    assert.deepEqual(decideDelete(subject(purpose), OPEN), {
      kind: 'allow',
      uid: 'u1',
      resourceVersion: '7',
    });
  }
});

test('decideDelete() takes the approval of a person for what asks for one', () => {
  for (const facts of [
    { mass: { deletions: 99, total: 100, limit: 10 } },
    { protection: { needsApproval: true } },
    { protection: { needsApproval: false, instances: 3 } },
    { protection: { needsApproval: false, foreignObjects: 3 } },
  ]) {
    assert.equal(decideDelete(subject('prune'), { ...OPEN, ...facts, approved: true }).kind, 'allow');
  }
});

test('decideDelete() never takes it for what is wrong', () => {
  const wrong: Partial<DeleteFacts>[] = [
    { desiredBy: ['b'] },
    { list: { complete: false, ageMs: 0 } },
    { render: { complete: false, stable: true } },
  ];
  for (const facts of wrong) {
    assert.equal(decideDelete(subject('prune'), { ...OPEN, ...facts, approved: true }).kind, 'hold');
  }
});

test('decideDelete() knows a hook by the mark of its operation', () => {
  const hook = subject('hook', { annotations: { 'fairlead.dev/operation': '1-0' } });
  assert.equal(decideDelete(hook, OPEN).kind, 'allow');
});

test('decideDelete() knows cluster-scoped objects, whose tracking id has the destination namespace', () => {
  const live: KubeObject = {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: {
      name: 'r',
      uid: 'u',
      resourceVersion: '1',
      annotations: { 'argocd.argoproj.io/tracking-id': 'app:rbac.authorization.k8s.io/ClusterRole:ns/r' },
    },
  };
  const key = { group: 'rbac.authorization.k8s.io', kind: 'ClusterRole', namespace: '', name: 'r' };
  assert.equal(decideDelete({ purpose: 'prune', key, live, recordedUid: 'u' }, OPEN).kind, 'allow');
});
