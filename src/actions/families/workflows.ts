// Argo Workflows: what `argo submit --from`, `argo stop`, `argo suspend` and `argo resume` do.
import type { KubeObject } from '../../k8s/index.ts';
import { isRecord } from '../../lib/index.ts';
import type { ActionFamily, NativeAction } from '../action.ts';
import { at, icons, ownedBy, pair, setting, timedName, timeText } from '../edit.ts';

const PREFIX = 'workflows.argoproj.io';

function workflowOf(
  owner: KubeObject,
  now: number,
  spec: unknown,
  labels: Record<string, string>,
): KubeObject {
  const { namespace } = owner.metadata;
  const instance = owner.metadata.labels?.[`${PREFIX}/controller-instanceid`];
  const given = at(owner, 'spec', 'workflowMetadata');
  const meta = (isRecord(given) ? given : {}) as KubeObject['metadata'];
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Workflow',
    metadata: {
      name: timedName(owner, now),
      ...(namespace === undefined ? {} : { namespace }),
      labels: {
        ...meta.labels,
        ...labels,
        ...(instance === undefined ? {} : { [`${PREFIX}/controller-instanceid`]: instance }),
      },
      annotations: { ...meta.annotations, [`${PREFIX}/scheduled-time`]: timeText(now) },
      ...(meta.finalizers === undefined ? {} : { finalizers: meta.finalizers }),
    },
    spec,
  };
}

const submit = { name: 'create-workflow', displayName: 'Create Workflow', iconClass: icons.plus } as const;

const fromCron: NativeAction = {
  ...submit,
  run: ({ object, now }) => {
    const labels = { [`${PREFIX}/cron-workflow`]: object.metadata.name ?? '' };
    return [ownedBy(object, workflowOf(object, now, at(object, 'spec', 'workflowSpec') ?? {}, labels))];
  },
};

export const cronWorkflowActions: ActionFamily = (object) => [
  fromCron,
  ...pair(
    ['spec', 'suspend'],
    at(object, 'spec', 'suspend') === true,
    { name: 'suspend', iconClass: icons.pause },
    { name: 'resume', iconClass: icons.play },
  ),
];

/** Templates of a namespace and of the cluster; a cluster's template has no namespace to run in. */
export const workflowTemplateActions: ActionFamily = () => [
  {
    ...submit,
    run: ({ object, now }) => {
      const name = object.metadata.name ?? '';
      const labels = { [`${PREFIX}/workflow-template`]: name };
      return [ownedBy(object, workflowOf(object, now, { workflowTemplateRef: { name } }, labels))];
    },
  },
];

const OVER: ReadonlySet<unknown> = new Set(['Succeeded', 'Failed', 'Error']);

export const workflowActions: ActionFamily = (object) => {
  const isOver = OVER.has(at(object, 'status', 'phase'));
  const isSuspended = at(object, 'spec', 'suspend') === true;
  const shut = (name: string, how: string): NativeAction =>
    setting({ name, iconClass: icons.stop, disabled: isOver }, ['spec', 'shutdown'], how);
  return [
    setting(
      { name: 'suspend', iconClass: icons.pause, disabled: isOver || isSuspended },
      ['spec', 'suspend'],
      true,
    ),
    setting(
      { name: 'resume', iconClass: icons.play, disabled: isOver || !isSuspended },
      ['spec', 'suspend'],
      undefined,
    ),
    shut('stop', 'Stop'),
    shut('terminate', 'Terminate'),
  ];
};
