// What an untagged YAML scalar means, exactly as kubectl reads it (sigs.k8s.io/yaml on go-yaml v2: YAML 1.1 booleans,
// `0777` is octal, `1e3` is a number, timestamps stay text). Pure; no parsing of structure.

export type YamlScalar = string | number | boolean | null;

/** The scalar is understood and cannot be carried over as JSON (an infinity, an integer beyond 2^53). */
export class ScalarError extends Error {}

const WORDS = new Map<string, boolean | null>([
  ...words(true, 'y Y yes Yes YES true True TRUE on On ON'),
  ...words(false, 'n N no No NO false False FALSE off Off OFF'),
  ...words(null, '~ null Null NULL'),
]);
const NOT_A_NUMBER = /^(?:\.(?:nan|NaN|NAN)|[-+]?\.(?:inf|Inf|INF))$/;
const INTEGER = /^([-+]?)(?:0[xX]([0-9a-fA-F]+)|0[bB]([01]+)|0[oO]?([0-7]+)|([1-9][0-9]*|0))$/;
const FLOAT = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/;
const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;
const UINT64_MAX = 2n ** 64n - 1n;

/** The value of a plain scalar. Throws ScalarError. */
export function resolvePlain(text: string): YamlScalar {
  const first = text.charCodeAt(0);
  if (isDigit(first) || first === 0x2b || first === 0x2d) return resolveNumber(text);
  if (first === 0x2e) {
    if (NOT_A_NUMBER.test(text)) throw unsupported(text);
    return FLOAT.test(text) ? floatOrText(text, text) : text;
  }
  if (text.length > 5) return text;
  if (text === '') return null;
  const word = WORDS.get(text);
  return word === undefined ? text : word;
}

/** The text of a mapping key; null cannot be a key in JSON. */
export function keyText(value: YamlScalar): string {
  if (typeof value === 'string') return value;
  if (value === null) throw new ScalarError('a mapping key is null; give it a name or quote it');
  return typeof value === 'number' && !Number.isInteger(value) ? float32Text(value) : String(value);
}

function resolveNumber(text: string): YamlScalar {
  if (NOT_A_NUMBER.test(text)) throw unsupported(text);
  const plain = text.includes('_') ? text.replaceAll('_', '') : text;
  const match = INTEGER.exec(plain);
  if (match !== null) {
    const integer = resolveInteger(match, plain);
    if (integer !== undefined) return integer;
  }
  return FLOAT.test(plain) ? floatOrText(plain, text) : text;
}

/** Undefined: outside 64 bits, so not an integer for Go. */
function resolveInteger(match: RegExpExecArray, plain: string): number | undefined {
  const [, sign, hex, binary, octal, decimal] = match;
  if (decimal !== undefined && decimal.length <= 15) {
    const small = Number(decimal);
    return sign === '-' && small !== 0 ? -small : small;
  }
  const digits =
    hex !== undefined
      ? `0x${hex}`
      : binary !== undefined
        ? `0b${binary}`
        : octal !== undefined
          ? `0o${octal}`
          : decimal;
  const magnitude = BigInt(digits ?? '0');
  const value = sign === '-' ? -magnitude : magnitude;
  // Go parses signed first, then unsigned, which takes no sign at all.
  if (value < INT64_MIN || value > UINT64_MAX || (value > INT64_MAX && sign !== '')) return undefined;
  const number = Number(value);
  if (BigInt(number) !== value && value <= INT64_MAX) {
    throw new ScalarError(
      `the integer ${plain} needs more than 53 bits and would lose its last digits; write it as text in quotes if the field takes text`,
    );
  }
  return number;
}

function floatOrText(plain: string, text: string): YamlScalar {
  const value = Number(plain);
  if (!Number.isFinite(value)) return text; // Go reports a range error and keeps the text
  return value === 0 ? 0 : value;
}

/** Go's FormatFloat(value, 'g', -1, 32), which kubectl uses for keys. */
function float32Text(value: number): string {
  const target = Math.fround(value);
  let digits = 1;
  while (digits < 9 && Math.fround(Number(value.toPrecision(digits))) !== target) digits += 1;
  const shortest = Number(value.toPrecision(digits));
  const exponent = Number(shortest.toExponential().split('e')[1]);
  if (exponent >= -4 && exponent < 21) return String(shortest);
  const [mantissa, power] = shortest.toExponential().split('e') as [string, string];
  return `${mantissa}e${power[0]}${power.slice(1).padStart(2, '0')}`;
}

function unsupported(text: string): ScalarError {
  return new ScalarError(`${text} is not a value JSON can hold; quote it if text is meant`);
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

function words(value: boolean | null, list: string): [string, boolean | null][] {
  return list.split(' ').map((word) => [word, value]);
}
