// Cells that take more than a path: service addresses, ingress hosts, node roles, claims, autoscalers. Pure.
import type { KubeObject } from '../../k8s/index.ts';
import { isRecord } from '../../lib/index.ts';
import { at, count, humanDuration, joined, records, strings, text } from './format.ts';

export function externalAddress(service: KubeObject): string {
  const external = strings(service, 'spec.externalIPs');
  const balanced = records(service, 'status.loadBalancer.ingress').map(({ ip, hostname }) =>
    String(ip ?? hostname ?? ''),
  );
  switch (text(service, 'spec.type')) {
    case 'ExternalName':
      return text(service, 'spec.externalName');
    case 'LoadBalancer': {
      const all = [...balanced, ...external];
      return joined(all, '<pending>');
    }
    default:
      return joined(external);
  }
}

export function servicePorts(service: KubeObject): string {
  const ports = records(service, 'spec.ports').map(({ port, nodePort, protocol }) =>
    Number(nodePort ?? 0) > 0
      ? `${String(port)}:${String(nodePort)}/${String(protocol ?? 'TCP')}`
      : `${String(port)}/${String(protocol ?? 'TCP')}`,
  );
  return joined(ports);
}

export function ingressHosts(ingress: KubeObject): string {
  const hosts = records(ingress, 'spec.rules')
    .map(({ host }) => String(host ?? ''))
    .filter((host) => host !== '');
  if (hosts.length === 0) return '*';
  return hosts.length > 3 ? `${hosts.slice(0, 3).join(',')} + ${hosts.length - 3} more...` : hosts.join(',');
}

export function ingressAddress(ingress: KubeObject): string {
  return records(ingress, 'status.loadBalancer.ingress')
    .map(({ ip, hostname }) => String(ip ?? hostname ?? ''))
    .join(',');
}

export function nodeStatus(node: KubeObject): string {
  const ready = records(node, 'status.conditions').find(({ type }) => type === 'Ready');
  const parts = [ready === undefined ? 'Unknown' : ready['status'] === 'True' ? 'Ready' : 'NotReady'];
  if (at(node, 'spec.unschedulable') === true) parts.push('SchedulingDisabled');
  return parts.join(',');
}

export function nodeRoles({ metadata: { labels = {} } }: KubeObject): string {
  const roles = Object.entries(labels).flatMap(([key, value]) => {
    if (key.startsWith('node-role.kubernetes.io/')) return [key.slice('node-role.kubernetes.io/'.length)];
    return key === 'kubernetes.io/role' && value !== '' ? [value] : [];
  });
  return joined(roles.sort());
}

export function nodeAddress(node: KubeObject, type: string): string {
  const found = records(node, 'status.addresses').find((address) => address['type'] === type);
  return found === undefined ? '<none>' : String(found['address']);
}

/** `2/3`: completions of a job. */
export function jobCompletions(job: KubeObject): string {
  const succeeded = count(job, 'status.succeeded');
  const completions = at(job, 'spec.completions');
  if (typeof completions === 'number') return `${succeeded}/${completions}`;
  const parallelism = count(job, 'spec.parallelism');
  return parallelism > 1 ? `${succeeded}/1 of ${parallelism}` : `${succeeded}/1`;
}

export function jobStatus(job: KubeObject): string {
  const holds = (type: string): boolean =>
    records(job, 'status.conditions').some(
      (condition) => condition['type'] === type && condition['status'] === 'True',
    );
  if (holds('Complete')) return 'Complete';
  if (holds('Failed')) return 'Failed';
  if (job.metadata.deletionTimestamp !== undefined) return 'Terminating';
  if (holds('Suspended')) return 'Suspended';
  if (holds('FailureTarget')) return 'FailureTarget';
  return holds('SuccessCriteriaMet') ? 'SuccessCriteriaMet' : 'Running';
}

export function jobDuration(job: KubeObject, nowMs: number): string {
  const start = text(job, 'status.startTime');
  if (start === '') return '';
  const end = text(job, 'status.completionTime');
  return humanDuration((end === '' ? nowMs : Date.parse(end)) - Date.parse(start));
}

const ACCESS_MODES: Readonly<Record<string, string>> = {
  ReadWriteOnce: 'RWO',
  ReadOnlyMany: 'ROX',
  ReadWriteMany: 'RWX',
  ReadWriteOncePod: 'RWOP',
};

export function accessModes(object: KubeObject, path: string): string {
  return strings(object, path)
    .map((mode) => ACCESS_MODES[mode] ?? mode)
    .join(',');
}

export function volumePhase(object: KubeObject): string {
  return object.metadata.deletionTimestamp === undefined ? text(object, 'status.phase') : 'Terminating';
}

/** `cpu: 10%/80%` for each metric of an autoscaling/v2 autoscaler. */
export function autoscalerTargets(autoscaler: KubeObject): string {
  const metrics = records(autoscaler, 'spec.metrics');
  const current = records(autoscaler, 'status.currentMetrics');
  if (metrics.length === 0) return '<none>';
  const shown = metrics.slice(0, 2).map((metric, index) => targetText(metric, current[index]));
  return metrics.length > 2 ? `${shown.join(', ')} + ${metrics.length - 2} more...` : shown.join(', ');
}

function targetText(metric: Record<string, unknown>, current: Record<string, unknown> | undefined): string {
  const type = String(metric['type'] ?? '');
  const source = metric[`${type.charAt(0).toLowerCase()}${type.slice(1)}`];
  const target = at(source, 'target');
  const now = at(current?.[`${type.charAt(0).toLowerCase()}${type.slice(1)}`], 'current');
  const value = (from: unknown): string => {
    if (!isRecord(from)) return '<unknown>';
    if (from['averageUtilization'] !== undefined && from['averageUtilization'] !== null)
      return `${String(from['averageUtilization'])}%`;
    return String(from['averageValue'] ?? from['value'] ?? '<unknown>');
  };
  const label = type === 'Resource' ? `${text(source, 'name')}: ` : '';
  return `${label}${value(now)}/${value(target)}`;
}

export function endpointAddresses(endpoints: KubeObject): string {
  const all = records(endpoints, 'subsets').flatMap((subset) => {
    const ports = records(subset, 'ports');
    const addresses = records(subset, 'addresses').map(({ ip }) => String(ip));
    return ports.length === 0
      ? addresses
      : ports.flatMap(({ port }) => addresses.map((ip) => `${ip}:${String(port)}`));
  });
  return abbreviated(all);
}

export function sliceEndpoints(slice: KubeObject): string {
  const all = records(slice, 'endpoints').flatMap((endpoint) => strings(endpoint, 'addresses'));
  return all.length === 0 ? '<unset>' : abbreviated(all);
}

export function slicePorts(slice: KubeObject): string {
  const ports = records(slice, 'ports').map(({ port }) => String(port ?? '*'));
  return ports.length === 0 ? '<unset>' : abbreviated(ports);
}

function abbreviated(all: readonly string[]): string {
  if (all.length === 0) return '<none>';
  return all.length > 3 ? `${all.slice(0, 3).join(',')} + ${all.length - 3} more...` : all.join(',');
}

export function eventSource(event: KubeObject): string {
  const component = text(event, 'source.component', text(event, 'reportingComponent'));
  const host = text(event, 'source.host', text(event, 'reportingInstance'));
  return host === '' ? component : `${component}, ${host}`;
}

export function eventObject(event: KubeObject): string {
  return `${text(event, 'involvedObject.kind').toLowerCase()}/${text(event, 'involvedObject.name')}`;
}

/** `Role/reader` of a binding. */
export function roleReference(binding: KubeObject): string {
  return `${text(binding, 'roleRef.kind')}/${text(binding, 'roleRef.name')}`;
}

export function subjects(binding: KubeObject, kind: string): string {
  return records(binding, 'subjects')
    .filter((subject) => subject['kind'] === kind)
    .map(({ name, namespace }) =>
      kind === 'ServiceAccount' ? `${String(namespace)}/${String(name)}` : String(name),
    )
    .join(', ');
}
