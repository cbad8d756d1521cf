// Which pods stand behind a Service and on which ports. Pure.

import { isDeleting, nameOf, namespaceOf, type Pod, type Service, type ServicePort, uidOf } from './kinds.ts';
import { isReady } from './pod-facts.ts';

export interface ResolvedPort {
  readonly name: string;
  readonly port: number;
  readonly protocol: string;
  readonly appProtocol?: string;
}

export interface Backend {
  readonly ip: string;
  readonly ready: boolean;
  readonly serving: boolean;
  readonly terminating: boolean;
  readonly hostname: string | undefined;
  readonly nodeName: string | undefined;
  readonly targetRef: {
    readonly kind: 'Pod';
    readonly namespace: string;
    readonly name: string;
    readonly uid: string;
  };
  readonly ports: readonly ResolvedPort[];
}

/** The pods with an address that a Service leads to, ordered by name. Finished pods are left out. */
export function backendsOf(service: Service, pods: readonly Pod[]): Backend[] {
  return pods
    .filter(
      (pod) => pod.status?.podIP !== undefined && !['Succeeded', 'Failed'].includes(pod.status.phase ?? ''),
    )
    .sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1))
    .map((pod) => backendOf(service, pod));
}

function backendOf(service: Service, pod: Pod): Backend {
  const serving = isReady(pod);
  const terminating = isDeleting(pod);
  const subdomain = pod.spec.subdomain === nameOf(service);
  return {
    ip: pod.status?.podIP ?? '',
    ready: service.spec.publishNotReadyAddresses === true || (serving && !terminating),
    serving,
    terminating,
    hostname: subdomain ? pod.spec.hostname : undefined,
    nodeName: pod.spec.nodeName,
    targetRef: { kind: 'Pod', namespace: namespaceOf(pod), name: nameOf(pod), uid: uidOf(pod) },
    ports: (service.spec.ports ?? []).flatMap((port) => resolvePort(port, pod) ?? []),
  };
}

function resolvePort(port: ServicePort, pod: Pod): ResolvedPort | undefined {
  const protocol = port.protocol ?? 'TCP';
  const target = port.targetPort ?? port.port;
  const number = typeof target === 'number' ? target : namedPort(pod, target, protocol);
  if (number === undefined) return undefined;
  const appProtocol = port.appProtocol === undefined ? {} : { appProtocol: port.appProtocol };
  return { name: port.name ?? '', port: number, protocol, ...appProtocol };
}

function namedPort(pod: Pod, name: string, protocol: string): number | undefined {
  const ports = pod.spec.containers.flatMap((container) => container.ports ?? []);
  return ports.find((port) => port.name === name && (port.protocol ?? 'TCP') === protocol)?.containerPort;
}
