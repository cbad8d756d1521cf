// Addresses that nobody is sent to on behalf of others: link-local ones, where clouds hand out the credentials of their
// machines. Checked on the name that was written and again on the address that is connected to.
import { lookup as systemLookup } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';

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

/**
 * True when `host` is an address, in whatever notation, that is never connected to: also `0xa9fea9fe`, `2852039166` and
 * an IPv4 address in IPv6 clothes. A name is not resolved.
 */
export function isRefusedAddress(host: string): boolean {
  const plain = host.replace(/^\[|\]$/g, '');
  const url = `http://${plain.includes(':') ? `[${plain}]` : plain}`;
  const address = URL.canParse(url) ? new URL(url).hostname.replace(/^\[|\]$/g, '') : plain;
  const family = isIP(address);
  return family !== 0 && refused.check(address, family === 4 ? 'ipv4' : 'ipv6');
}

/** Resolves names for connections; fails when one of a name's addresses is refused. */
export const guardedLookup: LookupFunction = (hostname, options, callback) => {
  systemLookup(hostname, { ...options, all: true }, (error, addresses) => {
    if (error !== null) return callback(error, '', 0);
    if (addresses.some(({ address }) => isRefusedAddress(address)))
      return callback(new Error('link-local addresses are refused'), '', 0);
    const [first] = addresses;
    if (options.all === true) callback(null, addresses);
    else callback(null, first?.address ?? '', first?.family ?? 4);
  });
};
