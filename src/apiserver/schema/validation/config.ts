// Checks of configuration, storage, quota and access control kinds.
import { jsonEqual } from '../../../lib/index.ts';
import { type Fields, items, part } from '../defaults/object.ts';
import { type FieldError, forbidden, invalid, required, unsupported } from '../field-error.ts';
import { configKeyProblems, subdomainProblems } from '../names.ts';
import { parseQuantity } from '../quantity.ts';
import { IMMUTABLE, unchanged } from './checks.ts';

/** Bytes of all values of a ConfigMap or Secret. */
const MAX_DATA_BYTES = 1024 * 1024;
const RBAC_GROUP = 'rbac.authorization.k8s.io';
const FROZEN = 'field is immutable when `immutable` is set';

function keyErrors(object: Fields, member: string): FieldError[] {
  const errors: FieldError[] = [];
  for (const key of Object.keys(part(object, member) ?? {})) {
    for (const problem of configKeyProblems(key)) errors.push(invalid(`${member}[${key}]`, key, problem));
  }
  return errors;
}

function textBytes(object: Fields, member: string): number {
  let bytes = 0;
  for (const value of Object.values(part(object, member) ?? {})) bytes += Buffer.byteLength(String(value));
  return bytes;
}

function encodedBytes(object: Fields, member: string): number {
  let bytes = 0;
  for (const value of Object.values(part(object, member) ?? {}))
    bytes += Buffer.byteLength(String(value), 'base64');
  return bytes;
}

function sizeErrors(bytes: number, field: string): FieldError[] {
  if (bytes <= MAX_DATA_BYTES) return [];
  return [
    { reason: 'FieldValueTooLong', field, message: `Too long: may not be more than ${MAX_DATA_BYTES} bytes` },
  ];
}

export function configMapErrors(object: Fields): FieldError[] {
  const binary = part(object, 'binaryData') ?? {};
  const errors = keyErrors(object, 'data');
  for (const key of Object.keys(part(object, 'data') ?? {})) {
    if (binary[key] !== undefined)
      errors.push(invalid(`data[${key}]`, key, 'duplicate of key present in binaryData'));
  }
  errors.push(...keyErrors(object, 'binaryData'));
  return [...errors, ...sizeErrors(textBytes(object, 'data') + encodedBytes(object, 'binaryData'), '[]')];
}

/** Data an immutable ConfigMap or Secret keeps, and its being so. */
function frozenErrors(after: Fields, before: Fields, members: readonly string[]): FieldError[] {
  if (before['immutable'] !== true) return [];
  const errors: FieldError[] = [];
  if (after['immutable'] !== true) errors.push(forbidden('immutable', FROZEN));
  for (const member of members) {
    if (!jsonEqual(after[member] ?? {}, before[member] ?? {})) errors.push(forbidden(member, FROZEN));
  }
  return errors;
}

export function configMapUpdateErrors(after: Fields, before: Fields): FieldError[] {
  return frozenErrors(after, before, ['data', 'binaryData']);
}

/** Keys the well-known types of secrets must have. */
const SECRET_KEYS: Readonly<Record<string, readonly string[]>> = {
  'kubernetes.io/tls': ['tls.crt', 'tls.key'],
  'kubernetes.io/dockerconfigjson': ['.dockerconfigjson'],
  'kubernetes.io/dockercfg': ['.dockercfg'],
  'kubernetes.io/ssh-auth': ['ssh-privatekey'],
};
const ACCOUNT_NAME = 'kubernetes.io/service-account.name';

export function secretErrors(object: Fields): FieldError[] {
  const data = part(object, 'data') ?? {};
  const errors = [...keyErrors(object, 'data'), ...sizeErrors(encodedBytes(object, 'data'), 'data')];
  const type = String(object['type'] ?? '');
  for (const key of SECRET_KEYS[type] ?? [])
    if (data[key] === undefined) errors.push(required(`data[${key}]`));
  if (
    type === 'kubernetes.io/basic-auth' &&
    data['username'] === undefined &&
    data['password'] === undefined
  ) {
    errors.push(required('data[username]'), required('data[password]'));
  }
  if (
    type === 'kubernetes.io/service-account-token' &&
    !part(part(object, 'metadata'), 'annotations')?.[ACCOUNT_NAME]
  ) {
    errors.push(required(`metadata.annotations[${ACCOUNT_NAME}]`));
  }
  return errors;
}

export function secretUpdateErrors(after: Fields, before: Fields): FieldError[] {
  return [...unchanged(after, before, 'type', 'type'), ...frozenErrors(after, before, ['data'])];
}

const ACCESS_MODES = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod'];
const CLAIM_UPDATE =
  'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims';

export function claimErrors(object: Fields): FieldError[] {
  const spec = part(object, 'spec') ?? {};
  const errors: FieldError[] = [];
  const modes = Array.isArray(spec['accessModes']) ? spec['accessModes'] : [];
  if (modes.length === 0) errors.push(required('spec.accessModes', 'at least 1 access mode is required'));
  for (const mode of modes)
    if (!ACCESS_MODES.includes(String(mode)))
      errors.push(unsupported('spec.accessModes', mode, ACCESS_MODES));
  const storage = part(part(spec, 'resources'), 'requests')?.['storage'];
  const amount = parseQuantity(String(storage ?? ''));
  if (storage === undefined) errors.push(required('spec.resources[storage]'));
  else if (amount !== undefined && amount.nano <= 0n) {
    errors.push(invalid('spec.resources[storage]', storage, 'must be greater than zero'));
  }
  const storageClass = spec['storageClassName'];
  if (typeof storageClass === 'string' && storageClass !== '') {
    for (const problem of subdomainProblems(storageClass))
      errors.push(invalid('spec.storageClassName', storageClass, problem));
  }
  return errors;
}

/** A claim's spec is fixed, but for its volume (set on binding) and, once bound, its size. */
export function claimUpdateErrors(after: Fields, before: Fields): FieldError[] {
  const bound = part(before, 'status')?.['phase'] === 'Bound';
  const fixed = (object: Fields) => {
    const rest = { ...(part(object, 'spec') ?? {}) };
    if (bound) {
      delete rest['volumeAttributesClassName'];
      const { requests: _, ...resources } = part(rest, 'resources') ?? {};
      rest['resources'] = resources;
    }
    if (part(before, 'spec')?.['volumeName'] === undefined) delete rest['volumeName'];
    return rest;
  };
  return jsonEqual(fixed(after), fixed(before)) ? [] : [forbidden('spec', CLAIM_UPDATE)];
}

/** Rules of roles; those of a namespace reach no URLs outside the API. */
export function roleErrors(object: Fields): FieldError[] {
  const namespaced = object['kind'] === 'Role';
  return items(object, 'rules').flatMap((rule, i) => {
    const at = `rules[${i}]`;
    const errors: FieldError[] = [];
    const count = (name: string) => (Array.isArray(rule[name]) ? rule[name].length : 0);
    if (count('verbs') === 0) errors.push(required(`${at}.verbs`, 'verbs must contain at least one value'));
    if (count('nonResourceURLs') > 0) {
      if (namespaced) {
        errors.push(
          invalid(
            `${at}.nonResourceURLs`,
            rule['nonResourceURLs'],
            'namespaced rules cannot apply to non-resource URLs',
          ),
        );
      } else if (count('apiGroups') + count('resources') + count('resourceNames') > 0) {
        const detail = 'rules cannot apply to both regular resources and non-resource URLs';
        errors.push(invalid(`${at}.nonResourceURLs`, rule['nonResourceURLs'], detail));
      }
      return errors;
    }
    if (count('apiGroups') === 0)
      errors.push(required(`${at}.apiGroups`, 'resource rules must supply at least one api group'));
    if (count('resources') === 0)
      errors.push(required(`${at}.resources`, 'resource rules must supply at least one resource'));
    return errors;
  });
}

const SUBJECT_KINDS = ['ServiceAccount', 'User', 'Group'];

export function roleBindingErrors(object: Fields): FieldError[] {
  const reference = part(object, 'roleRef') ?? {};
  const kinds = object['kind'] === 'RoleBinding' ? ['Role', 'ClusterRole'] : ['ClusterRole'];
  const errors: FieldError[] = [];
  if (reference['apiGroup'] !== RBAC_GROUP)
    errors.push(unsupported('roleRef.apiGroup', reference['apiGroup'] ?? '', [RBAC_GROUP]));
  if (!kinds.includes(String(reference['kind'])))
    errors.push(unsupported('roleRef.kind', reference['kind'] ?? '', kinds));
  if (!reference['name']) errors.push(required('roleRef.name'));
  for (const [i, subject] of items(object, 'subjects').entries()) {
    errors.push(...subjectErrors(subject, `subjects[${i}]`, object['kind'] === 'RoleBinding'));
  }
  return errors;
}

function subjectErrors(subject: Fields, at: string, namespaced: boolean): FieldError[] {
  const errors: FieldError[] = [];
  const kind = String(subject['kind'] ?? '');
  if (!subject['name']) errors.push(required(`${at}.name`));
  if (!SUBJECT_KINDS.includes(kind)) return [...errors, unsupported(`${at}.kind`, kind, SUBJECT_KINDS)];
  const group = kind === 'ServiceAccount' ? '' : RBAC_GROUP;
  const seen = subject['apiGroup'] ?? '';
  if (seen !== group) errors.push(unsupported(`${at}.apiGroup`, seen, [group]));
  if (kind === 'ServiceAccount' && !namespaced && !subject['namespace'])
    errors.push(required(`${at}.namespace`));
  return errors;
}

export function roleBindingUpdateErrors(after: Fields, before: Fields): FieldError[] {
  const next = part(after, 'roleRef') ?? {};
  if (jsonEqual(next, before['roleRef'])) return [];
  const value = { APIGroup: next['apiGroup'] ?? '', Kind: next['kind'] ?? '', Name: next['name'] ?? '' };
  return [invalid('roleRef', value, 'cannot change roleRef')];
}

export function quotaErrors(object: Fields): FieldError[] {
  const hard = part(part(object, 'spec'), 'hard') ?? {};
  const errors: FieldError[] = [];
  for (const [name, amount] of Object.entries(hard)) {
    const value = parseQuantity(String(amount));
    if (value !== undefined && value.nano < 0n) {
      errors.push(invalid(`spec.hard[${name}]`, amount, 'must be greater than or equal to 0'));
    }
  }
  return errors;
}

export function storageClassUpdateErrors(after: Fields, before: Fields): FieldError[] {
  const errors: FieldError[] = [];
  for (const name of ['parameters', 'provisioner', 'reclaimPolicy']) {
    if (!jsonEqual(after[name] ?? null, before[name] ?? null))
      errors.push(forbidden(name, `updates to ${name} are forbidden.`));
  }
  return [...errors, ...unchanged(after, before, 'volumeBindingMode', 'volumeBindingMode')];
}

export function priorityClassUpdateErrors(after: Fields, before: Fields): FieldError[] {
  const same = jsonEqual(after['value'], before['value']);
  return same ? [] : [forbidden('value', 'may not be changed in an update.')];
}

/** What a PersistentVolume is made of besides its source. */
const NOT_SOURCES: ReadonlySet<string> = new Set([
  'capacity',
  'accessModes',
  'claimRef',
  'persistentVolumeReclaimPolicy',
  'storageClassName',
  'mountOptions',
  'volumeMode',
  'nodeAffinity',
  'volumeAttributesClassName',
]);

export function volumeUpdateErrors(after: Fields, before: Fields): FieldError[] {
  const sourceOf = (volume: Fields): Fields =>
    Object.fromEntries(Object.entries(part(volume, 'spec') ?? {}).filter(([key]) => !NOT_SOURCES.has(key)));
  if (jsonEqual(sourceOf(after), sourceOf(before))) return [];
  const field = 'spec.persistentvolumesource';
  return [forbidden(field, `${field} is immutable after creation`)];
}

export function runtimeClassUpdateErrors(after: Fields, before: Fields): FieldError[] {
  return after['handler'] === before['handler'] ? [] : [invalid('handler', after['handler'], IMMUTABLE)];
}

export function leaseErrors(object: Fields): FieldError[] {
  const seconds = part(object, 'spec')?.['leaseDurationSeconds'];
  if (typeof seconds !== 'number' || seconds > 0) return [];
  return [invalid('spec.leaseDurationSeconds', seconds, 'must be greater than 0')];
}

const MAX_PRIORITY = 1_000_000_000;

export function priorityClassErrors(object: Fields): FieldError[] {
  const name = String(part(object, 'metadata')?.['name'] ?? '');
  if (Number(object['value'] ?? 0) <= MAX_PRIORITY || name.startsWith('system-')) return [];
  return [forbidden('value', `maximum allowed value of a user defined priority is ${MAX_PRIORITY}`)];
}

export function storageClassErrors(object: Fields): FieldError[] {
  return object['provisioner'] === undefined || object['provisioner'] === '' ? [required('provisioner')] : [];
}
