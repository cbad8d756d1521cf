// The figures of /metrics that come from the controllers, under Argo CD's names where it has them.
import { Counter, collectDefaultMetrics, Gauge, type Registry } from 'prom-client';
import type { ApplicationController, ApplicationSetController } from '../controllers/index.ts';
import { isAutomated } from '../model/index.ts';

/** Both have a queue; the names of their figures are those that controllers of Kubernetes use. */
type Queues = Readonly<Record<string, Pick<ApplicationController, 'numbers'>>>;

export function registerMetrics(
  registry: Registry,
  controller: ApplicationController,
  applicationSets: ApplicationSetController,
): void {
  const queues: Queues = { app_reconciliation_queue: controller, applicationset: applicationSets };
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
  registerSetMetrics(registry, applicationSets);
  queueGauge(
    registry,
    queues,
    'workqueue_depth',
    'Objects waiting to be looked at',
    ({ high, low }) => high + low,
  );
  queueCounter(
    registry,
    queues,
    'workqueue_adds_total',
    'Objects asked to be looked at',
    ({ added }) => added,
  );
  queueCounter(registry, queues, 'workqueue_retries_total', 'Looks that failed', ({ failed }) => failed);
  queueGauge(registry, queues, 'fairlead_queue_running', 'Objects being looked at', ({ running }) => running);
  queueGauge(
    registry,
    queues,
    'fairlead_queue_oldest_seconds',
    'Longest wait of an object that is due',
    ({ oldestMs }) => oldestMs / 1000,
  );
}

function registerSetMetrics(registry: Registry, applicationSets: ApplicationSetController): void {
  new Gauge({
    name: 'argocd_appset_info',
    help: 'Information about ApplicationSets',
    labelNames: ['namespace', 'name', 'resource_update_status'],
    registers: [registry],
    collect() {
      this.reset();
      for (const { metadata, status } of applicationSets.sets.values()) {
        const { namespace = '', name = '' } = metadata;
        const condition = status?.conditions?.find(({ type }) => type === 'ResourcesUpToDate');
        this.set({ namespace, name, resource_update_status: condition?.reason ?? 'Unknown' }, 1);
      }
    },
  });
  new Gauge({
    name: 'argocd_appset_owned_applications',
    help: 'Applications that an ApplicationSet owns',
    labelNames: ['namespace', 'name'],
    registers: [registry],
    collect() {
      this.reset();
      for (const { metadata, status } of applicationSets.sets.values()) {
        const { namespace = '', name = '' } = metadata;
        this.set({ namespace, name }, status?.resourcesCount ?? 0);
      }
    },
  });
}

/** Counters of the queues, taken over as they stand. */
function queueCounter(
  registry: Registry,
  queues: Queues,
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
      for (const [queue, { numbers }] of Object.entries(queues)) this.inc({ name: queue }, read(numbers));
    },
  });
}

function queueGauge(
  registry: Registry,
  queues: Queues,
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
      for (const [queue, { numbers }] of Object.entries(queues)) this.set({ name: queue }, read(numbers));
    },
  });
}
