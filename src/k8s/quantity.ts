// Resource quantities (`100m`, `1.5Gi`, `2e3`): value, order and the one spelling the API server gives them.
// Exact: values are counted in nano-units, as the server does, and never pass through floating point.

type Format = 'decimal' | 'binary' | 'exponent';

export interface Quantity {
  /** 10⁻⁹ units. */
  readonly nano: bigint;
  readonly format: Format;
}

const SYNTAX = /^([+-]?)(\d*)(?:\.(\d*))?(?:([KMGTPE]i)|([numkMGTPE]?)|[eE]([+-]?\d{1,3}))$/;
const DECIMAL: Readonly<Record<string, number>> = {
  n: -9,
  u: -6,
  m: -3,
  '': 0,
  k: 3,
  M: 6,
  G: 9,
  T: 12,
  P: 15,
  E: 18,
};
const DECIMAL_SUFFIX: Readonly<Record<number, string>> = Object.fromEntries(
  Object.entries(DECIMAL).map(([suffix, exponent]) => [exponent, suffix]),
);
const BINARY = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];
const NANO = 1_000_000_000n;

/** Undefined for text that is no quantity. Digits below a nano-unit are rounded up, away from zero. */
export function parseQuantity(text: string): Quantity | undefined {
  const match = SYNTAX.exec(text);
  if (match === null) return undefined;
  const [, sign, whole = '', fraction = '', binary, decimal, exponent] = match;
  if (whole === '' && fraction === '') return undefined;
  const digits = BigInt(`${whole}${fraction}`);
  const power = exponent === undefined ? (DECIMAL[decimal ?? ''] ?? 0) : Number(exponent);
  const factor = binary === undefined ? 1n : 1024n ** BigInt(BINARY.indexOf(binary));
  const magnitude = scaled(digits * factor, power + 9 - fraction.length);
  const format: Format = binary !== undefined ? 'binary' : exponent !== undefined ? 'exponent' : 'decimal';
  return { nano: sign === '-' ? -magnitude : magnitude, format };
}

/** Negative, zero or positive as `a` is less than, equal to or greater than `b`. */
export function compareQuantities(a: Quantity, b: Quantity): number {
  return a.nano < b.nano ? -1 : a.nano > b.nano ? 1 : 0;
}

/** The server's spelling: the largest suffix without a fraction. The text itself when it is no quantity. */
export function canonicalQuantity(text: string): string {
  const quantity = parseQuantity(text);
  return quantity === undefined ? text : formatQuantity(quantity);
}

/** True when both are quantities of the same value, or the same text. */
export function sameQuantity(a: string | number, b: string | number): boolean {
  if (a === b) return true;
  const left = parseQuantity(String(a));
  const right = parseQuantity(String(b));
  return left !== undefined && right !== undefined && left.nano === right.nano;
}

export function formatQuantity({ nano, format }: Quantity): string {
  if (nano === 0n) return '0';
  const sign = nano < 0n ? '-' : '';
  const magnitude = nano < 0n ? -nano : nano;
  // Small values and fractions fit no binary suffix, so the server writes them as decimals.
  if (format === 'binary' && magnitude >= 1024n * NANO && magnitude % NANO === 0n) {
    return sign + binaryText(magnitude / NANO);
  }
  return sign + decimalText(magnitude, format === 'exponent');
}

function decimalText(magnitude: bigint, asExponent: boolean): string {
  let mantissa = magnitude;
  let exponent = -9;
  while (mantissa % 1000n === 0n && exponent < 18) {
    mantissa /= 1000n;
    exponent += 3;
  }
  if (!asExponent) return `${mantissa}${DECIMAL_SUFFIX[exponent]}`;
  return exponent === 0 ? `${mantissa}` : `${mantissa}e${exponent}`;
}

function binaryText(units: bigint): string {
  let mantissa = units;
  let index = 0;
  while (mantissa % 1024n === 0n && index < BINARY.length - 1) {
    mantissa /= 1024n;
    index += 1;
  }
  return `${mantissa}${BINARY[index]}`;
}

/** value × 10^power, rounded up. */
function scaled(value: bigint, power: number): bigint {
  if (power >= 0) return value * 10n ** BigInt(power);
  const divisor = 10n ** BigInt(-power);
  return (value + divisor - 1n) / divisor;
}
