// Decodes the protobuf form of request bodies into the JSON one. client-go's typed clients (kubectl create, Helm's
// release storage, leader election) send it and do not fall back. Answers are always JSON, which they accept.
import { isRecord } from '../../lib/index.ts';
import { badRequest } from '../failures.ts';
import { lazily, readDataRecord } from '../schema/data-files.ts';

/** number, JSON name ('' = written into the parent), type, repeated, value type of a map, dropped when zero */
type Member = readonly [
  number: number,
  name: string,
  type: string,
  repeated: 0 | 1,
  mapValue: string,
  omit: 0 | 1,
];

export const PROTOBUF = 'application/vnd.kubernetes.protobuf';

const MAGIC = Buffer.from('k8s\0', 'latin1');
const META = 'k8s.io.apimachinery.pkg.apis.meta.v1';
const RUNTIME = 'k8s.io.apimachinery.pkg.runtime';
const EXTENSIONS = 'k8s.io.apiextensions_apiserver.pkg.apis.apiextensions.v1';
const DEEPEST = 100;

const messages = lazily(() => {
  const all = readDataRecord('protobuf-messages') as Record<string, readonly Member[]>;
  return new Map(
    Object.entries(all).map(([name, members]) => [
      name,
      new Map(members.map((member) => [member[0], member])),
    ]),
  );
});

/** @returns the object. @throws ApiError 400 for bytes that are not an encoded object of a known kind */
export function decodeProtobuf(body: Buffer): Record<string, unknown> {
  if (!body.subarray(0, 4).equals(MAGIC)) throw broken('the body does not start with the protobuf marker');
  let apiVersion = '';
  let kind = '';
  let raw: Buffer | undefined;
  for (const [number, value] of fields(body.subarray(4))) {
    if (number === 2 && Buffer.isBuffer(value)) raw = value;
    if (number !== 1 || !Buffer.isBuffer(value)) continue;
    for (const [member, text] of fields(value)) {
      if (member === 1) apiVersion = String(text);
      if (member === 2) kind = String(text);
    }
  }
  const message = messageOf(apiVersion, kind);
  if (message === undefined) throw broken(`no kind "${kind}" is registered for version "${apiVersion}"`);
  return { kind, apiVersion, ...record(decodeMessage(message, raw ?? Buffer.alloc(0), 0)) };
}

function messageOf(apiVersion: string, kind: string): string | undefined {
  const [first = '', second] = apiVersion.split('/');
  const group = second === undefined ? 'core' : (first.split('.', 1)[0] ?? '');
  const version = second ?? first;
  const candidates = [
    `k8s.io.api.${group}.${version}.${kind}`,
    `k8s.io.${group}_apiserver.pkg.apis.${group}.${version}.${kind}`,
    `k8s.io.kube_aggregator.pkg.apis.${group}.${version}.${kind}`,
    `${META}.${kind}`,
  ];
  return candidates.find((name) => messages().has(name));
}

type Value = number | bigint | Buffer;

/** The raw members of a message in order. */
function* fields(bytes: Buffer): Generator<readonly [number: number, value: Value]> {
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = bytes[at];
      if (byte === undefined) throw broken('the protobuf message ends too early');
      at += 1;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw broken('a number in the protobuf message is too long');
  };
  while (at < bytes.length) {
    const tag = Number(varint());
    const wire = tag & 7;
    if (wire === 0) {
      yield [tag >>> 3, BigInt.asIntN(64, varint())];
      continue;
    }
    const size = wire === 2 ? Number(varint()) : wire === 1 ? 8 : wire === 5 ? 4 : -1;
    if (size < 0 || at + size > bytes.length) throw broken('the protobuf message is damaged');
    yield [tag >>> 3, bytes.subarray(at, at + size)];
    at += size;
  }
}

function decodeMessage(name: string, bytes: Buffer, depth: number): unknown {
  if (depth > DEEPEST) throw broken('the protobuf message is nested too deeply');
  const special = SPECIAL[name];
  if (special !== undefined) return special(bytes, depth);
  const members = messages().get(name);
  if (members === undefined) throw broken(`the message ${name} is not known`);
  const object: Record<string, unknown> = {};
  for (const [number, value] of fields(bytes)) {
    const member = members.get(number);
    if (member !== undefined) setMember(object, member, value, depth);
  }
  return object;
}

function setMember(object: Record<string, unknown>, member: Member, value: Value, depth: number): void {
  const [, name, type, repeated, mapValue, omit] = member;
  if (type === 'map') {
    const [key, entry] = decodeEntry(mapValue, value, depth);
    object[name] = { ...record(object[name]), [key]: entry };
    return;
  }
  const decoded = decodeValue(type, value, depth);
  if (repeated === 1) {
    const list = object[name];
    object[name] = Array.isArray(list) ? [...list, decoded] : [decoded];
    return;
  }
  if (name === '') {
    for (const [inner, innerValue] of Object.entries(record(decoded))) object[inner] = innerValue;
    return;
  }
  const zero =
    decoded === '' || decoded === 0 || decoded === false || decoded === null || isEmptyList(decoded);
  if (omit === 1 && zero) return;
  object[name] = decoded;
}

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}

function decodeEntry(type: string, value: Value, depth: number): [string, unknown] {
  let key = '';
  let entry: unknown = type === 'string' || type === 'bytes' ? '' : {};
  if (!Buffer.isBuffer(value)) throw broken('a map in the protobuf message is damaged');
  for (const [number, part] of fields(value)) {
    if (number === 1) key = String(part);
    else entry = decodeValue(type, part, depth);
  }
  return [key, entry];
}

function decodeValue(type: string, value: Value, depth: number): unknown {
  switch (type) {
    case 'bool':
      return value !== 0n;
    case 'int32':
    case 'int64':
      return Number(value);
    case 'string':
      return Buffer.isBuffer(value) ? value.toString('utf8') : String(value);
    case 'bytes':
      return Buffer.isBuffer(value) ? value.toString('base64') : '';
    case 'double':
      return Buffer.isBuffer(value) ? value.readDoubleLE(0) : 0;
    default:
      return Buffer.isBuffer(value) ? decodeMessage(type, value, depth + 1) : {};
  }
}

type Special = (bytes: Buffer, depth: number) => unknown;

/** Messages whose JSON form is not an object of their members. */
const SPECIAL: Readonly<Record<string, Special>> = {
  [`${META}.Time`]: (bytes) => timeText(bytes, 0),
  [`${META}.MicroTime`]: (bytes) => timeText(bytes, 6),
  [`${META}.Duration`]: (bytes) => goDuration(Number(firstField(bytes, 1) ?? 0n)),
  [`${META}.FieldsV1`]: (bytes) => rawJson(bytes),
  [`${RUNTIME}.RawExtension`]: (bytes) => rawJson(bytes),
  [`${EXTENSIONS}.JSON`]: (bytes) => rawJson(bytes),
  'k8s.io.apimachinery.pkg.api.resource.Quantity': (bytes) => String(firstField(bytes, 1) ?? '0'),
  'k8s.io.apimachinery.pkg.util.intstr.IntOrString': (bytes) =>
    Number(firstField(bytes, 1) ?? 0n) === 0
      ? Number(firstField(bytes, 2) ?? 0n)
      : String(firstField(bytes, 3) ?? ''),
  [`${META}.Verbs`]: itemTexts,
  'k8s.io.api.authentication.v1.ExtraValue': itemTexts,
  'k8s.io.api.authorization.v1.ExtraValue': itemTexts,
  'k8s.io.api.certificates.v1.ExtraValue': itemTexts,
  [`${EXTENSIONS}.JSONSchemaPropsOrArray`]: (bytes, depth) => {
    const schemas = schemasIn(bytes, 2, depth);
    return schemas.length > 0 ? schemas : schemasIn(bytes, 1, depth)[0];
  },
  [`${EXTENSIONS}.JSONSchemaPropsOrBool`]: (bytes, depth) =>
    schemasIn(bytes, 2, depth)[0] ?? firstField(bytes, 1) !== 0n,
  [`${EXTENSIONS}.JSONSchemaPropsOrStringArray`]: (bytes, depth) => {
    const texts = [...fields(bytes)].filter(([number]) => number === 2).map(([, value]) => String(value));
    return schemasIn(bytes, 1, depth)[0] ?? texts;
  },
};

function firstField(bytes: Buffer, wanted: number): Value | undefined {
  for (const [number, value] of fields(bytes)) if (number === wanted) return value;
  return undefined;
}

function itemTexts(bytes: Buffer): string[] {
  return [...fields(bytes)].map(([, value]) => String(value));
}

function schemasIn(bytes: Buffer, wanted: number, depth: number): unknown[] {
  const found: unknown[] = [];
  for (const [number, value] of fields(bytes)) {
    if (number === wanted && Buffer.isBuffer(value)) {
      found.push(decodeMessage(`${EXTENSIONS}.JSONSchemaProps`, value, depth + 1));
    }
  }
  return found;
}

function rawJson(bytes: Buffer): unknown {
  const raw = firstField(bytes, 1);
  if (!Buffer.isBuffer(raw) || raw.length === 0) return null;
  try {
    return JSON.parse(raw.toString('utf8'));
  } catch {
    throw broken('a member that should hold JSON does not');
  }
}

/** An absent time is null, as in JSON. */
function timeText(bytes: Buffer, digits: 0 | 6): string | null {
  if (bytes.length === 0) return null;
  const seconds = Number(firstField(bytes, 1) ?? 0n);
  // The zero time of Go.
  if (seconds === -62_135_596_800) return null;
  const whole = new Date(seconds * 1000).toISOString().slice(0, 19);
  if (digits === 0) return `${whole}Z`;
  const micros = Math.floor(Number(firstField(bytes, 2) ?? 0n) / 1000);
  return `${whole}.${String(micros).padStart(6, '0')}Z`;
}

/** Nanoseconds as Go writes a duration: `1h0m0s`, `1m30s`, `1.5s`. */
function goDuration(nanoseconds: number): string {
  const seconds = nanoseconds / 1e9;
  if (seconds < 60) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  const rest = `${seconds % 60}s`;
  return minutes < 60 ? `${minutes}m${rest}` : `${Math.floor(minutes / 60)}h${minutes % 60}m${rest}`;
}

function record(value: unknown): Record<string, unknown> {
  return isRecord(value) ? value : {};
}

function broken(what: string): Error {
  return badRequest(`couldn't decode the protobuf body: ${what}`);
}
