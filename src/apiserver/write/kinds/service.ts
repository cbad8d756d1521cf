// Services: cluster addresses and node ports are given out at creation, so that the answer has them already.
import type { KubeObject } from '../../../k8s/index.ts';
import { isRecord } from '../../../lib/index.ts';
import type { Core } from '../../core.ts';
import { invalid } from '../../failures.ts';
import type { Prepare } from '../prepare.ts';

const FIRST_NODE_PORT = 30_000;
const NODE_PORTS = 2_768;
/** 10.96.0.0/12; the first 256 addresses are left for people who choose their own. */
const NETWORK = (10 << 24) | (96 << 16);
const FIRST_ADDRESS = 256;
const ADDRESSES = 2 ** 20 - 2 - FIRST_ADDRESS;

export const prepareService: Prepare = ({ core }, object, old) => {
  const spec = isRecord(object['spec']) ? object['spec'] : {};
  const before = isRecord(old?.['spec']) ? old['spec'] : {};
  object['status'] ??= { loadBalancer: {} };
  if (isRecord(object['status']) && object['status']['loadBalancer'] === undefined) {
    object['status'] = { ...object['status'], loadBalancer: {} };
  }
  if (spec['type'] === 'ExternalName') return;
  const kept = keptAddress(before);
  const wanted = spec['clusterIP'] ?? kept;
  const clusterIP =
    typeof kept === 'string' && kept !== '' && wanted === kept ? kept : chooseAddress(core, object, wanted);
  object['spec'] = {
    ...spec,
    clusterIP,
    clusterIPs: [clusterIP],
    ...(clusterIP === 'None' && spec['selector'] === undefined
      ? {
          ipFamilies: spec['ipFamilies'] ?? ['IPv4', 'IPv6'],
          ipFamilyPolicy: spec['ipFamilyPolicy'] ?? 'RequireDualStack',
        }
      : {
          ipFamilies: spec['ipFamilies'] ?? ['IPv4'],
          ipFamilyPolicy: spec['ipFamilyPolicy'] ?? 'SingleStack',
        }),
    ports: withNodePorts(core, object, spec, before),
  };
};

function keptAddress(before: Record<string, unknown>): unknown {
  return before['type'] === 'ExternalName' ? undefined : before['clusterIP'];
}

function chooseAddress(core: Core, object: KubeObject, given: unknown): string {
  const used = usedAddresses(core, object);
  if (typeof given === 'string' && given !== '') {
    if (given !== 'None' && used.has(given)) {
      throw invalid({ group: '', kind: 'Service' }, object.metadata.name ?? '', [
        {
          field: 'spec.clusterIPs',
          reason: 'FieldValueInvalid',
          message: `Invalid value: ["${given}"]: failed to allocate IP ${given}: provided IP is already allocated`,
        },
      ]);
    }
    return given;
  }
  const start = Math.floor(core.random.next() * ADDRESSES);
  for (let i = 0; i < ADDRESSES; i += 1) {
    const address = textOf(NETWORK + FIRST_ADDRESS + ((start + i) % ADDRESSES));
    if (!used.has(address)) return address;
  }
  return 'None';
}

function textOf(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join('.');
}

function usedAddresses(core: Core, except: KubeObject): Set<string> {
  const used = new Set<string>();
  for (const spec of otherServices(core, except)) {
    if (typeof spec['clusterIP'] === 'string') used.add(spec['clusterIP']);
  }
  return used;
}

function otherServices(core: Core, except: KubeObject): Record<string, unknown>[] {
  const { namespace, name } = except.metadata;
  return core.store
    .collection('services')
    .list()
    .filter(({ object }) => object.metadata.namespace !== namespace || object.metadata.name !== name)
    .map(({ object }) => object['spec'])
    .filter(isRecord);
}

function withNodePorts(
  core: Core,
  object: KubeObject,
  spec: Record<string, unknown>,
  before: Record<string, unknown>,
): unknown {
  const ports = spec['ports'];
  if (!Array.isArray(ports)) return ports;
  if (spec['type'] !== 'NodePort' && spec['type'] !== 'LoadBalancer') return ports;
  const used = new Set<number>();
  for (const other of otherServices(core, object)) {
    for (const port of portsOf(other)) if (typeof port['nodePort'] === 'number') used.add(port['nodePort']);
  }
  const earlier = portsOf(before);
  return ports.map((port) => {
    if (!isRecord(port) || (typeof port['nodePort'] === 'number' && port['nodePort'] > 0)) return port;
    const same = earlier.find(
      ({ port: number, protocol }) => number === port['port'] && protocol === port['protocol'],
    );
    return { ...port, nodePort: same?.['nodePort'] ?? freePort(core, used) };
  });
}

function portsOf(spec: Record<string, unknown>): Record<string, unknown>[] {
  return Array.isArray(spec['ports']) ? spec['ports'].filter(isRecord) : [];
}

function freePort(core: Core, used: Set<number>): number {
  const start = Math.floor(core.random.next() * NODE_PORTS);
  for (let i = 0; i < NODE_PORTS; i += 1) {
    const port = FIRST_NODE_PORT + ((start + i) % NODE_PORTS);
    if (used.has(port)) continue;
    used.add(port);
    return port;
  }
  return 0;
}
