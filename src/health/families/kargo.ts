// Kargo: warehouses find freight, stages receive it by promotions.
import { type Family, kinds } from '../family.ts';
import { byPhase, byTable, readyOrFailed, when } from '../rules.ts';

const NEXT_FREIGHT = 'Nothing has been promoted to the stage yet: promote freight to it.';

/** A stage that waits for its first freight is as its spec says; only a person or a policy moves it. */
const stage = byTable({
  waiting: 'Waiting for the stage to be looked at',
  rules: [
    when('Promoting=True', 'Progressing'),
    when('Ready=False:NoFreight', 'Suspended', NEXT_FREIGHT),
    when('Healthy=False', 'Degraded', 'Look at the Argo CD applications of the stage.'),
    when(
      'Verified=False:!NoFreight|PendingVerification',
      'Degraded',
      'Look at the AnalysisRun of the verification.',
    ),
    when('Ready=True', 'Healthy'),
    when(
      'Ready=False:LastPromotionFailed|LastPromotionErrored|LastPromotionAborted|ReconcileError',
      'Degraded',
      'Look at the steps of the last promotion, then promote again.',
    ),
    when('Ready', 'Progressing'),
  ],
});

const promotion = byPhase({
  path: 'status.phase',
  phases: { Progressing: 'Pending|Running', Healthy: 'Succeeded', Degraded: 'Failed|Errored|Aborted' },
  message: ['status.message'],
  waiting: 'Waiting for the promotion to start',
  remedy: 'Look at its steps, then promote again.',
});

const warehouse = byTable({
  waiting: 'Waiting for the repositories to be looked at',
  rules: [
    when('Healthy=False', 'Degraded', 'Look at the address and the credentials of its subscriptions.'),
    when('Reconciling=True', 'Progressing'),
    when('Ready=False', 'Degraded', 'Look at its subscriptions.'),
    when('Ready=True', 'Healthy'),
  ],
});

export const kargo: Family = {
  name: 'Kargo',
  checks: [
    kinds('kargo.akuity.io', 'Stage', 'conditions Promoting, Healthy, Verified, Ready', stage),
    kinds('kargo.akuity.io', 'Promotion', 'status.phase', promotion),
    kinds('kargo.akuity.io', 'Warehouse', 'conditions Healthy, Reconciling, Ready', warehouse),
    kinds(
      'kargo.akuity.io',
      'Project ProjectConfig ClusterConfig',
      'condition Ready',
      readyOrFailed(
        'Waiting for the project to be set up',
        'Look at the condition; a namespace may be in the way.',
      ),
    ),
  ],
};
