// Checks of containers: names, ports, environment, resources, mounts, probes.
import { isRecord } from '../../../lib/index.ts';
import { type Fields, items, part } from '../defaults/object.ts';
import { duplicate, type FieldError, forbidden, invalid, notFound, required } from '../field-error.ts';
import { labelProblems, qualifiedNameProblems } from '../names.ts';
import { compareQuantities, parseQuantity } from '../quantity.ts';
import { int32, notNegative, oneOf, portNameProblems, portNumber, portReference } from './checks.ts';

const PULL_POLICIES = ['Always', 'IfNotPresent', 'Never'];
const PROTOCOLS = ['SCTP', 'TCP', 'UDP'];
const STANDARD_RESOURCES = /^(cpu|memory|ephemeral-storage|hugepages-.+)$/;
const HANDLERS = ['exec', 'httpGet', 'tcpSocket', 'grpc'];
const SOURCES = ['fieldRef', 'resourceFieldRef', 'configMapKeyRef', 'secretKeyRef', 'fileKeyRef'];
const POD_FIELDS =
  /^(metadata\.(name|namespace|uid|annotations|labels)|metadata\.(labels|annotations)\['.+'\]|spec\.(nodeName|serviceAccountName)|status\.(hostIP|hostIPs|podIP|podIPs|phase))$/;

/** Checks one container; `volumes` are the names it may mount. */
export function containerErrors(container: Fields, at: string, volumes: ReadonlySet<string>): FieldError[] {
  const errors: FieldError[] = [];
  const name = String(container['name'] ?? '');
  if (name === '') errors.push(required(`${at}.name`));
  else for (const problem of labelProblems(name)) errors.push(invalid(`${at}.name`, name, problem));
  const image = container['image'];
  if (image === undefined || image === '') errors.push(required(`${at}.image`));
  else if (image !== String(image).trim()) {
    errors.push(invalid(`${at}.image`, image, 'must not have leading or trailing whitespace'));
  }
  errors.push(...probeErrors(container, at));
  errors.push(
    ...oneOf(
      container['terminationMessagePolicy'],
      ['File', 'FallbackToLogsOnError'],
      `${at}.terminationMessagePolicy`,
    ),
  );
  errors.push(...portErrors(container, `${at}.ports`), ...envErrors(container, `${at}.env`));
  errors.push(...mountErrors(container, `${at}.volumeMounts`, volumes));
  errors.push(...oneOf(container['imagePullPolicy'], PULL_POLICIES, `${at}.imagePullPolicy`));
  errors.push(...resourceErrors(part(container, 'resources'), `${at}.resources`));
  const security = part(container, 'securityContext');
  if (security?.['privileged'] === true && security['allowPrivilegeEscalation'] === false) {
    const detail = 'cannot set `allowPrivilegeEscalation` to false and `privileged` to true';
    errors.push(invalid(`${at}.securityContext`, security, detail));
  }
  for (const id of ['runAsUser', 'runAsGroup'])
    errors.push(...int32(security?.[id], 0, `${at}.securityContext.${id}`));
  return errors;
}

function portErrors(container: Fields, at: string): FieldError[] {
  const errors: FieldError[] = [];
  const names = new Set<string>();
  for (const [i, port] of items(container, 'ports').entries()) {
    const path = `${at}[${i}]`;
    const name = String(port['name'] ?? '');
    const problems = name === '' ? [] : portNameProblems(name);
    for (const problem of problems) errors.push(invalid(`${path}.name`, name, problem));
    if (name !== '' && problems.length === 0) {
      if (names.has(name)) errors.push(duplicate(`${path}.name`, name));
      names.add(name);
    }
    const number = port['containerPort'];
    if (number === undefined || number === 0) errors.push(required(`${path}.containerPort`));
    else errors.push(...portNumber(number, `${path}.containerPort`));
    const hostPort = port['hostPort'];
    if (hostPort !== 0) errors.push(...portNumber(hostPort, `${path}.hostPort`));
    errors.push(...oneOf(port['protocol'], PROTOCOLS, `${path}.protocol`));
  }
  return errors;
}

function envErrors(container: Fields, at: string): FieldError[] {
  const errors: FieldError[] = [];
  for (const [i, variable] of items(container, 'env').entries()) {
    const path = `${at}[${i}]`;
    const name = String(variable['name'] ?? '');
    if (name === '') errors.push(required(`${path}.name`));
    else if (!/^[ -<>-~]+$/.test(name)) {
      const detail =
        "a valid environment variable name must consist only of printable ASCII characters other than '='";
      errors.push(invalid(`${path}.name`, name, detail));
    }
    const source = part(variable, 'valueFrom');
    if (source !== undefined) errors.push(...sourceErrors(variable, source, `${path}.valueFrom`));
  }
  for (const [i, source] of items(container, 'envFrom').entries()) {
    for (const kind of ['configMapRef', 'secretRef']) {
      const reference = part(source, kind);
      const path = `${at.replace(/\.env$/, '.envFrom')}[${i}].${kind}.name`;
      if (reference !== undefined && !reference['name']) errors.push(required(path));
    }
  }
  return errors;
}

function sourceErrors(variable: Fields, source: Fields, path: string): FieldError[] {
  const kinds = SOURCES.filter((kind) => source[kind] !== undefined);
  if (kinds.length === 0) {
    return [
      invalid(
        path,
        '',
        'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`',
      ),
    ];
  }
  const value = variable['value'];
  if (value !== undefined && value !== '')
    return [invalid(path, '', 'may not be specified when `value` is not empty')];
  if (kinds.length > 1) return [invalid(path, '', 'may not have more than one field specified at a time')];
  const errors: FieldError[] = [];
  for (const kind of ['configMapKeyRef', 'secretKeyRef']) {
    const reference = part(source, kind);
    if (reference === undefined) continue;
    if (!reference['name']) errors.push(required(`${path}.${kind}.name`));
    if (!reference['key']) errors.push(required(`${path}.${kind}.key`));
  }
  const fieldRef = part(source, 'fieldRef');
  if (fieldRef !== undefined) {
    const fieldPath = String(fieldRef['fieldPath'] ?? '');
    const at = `${path}.fieldRef.fieldPath`;
    if (fieldPath === '') errors.push(required(at));
    else if (!POD_FIELDS.test(fieldPath)) {
      errors.push(
        invalid(at, fieldPath, `error converting fieldPath: field label not supported: ${fieldPath}`),
      );
    }
  }
  return errors;
}

function mountErrors(container: Fields, at: string, volumes: ReadonlySet<string>): FieldError[] {
  const errors: FieldError[] = [];
  const paths = new Set<string>();
  for (const [i, mount] of items(container, 'volumeMounts').entries()) {
    const name = String(mount['name'] ?? '');
    if (name === '') errors.push(required(`${at}[${i}].name`));
    if (!volumes.has(name)) errors.push(notFound(`${at}[${i}].name`, name));
    const path = String(mount['mountPath'] ?? '');
    if (path === '') errors.push(required(`${at}[${i}].mountPath`));
    else if (paths.has(path)) errors.push(invalid(`${at}[${i}].mountPath`, path, 'must be unique'));
    paths.add(path);
  }
  return errors;
}

function resourceErrors(resources: Fields | undefined, at: string): FieldError[] {
  const limits = part(resources, 'limits') ?? {};
  const requests = part(resources, 'requests') ?? {};
  const errors: FieldError[] = [];
  for (const [list, amounts] of [
    ['limits', limits],
    ['requests', requests],
  ] as const) {
    for (const name of Object.keys(amounts).sort())
      errors.push(...amountErrors(name, amounts[name], `${at}.${list}[${name}]`));
  }
  for (const name of Object.keys(requests).sort()) {
    const request = parseQuantity(String(requests[name]));
    const limit = limits[name] === undefined ? undefined : parseQuantity(String(limits[name]));
    if (limit === undefined && name.includes('/') && !name.startsWith('kubernetes.io/')) {
      errors.push(required(`${at}.limits`, 'Limit must be set for non overcommitable resources'));
    }
    if (request !== undefined && limit !== undefined && compareQuantities(request, limit) > 0) {
      const detail = `must be less than or equal to ${name} limit of ${String(limits[name])}`;
      errors.push(invalid(`${at}.requests`, requests[name], detail));
    }
  }
  return errors;
}

function amountErrors(name: string, amount: unknown, at: string): FieldError[] {
  const errors: FieldError[] = [];
  for (const problem of qualifiedNameProblems(name)) errors.push(invalid(at, name, problem));
  if (!name.includes('/') && !STANDARD_RESOURCES.test(name)) {
    errors.push(invalid(at, name, 'must be a standard resource type or fully qualified'));
    errors.push(invalid(at, name, 'must be a standard resource for containers'));
  }
  const value = parseQuantity(String(amount));
  if (value !== undefined && value.nano < 0n)
    errors.push(invalid(at, amount, 'must be greater than or equal to 0'));
  return errors;
}

function probeErrors(container: Fields, at: string): FieldError[] {
  const errors: FieldError[] = [];
  for (const kind of ['livenessProbe', 'readinessProbe', 'startupProbe']) {
    const probe = part(container, kind);
    if (probe === undefined) continue;
    const path = `${at}.${kind}`;
    errors.push(...handlerErrors(probe, path));
    for (const name of [
      'initialDelaySeconds',
      'timeoutSeconds',
      'periodSeconds',
      'successThreshold',
      'failureThreshold',
    ]) {
      errors.push(...notNegative(probe[name], `${path}.${name}`));
    }
    const successes = probe['successThreshold'];
    if (kind !== 'readinessProbe' && typeof successes === 'number' && successes !== 1) {
      errors.push(invalid(`${path}.successThreshold`, successes, 'must be 1'));
    }
  }
  const lifecycle = part(container, 'lifecycle');
  for (const kind of ['postStart', 'preStop']) {
    const handler = part(lifecycle, kind);
    if (handler !== undefined && handler['sleep'] === undefined)
      errors.push(...handlerErrors(handler, `${at}.lifecycle.${kind}`));
  }
  return errors;
}

function handlerErrors(handler: Fields, path: string): FieldError[] {
  const kinds = HANDLERS.filter((kind) => isRecord(handler[kind]));
  const [, second] = kinds;
  if (kinds.length === 0) return [required(path, 'must specify a handler type')];
  if (second !== undefined)
    return [forbidden(`${path}.${second}`, 'may not specify more than 1 handler type')];
  const exec = part(handler, 'exec');
  if (exec !== undefined && !(Array.isArray(exec['command']) && exec['command'].length > 0)) {
    return [required(`${path}.exec.command`)];
  }
  for (const kind of ['httpGet', 'tcpSocket', 'grpc']) {
    const action = part(handler, kind);
    if (action !== undefined) return portReference(action['port'], `${path}.${kind}.port`);
  }
  return [];
}
