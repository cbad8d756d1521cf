// Zalando's Postgres operator.
import { type Family, kinds } from '../family.ts';
import { byPhase } from '../rules.ts';

const zalandoPostgres = byPhase({
  path: 'status.PostgresClusterStatus',
  phases: { Healthy: 'Running', Progressing: 'Creating|Updating' },
  waiting: 'Waiting for the operator',
  otherwise: 'Degraded',
  remedy: 'Look at the log of the operator.',
});

export const zalando: Family = {
  name: 'Zalando Postgres',
  checks: [kinds('acid.zalan.do', 'postgresql', 'status.PostgresClusterStatus', zalandoPostgres)],
};
