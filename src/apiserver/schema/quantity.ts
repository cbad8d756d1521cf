// resource.Quantity: reading, comparing and the canonical text a server stores (`0.5` becomes `500m`).

/** A number in billionths, and the notation it came in. */
export interface Quantity {
  readonly nano: bigint;
  readonly format: 'decimal' | 'binary' | 'exponent';
}

const PATTERN = /^([+-]?)(\d+(?:\.\d*)?|\.\d+)(?:([KMGTPE]i)|([numkMGTPE])|[eE]([+-]?\d+))?$/;
const DECIMAL_EXPONENT: Readonly<Record<string, number>> = {
  n: -9,
  u: -6,
  m: -3,
  k: 3,
  M: 6,
  G: 9,
  T: 12,
  P: 15,
  E: 18,
};
const DECIMAL_SUFFIX = ['n', 'u', 'm', '', 'k', 'M', 'G', 'T', 'P', 'E'];
const BINARY_SUFFIX = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];
const NANO = 1_000_000_000n;
/** Longer texts are no quantities; keeps the arithmetic small. */
const MAX_TEXT = 64;
const MAX_EXPONENT = 30;

/** Quantities that are canonical as written: one to three digits and a suffix. */
const CANONICAL = /^[1-9]\d{0,2}(?:[mkMG]|[KMGT]i)?$/;

/** @returns undefined for text that is not a quantity */
export function parseQuantity(text: string): Quantity | undefined {
  if (text.length > MAX_TEXT) return undefined;
  const match = PATTERN.exec(text);
  if (match === null) return undefined;
  const [, sign, digits = '', binary, decimal, exponentText] = match;
  const exponent = exponentText === undefined ? (DECIMAL_EXPONENT[decimal ?? ''] ?? 0) : Number(exponentText);
  if (Math.abs(exponent) > MAX_EXPONENT) return undefined;
  const factor = binary === undefined ? 1n : 1024n ** BigInt(BINARY_SUFFIX.indexOf(binary));
  const [whole = '', fraction = ''] = digits.split('.');
  const shift = exponent + 9 - fraction.length;
  const mantissa = BigInt(`${whole}${fraction}` || '0') * factor;
  const magnitude = shift >= 0 ? mantissa * 10n ** BigInt(shift) : divideUp(mantissa, 10n ** BigInt(-shift));
  const format = binary !== undefined ? 'binary' : exponentText === undefined ? 'decimal' : 'exponent';
  return { nano: sign === '-' ? -magnitude : magnitude, format };
}

function divideUp(value: bigint, by: bigint): bigint {
  return (value + by - 1n) / by;
}

/** The text a server writes. */
export function quantityText({ nano, format }: Quantity): string {
  const negative = nano < 0n;
  const magnitude = negative ? -nano : nano;
  const text =
    format === 'binary' && magnitude >= 1024n * NANO
      ? binaryText(divideUp(magnitude, NANO))
      : decimalText(magnitude, format === 'exponent');
  return negative ? `-${text}` : text;
}

function binaryText(bytes: bigint): string {
  let value = bytes;
  let power = 0;
  while (power < BINARY_SUFFIX.length - 1 && value % 1024n === 0n) {
    value /= 1024n;
    power++;
  }
  return `${value}${BINARY_SUFFIX[power] ?? ''}`;
}

function decimalText(nano: bigint, asExponent: boolean): string {
  if (nano === 0n) return '0';
  let value = nano;
  let step = 0;
  while (step < DECIMAL_SUFFIX.length - 1 && value % 1000n === 0n) {
    value /= 1000n;
    step++;
  }
  const exponent = (step - 3) * 3;
  if (asExponent) return exponent === 0 ? `${value}` : `${value}e${exponent}`;
  return `${value}${DECIMAL_SUFFIX[step] ?? ''}`;
}

/** The canonical text of a quantity given as text or number; the value itself when it is none. */
export function canonicalQuantity(value: unknown): unknown {
  if (typeof value !== 'string' && typeof value !== 'number') return value;
  const text = String(value);
  if (CANONICAL.test(text)) return text;
  const quantity = parseQuantity(text);
  return quantity === undefined ? value : quantityText(quantity);
}

/** Negative, zero or positive as `a` is less than, equal to or more than `b`. */
export function compareQuantities(a: Quantity, b: Quantity): number {
  return a.nano < b.nano ? -1 : a.nano === b.nano ? 0 : 1;
}
