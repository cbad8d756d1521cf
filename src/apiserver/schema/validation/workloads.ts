// Checks of the kinds that run pods from a template.
import { jsonEqual } from '../../../lib/index.ts';
import { type Fields, part } from '../defaults/object.ts';
import { type FieldError, forbidden, invalid, required, unsupported } from '../field-error.ts';
import {
  intOrPercent,
  isEmptySelector,
  notNegative,
  oneOf,
  selectorErrors,
  selects,
  unchanged,
} from './checks.ts';
import { podTemplateErrors } from './pod.ts';

const STATEFUL_SET_UPDATE =
  "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden";
const STATEFUL_SET_MUTABLE = [
  'replicas',
  'ordinals',
  'template',
  'updateStrategy',
  'revisionHistoryLimit',
  'persistentVolumeClaimRetentionPolicy',
  'minReadySeconds',
];

function spec(object: Fields): Fields {
  return part(object, 'spec') ?? {};
}

/** The selector, and that it selects the template's own pods. */
function selectionErrors(of: Fields, kindText: string): FieldError[] {
  const selector = part(of, 'selector');
  const errors: FieldError[] = [];
  if (selector === undefined) errors.push(required('spec.selector'));
  else {
    const wrong = selectorErrors(selector, 'spec.selector');
    errors.push(...wrong);
    if (isEmptySelector(selector)) {
      errors.push(invalid('spec.selector', selector, `empty selector is invalid for ${kindText}`));
      return errors;
    }
    if (wrong.length > 0) {
      errors.push(invalid('spec.selector', selector, 'invalid label selector'));
      return errors;
    }
  }
  const labels = part(part(part(of, 'template'), 'metadata'), 'labels');
  if (selector === undefined || !selects(selector, labels ?? {})) {
    errors.push(
      invalid('spec.template.metadata.labels', labels ?? null, '`selector` does not match template `labels`'),
    );
  }
  return errors;
}

function alwaysRestarts(template: Fields | undefined): FieldError[] {
  const policy = part(template, 'spec')?.['restartPolicy'];
  return policy === undefined ? [] : oneOf(policy, ['Always'], 'spec.template.spec.restartPolicy');
}

export function deploymentErrors(object: Fields): FieldError[] {
  const of = spec(object);
  const errors = [
    ...notNegative(of['replicas'], 'spec.replicas'),
    ...selectionErrors(of, 'deployment'),
    ...podTemplateErrors(part(of, 'template'), 'spec.template'),
    ...alwaysRestarts(part(of, 'template')),
    ...strategyErrors(part(of, 'strategy') ?? {}),
    ...notNegative(of['minReadySeconds'], 'spec.minReadySeconds'),
    ...notNegative(of['revisionHistoryLimit'], 'spec.revisionHistoryLimit'),
  ];
  const deadline = of['progressDeadlineSeconds'];
  if (typeof deadline === 'number' && deadline <= Number(of['minReadySeconds'] ?? 0)) {
    errors.push(invalid('spec.progressDeadlineSeconds', deadline, 'must be greater than minReadySeconds'));
  }
  return errors;
}

function strategyErrors(strategy: Fields): FieldError[] {
  const rolling = part(strategy, 'rollingUpdate');
  const at = 'spec.strategy.rollingUpdate';
  if (strategy['type'] === 'Recreate') {
    if (rolling === undefined) return [];
    return [forbidden(at, "may not be specified when strategy `type` is 'Recreate'")];
  }
  if (strategy['type'] !== 'RollingUpdate') {
    const value = { Type: strategy['type'], RollingUpdate: rolling ?? null };
    return [unsupported('spec.strategy', value, ['Recreate', 'RollingUpdate'])];
  }
  if (rolling === undefined) return [required(at, 'this should be defaulted and never be nil')];
  const errors = [
    ...intOrPercent(rolling['maxUnavailable'], `${at}.maxUnavailable`),
    ...intOrPercent(rolling['maxSurge'], `${at}.maxSurge`),
  ];
  const isZero = (value: unknown) => value === 0 || value === '0%';
  if (isZero(rolling['maxUnavailable']) && isZero(rolling['maxSurge'])) {
    errors.push(
      invalid(`${at}.maxUnavailable`, rolling['maxUnavailable'], 'may not be 0 when `maxSurge` is 0'),
    );
  }
  return errors;
}

export function statefulSetErrors(object: Fields): FieldError[] {
  const of = spec(object);
  const errors: FieldError[] = [];
  const management = of['podManagementPolicy'];
  if (management === undefined) errors.push(required('spec.podManagementPolicy'));
  else if (management !== 'OrderedReady' && management !== 'Parallel') {
    errors.push(invalid('spec.podManagementPolicy', management, "must be 'OrderedReady' or 'Parallel'"));
  }
  const strategy = part(of, 'updateStrategy') ?? {};
  if (strategy['type'] !== 'RollingUpdate' && strategy['type'] !== 'OnDelete') {
    const value = { Type: strategy['type'] ?? '', RollingUpdate: strategy['rollingUpdate'] ?? null };
    errors.push(invalid('spec.updateStrategy', value, "must be 'RollingUpdate' or 'OnDelete'"));
  }
  return [
    ...errors,
    ...notNegative(of['replicas'], 'spec.replicas'),
    ...notNegative(of['minReadySeconds'], 'spec.minReadySeconds'),
    ...selectionErrors(of, 'statefulset'),
    ...podTemplateErrors(part(of, 'template'), 'spec.template'),
    ...alwaysRestarts(part(of, 'template')),
  ];
}

export function daemonSetErrors(object: Fields): FieldError[] {
  const of = spec(object);
  const errors = [
    ...selectionErrors(of, 'daemonset'),
    ...podTemplateErrors(part(of, 'template'), 'spec.template'),
    ...alwaysRestarts(part(of, 'template')),
    ...notNegative(of['minReadySeconds'], 'spec.minReadySeconds'),
  ];
  const rolling = part(part(of, 'updateStrategy'), 'rollingUpdate');
  if (rolling?.['maxUnavailable'] === 0 && (rolling['maxSurge'] ?? 0) === 0) {
    errors.push(
      required('spec.updateStrategy.rollingUpdate.maxUnavailable', 'cannot be 0 when maxSurge is 0'),
    );
  }
  return errors;
}

export function replicaSetErrors(object: Fields): FieldError[] {
  const of = spec(object);
  return [
    ...notNegative(of['replicas'], 'spec.replicas'),
    ...notNegative(of['minReadySeconds'], 'spec.minReadySeconds'),
    ...selectionErrors(of, 'deployment'),
    ...podTemplateErrors(part(of, 'template'), 'spec.template'),
    ...alwaysRestarts(part(of, 'template')),
  ];
}

/** Selectors of apps kinds never change. */
export function selectorUpdateErrors(after: Fields, before: Fields): FieldError[] {
  return unchanged(spec(after), spec(before), 'selector', 'spec.selector');
}

export function statefulSetUpdateErrors(after: Fields, before: Fields): FieldError[] {
  const fixed = (of: Fields) => {
    const rest = { ...of };
    for (const name of STATEFUL_SET_MUTABLE) delete rest[name];
    return rest;
  };
  return jsonEqual(fixed(spec(after)), fixed(spec(before))) ? [] : [forbidden('spec', STATEFUL_SET_UPDATE)];
}

const JOB_NUMBERS = [
  'parallelism',
  'completions',
  'activeDeadlineSeconds',
  'backoffLimit',
  'ttlSecondsAfterFinished',
];

function jobSpecErrors(of: Fields, at: string): FieldError[] {
  const template = part(of, 'template');
  const policy = part(template, 'spec')?.['restartPolicy'];
  const errors = [
    ...JOB_NUMBERS.flatMap((name) => notNegative(of[name], `${at}.${name}`)),
    ...oneOf(of['completionMode'], ['Indexed', 'NonIndexed'], `${at}.completionMode`),
    ...podTemplateErrors(template, `${at}.template`),
  ];
  if (policy === undefined || policy === 'Always') {
    errors.push(required(`${at}.template.spec.restartPolicy`, 'valid values: "OnFailure", "Never"'));
  }
  return errors;
}

export function jobErrors(object: Fields): FieldError[] {
  return jobSpecErrors(spec(object), 'spec');
}

/** Suspended jobs that never ran may still get another template; others may not. */
export function jobUpdateErrors(after: Fields, before: Fields): FieldError[] {
  const next = spec(after);
  const old = spec(before);
  const suspended = old['suspend'] === true && part(before, 'status')?.['startTime'] === undefined;
  const errors: FieldError[] = [];
  if (next['completionMode'] !== 'Indexed' || next['completions'] !== next['parallelism']) {
    errors.push(...unchanged(next, old, 'completions', 'spec.completions'));
  }
  errors.push(...unchanged(next, old, 'selector', 'spec.selector'));
  if (!suspended) errors.push(...unchanged(next, old, 'template', 'spec.template'));
  errors.push(...unchanged(next, old, 'completionMode', 'spec.completionMode'));
  errors.push(...unchanged(next, old, 'podFailurePolicy', 'spec.podFailurePolicy'));
  return errors;
}

const MAX_CRON_JOB_NAME = 52;

export function cronJobErrors(object: Fields): FieldError[] {
  const of = spec(object);
  const errors: FieldError[] = [];
  const name = String(part(object, 'metadata')?.['name'] ?? '');
  const schedule = String(of['schedule'] ?? '');
  if (schedule === '') errors.push(required('spec.schedule'));
  else {
    const problem = scheduleProblem(schedule);
    if (problem !== undefined) errors.push(invalid('spec.schedule', schedule, problem));
  }
  errors.push(...notNegative(of['startingDeadlineSeconds'], 'spec.startingDeadlineSeconds'));
  errors.push(...oneOf(of['concurrencyPolicy'], ['Allow', 'Forbid', 'Replace'], 'spec.concurrencyPolicy'));
  for (const limit of ['successfulJobsHistoryLimit', 'failedJobsHistoryLimit']) {
    errors.push(...notNegative(of[limit], `spec.${limit}`));
  }
  errors.push(...jobSpecErrors(part(part(of, 'jobTemplate'), 'spec') ?? {}, 'spec.jobTemplate.spec'));
  if (name.length > MAX_CRON_JOB_NAME) {
    errors.push(invalid('metadata.name', name, `must be no more than ${MAX_CRON_JOB_NAME} characters`));
  }
  return errors;
}

function scheduleProblem(schedule: string): string | undefined {
  if (schedule.includes('TZ=')) return 'cannot use TZ or CRON_TZ in schedule, use timeZone field instead';
  if (schedule.startsWith('@')) {
    const known = /^@(yearly|annually|monthly|weekly|daily|midnight|hourly|every \S+)$/.test(schedule);
    return known ? undefined : `unrecognized descriptor: ${schedule}`;
  }
  const fields = schedule.trim().split(/\s+/);
  if (fields.length !== 5) return `expected exactly 5 fields, found ${fields.length}: [${fields.join(' ')}]`;
  const wrong = fields.find((field) => !/^[0-9A-Za-z*/,?-]+$/.test(field));
  return wrong === undefined ? undefined : `failed to parse int from ${wrong}`;
}

export function autoscalerErrors(object: Fields): FieldError[] {
  const of = spec(object);
  const errors: FieldError[] = [];
  const min = of['minReplicas'];
  const max = of['maxReplicas'];
  if (typeof min === 'number' && min < 1)
    errors.push(invalid('spec.minReplicas', min, 'must be greater than or equal to 1'));
  if (typeof max !== 'number' || max < 1)
    errors.push(invalid('spec.maxReplicas', max ?? 0, 'must be greater than 0'));
  if (typeof min === 'number' && Number(max ?? 0) < min) {
    errors.push(invalid('spec.maxReplicas', max ?? 0, 'must be greater than or equal to `minReplicas`'));
  }
  const target = part(of, 'scaleTargetRef') ?? {};
  for (const name of ['kind', 'name'])
    if (!target[name]) errors.push(required(`spec.scaleTargetRef.${name}`));
  const version = String(target['apiVersion'] ?? '');
  if (version === '' || (!version.includes('/') && target['kind'] !== 'ReplicationController')) {
    errors.push(invalid('spec.scaleTargetRef.apiVersion', version, 'apiVersion must specify API group'));
  }
  return errors;
}

export function disruptionBudgetErrors(object: Fields): FieldError[] {
  const of = spec(object);
  const { minAvailable, maxUnavailable } = of;
  if (minAvailable !== undefined && maxUnavailable !== undefined) {
    const value = {
      MinAvailable: minAvailable,
      Selector: of['selector'] ?? null,
      MaxUnavailable: maxUnavailable,
      UnhealthyPodEvictionPolicy: of['unhealthyPodEvictionPolicy'] ?? null,
    };
    return [invalid('spec', value, 'minAvailable and maxUnavailable cannot be both set')];
  }
  return [
    ...intOrPercent(minAvailable, 'spec.minAvailable'),
    ...intOrPercent(maxUnavailable, 'spec.maxUnavailable'),
    ...selectorErrors(of['selector'], 'spec.selector'),
  ];
}
