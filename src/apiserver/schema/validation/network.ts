// Checks of services, ingresses and network policies.
import { isIP } from 'node:net';
import { jsonEqual } from '../../../lib/index.ts';
import { type Fields, items, part } from '../defaults/object.ts';
import { duplicate, type FieldError, forbidden, invalid, required, unsupported } from '../field-error.ts';
import { isCidr } from '../formats.ts';
import { label1035Problems, labelErrors, labelProblems, subdomainProblems } from '../names.ts';
import { IMMUTABLE, oneOf, portNumber, portReference } from './checks.ts';

const TYPES = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort'];
const PROTOCOLS = ['SCTP', 'TCP', 'UDP'];

export function serviceErrors(object: Fields): FieldError[] {
  const spec = part(object, 'spec') ?? {};
  const type = String(spec['type'] ?? '');
  const errors: FieldError[] = [];
  const ports = items(spec, 'ports');
  const headless = spec['clusterIP'] === 'None';
  if (ports.length === 0 && !headless && type !== 'ExternalName') errors.push(required('spec.ports'));
  if (headless && type !== 'ClusterIP' && type !== 'ExternalName') {
    errors.push(invalid('spec.clusterIPs[0]', 'None', `may not be set to 'None' for ${type} services`));
  }
  if (type === 'ExternalName') {
    const name = String(spec['externalName'] ?? '');
    if (name === '') errors.push(required('spec.externalName'));
    else
      for (const problem of subdomainProblems(name)) errors.push(invalid('spec.externalName', name, problem));
  }
  errors.push(...servicePortErrors(ports, type, headless));
  errors.push(...labelErrors(spec['selector'], 'spec.selector'));
  errors.push(...oneOf(spec['sessionAffinity'], ['ClientIP', 'None'], 'spec.sessionAffinity'));
  const address = spec['clusterIP'];
  if (typeof address === 'string' && !headless && address !== '' && isIP(address) === 0) {
    errors.push(
      invalid('spec.clusterIPs[0]', address, 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'),
    );
  }
  if (!TYPES.includes(type)) errors.push(unsupported('spec.type', type, TYPES));
  errors.push(...familyErrors(spec));
  const policy = spec['externalTrafficPolicy'];
  if (policy !== undefined && type !== 'NodePort' && type !== 'LoadBalancer' && !hasExternalAddress(spec)) {
    errors.push(
      invalid('spec.externalTrafficPolicy', policy, 'may only be set for externally-accessible services'),
    );
  }
  return errors;
}

/** The cluster has IPv4 addresses only; services without pods of their own may name both families. */
function familyErrors(spec: Fields): FieldError[] {
  if (spec['clusterIP'] === 'None') return [];
  const errors: FieldError[] = [];
  const families = Array.isArray(spec['ipFamilies']) ? spec['ipFamilies'] : [];
  for (const [i, family] of families.entries()) {
    if (family === 'IPv6')
      errors.push(invalid(`spec.ipFamilies[${i}]`, family, 'not configured on this cluster'));
  }
  if (spec['ipFamilyPolicy'] === 'RequireDualStack') {
    const detail = 'this cluster is not configured for dual-stack services';
    errors.push(invalid('spec.ipFamilyPolicy', 'RequireDualStack', detail));
  }
  return errors;
}

const NODE_PORTS = { first: 30_000, last: 32_767 };

function nodePortErrors(port: unknown, at: string): FieldError[] {
  if (typeof port !== 'number' || port === 0) return [];
  if (port >= NODE_PORTS.first && port <= NODE_PORTS.last) return [];
  const range = `${NODE_PORTS.first}-${NODE_PORTS.last}`;
  const detail = `provided port is not in the valid range. The range of valid ports is ${range}`;
  return [invalid(`${at}.nodePort`, port, detail)];
}

function hasExternalAddress(spec: Fields): boolean {
  return Array.isArray(spec['externalIPs']) && spec['externalIPs'].length > 0;
}

function servicePortErrors(ports: readonly Fields[], type: string, headless: boolean): FieldError[] {
  const errors: FieldError[] = [];
  const names = new Set<string>();
  const keys = new Set<string>();
  for (const [i, port] of ports.entries()) {
    const at = `spec.ports[${i}]`;
    const name = String(port['name'] ?? '');
    if (name === '') {
      if (ports.length > 1) errors.push(required(`${at}.name`));
    } else {
      for (const problem of labelProblems(name)) errors.push(invalid(`${at}.name`, name, problem));
      if (names.has(name)) errors.push(duplicate(`${at}.name`, name));
    }
    names.add(name);
    errors.push(...portNumber(port['port'] ?? 0, `${at}.port`));
    errors.push(...oneOf(port['protocol'], PROTOCOLS, `${at}.protocol`));
    if (!headless || port['targetPort'] !== port['port'])
      errors.push(...portReference(port['targetPort'], `${at}.targetPort`));
    if (type === 'ClusterIP' && port['nodePort'] !== undefined && port['nodePort'] !== 0) {
      errors.push(forbidden(`${at}.nodePort`, "may not be used when `type` is 'ClusterIP'"));
    }
    if (type !== 'ClusterIP') errors.push(...nodePortErrors(port['nodePort'], at));
    const key = `${String(port['protocol'])}/${String(port['port'])}`;
    if (keys.has(key)) errors.push(duplicate(at, duplicatePort(port)));
    keys.add(key);
  }
  return errors;
}

/** Duplicates are shown by protocol and number only, as the server's own struct. */
function duplicatePort(port: Fields): Fields {
  return {
    Name: '',
    Protocol: port['protocol'],
    AppProtocol: null,
    Port: port['port'],
    TargetPort: 0,
    NodePort: 0,
  };
}

export function serviceUpdateErrors(after: Fields, before: Fields): FieldError[] {
  const next = part(after, 'spec') ?? {};
  const old = part(before, 'spec') ?? {};
  const was = old['clusterIP'];
  if (was === undefined || was === '' || old['type'] === 'ExternalName' || next['type'] === 'ExternalName')
    return [];
  if (next['clusterIP'] === was) return [];
  return [
    invalid(
      'spec.clusterIPs[0]',
      next['clusterIP'] === undefined ? [] : [next['clusterIP']],
      'may not change once set',
    ),
  ];
}

export function ingressErrors(object: Fields): FieldError[] {
  const spec = part(object, 'spec') ?? {};
  const errors: FieldError[] = [];
  const rules = items(spec, 'rules');
  const fallback = part(spec, 'defaultBackend');
  if (rules.length === 0 && fallback === undefined) {
    errors.push(invalid('spec', null, 'either `defaultBackend` or `rules` must be specified'));
  }
  if (fallback !== undefined) errors.push(...backendErrors(fallback, 'spec.defaultBackend'));
  for (const [i, rule] of rules.entries()) {
    const at = `spec.rules[${i}]`;
    errors.push(...hostErrors(rule['host'], `${at}.host`));
    const http = part(rule, 'http');
    if (http === undefined) continue;
    const paths = items(http, 'paths');
    if (paths.length === 0) errors.push(required(`${at}.http.paths`));
    for (const [j, path] of paths.entries()) errors.push(...pathErrors(path, `${at}.http.paths[${j}]`));
  }
  return errors;
}

function hostErrors(host: unknown, at: string): FieldError[] {
  if (typeof host !== 'string' || host === '') return [];
  if (isIP(host) !== 0) return [invalid(at, host, 'must be a DNS name, not an IP address')];
  const name = host.startsWith('*.') ? host.slice(2) : host;
  return subdomainProblems(name).map((problem) => invalid(at, host, problem));
}

const PATH_TYPES = ['Exact', 'ImplementationSpecific', 'Prefix'];

function pathErrors(path: Fields, at: string): FieldError[] {
  const errors: FieldError[] = [];
  const { pathType, path: text } = path;
  if (pathType === undefined) errors.push(required(`${at}.pathType`, 'pathType must be specified'));
  else if (!PATH_TYPES.includes(String(pathType)))
    errors.push(unsupported(`${at}.pathType`, pathType, PATH_TYPES));
  else if (typeof text === 'string' && text !== '' && !text.startsWith('/')) {
    errors.push(invalid(`${at}.path`, text, 'must be an absolute path'));
  } else if (text === undefined && pathType !== 'ImplementationSpecific') {
    errors.push(invalid(`${at}.path`, '', 'must be an absolute path'));
  }
  if (pathType !== undefined) errors.push(...backendErrors(part(path, 'backend') ?? {}, `${at}.backend`));
  return errors;
}

function backendErrors(backend: Fields, at: string): FieldError[] {
  const service = part(backend, 'service');
  const resource = part(backend, 'resource');
  if (service === undefined) {
    return resource === undefined ? [invalid(at, '', 'resource or service backend is required')] : [];
  }
  if (resource !== undefined) return [invalid(at, '', 'cannot set both resource and service backends')];
  const errors: FieldError[] = [];
  const name = String(service['name'] ?? '');
  if (name === '') errors.push(required(`${at}.service.name`));
  else
    for (const problem of label1035Problems(name)) errors.push(invalid(`${at}.service.name`, name, problem));
  const port = part(service, 'port') ?? {};
  const named = port['name'] !== undefined && port['name'] !== '';
  const numbered = port['number'] !== undefined && port['number'] !== 0;
  if (named && numbered) errors.push(invalid(at, '', 'cannot set both port name & port number'));
  else if (!named && !numbered) errors.push(required(at, 'port name or number is required'));
  else if (numbered) errors.push(...portNumber(port['number'], `${at}.service.port.number`));
  return errors;
}

export function networkPolicyErrors(object: Fields): FieldError[] {
  const spec = part(object, 'spec') ?? {};
  const errors: FieldError[] = [];
  for (const [direction, peers] of [
    ['ingress', 'from'],
    ['egress', 'to'],
  ] as const) {
    for (const [i, rule] of items(spec, direction).entries()) {
      const at = `spec.${direction}[${i}]`;
      for (const [j, port] of items(rule, 'ports').entries()) {
        errors.push(...oneOf(port['protocol'], PROTOCOLS, `${at}.ports[${j}].protocol`));
        errors.push(...portReference(port['port'], `${at}.ports[${j}].port`));
      }
      for (const [j, peer] of items(rule, peers).entries())
        errors.push(...peerErrors(peer, `${at}.${peers}[${j}]`));
    }
  }
  const types = Array.isArray(spec['policyTypes']) ? spec['policyTypes'] : [];
  for (const [i, type] of types.entries())
    errors.push(...oneOf(type, ['Ingress', 'Egress'], `spec.policyTypes[${i}]`));
  return errors;
}

function peerErrors(peer: Fields, at: string): FieldError[] {
  const block = part(peer, 'ipBlock');
  const selectors = ['podSelector', 'namespaceSelector'].filter((name) => peer[name] !== undefined);
  if (block === undefined) return selectors.length === 0 ? [required(at, 'must specify a peer')] : [];
  if (selectors.length > 0) return [forbidden(at, 'may not specify both ipBlock and another peer')];
  const cidr = String(block['cidr'] ?? '');
  if (cidr === '') return [required(`${at}.ipBlock.cidr`)];
  if (isCidr(cidr)) return [];
  return [
    invalid(`${at}.ipBlock.cidr`, cidr, 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)'),
  ];
}

/** A member of spec that stays for an object's life. */
function keptInSpec(member: string): (after: Fields, before: Fields) => FieldError[] {
  return (after, before) => {
    const value = part(after, 'spec')?.[member];
    if (jsonEqual(value, part(before, 'spec')?.[member])) return [];
    return [invalid(`spec.${member}`, value, IMMUTABLE)];
  };
}

export const ingressClassUpdateErrors = keptInSpec('controller');

export function endpointSliceUpdateErrors(after: Fields, before: Fields): FieldError[] {
  if (after['addressType'] === before['addressType']) return [];
  return [invalid('addressType', after['addressType'], IMMUTABLE)];
}
