// When two values mean the same to a Kubernetes API server, as far as that can be told cheaply and without doubt:
// quantities, emptiness, and the defaults it writes inside atomic lists and maps. Everything else counts as
// different and is settled by a dry-run.
import { isRecord, jsonEqual, parseDurationMs } from '../lib/index.ts';
import { type KnownTypeField, typeAt } from './known-types.ts';
import { fieldNames, type Path } from './path.ts';

/** True for null, `{}`, `[]` and an absent value: the server may drop each of them. */
export function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  if (Array.isArray(value)) return value.length === 0;
  return isRecord(value) && Object.keys(value).length === 0;
}

/** True for values that the server leaves out of built-in kinds although they were given. */
export function isZero(value: unknown): boolean {
  return value === false || value === 0 || value === '' || isEmpty(value);
}

export interface ValueContext {
  /** True for the kinds compiled into the server: only those have quantities and known defaults. */
  readonly builtIn: boolean;
  /** Fields of other kinds that hold such a type. */
  readonly known: readonly KnownTypeField[];
}

function isTyped(context: ValueContext, path: Path): boolean {
  return context.builtIn || typeAt(context.known, path) === 'object';
}

/** Scalars at `path`. */
export function sameScalar(context: ValueContext, path: Path, desired: unknown, live: unknown): boolean {
  if (desired === live) return true;
  if (desired === null) return live === undefined || live === '';
  const type = typeAt(context.known, path);
  if (type === 'duration') return sameDuration(desired, live);
  if (type !== 'quantity' && !(isTyped(context, path) && isQuantityPath(path))) return false;
  const a = parseQuantity(desired);
  return a !== undefined && a === parseQuantity(live);
}

function sameDuration(a: unknown, b: unknown): boolean {
  if (typeof a !== 'string' || typeof b !== 'string') return false;
  const wanted = parseDurationMs(a);
  return wanted !== undefined && wanted === parseDurationMs(b);
}

/** A list or map that is owned as a whole, at `path`. */
export function sameAtomic(context: ValueContext, path: Path, desired: unknown, live: unknown): boolean {
  if (isEmpty(desired) && isEmpty(live)) return true;
  if (Array.isArray(desired)) {
    if (!Array.isArray(live) || live.length !== desired.length) return false;
    return desired.every((item, index) =>
      sameAtomic(context, [...path, { kind: 'index', index }], item, live[index]),
    );
  }
  if (!isRecord(desired)) return sameScalar(context, path, desired, live);
  if (!isRecord(live)) return false;
  for (const name in desired) {
    const inside: Path = [...path, { kind: 'field', name }];
    if (isTyped(context, inside) && isZero(desired[name]) && live[name] === undefined) continue;
    if (!sameAtomic(context, inside, desired[name], live[name])) return false;
  }
  const names = fieldNames(path);
  for (const name in live) {
    if (desired[name] !== undefined || live[name] === null) continue;
    if (!isTyped(context, path) || !isKnownDefault(names.at(-1) ?? '', name, live[name])) return false;
  }
  return true;
}

/** Defaults inside atomic values, by the member that holds them. `*` matches every holder. */
const DEFAULTS: readonly { readonly inside: string; readonly name: string; readonly value?: unknown }[] = [
  { inside: 'fieldRef', name: 'apiVersion', value: 'v1' },
  { inside: 'resourceFieldRef', name: 'divisor', value: '0' },
  { inside: 'serviceAccountToken', name: 'expirationSeconds', value: 3600 },
  { inside: 'ports', name: 'protocol', value: 'TCP' },
  { inside: 'subjects', name: 'apiGroup', value: 'rbac.authorization.k8s.io' },
  { inside: 'roleRef', name: 'apiGroup', value: 'rbac.authorization.k8s.io' },
  { inside: 'rules', name: 'scope', value: '*' },
  { inside: 'volumeClaimTemplates', name: 'apiVersion', value: 'v1' },
  { inside: 'volumeClaimTemplates', name: 'kind', value: 'PersistentVolumeClaim' },
  { inside: 'volumeClaimTemplates', name: 'status', value: { phase: 'Pending' } },
  { inside: 'spec', name: 'volumeMode', value: 'Filesystem' },
];

function isKnownDefault(inside: string, name: string, value: unknown): boolean {
  return DEFAULTS.some(
    (known) => known.inside === inside && known.name === name && jsonEqual(known.value, value),
  );
}

const QUANTITY_HOLDERS = new Set([
  'limits',
  'requests',
  'capacity',
  'overhead',
  'hard',
  'default',
  'defaultRequest',
  'max',
  'min',
  'maxLimitRequestRatio',
  'allocatedResources',
]);
const QUANTITY_FIELDS = new Set(['storage', 'sizeLimit', 'divisor', 'averageValue', 'value']);

function isQuantityPath(path: Path): boolean {
  const names = fieldNames(path);
  // `value` is also the member of an environment variable, which is plain text.
  if (names.includes('metadata') || names.includes('env') || names[0] === 'data') return false;
  return QUANTITY_FIELDS.has(names.at(-1) ?? '') || QUANTITY_HOLDERS.has(names.at(-2) ?? '');
}

const QUANTITY = /^([+-]?)(\d*)(?:\.(\d*))?(n|u|m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei|[eE][+-]?\d{1,2})?$/;
const DECIMAL = ['n', 'u', 'm', '', 'k', 'M', 'G', 'T', 'P', 'E'];
const BINARY = ['Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];

/** A Kubernetes quantity in units of 10^-9, or undefined when it is none. Finer fractions are cut. */
export function parseQuantity(value: unknown): bigint | undefined {
  if (typeof value !== 'string' && typeof value !== 'number') return undefined;
  const match = QUANTITY.exec(String(value));
  if (match === null) return undefined;
  const [, sign = '', whole = '', fraction = '', suffix = ''] = match;
  if (whole === '' && fraction === '') return undefined;
  const digits = BigInt(`${whole}${fraction}`);
  const scaled = (digits * scaleOf(suffix)) / 10n ** BigInt(fraction.length);
  return sign === '-' ? -scaled : scaled;
}

function scaleOf(suffix: string): bigint {
  const binary = BINARY.indexOf(suffix);
  if (binary >= 0) return 1024n ** BigInt(binary + 1) * 1_000_000_000n;
  const decimal = DECIMAL.indexOf(suffix);
  if (decimal >= 0) return 1000n ** BigInt(decimal);
  const exponent = Number(suffix.slice(1)) + 9;
  return exponent < 0 ? 0n : 10n ** BigInt(exponent);
}
