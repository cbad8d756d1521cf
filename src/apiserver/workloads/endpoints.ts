// Endpoints and EndpointSlices of Services with a selector. Pure builders; the controller compares and writes only
// what differs.
import type { KubeObject } from '../../k8s/index.ts';
import { canonicalJson, jsonEqual, type Random, randomName } from '../../lib/index.ts';
import { type Backend, backendsOf, type ResolvedPort } from './endpoint-ports.ts';
import {
  controllerOf,
  controllerReference,
  isDeleting,
  nameOf,
  namespaceOf,
  omitEmpty,
  type Pod,
  type Service,
  types,
  uidOf,
} from './kinds.ts';
import type { ObjectView } from './object-store.ts';
import type { Controller, Plan, Write } from './plan.ts';

const serviceNameLabel = 'kubernetes.io/service-name';
const managedByLabel = 'endpointslice.kubernetes.io/managed-by';
const manager = 'endpointslice-controller.k8s.io';
const endpointsPerSlice = 100;
/** Addresses an Endpoints object holds at most; more are left out and the object is marked. */
const endpointsPerObject = 1_000;

export const endpointsController: Controller = {
  name: 'endpoints',
  type: types.services,
  triggers: [
    { type: types.pods, keysFor: (pod, view) => servicesOf(pod, view) },
    {
      type: types.endpointSlices,
      *keysFor(slice) {
        const service = slice.metadata.labels?.[serviceNameLabel];
        if (service !== undefined) yield `${namespaceOf(slice)}/${service}`;
      },
    },
    {
      type: types.endpoints,
      *keysFor(endpoints, _view, deleted) {
        if (deleted) yield `${namespaceOf(endpoints)}/${nameOf(endpoints)}`;
      },
    },
  ],
  plan(object, { view, random }) {
    const service = object as Service;
    const { selector = {}, type } = service.spec;
    if (isDeleting(service) || Object.keys(selector).length === 0 || type === 'ExternalName')
      return { writes: [] };
    const namespace = namespaceOf(service);
    const pods = view.selected(types.pods, namespace, { matchLabels: selector }) as Pod[];
    const labelled = view.selected(types.endpointSlices, namespace, {
      matchLabels: { [serviceNameLabel]: nameOf(service), [managedByLabel]: manager },
    });
    return planEndpoints({
      service,
      pods,
      endpoints: view.get(types.endpoints, namespace, nameOf(service)),
      slices: labelled.filter((slice) => controllerOf(slice)?.uid === uidOf(service)),
      random,
    });
  },
};

export interface EndpointsInput {
  readonly service: Service;
  readonly pods: readonly Pod[];
  readonly endpoints: KubeObject | undefined;
  readonly slices: readonly KubeObject[];
  readonly random: Random;
}

export function planEndpoints(input: EndpointsInput): Plan {
  const backends = backendsOf(input.service, input.pods);
  return { writes: [...endpointsWrites(input, backends), ...sliceWrites(input, backends)] };
}

function endpointsWrites({ service, endpoints }: EndpointsInput, backends: readonly Backend[]): Write[] {
  const shown = backends.filter(({ terminating }) => !terminating);
  const subsets = subsetsOf(shown.slice(0, endpointsPerObject));
  const headless = service.spec.clusterIP === 'None' ? { 'service.kubernetes.io/headless': '' } : {};
  const labels = {
    ...service.metadata.labels,
    'endpoints.kubernetes.io/managed-by': 'endpoint-controller',
    ...headless,
  };
  const over =
    shown.length > endpointsPerObject ? { 'endpoints.kubernetes.io/over-capacity': 'truncated' } : undefined;
  if (endpoints === undefined) {
    const object: KubeObject = {
      apiVersion: 'v1',
      kind: 'Endpoints',
      metadata: {
        name: nameOf(service),
        namespace: namespaceOf(service),
        labels,
        ...(over === undefined ? {} : { annotations: over }),
      },
      ...(subsets.length === 0 ? {} : { subsets }),
    };
    return [{ op: 'create', type: types.endpoints, object }];
  }
  const same =
    jsonEqual(endpoints['subsets'] ?? [], subsets) && jsonEqual(endpoints.metadata.labels ?? {}, labels);
  if (same) return [];
  const change = (copy: KubeObject): void => {
    copy['subsets'] = subsets;
    copy.metadata.labels = labels;
    if (over !== undefined) copy.metadata.annotations = { ...copy.metadata.annotations, ...over };
  };
  return [{ op: 'edit', type: types.endpoints, object: endpoints, change }];
}

/** Backends with the same ports together. */
function subsetsOf(backends: readonly Backend[]): object[] {
  return [...Map.groupBy(backends, ({ ports }) => canonicalJson(ports)).values()].map((group) => {
    const address = (backend: Backend): object => ({
      ip: backend.ip,
      ...(backend.hostname === undefined ? {} : { hostname: backend.hostname }),
      ...(backend.nodeName === undefined ? {} : { nodeName: backend.nodeName }),
      targetRef: backend.targetRef,
    });
    const ready = group.filter((backend) => backend.ready).map(address);
    const notReady = group.filter((backend) => !backend.ready).map(address);
    const ports = (group[0]?.ports ?? []).map((port) => omitEmpty({ ...port }));
    return omitEmpty({ addresses: ready, notReadyAddresses: notReady, ports });
  });
}

function sliceWrites({ service, slices, random }: EndpointsInput, backends: readonly Backend[]): Write[] {
  const wanted = wantedSlices(backends, service);
  const writes: Write[] = [];
  for (const [at, body] of wanted.entries()) {
    const object = slices[at];
    if (object === undefined)
      writes.push({ op: 'create', type: types.endpointSlices, object: newSlice(service, body, random) });
    else if (
      !jsonEqual(object['endpoints'] ?? [], body.endpoints) ||
      !jsonEqual(object['ports'] ?? [], body.ports)
    ) {
      const change = (copy: KubeObject): void => {
        copy['endpoints'] = body.endpoints;
        copy['ports'] = body.ports;
      };
      writes.push({ op: 'edit', type: types.endpointSlices, object, change });
    }
  }
  for (const object of slices.slice(wanted.length))
    writes.push({ op: 'delete', type: types.endpointSlices, object });
  return writes;
}

interface SliceBody {
  readonly endpoints: readonly object[];
  readonly ports: readonly object[];
}

/** At least one slice, so that a Service without pods has an empty one as on a real cluster. */
function wantedSlices(backends: readonly Backend[], service: Service): SliceBody[] {
  const groups = [...Map.groupBy(backends, ({ ports }) => canonicalJson(ports)).values()];
  const bodies = groups.flatMap((group) => {
    const ports = slicePorts(group[0]?.ports ?? []);
    const parts = Math.ceil(group.length / endpointsPerSlice);
    return Array.from({ length: parts }, (_, at) => ({
      endpoints: group.slice(at * endpointsPerSlice, (at + 1) * endpointsPerSlice).map(endpointOf),
      ports,
    }));
  });
  const declared = (service.spec.ports ?? []).flatMap(({ name = '', protocol = 'TCP', targetPort, port }) =>
    typeof targetPort === 'string' ? [] : [{ name, protocol, port: targetPort ?? port }],
  );
  return bodies.length > 0 ? bodies : [{ endpoints: [], ports: declared }];
}

function slicePorts(ports: readonly ResolvedPort[]): object[] {
  return ports.map(({ name, port, protocol, appProtocol }) => ({
    name,
    port,
    protocol,
    ...(appProtocol === undefined ? {} : { appProtocol }),
  }));
}

function endpointOf(backend: Backend): object {
  const { ip, ready, serving, terminating, hostname, nodeName, targetRef } = backend;
  return {
    addresses: [ip],
    conditions: { ready, serving, terminating },
    ...(hostname === undefined ? {} : { hostname }),
    ...(nodeName === undefined ? {} : { nodeName }),
    targetRef,
  };
}

function newSlice(service: Service, body: SliceBody, random: Random): KubeObject {
  const prefix = `${nameOf(service)}-`;
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: `${prefix}${randomName(random, 5)}`,
      generateName: prefix,
      namespace: namespaceOf(service),
      labels: {
        ...service.metadata.labels,
        [managedByLabel]: manager,
        [serviceNameLabel]: nameOf(service),
        ...(service.spec.clusterIP === 'None' ? { 'service.kubernetes.io/headless': '' } : {}),
      },
      ownerReferences: [controllerReference(service)],
    },
    addressType: 'IPv4',
    endpoints: body.endpoints,
    ports: body.ports,
  };
}

function servicesOf(pod: KubeObject, view: ObjectView): string[] {
  const namespace = namespaceOf(pod);
  const services = view.selecting(types.services, namespace, pod.metadata.labels);
  return services.map((service) => `${namespace}/${nameOf(service)}`);
}
