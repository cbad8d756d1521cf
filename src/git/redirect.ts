// Where a server sends those who ask for a repository. git itself follows nothing: each step is looked at here, goes to
// checked addresses only, and takes a credential along to the same scheme, host and port alone.
import { request } from 'undici';
import { type AddressGuard, messageOf } from '../lib/index.ts';
import type { Repository } from '../model/index.ts';
import { agentFor } from './agent.ts';
import { authorizationOf } from './authorization.ts';
import { GitError } from './errors.ts';
import { addressFailure } from './pin.ts';
import { assertRepositoryUrl, redacted } from './url.ts';

const MAX_STEPS = 5;
const TIMEOUT_MS = 20_000;
const ADVERTISEMENT = '/info/refs?service=git-upload-pack';

/**
 * The repository at the address that its server names, which may be reached without its credential only: then it has
 * none. Rejects with GIT_REDIRECTED for steps that are not taken, GIT_URL_REFUSED for refused addresses.
 */
export async function redirectedTo(guard: AddressGuard, repository: Repository): Promise<Repository> {
  let at = repository;
  for (let step = 0; step < MAX_STEPS; step++) {
    const location = await locationOf(guard, at);
    if (location === undefined) return at;
    at = moved(guard, at, location);
  }
  throw notFollowed(repository, `it redirects more than ${MAX_STEPS} times`);
}

/** Undefined when this is the place. */
async function locationOf(guard: AddressGuard, repository: Repository): Promise<string | undefined> {
  const url = advertisementOf(repository.url);
  const agent = agentFor(guard, repository, url, 'a repository that redirects');
  const authorization = authorizationOf(repository);
  try {
    const { statusCode, headers, body } = await request(url, {
      dispatcher: agent,
      headers: { 'user-agent': 'git/fairlead', accept: '*/*', ...(authorization && { authorization }) },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    // What it says besides is of no interest, and may be without end.
    body.on('error', () => {}).destroy();
    const { location } = headers;
    return statusCode >= 300 && statusCode < 400 && typeof location === 'string' ? location : undefined;
  } catch (error) {
    const refusal = addressFailure(repository.url, error);
    if (refusal !== undefined) throw refusal;
    throw new GitError(
      'GIT_UNREACHABLE',
      'backoff',
      `Cannot follow the redirect of ${redacted(repository.url)}: ${messageOf(error)}; it is asked again`,
      { cause: error },
    );
  } finally {
    await agent.destroy();
  }
}

function moved(guard: AddressGuard, from: Repository, location: string): Repository {
  const before = advertisementOf(from.url);
  const target = URL.canParse(location, before.href) ? new URL(location, before.href) : undefined;
  if (target === undefined || !/^https?:$/.test(target.protocol) || target.username + target.password !== '')
    throw notFollowed(from, 'it redirects to what is no plain http(s) address');
  if (guard.isRefused(target.hostname))
    throw new GitError(
      'GIT_URL_REFUSED',
      'on-change',
      `Cannot reach ${redacted(from.url)}: it redirects to ${target.host}, and link-local addresses are refused`,
    );
  if (!target.href.endsWith(ADVERTISEMENT))
    throw notFollowed(from, `it redirects to something at ${target.origin} that is no repository`);
  const url = target.href.slice(0, -ADVERTISEMENT.length);
  assertRepositoryUrl(url);
  if (target.origin === before.origin) return { ...from, url };
  if (before.protocol === 'https:' && target.protocol === 'http:')
    throw notFollowed(from, `it redirects to ${target.origin}, which is not encrypted`);
  if (from.credential.kind !== 'none' || from.tlsClientCertificate !== undefined)
    throw notFollowed(from, `it redirects to ${target.origin}, and credentials are never carried along`);
  // What is trusted is said for the host that was left.
  const { tlsCertificates: _, insecure: __, ...rest } = from;
  return { ...rest, url };
}

function advertisementOf(address: string): URL {
  const url = new URL(`${address.replace(/\/+$/, '')}${ADVERTISEMENT}`);
  url.username = '';
  url.password = '';
  return url;
}

function notFollowed(repository: Repository, why: string): GitError {
  return new GitError(
    'GIT_REDIRECTED',
    'on-change',
    `Cannot reach ${redacted(repository.url)}: ${why}; set repoURL to the new address`,
  );
}
