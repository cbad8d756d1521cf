// Grafana and Keptn: dashboards and what they live in; deployments that are checked before and after.
import type { KubeObject } from '../../k8s/index.ts';
import type { Health } from '../../model/index.ts';
import { type Family, kinds } from '../family.ts';
import {
  at,
  cause,
  conditionsOf,
  degraded,
  healthy,
  progressing,
  suspended,
  textAt,
  withRemedy,
} from '../read.ts';
import { byPhase, pausedBy, readyOrFailed, staleness } from '../rules.ts';

const suspend = pausedBy('spec.suspend');
const INSTANCE = 'Look whether spec.instanceSelector matches a Grafana, and at its log.';

function grafana(object: KubeObject): Health {
  const pause = suspend(object);
  if (pause !== undefined) return suspended(pause);
  const stage = textAt(object, 'status', 'stage') ?? '';
  const outcome = textAt(object, 'status', 'stageStatus') ?? '';
  if (outcome === '') return progressing('Waiting for the operator');
  if (outcome === 'failed') {
    const message = textAt(object, 'status', 'lastMessage') ?? '';
    return degraded(
      withRemedy(`Failed at stage ${stage}${message === '' ? '' : `: ${message}`}`, 'Look at its spec.'),
    );
  }
  return stage === 'complete' && outcome === 'success'
    ? healthy()
    : progressing(`Stage ${stage}: ${outcome}`);
}

/** Conditions such as DashboardSynchronized are good when true; these are bad. */
const BAD_WHEN_TRUE: ReadonlySet<string> = new Set([
  'NoMatchingInstance',
  'InvalidSpec',
  'NotificationPolicyLoopDetected',
  'FolderUIDMismatch',
]);

function grafanaContent(object: KubeObject): Health {
  const pause = suspend(object);
  if (pause !== undefined) return suspended(pause);
  const stale = staleness(object);
  if (stale !== undefined) return stale;
  const conditions = conditionsOf(object).filter(({ type }) => type !== 'Suspended');
  const bad =
    conditions.find(({ type, status }) => BAD_WHEN_TRUE.has(type) && status === 'True') ??
    conditions.find(({ type, status }) => !BAD_WHEN_TRUE.has(type) && status === 'False');
  if (bad !== undefined) return degraded(withRemedy(cause(bad), INSTANCE));
  const good = conditions.find(({ type, status }) => !BAD_WHEN_TRUE.has(type) && status === 'True');
  return good === undefined ? progressing('Waiting for the operator') : healthy(good.message);
}

/** Before it had conditions, a data source told its id. */
function grafanaDatasource(object: KubeObject): Health {
  if (suspend(object) === undefined && conditionsOf(object).length === 0) {
    if (at(object, 'status', 'NoMatchingInstances') === true)
      return degraded(`No Grafana matches. ${INSTANCE}`);
    const uid = textAt(object, 'status', 'uid') ?? textAt(object, 'status', 'hash') ?? '';
    return uid === '' ? progressing('Waiting for the operator') : healthy();
  }
  return grafanaContent(object);
}

export const grafanaOperator: Family = {
  name: 'Grafana',
  checks: [
    kinds('grafana.integreatly.org', 'Grafana', 'spec.suspend, status.stage and its outcome', grafana),
    kinds(
      'grafana.integreatly.org',
      'GrafanaDatasource',
      'spec.suspend, conditions, status.uid',
      grafanaDatasource,
    ),
    kinds(
      'grafana.integreatly.org',
      'GrafanaDashboard GrafanaFolder GrafanaAlertRuleGroup GrafanaContactPoint GrafanaNotificationPolicy GrafanaNotificationTemplate GrafanaMuteTiming GrafanaLibraryPanel GrafanaServiceAccount',
      'spec.suspend, NoMatchingInstance, InvalidSpec, and the synchronized condition',
      grafanaContent,
    ),
    kinds(
      'grafana-org-operator.kubitus-project.gitlab.io',
      '*',
      'condition Ready',
      readyOrFailed('Waiting for the operator', 'Look at the Grafana it names.'),
    ),
  ],
};

function lifecycle(path: string, remedy: string) {
  return byPhase({
    path,
    phases: {
      Healthy: 'Succeeded',
      Degraded: 'Failed',
      Progressing: 'Pending|Progressing|Unknown|Deprecated|Warning',
    },
    message: ['status.message', 'status.currentPhase'],
    waiting: 'Waiting for Keptn',
    remedy,
  });
}

export const keptn: Family = {
  name: 'Keptn',
  checks: [
    kinds(
      'lifecycle.keptn.sh',
      'KeptnAppVersion KeptnWorkloadVersion KeptnWorkloadInstance',
      'status.status',
      lifecycle('status.status', 'Look at its tasks and evaluations before and after the deployment.'),
    ),
    kinds(
      'lifecycle.keptn.sh',
      'KeptnTask',
      'status.status',
      lifecycle('status.status', 'Look at the log of its job.'),
    ),
    kinds(
      'lifecycle.keptn.sh',
      'KeptnEvaluation',
      'status.overallStatus',
      lifecycle('status.overallStatus', 'Look at the values in status.evaluationStatus.'),
    ),
  ],
};
