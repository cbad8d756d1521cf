// The figures of /metrics that come from the controllers, under Argo CD's names where it has them.
import { Counter, collectDefaultMetrics, Gauge, type Registry } from 'prom-client';
import type { ApplicationController } from '../controllers/index.ts';
import { isAutomated } from '../model/index.ts';

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
      'autosync_enabled',
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
            operation:
              app.metadata.deletionTimestamp !== undefined
                ? 'delete'
                : app.operation === undefined
                  ? ''
                  : 'sync',
            autosync_enabled: String(isAutomated(app.spec)),
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
  queueCounter(
    registry,
    controller,
    'workqueue_adds_total',
    'Applications asked to be looked at',
    ({ added }) => added,
  );
  queueCounter(
    registry,
    controller,
    'workqueue_retries_total',
    'Looks at applications that failed',
    ({ failed }) => failed,
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

/** Counters of the queue, taken over as they stand. */
function queueCounter(
  registry: Registry,
  controller: ApplicationController,
  name: string,
  help: string,
  read: (numbers: ApplicationController['numbers']) => number,
): void {
  new Counter({
    name,
    help,
    labelNames: ['name'],
    registers: [registry],
    collect() {
      this.reset();
      this.inc({ name: 'app_reconciliation_queue' }, read(controller.numbers));
    },
  });
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
