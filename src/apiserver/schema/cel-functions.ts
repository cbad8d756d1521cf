// The functions Kubernetes adds to CEL that rules of common custom resources use: lists, regular expressions,
// quantities, URLs and addresses.
import { isIP, isIPv4 } from 'node:net';
import type { Environment } from '@marcbachmann/cel-js';
import { isCidr } from './formats.ts';
import { compareQuantities, parseQuantity, type Quantity } from './quantity.ts';

type Comparable = bigint | number | string | boolean;

class CelQuantity {
  readonly value: Quantity;
  constructor(value: Quantity) {
    this.value = value;
  }
}

class CelUrl {
  readonly value: URL;
  constructor(value: URL) {
    this.value = value;
  }
}

class CelIp {
  readonly value: string;
  constructor(value: string) {
    this.value = value;
  }
}

/** Adds the functions to an environment. */
export function addKubernetesFunctions(environment: Environment): Environment {
  addLists(environment);
  addStrings(environment);
  addQuantities(environment);
  addUrls(environment);
  addAddresses(environment);
  return environment;
}

function less(a: Comparable, b: Comparable): boolean {
  return a < b;
}

function addLists(environment: Environment): void {
  environment
    .registerFunction('list.isSorted(): bool', (items: Comparable[]) =>
      items.every((item, i) => i === 0 || !less(item, items[i - 1] as Comparable)),
    )
    .registerFunction('list.sum(): dyn', (items: (bigint | number)[]) => {
      if (items.some((item) => typeof item === 'number'))
        return items.reduce<number>((sum, item) => sum + Number(item), 0);
      return items.reduce<bigint>((sum, item) => sum + BigInt(item), 0n);
    })
    .registerFunction('list.min(): dyn', (items: Comparable[]) =>
      items.reduce((a, b) => (less(b, a) ? b : a)),
    )
    .registerFunction('list.max(): dyn', (items: Comparable[]) =>
      items.reduce((a, b) => (less(a, b) ? b : a)),
    )
    .registerFunction('list.indexOf(dyn): int', (items: unknown[], item: unknown) =>
      BigInt(items.indexOf(item)),
    )
    .registerFunction('list.lastIndexOf(dyn): int', (items: unknown[], item: unknown) =>
      BigInt(items.lastIndexOf(item)),
    );
}

function addStrings(environment: Environment): void {
  environment
    .registerFunction(
      'string.find(string): string',
      (text: string, pattern: string) => new RegExp(pattern).exec(text)?.[0] ?? '',
    )
    .registerFunction('string.findAll(string): list<string>', (text: string, pattern: string) =>
      [...text.matchAll(new RegExp(pattern, 'g'))].map(([found]) => found),
    )
    .registerFunction('string.replace(string, string): string', (text: string, from: string, to: string) =>
      text.replaceAll(from, () => to),
    )
    .registerFunction(
      'string.replace(string, string, int): string',
      (text: string, from: string, to: string, count: bigint) => {
        let result = text;
        let at = 0;
        for (let i = 0; i < Number(count) && at >= 0; i++) {
          at = result.indexOf(from, at);
          if (at < 0) break;
          result = result.slice(0, at) + to + result.slice(at + from.length);
          at += to.length;
        }
        return result;
      },
    )
    .registerFunction('string.charAt(int): string', (text: string, at: bigint) => text.charAt(Number(at)));
}

function readQuantity(text: string): Quantity {
  const value = parseQuantity(text);
  if (value === undefined) throw new Error(`'${text}' is not a quantity`);
  return value;
}

function addQuantities(environment: Environment): void {
  const NANO = 1_000_000_000n;
  environment
    .registerType('kubernetes.Quantity', CelQuantity)
    .registerFunction('isQuantity(string): bool', (text: string) => parseQuantity(text) !== undefined)
    .registerFunction(
      'quantity(string): kubernetes.Quantity',
      (text: string) => new CelQuantity(readQuantity(text)),
    )
    .registerFunction(
      'kubernetes.Quantity.isGreaterThan(kubernetes.Quantity): bool',
      (a: CelQuantity, b: CelQuantity) => compareQuantities(a.value, b.value) > 0,
    )
    .registerFunction(
      'kubernetes.Quantity.isLessThan(kubernetes.Quantity): bool',
      (a: CelQuantity, b: CelQuantity) => compareQuantities(a.value, b.value) < 0,
    )
    .registerFunction(
      'kubernetes.Quantity.compareTo(kubernetes.Quantity): int',
      (a: CelQuantity, b: CelQuantity) => BigInt(compareQuantities(a.value, b.value)),
    )
    .registerFunction('kubernetes.Quantity.sign(): int', (a: CelQuantity) =>
      BigInt(compareQuantities(a.value, { nano: 0n, format: 'decimal' })),
    )
    .registerFunction('kubernetes.Quantity.isInteger(): bool', (a: CelQuantity) => a.value.nano % NANO === 0n)
    .registerFunction('kubernetes.Quantity.asInteger(): int', (a: CelQuantity) => a.value.nano / NANO)
    .registerFunction(
      'kubernetes.Quantity.asApproximateFloat(): double',
      (a: CelQuantity) => Number(a.value.nano) / 1e9,
    );
}

function addUrls(environment: Environment): void {
  environment
    .registerType('kubernetes.URL', CelUrl)
    .registerFunction('isURL(string): bool', (text: string) => URL.canParse(text))
    .registerFunction('url(string): kubernetes.URL', (text: string) => new CelUrl(new URL(text)))
    .registerFunction('kubernetes.URL.getScheme(): string', (url: CelUrl) =>
      url.value.protocol.replace(/:$/, ''),
    )
    .registerFunction('kubernetes.URL.getHost(): string', (url: CelUrl) => url.value.host)
    .registerFunction('kubernetes.URL.getHostname(): string', (url: CelUrl) => url.value.hostname)
    .registerFunction('kubernetes.URL.getPort(): string', (url: CelUrl) => url.value.port)
    .registerFunction('kubernetes.URL.getEscapedPath(): string', (url: CelUrl) => url.value.pathname);
}

function addAddresses(environment: Environment): void {
  environment
    .registerType('net.IP', CelIp)
    .registerFunction('isIP(string): bool', (text: string) => isIP(text) !== 0)
    .registerFunction('ip(string): net.IP', (text: string) => {
      if (isIP(text) === 0) throw new Error(`'${text}' is not an IP address`);
      return new CelIp(text);
    })
    .registerFunction('net.IP.family(): int', (ip: CelIp) => (isIPv4(ip.value) ? 4n : 6n))
    .registerFunction('isCIDR(string): bool', isCidr);
}
