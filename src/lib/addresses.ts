// Addresses that nobody is sent to on behalf of others: link-local ones, where clouds hand out the credentials of their
// machines, and those an administrator names. Checked on the name that was written and again on the address that is
// connected to, so a DNS answer that changes in between gains nothing.
import { type LookupAddress, lookup as systemLookup } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { CodedError } from './errors.ts';

export type AddressErrorCode = 'ADDRESS_REFUSED' | 'ADDRESS_UNKNOWN';

/** A host that is never connected to, or that has no address. */
export class AddressError extends CodedError<AddressErrorCode> {}

/** All addresses of a name, as a resolver gives them; rejects when there are none. */
export type ResolveName = (name: string) => Promise<readonly LookupAddress[]>;

/** Decides where connections may go. */
export interface AddressGuard {
  /** See isRefusedAddress. */
  isRefused(host: string): boolean;
  /** The addresses of a name or address, each of them checked. Rejects with AddressError. */
  addressesOf(host: string): Promise<readonly string[]>;
  /** For the connections of Node: fails when one of a name's addresses is refused. */
  readonly lookup: LookupFunction;
}

export interface AddressGuardOptions {
  /** Default: the resolver of this machine. */
  readonly resolve?: ResolveName | undefined;
  /** Further addresses and networks (`10.0.0.0/8`) that are refused; those that are neither throw. */
  readonly refuse?: readonly string[] | undefined;
}

const RESOLVE_MS = 20_000;

export function addressGuard(options: AddressGuardOptions = {}): AddressGuard {
  const refused = refusedAddresses(options.refuse ?? []);
  const resolve = options.resolve ?? systemResolve;
  const isRefused = (host: string): boolean => isListed(refused, host);
  const checked = async (host: string): Promise<readonly LookupAddress[]> => {
    const literal = canonicalHost(host);
    const family = isIP(literal);
    const found = family === 0 ? await resolved(resolve, literal) : [{ address: literal, family }];
    if (found.some(({ address }) => isRefused(address))) throw refusal(host);
    return found;
  };
  return {
    isRefused,
    addressesOf: async (host) => (await checked(host)).map(({ address }) => address),
    lookup(hostname, { all }, callback) {
      checked(hostname).then(
        (found) => {
          if (all === true) callback(null, [...found]);
          else callback(null, found[0]?.address ?? '', found[0]?.family ?? 4);
        },
        (error: unknown) => callback(error as NodeJS.ErrnoException, '', 0),
      );
    },
  };
}

function refusal(host: string): AddressError {
  const message = `${host} is, or resolves to, an address that is never connected to: link-local addresses are refused`;
  return new AddressError('ADDRESS_REFUSED', 'backoff', message);
}

async function resolved(resolve: ResolveName, name: string): Promise<readonly LookupAddress[]> {
  let reason: unknown;
  try {
    const found = await resolve(name);
    if (found.length > 0) return found;
  } catch (error) {
    reason = error;
  }
  throw new AddressError('ADDRESS_UNKNOWN', 'backoff', `Could not resolve host: ${name}`, { cause: reason });
}

function systemResolve(name: string): Promise<readonly LookupAddress[]> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('the resolver does not answer')), RESOLVE_MS);
    systemLookup(name, { all: true }, (error, addresses) => {
      clearTimeout(timer);
      if (error === null) resolve(addresses);
      else reject(error);
    });
  });
}

function refusedAddresses(more: readonly string[]): BlockList {
  const refused = new BlockList();
  refused.addSubnet('169.254.0.0', 16, 'ipv4');
  refused.addAddress('0.0.0.0', 'ipv4');
  // Alibaba's and Oracle's metadata services.
  refused.addAddress('100.100.100.200', 'ipv4');
  refused.addAddress('192.0.0.192', 'ipv4');
  refused.addAddress('::', 'ipv6');
  refused.addSubnet('fe80::', 10, 'ipv6');
  // Amazon's and Google's, and 169.254.0.0/16 behind NAT64.
  refused.addAddress('fd00:ec2::254', 'ipv6');
  refused.addAddress('fd20:ce::254', 'ipv6');
  refused.addSubnet('64:ff9b::a9fe:0', 112, 'ipv6');
  for (const text of more) {
    const [address = '', bits, ...rest] = text.trim().split('/');
    const family = isIP(address) === 4 ? 'ipv4' : 'ipv6';
    const length = Number(bits ?? (family === 'ipv4' ? 32 : 128));
    const isPlain = /^\d{1,3}$/.test(bits ?? '0') && length <= (family === 'ipv4' ? 32 : 128);
    if (isIP(address) === 0 || rest.length > 0 || !isPlain)
      throw new TypeError(`${JSON.stringify(text)} is neither an address nor a network such as 10.0.0.0/8`);
    refused.addSubnet(address, length, family);
  }
  return refused;
}

/** The host as connections understand it: `0x7f000001` and `127.1` are 127.0.0.1; no brackets. */
function canonicalHost(host: string): string {
  // A zone (`fe80::1%eth0`) says which card, not which address.
  const plain = host.replace(/^\[|\]$/g, '').replace(/%.*$/, '');
  const url = `http://${plain.includes(':') ? `[${plain}]` : plain}`;
  return URL.canParse(url) ? new URL(url).hostname.replace(/^\[|\]$/g, '') : plain;
}

function isListed(refused: BlockList, host: string): boolean {
  const address = canonicalHost(host);
  const family = isIP(address);
  return family !== 0 && refused.check(address, family === 4 ? 'ipv4' : 'ipv6');
}

/** The guard of those that were given none: the resolver of this machine, and nothing refused besides. */
export const defaultAddressGuard: AddressGuard = addressGuard();

/**
 * True when `host` is an address, in whatever notation, that is never connected to: also `0xa9fea9fe`, `2852039166` and
 * an IPv4 address in IPv6 clothes. A name is not resolved.
 */
export function isRefusedAddress(host: string): boolean {
  return defaultAddressGuard.isRefused(host);
}
