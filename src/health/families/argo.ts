// The Argo projects: CD, Rollouts, Workflows, Events.
import { applicationHealth } from '../argoproj-application.ts';
import { rolloutHealth } from '../argoproj-rollout.ts';
import { workflowHealth } from '../argoproj-workflow.ts';
import { type Family, kinds } from '../family.ts';
import type { HealthCheck } from '../read.ts';
import { byPhase, byTable, when } from '../rules.ts';

const SERVES = 'Look at the events and pods of the same name.';

const applicationSet = byTable({
  waiting: 'Waiting for the applications to be generated',
  rules: [
    when('ErrorOccurred=True', 'Degraded', 'Look at its generators and its template.'),
    when('ResourcesUpToDate=False', 'Degraded'),
    when('RolloutProgressing=True', 'Progressing'),
    when('ResourcesUpToDate=True', 'Healthy'),
  ],
});

const cronWorkflow = byTable({
  waiting: 'Scheduled',
  otherwise: 'Healthy',
  rules: [
    when('SpecError=True', 'Degraded', 'Look at its schedules and its workflow spec.'),
    when(
      'SubmissionError=True',
      'Degraded',
      'Look at the workflow spec and the rights of its service account.',
    ),
    when('Completed=True', 'Healthy'),
  ],
});

const measured = (what: string, otherwise: 'Unknown' | 'Progressing'): HealthCheck =>
  byPhase({
    path: 'status.phase',
    phases: {
      Progressing: 'Pending|Running',
      Healthy: 'Successful',
      Degraded: 'Failed|Error',
      Unknown: 'Inconclusive',
    },
    message: ['status.message'],
    waiting: `Waiting for the ${what} to start`,
    remedy: 'Look at its measurements.',
    otherwise,
  });

/** Bus, source and sensor: conditions are Unknown until the controller has been there. */
function deployed(waiting: string, ...others: string[]): HealthCheck {
  return byTable({
    waiting,
    rules: [
      ...others.map((type) => when(`${type}=False`, 'Degraded', 'Look at its spec.')),
      when('Deployed=False', 'Degraded', SERVES),
      ...others.map((type) => when(`${type}=Unknown`, 'Progressing')),
      when('Deployed=True', 'Healthy'),
    ],
  });
}

export const argo: Family = {
  name: 'Argo',
  checks: [
    kinds('argoproj.io', 'Application', 'status.health, compared spec, running sync', applicationHealth),
    kinds('argoproj.io', 'ApplicationSet', 'conditions ErrorOccurred, ResourcesUpToDate', applicationSet),
    kinds(
      'argoproj.io',
      'Rollout',
      'generation, conditions, pauses, replicas, active and stable revision',
      rolloutHealth,
    ),
    kinds('argoproj.io', 'AnalysisRun', 'status.phase', measured('analysis', 'Unknown')),
    kinds('argoproj.io', 'Experiment', 'status.phase', measured('experiment', 'Progressing')),
    kinds('argoproj.io', 'Workflow', 'status.phase', workflowHealth),
    kinds('argoproj.io', 'CronWorkflow', 'conditions SpecError, SubmissionError', cronWorkflow),
    kinds('argoproj.io', 'EventBus', 'condition Deployed', deployed('Waiting for the bus to be deployed')),
    kinds(
      'argoproj.io',
      'EventSource',
      'conditions SourcesProvided, Deployed',
      deployed('Waiting for the source to be deployed', 'SourcesProvided'),
    ),
    kinds(
      'argoproj.io',
      'Sensor',
      'conditions DependenciesProvided, TriggersProvided, Deployed',
      deployed('Waiting for the sensor to be deployed', 'DependenciesProvided', 'TriggersProvided'),
    ),
    kinds(
      'argoproj.io',
      'ArgoCD RolloutManager',
      'status.phase',
      byPhase({
        path: 'status.phase',
        phases: { Healthy: 'Available', Degraded: 'Failed|Unknown', Progressing: 'Pending' },
        waiting: 'Waiting for the operator',
        remedy: SERVES,
      }),
    ),
  ],
};
