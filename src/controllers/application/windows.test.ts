// The same windows at different moments, on a clock that only moves when told to.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VirtualClock } from '../../../test/support/virtual-clock.ts';
import { type Application, type SyncWindow, SyncWindows } from '../../model/index.ts';
import type { ApplicationDeps } from './deps.ts';
import { holdOfAutomated, holdOfOperation, windowFindings } from './windows.ts';

const APP: Application = {
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'Application',
  metadata: { name: 'web', namespace: 'argocd' },
  spec: { project: 'shop', destination: { server: 'https://kubernetes.default.svc', namespace: 'web' } },
};
const CLUSTER = { server: 'https://kubernetes.default.svc', name: 'in-cluster' };
const ALLOW: SyncWindow = {
  kind: 'allow',
  schedule: '30 2 * * *',
  duration: '1h',
  timeZone: 'America/New_York',
  applications: ['web'],
};

function at(time: string, ...windows: readonly SyncWindow[]) {
  const clock = new VirtualClock(Date.parse(time));
  const project = { windows: new SyncWindows(windows) };
  const deps = { clock, project: () => project } as unknown as ApplicationDeps;
  return { clock, deps };
}

test('the next opening is the moment to look again, also across clocks set forward', () => {
  const { clock, deps } = at('2026-03-08T06:00:00Z', ALLOW);
  const hold = holdOfAutomated(deps, APP, CLUSTER);
  assert.equal(
    hold?.message,
    'Sync operation blocked by sync window of project shop: allow window "30 2 * * *" (1h, America/New_York) is closed until 2026-03-08T07:00:00Z; next opening: 2026-03-08T07:00:00.000Z',
  );
  clock.advance((hold?.waitMs ?? 0) - 1);
  assert.notEqual(holdOfAutomated(deps, APP, CLUSTER), undefined);
  clock.advance(1);
  assert.equal(holdOfAutomated(deps, APP, CLUSTER), undefined);
  clock.advance(3_600_000);
  const next = holdOfAutomated(deps, APP, CLUSTER);
  assert.match(next?.message ?? '', /next opening: 2026-03-09T06:30:00\.000Z/);
});

test('a running operation is held at the edge, unless the window lets it run over', () => {
  const start = Date.parse('2026-03-10T06:31:00Z');
  const running = { operation: { sync: {}, initiatedBy: { automated: true } }, startedAt: start };
  const strict = at('2026-03-10T07:31:00Z', ALLOW);
  const lenient = at('2026-03-10T07:31:00Z', { ...ALLOW, syncOverrun: true });
  assert.notEqual(holdOfOperation(strict.deps, APP, CLUSTER, running), undefined);
  assert.equal(holdOfOperation(lenient.deps, APP, CLUSTER, running), undefined);
  const late = { ...running, startedAt: Date.parse('2026-03-10T07:30:30Z') };
  assert.notEqual(holdOfOperation(lenient.deps, APP, CLUSTER, late), undefined);
});

test('dry runs pass, and a person passes where manualSync says so', () => {
  const { deps } = at('2026-03-10T12:00:00Z', { ...ALLOW, manualSync: true });
  const startedAt = Date.parse('2026-03-10T12:00:00Z');
  const automated = { sync: {}, initiatedBy: { automated: true } };
  assert.notEqual(holdOfOperation(deps, APP, CLUSTER, { operation: automated, startedAt }), undefined);
  const dryRun = { ...automated, sync: { dryRun: true } };
  assert.equal(holdOfOperation(deps, APP, CLUSTER, { operation: dryRun, startedAt }), undefined);
  assert.equal(holdOfOperation(deps, APP, CLUSTER, { operation: { sync: {} }, startedAt }), undefined);
});

test('windows that never open say so and give no time to look again', () => {
  const { deps } = at('2026-03-10T12:00:00Z', { ...ALLOW, schedule: '0 0 31 2 *' });
  const hold = holdOfAutomated(deps, APP, CLUSTER);
  assert.match(hold?.message ?? '', /no opening is in sight/);
  assert.equal(hold?.waitMs, undefined);
});

test('windows that cannot be read are quoted for the applications they concern', () => {
  const { deps } = at(
    '2026-03-10T12:00:00Z',
    { ...ALLOW, duration: 'soon' },
    { ...ALLOW, schedule: 'x', applications: ['other'] },
  );
  const found = windowFindings(deps, APP, CLUSTER);
  assert.equal(found.length, 1);
  assert.match(found[0]?.message ?? '', /\(soon, America\/New_York\): duration must be a time/);
});
