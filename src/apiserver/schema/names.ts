// Names, labels and annotations: which texts are allowed, and the sentences a server refuses others with.

import { isRecord } from '../../lib/index.ts';
import { type FieldError, forbidden, invalid, required } from './field-error.ts';

const LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const LABEL_1035 = /^[a-z]([-a-z0-9]*[a-z0-9])?$/;
const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const QUALIFIED = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;
const VALUE = /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/;
const CONFIG_KEY = /^[-._a-zA-Z0-9]+$/;
const MAX_ANNOTATION_BYTES = 256 * 1024;

const LABEL_TEXT =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const LABEL_1035_TEXT =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";
const SUBDOMAIN_TEXT =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const QUALIFIED_TEXT =
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const VALUE_TEXT =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
const CONFIG_KEY_TEXT =
  "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";

/** How a kind's names are checked. */
export type NameRule = 'subdomain' | 'label' | 'label1035' | 'path';

function atMost(text: string, max: number, unit: 'bytes' | 'characters'): string[] {
  return Buffer.byteLength(text) > max ? [`must be no more than ${max} ${unit}`] : [];
}

/** Reasons a text is no RFC 1123 label. */
export function labelProblems(text: string): string[] {
  return [...atMost(text, 63, 'characters'), ...(LABEL.test(text) ? [] : [LABEL_TEXT])];
}

export function label1035Problems(text: string): string[] {
  return [...atMost(text, 63, 'characters'), ...(LABEL_1035.test(text) ? [] : [LABEL_1035_TEXT])];
}

/** Reasons a text is no RFC 1123 subdomain. */
export function subdomainProblems(text: string): string[] {
  return [...atMost(text, 253, 'characters'), ...(SUBDOMAIN.test(text) ? [] : [SUBDOMAIN_TEXT])];
}

function pathProblems(text: string): string[] {
  if (text === '.' || text === '..') return [`may not be '${text}'`];
  return ['/', '%'].filter((part) => text.includes(part)).map((part) => `may not contain '${part}'`);
}

const NAME_PROBLEMS: Readonly<Record<NameRule, (text: string) => string[]>> = {
  subdomain: subdomainProblems,
  // The only kind named so is Namespace.
  label: (text) => (text.includes('.') ? ['must not contain dots'] : labelProblems(text)),
  label1035: label1035Problems,
  path: pathProblems,
};

/** Reasons a text is no name for a kind with the rule. */
export function nameProblems(text: string, rule: NameRule): string[] {
  return NAME_PROBLEMS[rule](text);
}

/** Reasons a text is no qualified name (`example.com/role`): a label or annotation key. */
export function qualifiedNameProblems(text: string): string[] {
  const parts = text.split('/');
  const name = parts.at(-1) ?? '';
  const problems: string[] = [];
  if (parts.length > 2) {
    const detail = QUALIFIED_TEXT.replace('name part must', 'a valid label key must');
    return [`${detail} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`];
  }
  const [prefix] = parts;
  if (parts.length === 2 && prefix !== undefined) {
    if (prefix === '') problems.push('prefix part must be non-empty');
    else problems.push(...subdomainProblems(prefix).map((text) => `prefix part ${text}`));
  }
  if (name === '') problems.push('name part must be non-empty');
  else if (name.length > 63) problems.push('name part must be no more than 63 bytes');
  if (!QUALIFIED.test(name)) problems.push(QUALIFIED_TEXT);
  return problems;
}

export function labelValueProblems(text: string): string[] {
  return [...atMost(text, 63, 'bytes'), ...(VALUE.test(text) ? [] : [VALUE_TEXT])];
}

/** Reasons a text is no key of a ConfigMap or Secret. */
export function configKeyProblems(text: string): string[] {
  const problems = atMost(text, 253, 'characters');
  if (!CONFIG_KEY.test(text)) problems.push(CONFIG_KEY_TEXT);
  if (text === '.' || text === '..') problems.push(`must not be '${text}'`);
  else if (text.startsWith('..')) problems.push("must not start with '..'");
  return problems;
}

/** Checks a map of labels. */
export function labelErrors(labels: unknown, field: string): FieldError[] {
  if (!isRecord(labels)) return [];
  const errors: FieldError[] = [];
  for (const [key, value] of Object.entries(labels)) {
    for (const problem of qualifiedNameProblems(key)) errors.push(invalid(field, key, problem));
    if (typeof value === 'string')
      for (const problem of labelValueProblems(value)) errors.push(invalid(field, value, problem));
  }
  return errors;
}

/** Checks a map of annotations; keys ignore case, values are free up to 256 KiB in all. */
export function annotationErrors(annotations: unknown, field: string): FieldError[] {
  if (!isRecord(annotations)) return [];
  const errors: FieldError[] = [];
  let bytes = 0;
  for (const [key, value] of Object.entries(annotations)) {
    for (const problem of qualifiedNameProblems(key.toLowerCase())) errors.push(invalid(field, key, problem));
    bytes += Buffer.byteLength(key) + Buffer.byteLength(String(value));
  }
  if (bytes > MAX_ANNOTATION_BYTES) {
    const message = `Too long: may not be more than ${MAX_ANNOTATION_BYTES} bytes`;
    errors.push({ reason: 'FieldValueTooLong', field, message });
  }
  return errors;
}

export interface MetadataRules {
  readonly namespaced: boolean;
  readonly name: NameRule;
  /** Custom resources may have finalizers without a domain: the server only warns about them. */
  readonly anyFinalizer?: boolean;
}

/** Checks the metadata of an object to be created or stored. */
export function metadataErrors(
  metadata: Readonly<Record<string, unknown>>,
  rules: MetadataRules,
): FieldError[] {
  const errors: FieldError[] = [];
  const { name, generateName, namespace } = metadata;
  if (typeof generateName === 'string' && generateName !== '') {
    const masked = rules.name === 'path' ? generateName : generateName.replace(/-$/, 'a');
    for (const problem of nameProblems(masked, rules.name)) {
      errors.push(invalid('metadata.generateName', generateName, problem));
    }
  }
  if (typeof name !== 'string' || name === '')
    errors.push(required('metadata.name', 'name or generateName is required'));
  else
    for (const problem of nameProblems(name, rules.name))
      errors.push(invalid('metadata.name', name, problem));
  if (rules.namespaced) {
    if (typeof namespace !== 'string' || namespace === '') errors.push(required('metadata.namespace'));
    else
      for (const problem of labelProblems(namespace))
        errors.push(invalid('metadata.namespace', namespace, problem));
  } else if (typeof namespace === 'string' && namespace !== '') {
    errors.push(forbidden('metadata.namespace', 'not allowed on this type'));
  }
  errors.push(...labelErrors(metadata['labels'], 'metadata.labels'));
  errors.push(...annotationErrors(metadata['annotations'], 'metadata.annotations'));
  errors.push(
    ...ownerErrors(metadata['ownerReferences']),
    ...finalizerErrors(metadata['finalizers'], rules.anyFinalizer === true),
  );
  return errors;
}

function ownerErrors(owners: unknown): FieldError[] {
  if (!Array.isArray(owners)) return [];
  const errors: FieldError[] = [];
  let controllers = 0;
  for (const owner of owners) {
    if (!isRecord(owner)) continue;
    for (const [name, detail] of OWNER_MEMBERS) {
      const value = owner[name];
      if (value === undefined || value === '')
        errors.push(invalid(`metadata.ownerReferences.${name}`, '', detail));
    }
    if (owner['controller'] === true) controllers++;
    if (owner['kind'] === 'Event' && owner['apiVersion'] === 'v1') {
      errors.push(
        invalid('metadata.ownerReferences', owner, '/v1, Kind=Event is disallowed from being an owner'),
      );
    }
  }
  if (controllers > 1) {
    const [first, second] = owners
      .filter(isRecord)
      .filter(({ controller }) => controller === true)
      .map(({ kind, name }) => `${String(kind)}/${String(name)}`);
    const detail = `Only one reference can have Controller set to true. Found "true" in references for ${first} and ${second}`;
    errors.push(invalid('metadata.ownerReferences', owners, detail));
  }
  return errors;
}

const OWNER_MEMBERS = [
  ['apiVersion', 'version must not be empty'],
  ['kind', 'must not be empty'],
  ['name', 'must not be empty'],
  ['uid', 'must not be empty'],
] as const;
const STANDARD_FINALIZERS = new Set(['kubernetes', 'orphan', 'foregroundDeletion']);

function finalizerErrors(finalizers: unknown, anyFinalizer: boolean): FieldError[] {
  if (!Array.isArray(finalizers)) return [];
  const errors: FieldError[] = [];
  for (const [i, finalizer] of finalizers.entries()) {
    const text = String(finalizer);
    for (const problem of qualifiedNameProblems(text))
      errors.push(invalid('metadata.finalizers', text, problem));
    if (!anyFinalizer && !text.includes('/') && !STANDARD_FINALIZERS.has(text)) {
      const detail = 'name is neither a standard finalizer name nor is it fully qualified';
      errors.push(invalid(`metadata.finalizers[${i}]`, text, detail));
    }
  }
  return errors;
}
