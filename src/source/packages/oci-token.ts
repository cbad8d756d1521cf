// How a registry is signed in to: basic authentication, or a token that a token server gives. The credential goes to the
// registry and to its own token server; one that belongs to somebody else is refused.
import { type Clock, type HttpClient, isRecord } from '../../lib/index.ts';
import { PackageError, refusedStatus } from './errors.ts';

interface TokensDeps {
  readonly clock: Clock;
  readonly http: HttpClient;
  readonly registry: URL;
  /** `repository:NAME:pull`, or '': what is asked for, whatever the registry would have us ask for. */
  readonly scope: string;
  /** Header of the repository's credential. */
  readonly authorization: string | undefined;
}

const TOKEN_BYTES = 256 * 1024;
const TOKEN_MS = 20_000;
/** The specification's default, when the server does not say; and no token is kept longer than an hour. */
const LIFE_S = { unsaid: 60, most: 3_600 } as const;
/** Taken off the life, for clocks that differ and requests that take their time. */
const MARGIN_S = 10;
/** Token servers under another name than their registries. */
const KNOWN_REALMS: Readonly<Record<string, string>> = { 'registry-1.docker.io': 'auth.docker.io' };

export class RegistryTokens {
  readonly #deps: TokensDeps;
  #known: { readonly header: string; readonly until: number } | undefined;

  constructor(deps: TokensDeps) {
    this.#deps = deps;
  }

  /** The header that worked last, if it still may. */
  current(): string | undefined {
    const { clock, authorization } = this.#deps;
    if (this.#known !== undefined && clock.monotonic() < this.#known.until) return this.#known.header;
    this.#known = undefined;
    // A token that was configured needs no other one.
    return authorization?.startsWith('Bearer ') === true ? authorization : undefined;
  }

  /** The header that answers a refusal; undefined when there is nothing to answer with. Rejects with PackageError. */
  async answerTo(challenge: string, signal: AbortSignal | undefined): Promise<string | undefined> {
    const { authorization, clock } = this.#deps;
    this.#known = undefined;
    if (/^\s*basic\b/i.test(challenge)) {
      if (authorization === undefined || authorization.startsWith('Bearer ')) return undefined;
      this.#known = { header: authorization, until: Number.POSITIVE_INFINITY };
      return authorization;
    }
    if (!/^\s*bearer\b/i.test(challenge) || authorization?.startsWith('Bearer ') === true) return undefined;
    const { token, seconds } = await this.#token(challenge, signal);
    const header = `Bearer ${token}`;
    this.#known = { header, until: clock.monotonic() + Math.max(1, seconds - MARGIN_S) * 1_000 };
    return header;
  }

  async #token(
    challenge: string,
    signal: AbortSignal | undefined,
  ): Promise<{ readonly token: string; readonly seconds: number }> {
    const { http, scope, authorization } = this.#deps;
    const realm = this.#realm(parameter(challenge, 'realm'));
    const service = parameter(challenge, 'service');
    if (service !== '') realm.searchParams.set('service', service);
    if (scope !== '') realm.searchParams.set('scope', scope);
    const what = `get a token for ${this.#deps.registry.host}`;
    const answer = await http.send({
      url: realm.href,
      authorization,
      maxBytes: TOKEN_BYTES,
      timeoutMs: TOKEN_MS,
      signal,
    });
    if (answer.status !== 200) throw refusedStatus(what, realm.host, answer.status);
    const value = jsonOf(answer.body);
    const token = value['token'] ?? value['access_token'];
    // Nothing that could end the header and begin another one.
    if (typeof token !== 'string' || !/^[\x21-\x7e]{1,16384}$/.test(token)) {
      throw new PackageError(
        'PACKAGE_MALFORMED',
        'on-change',
        `Cannot ${what}: ${realm.host} answers without a token; check repoURL`,
      );
    }
    const seconds = value['expires_in'];
    const life = typeof seconds === 'number' && seconds > 0 ? seconds : LIFE_S.unsaid;
    return { token, seconds: Math.min(life, LIFE_S.most) };
  }

  #realm(text: string): URL {
    const { registry, authorization } = this.#deps;
    const realm = URL.canParse(text) ? new URL(text) : undefined;
    const refuse = (why: string): PackageError =>
      new PackageError(
        'PACKAGE_AUTH',
        'on-change',
        `Cannot sign in to ${registry.host}: ${why}; use the registry's own address as repoURL, or a registry whose token server belongs to it`,
      );
    if (realm === undefined || realm.username !== '') throw refuse('it names no address of a token server');
    // Plain http only for who speaks it already, and then to nobody else.
    const isPlain =
      realm.protocol === 'http:' && registry.protocol === 'http:' && isSameName(realm, registry);
    if (realm.protocol !== 'https:' && !isPlain)
      throw refuse(`its token server ${realm.host} is not reached over https`);
    if (authorization !== undefined && !isOwnRealm(realm, registry))
      throw refuse(`its token server ${realm.host} belongs to somebody else, who would get the credential`);
    return realm;
  }
}

/** The same host, its parent domain (`gitlab.com` of `registry.gitlab.com`), or one that is known. */
function isOwnRealm(realm: URL, registry: URL): boolean {
  if (isSameName(realm, registry) || KNOWN_REALMS[registry.hostname] === realm.hostname) return true;
  return realm.hostname.includes('.') && registry.hostname.endsWith(`.${realm.hostname}`);
}

/** Another port of the same host over https is the same host's; over http it is the same port or loopback. */
function isSameName(realm: URL, registry: URL): boolean {
  if (realm.hostname !== registry.hostname) return false;
  return realm.protocol === 'https:' || realm.host === registry.host || isLoopback(realm.hostname);
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(host);
}

function parameter(challenge: string, name: string): string {
  return new RegExp(`[\\s,]${name}="([^"]{0,2000})"`, 'i').exec(challenge)?.[1] ?? '';
}

function jsonOf(body: Buffer): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    return isRecord(value) ? value : {};
  } catch {
    return {};
  }
}
