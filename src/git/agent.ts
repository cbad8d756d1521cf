// Connections of our own to the server of a repository: its TLS settings and its proxy, to checked addresses only.
import { Agent, EnvHttpProxyAgent } from 'undici';
import type { AddressGuard } from '../lib/index.ts';
import type { Repository } from '../model/index.ts';
import { GitError } from './errors.ts';

const CONNECT_MS = 20_000;

/** @param base where the requests go, which need not be the server of the repository; who calls checks a literal host */
export function agentFor(
  guard: AddressGuard,
  repository: Repository,
  base: URL,
  what: string,
): Agent | EnvHttpProxyAgent {
  const isSameHost = URL.canParse(repository.url) && new URL(repository.url).hostname === base.hostname;
  const client = repository.tlsClientCertificate;
  const connect = {
    timeout: CONNECT_MS,
    lookup: guard.lookup,
    // What is trusted is said for the host of the repository, and only for that.
    ...(isSameHost && repository.tlsCertificates !== undefined ? { ca: repository.tlsCertificates } : {}),
    ...(isSameHost && repository.insecure === true ? { rejectUnauthorized: false } : {}),
    ...(isSameHost && client !== undefined ? { cert: client.certificate, key: client.key } : {}),
  };
  const { proxy, noProxy = '' } = repository;
  if (proxy === undefined || proxy === '') return new Agent({ connect });
  const through = URL.canParse(proxy) ? new URL(proxy) : undefined;
  if (through === undefined || !/^https?:$/.test(through.protocol) || guard.isRefused(through.hostname))
    throw new GitError('GIT_URL_REFUSED', 'on-change', `The proxy of ${what} must be an http(s) address`);
  return new EnvHttpProxyAgent({
    connect,
    requestTls: connect,
    httpProxy: proxy,
    httpsProxy: proxy,
    noProxy,
  });
}
