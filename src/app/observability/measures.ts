// Counters and histograms that are fed while things happen, and gauges that are read when somebody asks. Names are
// Argo CD's where it has them. Labels are bounded: no message, no commit, no path of a request.
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type {
  ApplicationController,
  EventRecorder,
  LiveClusters,
  NotificationMetrics,
  NotificationsController,
} from '../../controllers/index.ts';
import type { JournalRecord } from '../../journal/index.ts';
import type { Application, ApplicationSet, OperationState } from '../../model/index.ts';
import { VERSION } from '../version.ts';

/** Series of one family beyond this are counted under `other`: a label must not fill Prometheus. */
const MAX_LABELS = 1_000;

export interface Measures extends NotificationMetrics {
  /** All of them, to be merged into what /metrics answers. */
  register(registry: Registry): void;
  reconciled(app: Application, seconds: number): void;
  setReconciled(set: ApplicationSet, seconds: number): void;
  operationEnded(app: Application, state: OperationState): void;
  /** A change that came by webhook is in the cluster. */
  applied(seconds: number): void;
  git(repository: string, type: 'fetch' | 'ls-remote', seconds: number, failed: boolean): void;
  /** A stored render was not what was written there. */
  forged(): void;
  rendered(type: string, result: 'hit' | 'miss' | 'failed', seconds: number): void;
  webhook(status: number): void;
  recorded(record: JournalRecord): void;
}

export function createMeasures(): Measures {
  const registers: Registry[] = [];
  const repositories = new BoundedLabel();
  const appReconcile = new Histogram({
    name: 'argocd_app_reconcile',
    help: 'Seconds that one look at an application took',
    labelNames: ['namespace', 'dest_server'],
    buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 16, 64],
    registers,
  });
  const setReconcile = new Histogram({
    name: 'argocd_appset_reconcile',
    help: 'Seconds that one look at an ApplicationSet took',
    labelNames: ['namespace', 'name'],
    buckets: [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 15, 60],
    registers,
  });
  const syncTotal = new Counter({
    name: 'argocd_app_sync_total',
    help: 'Syncs that ended, by phase',
    labelNames: ['namespace', 'name', 'project', 'dest_server', 'phase', 'dry_run'],
    registers,
  });
  const syncSeconds = new Counter({
    name: 'argocd_app_sync_duration_seconds_total',
    help: 'Seconds spent in syncs that ended',
    labelNames: ['namespace', 'name', 'project', 'dest_server'],
    registers,
  });
  const webhookToApplied = new Histogram({
    name: 'fairlead_webhook_to_applied_seconds',
    help: 'Seconds from an accepted webhook to the end of the sync of what it announced, per application',
    buckets: [0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 1, 2, 5, 10, 30, 120],
    registers,
  });
  const gitTotal = new Counter({
    name: 'argocd_git_request_total',
    help: 'Requests to Git repositories',
    labelNames: ['repo', 'request_type'],
    registers,
  });
  const gitSeconds = new Histogram({
    name: 'argocd_git_request_duration_seconds',
    help: 'Seconds that requests to Git repositories took',
    labelNames: ['repo', 'request_type'],
    buckets: [0.1, 0.25, 0.5, 1, 2, 4, 10, 20, 60],
    registers,
  });
  const gitFailures = {
    fetch: failures('argocd_git_fetch_fail_total', 'Fetches that failed', registers),
    'ls-remote': failures(
      'argocd_git_lsremote_fail_total',
      'Looks at the refs of a repository that failed',
      registers,
    ),
  };
  const renders = new Counter({
    name: 'fairlead_render_total',
    help: 'Renders asked for, by tool and by whether the store had the answer',
    labelNames: ['tool', 'result'],
    registers,
  });
  const renderSeconds = new Histogram({
    name: 'fairlead_render_duration_seconds',
    help: 'Seconds that renders took which the store did not have',
    labelNames: ['tool'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30, 90],
    registers,
  });
  const forged = new Counter({
    name: 'fairlead_render_store_rejected_total',
    help: 'Stored renders that were damaged or written by somebody else',
    registers,
  });
  const webhooks = new Counter({
    name: 'argocd_webhook_requests_total',
    help: 'Webhooks received, by status of the answer',
    labelNames: ['status'],
    registers,
  });
  const logins = new Counter({
    name: 'argocd_login_request_total',
    help: 'Sign-ins, by outcome',
    labelNames: ['status'],
    registers,
  });
  const journal = new Counter({
    name: 'fairlead_journal_records_total',
    help: 'Records written to the journal by this process',
    labelNames: ['action', 'kind'],
    registers,
  });
  const deliveries = new Counter({
    name: 'argocd_notifications_deliveries_total',
    help: 'Notifications that were delivered or given up',
    labelNames: ['trigger', 'service', 'succeeded'],
    registers,
  });
  const evaluations = new Counter({
    name: 'argocd_notifications_trigger_eval_total',
    help: 'Triggers judged',
    labelNames: ['name', 'triggered'],
    registers,
  });
  const actions = new BoundedLabel();
  return {
    register(registry) {
      for (const metric of [
        appReconcile,
        syncTotal,
        syncSeconds,
        webhookToApplied,
        gitTotal,
        gitSeconds,
        ...Object.values(gitFailures),
        renders,
        renderSeconds,
        webhooks,
        logins,
        journal,
        deliveries,
        evaluations,
      ]) {
        registry.registerMetric(metric as Counter);
      }
    },
    reconciled(app, seconds) {
      const { namespace = '' } = app.metadata;
      appReconcile.observe({ namespace, dest_server: app.spec.destination.server ?? '' }, seconds);
    },
    setReconciled({ metadata: { namespace = '', name = '' } }, seconds) {
      setReconcile.observe({ namespace, name }, seconds);
    },
    operationEnded(app, state) {
      const { namespace = '', name = '' } = app.metadata;
      const labels = {
        namespace,
        name,
        project: app.spec.project,
        dest_server: app.spec.destination.server ?? '',
      };
      syncTotal.inc({
        ...labels,
        phase: state.phase,
        dry_run: String(state.operation.sync?.dryRun === true),
      });
      const seconds = (Date.parse(state.finishedAt ?? '') - Date.parse(state.startedAt)) / 1_000;
      if (seconds >= 0) syncSeconds.inc(labels, seconds);
    },
    applied: (seconds) => webhookToApplied.observe(seconds),
    git(repository, type, seconds, failed) {
      const labels = { repo: repositories.of(repository), request_type: type };
      gitTotal.inc(labels);
      gitSeconds.observe(labels, seconds);
      if (failed) gitFailures[type].inc({ repo: labels.repo });
    },
    rendered(tool, result, seconds) {
      renders.inc({ tool, result });
      if (result === 'miss') renderSeconds.observe({ tool }, seconds);
    },
    forged: () => forged.inc(),
    webhook: (status) => webhooks.inc({ status: String(status) }),
    recorded(record) {
      journal.inc({ action: actions.of(record.action), kind: record.kind });
      if (record.action === 'session.login') logins.inc({ status: record.outcome ?? record.kind });
    },
    delivered: (trigger, service, succeeded) =>
      deliveries.inc({ trigger, service, succeeded: String(succeeded) }),
    evaluated: (name, triggered) => evaluations.inc({ name, triggered: String(triggered) }),
  };
}

function failures(name: string, help: string, registers: Registry[]): Counter<'repo'> {
  return new Counter({ name, help, labelNames: ['repo'], registers });
}

/** Lets the first values through and calls all later ones `other`. */
class BoundedLabel {
  readonly #seen = new Set<string>();

  of(value: string): string {
    if (this.#seen.has(value)) return value;
    if (this.#seen.size >= MAX_LABELS) return 'other';
    this.#seen.add(value);
    return value;
  }
}

export interface ObservedParts {
  readonly controller: ApplicationController;
  readonly clusters: LiveClusters;
  readonly events: EventRecorder;
  readonly measures: Measures;
  readonly notifications: NotificationsController;
}

/** Figures that are read from the parts when /metrics is asked. */
export function registerObservedMetrics(registry: Registry, parts: ObservedParts): void {
  const { controller, clusters, events, measures, notifications } = parts;
  measures.register(registry);
  const gauge = (name: string, help: string, labelNames: string[], collect: (gauge: Gauge) => void): void => {
    new Gauge({
      name,
      help,
      labelNames,
      registers: [registry],
      collect() {
        this.reset();
        collect(this);
      },
    });
  };
  gauge('argocd_info', 'The version that runs', ['version'], (own) => own.set({ version: `v${VERSION}` }, 1));
  gauge('argocd_app_condition', 'Conditions of applications', ['namespace', 'name', 'condition'], (own) => {
    for (const { metadata, status } of controller.applications.values()) {
      const { namespace = '', name = '' } = metadata;
      for (const { type } of status?.conditions ?? []) own.inc({ namespace, name, condition: type });
    }
  });
  gauge(
    'argocd_cluster_info',
    'Clusters that applications are deployed to',
    ['server', 'name', 'k8s_version'],
    (own) => {
      for (const { server, name, connected } of clusterFacts(clusters)) {
        own.set({ server, name, k8s_version: connected?.versions().version ?? '' }, 1);
      }
    },
  );
  gauge('argocd_cluster_connection_status', '1: the cluster is connected', ['server'], (own) => {
    for (const { server, connected } of clusterFacts(clusters))
      own.set({ server }, connected === undefined ? 0 : 1);
  });
  gauge('argocd_cluster_api_resource_objects', 'Objects held of each cluster', ['server'], (own) => {
    for (const { server, connected } of clusterFacts(clusters)) {
      if (connected !== undefined) own.set({ server }, connected.store.size);
    }
  });
  gauge('fairlead_notifications_waiting', 'Notifications on their way, by service', ['service'], (own) => {
    for (const [service, count] of notifications.waiting) own.set({ service }, count);
  });
  gauge('fairlead_events_dropped', 'Kubernetes Events not written because there were too many', [], (own) =>
    own.set(events.dropped),
  );
}

function clusterFacts(clusters: LiveClusters) {
  const connected = new Map(clusters.connected().map((cluster) => [cluster.server, cluster]));
  return clusters.entries().map(({ server, name }) => ({ server, name, connected: connected.get(server) }));
}
