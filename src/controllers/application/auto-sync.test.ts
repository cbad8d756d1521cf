import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Application, ApplicationSpec, ApplicationStatus } from '../../model/index.ts';
import { type AutoSyncDecision, decideAutoSync, type SyncNeed } from './auto-sync.ts';

const NOW = Date.parse('2026-01-01T00:10:00Z');
const SOURCE = { repoURL: 'https://example.test/r.git', path: 'a' };
const MAP = { group: '', kind: 'ConfigMap', namespace: 'd', name: 'm' };

interface Case {
  automated?: NonNullable<ApplicationSpec['syncPolicy']>['automated'] | null;
  deleting?: boolean;
  need?: Partial<SyncNeed>;
  last?: { phase: string; revision?: string; finishedAt?: string; attempts?: number; message?: string };
  want: Partial<AutoSyncDecision> & { resources?: unknown };
}

const CASES: Record<string, Case> = {
  'stays off without a policy': { automated: null, want: { kind: 'none' } },
  'stays off with enabled: false': { automated: { enabled: false }, want: { kind: 'none' } },
  'leaves an application alone that is being deleted': { deleting: true, want: { kind: 'none' } },
  'does nothing when Synced': { need: { status: 'Synced' }, want: { kind: 'none' } },
  'does nothing when the state is unknown': { need: { status: 'Unknown' }, want: { kind: 'none' } },
  'syncs a revision it never tried': { want: { kind: 'sync', why: 'a new revision' } },
  'does not sync for prunes alone while prune is off': {
    need: { toApply: [], toPrune: [MAP] },
    want: { kind: 'none' },
  },
  'refuses to prune everything': {
    automated: { prune: true },
    need: { toApply: [], toPrune: [MAP], desiredCount: 0 },
    want: { kind: 'refuse' },
  },
  'prunes everything with allowEmpty': {
    automated: { prune: true, allowEmpty: true },
    need: { toApply: [], toPrune: [MAP], desiredCount: 0 },
    want: { kind: 'sync' },
  },
  'leaves drift alone without self-heal': { last: { phase: 'Succeeded' }, want: { kind: 'none' } },
  'repairs drift at once with self-heal, only what differs': {
    automated: { selfHeal: true },
    last: { phase: 'Succeeded' },
    want: { kind: 'sync', resources: [{ kind: 'ConfigMap', name: 'm', namespace: 'd' }] },
  },
  'backs off when it repaired just now': {
    automated: { selfHeal: true },
    last: { phase: 'Succeeded', attempts: 2, finishedAt: '2026-01-01T00:09:59Z' },
    want: { kind: 'wait', waitMs: 5_000 },
  },
  'counts afresh after the cool-down': {
    automated: { selfHeal: true },
    last: { phase: 'Succeeded', attempts: 9, finishedAt: '2026-01-01T00:00:00Z' },
    want: { kind: 'sync' },
  },
  'waits after a failure and says until when': {
    last: { phase: 'Failed', finishedAt: '2026-01-01T00:09:30Z', message: 'no' },
    want: { kind: 'refuse', retryInMs: 30_000 },
  },
  'tries a failed revision again when the wait is over': {
    last: { phase: 'Failed', finishedAt: '2026-01-01T00:08:30Z' },
    want: { kind: 'sync', why: 'the last attempt failed' },
  },
  'takes a commit that renders the same for the one it synced': {
    need: { sameAsLastSync: true },
    last: { phase: 'Succeeded', revision: 'b'.repeat(40) },
    want: { kind: 'none' },
  },
  'does not hold a failure of an older revision against a newer one': {
    last: { phase: 'Failed', revision: 'b'.repeat(40) },
    want: { kind: 'sync', why: 'a new revision' },
  },
};

for (const [name, { automated = {}, deleting, need, last, want }] of Object.entries(CASES)) {
  test(`decideAutoSync() ${name}`, () => {
    const decision = decideAutoSync(
      application(automated, deleting ?? false, last),
      { ...NEED, ...need },
      NOW,
    );
    const { resources, ...rest } = want;
    for (const [key, value] of Object.entries(rest))
      assert.deepEqual(decision[key as keyof AutoSyncDecision], value);
    if (resources !== undefined)
      assert.deepEqual(decision.kind === 'sync' && decision.operation.sync?.resources, resources);
  });
}

const NEED: SyncNeed = {
  status: 'OutOfSync',
  revision: 'a'.repeat(40),
  isMulti: false,
  sources: [SOURCE],
  sameAsLastSync: false,
  toApply: [MAP],
  toPrune: [],
  desiredCount: 1,
};

function application(automated: Case['automated'], deleting: boolean, last: Case['last']): Application {
  const status: ApplicationStatus | undefined = last && {
    operationState: {
      operation: {
        sync: { ...(last.attempts === undefined ? {} : { autoHealAttemptsCount: last.attempts }) },
      },
      phase: last.phase,
      ...(last.message === undefined ? {} : { message: last.message }),
      startedAt: '2026-01-01T00:00:00Z',
      finishedAt: last.finishedAt ?? '2026-01-01T00:00:00Z',
      syncResult: { revision: last.revision ?? 'a'.repeat(40), source: SOURCE },
    },
  };
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Application',
    metadata: { name: 'a', ...(deleting ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}) },
    spec: {
      project: 'default',
      destination: {},
      source: SOURCE,
      ...(automated === null || automated === undefined ? {} : { syncPolicy: { automated } }),
    },
    ...(status === undefined ? {} : { status }),
  };
}
