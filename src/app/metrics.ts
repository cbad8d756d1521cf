// The figures of /metrics that come from the controllers, under Argo CD's names where it has them.
import { collectDefaultMetrics, Gauge, type Registry } from 'prom-client';
import type { ApplicationController } from '../controllers/index.ts';

export function registerMetrics(registry: Registry, controller: ApplicationController): void {
  collectDefaultMetrics({ register: registry });
  new Gauge({
    name: 'argocd_app_info',
    help: 'Information about applications',
    labelNames: [
      'namespace',
      'name',
      'project',
      'repo',
      'dest_server',
      'dest_namespace',
      'sync_status',
      'health_status',
      'operation',
    ],
    registers: [registry],
    collect() {
      this.reset();
      for (const app of controller.applications.values()) {
        const { destination, project, source } = app.spec;
        this.set(
          {
            namespace: app.metadata.namespace ?? '',
            name: app.metadata.name ?? '',
            project,
            repo: source?.repoURL ?? '',
            dest_server: destination.server ?? '',
            dest_namespace: destination.namespace ?? '',
            sync_status: app.status?.sync?.status ?? 'Unknown',
            health_status: app.status?.health?.status ?? 'Unknown',
            operation: app.operation === undefined ? '' : 'sync',
          },
          1,
        );
      }
    },
  });
  queueGauge(
    registry,
    controller,
    'workqueue_depth',
    'Applications waiting to be looked at',
    ({ high, low }) => high + low,
  );
  queueGauge(
    registry,
    controller,
    'fairlead_queue_running',
    'Applications being looked at',
    ({ running }) => running,
  );
  queueGauge(
    registry,
    controller,
    'fairlead_queue_oldest_seconds',
    'Longest wait of an application that is due',
    ({ oldestMs }) => oldestMs / 1000,
  );
}

function queueGauge(
  registry: Registry,
  controller: ApplicationController,
  name: string,
  help: string,
  read: (numbers: ApplicationController['numbers']) => number,
): void {
  new Gauge({
    name,
    help,
    labelNames: ['name'],
    registers: [registry],
    collect() {
      this.set({ name: 'app_reconciliation_queue' }, read(controller.numbers));
    },
  });
}
