// Where traffic goes: what a page needs to draw services, routes and pods as a network. Pure. Names and shapes are
// those of Argo CD's resource tree (`networkingInfo`).
import { gvkOf, type KubeObject } from '../../k8s/index.ts';
import type { ResourceNode, ResourceRef } from '../../model/index.ts';
import { externalUrls } from './external-urls.ts';
import { isGiven, list, record } from './values.ts';

type Networking = NonNullable<ResourceNode['networkingInfo']>;

/** More than a page draws. */
const MAX_TARGETS = 100;
const ROUTES: ReadonlySet<string> = new Set(['HTTPRoute', 'GRPCRoute', 'TCPRoute', 'TLSRoute', 'UDPRoute']);

/** Undefined for objects that have no part in it. */
export function networkingOf(object: KubeObject): Networking | undefined {
  const { group, kind } = gvkOf(object);
  const spec = record(object['spec']);
  if (group === '' && kind === 'Pod') return filled({ labels: object.metadata.labels ?? {} });
  if (group === '' && kind === 'Service') {
    return filled({
      targetLabels: texts(spec['selector']),
      ingress: balancersOf(object),
      externalURLs: externalUrls([object]),
    });
  }
  if (kind === 'Ingress' && ['networking.k8s.io', 'extensions'].includes(group)) {
    return filled({
      targetRefs: refs(object, backendsOf(spec)),
      ingress: balancersOf(object),
      externalURLs: externalUrls([object]),
    });
  }
  if (group === 'gateway.networking.k8s.io' && kind === 'Gateway')
    return filled({ ingress: addressesOf(object), externalURLs: externalUrls([object]) });
  if (group === 'gateway.networking.k8s.io' && ROUTES.has(kind))
    return filled({ targetRefs: refs(object, routeBackends(spec)), externalURLs: externalUrls([object]) });
  if (group === 'networking.istio.io' && kind === 'VirtualService')
    return filled({ targetRefs: refs(object, meshBackends(spec)), externalURLs: externalUrls([object]) });
  return undefined;
}

interface Target {
  readonly name: unknown;
  readonly namespace?: unknown;
  readonly group?: unknown;
  readonly kind?: unknown;
}

/** Services of an Ingress, in today's spelling and that of `extensions/v1beta1`. */
function backendsOf(spec: Readonly<Record<string, unknown>>): Target[] {
  const paths = list(spec['rules']).flatMap((rule) => list(record(record(rule)['http'])['paths']));
  const backends = [spec['defaultBackend'], spec['backend'], ...paths.map((path) => record(path)['backend'])];
  return backends
    .map(record)
    .map(({ service, serviceName }) => ({ name: record(service)['name'] ?? serviceName }));
}

function routeBackends(spec: Readonly<Record<string, unknown>>): Target[] {
  return list(spec['rules'])
    .flatMap((rule) => list(record(rule)['backendRefs']))
    .map(record)
    .map(({ name, namespace, group, kind }) => ({ name, namespace, group, kind }));
}

/** Destinations of an Istio route; `name.namespace.svc…` is another namespace's service. */
function meshBackends(spec: Readonly<Record<string, unknown>>): Target[] {
  return ['http', 'tcp', 'tls']
    .flatMap((protocol) => list(spec[protocol]))
    .flatMap((route) => list(record(route)['route']))
    .map((route) => record(record(route)['destination'])['host'])
    .flatMap((host) => {
      if (typeof host !== 'string') return [];
      const [name, namespace] = host.split('.');
      return [{ name, namespace }];
    });
}

/** Each target once, in the order it stands. */
function refs({ metadata }: KubeObject, targets: readonly Target[]): ResourceRef[] {
  const found = new Map<string, ResourceRef>();
  for (const { name, namespace, group, kind } of targets) {
    if (!isGiven(name) || found.size >= MAX_TARGETS) continue;
    const target = {
      ...(isGiven(group) ? { group } : {}),
      version: '',
      kind: isGiven(kind) ? kind : 'Service',
      namespace: isGiven(namespace) ? namespace : (metadata.namespace ?? ''),
      name,
    };
    found.set(JSON.stringify(target), target);
  }
  return [...found.values()];
}

function balancersOf(object: KubeObject): { hostname?: string; ip?: string }[] {
  return list(record(record(object['status'])['loadBalancer'])['ingress'])
    .map(record)
    .map(({ hostname, ip }) => ({
      ...(isGiven(hostname) ? { hostname } : {}),
      ...(isGiven(ip) ? { ip } : {}),
    }))
    .filter(({ hostname, ip }) => hostname !== undefined || ip !== undefined);
}

function addressesOf(object: KubeObject): { hostname?: string; ip?: string }[] {
  return list(record(object['status'])['addresses'])
    .map(record)
    .flatMap(({ type, value }) =>
      isGiven(value) ? [type === 'Hostname' ? { hostname: value } : { ip: value }] : [],
    );
}

/** Without the members that say nothing. */
function filled(info: Networking): Networking | undefined {
  const given = Object.entries(info).filter(([, value]) => Object.keys(value as object).length > 0);
  return given.length === 0 ? undefined : (Object.fromEntries(given) as Networking);
}

function texts(value: unknown): Record<string, string> {
  const entries = Object.entries(record(value)).filter((entry): entry is [string, string] =>
    isGiven(entry[1]),
  );
  return Object.fromEntries(entries);
}
