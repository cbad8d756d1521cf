// Keeps git's connections on addresses that were checked: names are resolved here, before git starts, and git is told
// what they mean. So neither a name that leads to a refused address nor an answer that changes in between is followed.
import { isIP } from 'node:net';
import { AddressError, type AddressGuard } from '../lib/index.ts';
import type { Repository } from '../model/index.ts';
import { GitError } from './errors.ts';
import { type Endpoint, endpointOf, redacted } from './url.ts';

export interface Pin {
  /** `http.curloptResolve` entries for git. */
  readonly resolve: readonly string[];
  /** Options of ssh. */
  readonly ssh: readonly string[];
}

/** No route leads there: what has no address of its own is reached through the proxy or not at all. */
const NOWHERE = '255.255.255.255';
const OPEN: Pin = { resolve: [], ssh: [] };

/** Rejects with GIT_URL_REFUSED for a refused address, with GIT_UNREACHABLE for a name without any. */
export async function pinOf(guard: AddressGuard, { url, proxy = '' }: Repository): Promise<Pin> {
  const target = endpointOf(url);
  if (target === undefined) return OPEN;
  const { scheme, host, port } = target;
  if (scheme === 'ssh') {
    const [address] = await addresses(guard, url, host);
    return isIP(host) !== 0 || address === undefined
      ? OPEN
      : { resolve: [], ssh: sshPin(host, port, address) };
  }
  if (proxy === '') return { resolve: entries(host, port, await addresses(guard, url, host)), ssh: [] };
  const through = proxyEndpoint(proxy);
  if (through === undefined)
    throw refused(url, 'its proxy is no http, https or socks address; write http://host:port');
  const own = entries(through.host, through.port, await addresses(guard, url, through.host));
  // Behind a proxy a name need not have an address here; then it gets none that git could go to past the proxy.
  const known = await addresses(guard, url, host).catch((error: unknown) => {
    if (error instanceof GitError && error.code === 'GIT_UNREACHABLE') return [NOWHERE];
    throw error;
  });
  return { resolve: [...own, ...entries(host, port, known)], ssh: [] };
}

/** To curl a proxy without a scheme speaks http, and one without a port listens on 1080. */
function proxyEndpoint(proxy: string): Endpoint | undefined {
  const found = endpointOf(proxy.includes('://') ? proxy : `http://${proxy}`);
  const hasPort = /:\d+\/?$/.test(proxy);
  return found?.scheme === 'http' && !hasPort ? { ...found, port: 1080 } : found;
}

async function addresses(guard: AddressGuard, url: string, host: string): Promise<readonly string[]> {
  try {
    return await guard.addressesOf(host);
  } catch (error) {
    throw addressFailure(url, error) ?? error;
  }
}

/** What a guard's refusal means for a repository; undefined for other errors. */
export function addressFailure(url: string, error: unknown): GitError | undefined {
  if (!(error instanceof AddressError)) return undefined;
  if (error.code === 'ADDRESS_REFUSED') return refused(url, error.message, error);
  const message = `Cannot reach ${redacted(url)}: ${error.message}; it is asked again`;
  return new GitError('GIT_UNREACHABLE', 'backoff', message, { cause: error });
}

function refused(url: string, why: string, cause?: unknown): GitError {
  return new GitError('GIT_URL_REFUSED', 'backoff', `Cannot reach ${redacted(url)}: ${why}`, { cause });
}

/** curl looks names up as they are written, with and without the dot at their end. */
function entries(host: string, port: number, found: readonly string[]): string[] {
  if (isIP(host) !== 0) return [];
  const list = found.map((address) => (isIP(address) === 6 ? `[${address}]` : address)).join(',');
  const name = host.toLowerCase().replace(/\.$/, '');
  return [`${name}:${port}:${list}`, `${name}.:${port}:${list}`];
}

/** The host key stays that of the name, as known_hosts writes it. */
function sshPin(host: string, port: number, address: string): string[] {
  const alias = port === 22 ? host : `[${host}]:${port}`;
  return ['-o', `HostName=${address}`, '-o', `HostKeyAlias=${alias}`, '-o', 'CheckHostIP=no'];
}
