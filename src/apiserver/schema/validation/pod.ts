// Checks of pods and pod templates.
import { jsonEqual } from '../../../lib/index.ts';
import { cloneJson } from '../../patch/json.ts';
import { type Fields, items, part } from '../defaults/object.ts';
import { duplicate, type FieldError, forbidden, invalid, required } from '../field-error.ts';
import {
  annotationErrors,
  labelErrors,
  labelProblems,
  qualifiedNameProblems,
  subdomainProblems,
} from '../names.ts';
import { int32, oneOf } from './checks.ts';
import { containerErrors } from './container.ts';

const DNS_POLICIES = ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None'];
const RESTART_POLICIES = ['Always', 'OnFailure', 'Never'];
const TOLERATION_OPERATORS = ['Equal', 'Exists'];
const POD_UPDATE =
  'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)';

/** Checks a pod to be created. */
export function podErrors(pod: Fields): FieldError[] {
  return podSpecErrors(part(pod, 'spec') ?? {}, 'spec');
}

/** Checks a pod template: its labels, annotations and spec. */
export function podTemplateErrors(template: Fields | undefined, at: string): FieldError[] {
  const metadata = part(template, 'metadata');
  return [
    ...labelErrors(metadata?.['labels'], `${at}.metadata.labels`),
    ...annotationErrors(metadata?.['annotations'], `${at}.metadata.annotations`),
    ...podSpecErrors(part(template, 'spec') ?? {}, `${at}.spec`),
  ];
}

export function podSpecErrors(spec: Fields, at: string): FieldError[] {
  const errors: FieldError[] = [];
  const { errors: volumeErrors, names } = checkVolumes(spec, `${at}.volumes`);
  errors.push(...volumeErrors);
  const containers = items(spec, 'containers');
  if (containers.length === 0) errors.push(required(`${at}.containers`));
  const seen = new Set<string>();
  for (const list of ['containers', 'initContainers', 'ephemeralContainers']) {
    for (const [i, container] of items(spec, list).entries()) {
      errors.push(...containerErrors(container, `${at}.${list}[${i}]`, names));
      const name = String(container['name'] ?? '');
      if (name !== '' && seen.has(name)) errors.push(duplicate(`${at}.${list}[${i}].name`, name));
      seen.add(name);
    }
  }
  errors.push(...oneOf(spec['restartPolicy'], RESTART_POLICIES, `${at}.restartPolicy`));
  errors.push(...oneOf(spec['dnsPolicy'], DNS_POLICIES, `${at}.dnsPolicy`));
  for (const key of Object.keys(part(spec, 'nodeSelector') ?? {})) {
    for (const problem of qualifiedNameProblems(key))
      errors.push(invalid(`${at}.nodeSelector`, key, problem));
  }
  errors.push(...namedErrors(spec, at), ...schedulingErrors(spec, at));
  errors.push(...int32(spec['activeDeadlineSeconds'], 1, `${at}.activeDeadlineSeconds`));
  return errors;
}

/** Names of other objects in a pod's spec. */
function namedErrors(spec: Fields, at: string): FieldError[] {
  const errors: FieldError[] = [];
  for (const name of ['serviceAccountName', 'nodeName', 'priorityClassName']) {
    const value = spec[name];
    if (typeof value !== 'string' || value === '') continue;
    for (const problem of subdomainProblems(value)) errors.push(invalid(`${at}.${name}`, value, problem));
  }
  for (const name of ['hostname', 'subdomain']) {
    const value = spec[name];
    if (typeof value !== 'string' || value === '') continue;
    for (const problem of labelProblems(value)) errors.push(invalid(`${at}.${name}`, value, problem));
  }
  return errors;
}

function schedulingErrors(spec: Fields, at: string): FieldError[] {
  const errors: FieldError[] = [];
  for (const [i, toleration] of items(spec, 'tolerations').entries()) {
    const path = `${at}.tolerations[${i}]`;
    const operator = toleration['operator'] ?? 'Equal';
    if (!toleration['key'] && operator !== 'Exists') {
      const detail =
        'operator must be Exists when `key` is empty, which means "match all values and all keys"';
      errors.push(invalid(`${path}.operator`, toleration['operator'] ?? '', detail));
    }
    const value = toleration['value'];
    if (operator === 'Exists' && value !== undefined && value !== '') {
      errors.push(invalid(`${path}.operator`, value, "value must be empty when `operator` is 'Exists'"));
    }
    errors.push(...oneOf(toleration['operator'], TOLERATION_OPERATORS, `${path}.operator`));
  }
  for (const [i, constraint] of items(spec, 'topologySpreadConstraints').entries()) {
    const path = `${at}.topologySpreadConstraints[${i}]`;
    const skew = constraint['maxSkew'];
    if (typeof skew !== 'number' || skew <= 0)
      errors.push(invalid(`${path}.maxSkew`, skew ?? 0, 'must be greater than zero'));
    if (!constraint['topologyKey']) errors.push(required(`${path}.topologyKey`, 'can not be empty'));
    errors.push(
      ...oneOf(
        constraint['whenUnsatisfiable'],
        ['DoNotSchedule', 'ScheduleAnyway'],
        `${path}.whenUnsatisfiable`,
      ),
    );
  }
  for (const kind of ['podAffinity', 'podAntiAffinity']) {
    const list = 'requiredDuringSchedulingIgnoredDuringExecution';
    for (const [i, term] of items(part(part(spec, 'affinity'), kind), list).entries()) {
      const path = `${at}.affinity.${kind}.${list}[${i}].topologyKey`;
      const key = String(term['topologyKey'] ?? '');
      if (key === '') errors.push(required(path, 'can not be empty'));
      for (const problem of qualifiedNameProblems(key)) errors.push(invalid(path, key, problem));
    }
  }
  return errors;
}

function checkVolumes(spec: Fields, at: string): { errors: FieldError[]; names: Set<string> } {
  const errors: FieldError[] = [];
  const names = new Set<string>();
  for (const [i, volume] of items(spec, 'volumes').entries()) {
    const path = `${at}[${i}]`;
    const kinds = Object.keys(volume).filter((key) => key !== 'name');
    const [, second] = kinds;
    if (second !== undefined)
      errors.push(forbidden(`${path}.${second}`, 'may not specify more than 1 volume type'));
    errors.push(...sourceErrors(volume, path));
    const name = String(volume['name'] ?? '');
    if (name === '') errors.push(required(`${path}.name`));
    else {
      for (const problem of labelProblems(name)) errors.push(invalid(`${path}.name`, name, problem));
      if (names.has(name)) errors.push(duplicate(`${path}.name`, name));
    }
    names.add(name);
  }
  return { errors, names };
}

const MANDATORY_IN_SOURCE = [
  ['configMap', 'name'],
  ['secret', 'secretName'],
  ['persistentVolumeClaim', 'claimName'],
  ['hostPath', 'path'],
  ['csi', 'driver'],
] as const;

function sourceErrors(volume: Fields, path: string): FieldError[] {
  const errors: FieldError[] = [];
  for (const [kind, member] of MANDATORY_IN_SOURCE) {
    const source = part(volume, kind);
    if (source !== undefined && !source[member]) errors.push(required(`${path}.${kind}.${member}`));
  }
  return errors;
}

/** What may change in a pod: images, the deadline, added tolerations, and the node by the scheduler's binding. */
export function podUpdateErrors(after: Fields, before: Fields): FieldError[] {
  const next = part(after, 'spec') ?? {};
  const old = part(before, 'spec') ?? {};
  if (jsonEqual(next, old)) return [];
  const adjusted = cloneJson(next);
  for (const list of ['containers', 'initContainers']) {
    const olds = items(old, list);
    const news = items(adjusted, list);
    if (olds.length !== news.length) return [forbidden('spec', POD_UPDATE)];
    for (const [i, container] of news.entries()) container['image'] = olds[i]?.['image'];
  }
  for (const name of ['activeDeadlineSeconds', 'schedulingGates', 'ephemeralContainers']) {
    if (old[name] === undefined) delete adjusted[name];
    else adjusted[name] = old[name];
  }
  const tolerations = items(next, 'tolerations');
  if (
    items(old, 'tolerations').every((kept) => tolerations.some((toleration) => jsonEqual(toleration, kept)))
  ) {
    if (old['tolerations'] === undefined) delete adjusted['tolerations'];
    else adjusted['tolerations'] = old['tolerations'];
  }
  return jsonEqual(adjusted, old) ? [] : [forbidden('spec', POD_UPDATE)];
}
