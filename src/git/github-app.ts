// Exchanges the key of a GitHub App for tokens that read the repositories of one installation, and keeps each until
// shortly before its end. Sends the signed claim to the API it belongs to and nowhere else.
import { createPrivateKey, type KeyObject, sign } from 'node:crypto';
import { type Agent, type EnvHttpProxyAgent, fetch } from 'undici';
import {
  type AddressGuard,
  type Clock,
  canonicalJson,
  defaultAddressGuard,
  isAbort,
  isRecord,
  Lru,
  messageOf,
  SingleFlight,
  sha256,
} from '../lib/index.ts';
import type { GitHubAppCredential, Repository } from '../model/index.ts';
import { agentFor } from './agent.ts';
import { GitError } from './errors.ts';

const GITHUB_API = 'https://api.github.com';
const TIMEOUT_MS = 20_000;
const ANSWER_BYTES = 256 * 1024;
/** A token this close to its end could end during a fetch. */
const SPARE_MS = 5 * 60_000;
/** GitHub takes claims of at most 10 minutes and allows for clocks that differ by one. */
const CLAIM_S = 540;
const CLOCK_SKEW_S = 60;
const TOKENS = 1_000;
/** The user name that goes with such a token. */
const TOKEN_USER = 'x-access-token';

interface Token {
  readonly value: string;
  /** Milliseconds since the epoch. */
  readonly endsAt: number;
}

export class GitHubTokens {
  readonly #clock: Clock;
  readonly #guard: AddressGuard;
  readonly #known = new Lru<Token>(TOKENS);
  readonly #asking = new SingleFlight<Token>();

  constructor(clock: Clock, guard: AddressGuard = defaultAddressGuard) {
    this.#clock = clock;
    this.#guard = guard;
  }

  /** The repository with a credential that git can use. @throws GitError */
  async usable(repository: Repository): Promise<Repository> {
    const { credential } = repository;
    if (credential.kind !== 'github-app') return repository;
    const key = keyOf(repository, credential);
    const known = this.#known.get(key);
    const token =
      known !== undefined && known.endsAt - SPARE_MS > this.#clock.now()
        ? known
        : await this.#asking.run(key, () => this.#ask(repository, credential, key));
    return { ...repository, credential: { kind: 'basic', username: TOKEN_USER, password: token.value } };
  }

  /** A server refused it: it may have been taken back. */
  forget(repository: Repository): void {
    if (repository.credential.kind === 'github-app')
      this.#known.delete(keyOf(repository, repository.credential));
  }

  async #ask(repository: Repository, credential: GitHubAppCredential, key: string): Promise<Token> {
    const api = new AppApi({ clock: this.#clock, guard: this.#guard }, repository, credential);
    try {
      const id = credential.installationId ?? (await api.installation());
      const token = await api.token(id);
      this.#known.set(key, token);
      return token;
    } finally {
      await api.close();
    }
  }
}

/** Without an installation id each repository may belong to another installation. */
function keyOf({ url }: Repository, credential: GitHubAppCredential): string {
  return sha256(canonicalJson([credential, credential.installationId === undefined ? url : '']));
}

/** The few calls that a token takes, made as the App itself. */
class AppApi {
  readonly #credential: GitHubAppCredential;
  readonly #clock: Clock;
  readonly #base: string;
  readonly #place: string;
  readonly #key: KeyObject;
  readonly #agent: Agent | EnvHttpProxyAgent;

  constructor(
    { clock, guard }: { readonly clock: Clock; readonly guard: AddressGuard },
    repository: Repository,
    credential: GitHubAppCredential,
  ) {
    this.#credential = credential;
    this.#clock = clock;
    this.#base = baseOf(guard, credential);
    this.#place = ownerAndName(repository.url);
    this.#key = keyOfPem(credential);
    this.#agent = agentFor(guard, repository, new URL(this.#base), 'a GitHub App');
  }

  async installation(): Promise<string> {
    const found = await this.#call('GET', `/repos/${this.#place}/installation`);
    const id = isRecord(found) ? found['id'] : undefined;
    if (typeof id === 'number' && Number.isSafeInteger(id)) return String(id);
    throw this.#unusable('names no installation');
  }

  async token(installationId: string): Promise<Token> {
    const answer = await this.#call(
      'POST',
      `/app/installations/${encodeURIComponent(installationId)}/access_tokens`,
    );
    const { token, expires_at: end } = isRecord(answer) ? answer : {};
    const endsAt = typeof end === 'string' ? Date.parse(end) : Number.NaN;
    if (typeof token === 'string' && /^[\x21-\x7e]{1,1000}$/.test(token) && !Number.isNaN(endsAt))
      return { value: token, endsAt };
    throw this.#unusable('gives no token');
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  async #call(method: 'GET' | 'POST', path: string): Promise<unknown> {
    let status: number;
    let text: string;
    try {
      const response = await fetch(`${this.#base}${path}`, {
        method,
        headers: {
          accept: 'application/vnd.github+json',
          authorization: `Bearer ${this.#claim()}`,
          'user-agent': 'fairlead',
          'x-github-api-version': '2022-11-28',
        },
        redirect: 'manual',
        dispatcher: this.#agent,
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      status = response.status;
      text = await bounded(response.body);
    } catch (error) {
      if (error instanceof GitError) throw error;
      const why = isAbort(error) ? `no answer within ${TIMEOUT_MS / 1000} s` : reasonOf(error);
      throw new GitError('GIT_UNREACHABLE', 'backoff', `Cannot ask ${this.#host()} for a token: ${why}`, {
        cause: error,
      });
    }
    if (status < 200 || status > 299) throw this.#refused(status);
    try {
      return JSON.parse(text);
    } catch {
      throw this.#unusable('answers no JSON');
    }
  }

  /** RFC 7515 with RS256, as GitHub's Apps sign. */
  #claim(): string {
    const now = Math.floor(this.#clock.now() / 1000);
    const parts = [
      { alg: 'RS256', typ: 'JWT' },
      { iat: now - CLOCK_SKEW_S, exp: now + CLAIM_S, iss: this.#credential.appId },
    ];
    const signed = parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
    return `${signed}.${sign('RSA-SHA256', Buffer.from(signed), this.#key).toString('base64url')}`;
  }

  #host(): string {
    return new URL(this.#base).host;
  }

  #refused(status: number): GitError {
    const app = `GitHub App ${this.#credential.appId}`;
    const where = `${this.#host()} (HTTP ${status})`;
    if (status === 401)
      return new GitError(
        'GIT_AUTH',
        'on-change',
        `${app} is refused by ${where}; check githubAppID and githubAppPrivateKey`,
      );
    if (status === 404) {
      const remedy = `install it for ${this.#place}, or correct githubAppInstallationID`;
      return new GitError('GIT_AUTH', 'on-change', `${app} has no such installation at ${where}; ${remedy}`);
    }
    if (status >= 300 && status < 400) {
      const remedy = 'a signed claim is never carried along; correct githubAppEnterpriseBaseUrl';
      return new GitError(
        'GIT_REDIRECTED',
        'on-change',
        `Cannot get a token for ${app}: ${where} redirects; ${remedy}`,
      );
    }
    return new GitError('GIT_UNREACHABLE', 'backoff', `Cannot get a token for ${app} from ${where}`);
  }

  #unusable(what: string): GitError {
    return new GitError(
      'GIT_UNREACHABLE',
      'backoff',
      `Cannot get a token for GitHub App ${this.#credential.appId}: ${this.#host()} ${what}`,
    );
  }
}

function baseOf(guard: AddressGuard, { baseUrl = GITHUB_API }: GitHubAppCredential): string {
  const url = URL.canParse(baseUrl) ? new URL(baseUrl) : undefined;
  const isPlain = url !== undefined && /^https?:$/.test(url.protocol) && url.username + url.search === '';
  if (url === undefined || !isPlain || guard.isRefused(url.hostname)) {
    throw new GitError(
      'GIT_URL_REFUSED',
      'on-change',
      'githubAppEnterpriseBaseUrl is no http(s) address; write for example https://github.example.com/api/v3',
    );
  }
  return url.href.replace(/\/+$/, '');
}

/** `owner/name`, each part escaped. */
function ownerAndName(address: string): string {
  const url = /^https?:/i.test(address) && URL.canParse(address) ? new URL(address) : undefined;
  const [owner, name] = (url?.pathname ?? '').split('/').filter((part) => part !== '');
  if (owner !== undefined && name !== undefined) return `${owner}/${name.replace(/\.git$/, '')}`;
  throw new GitError(
    'GIT_URL_REFUSED',
    'on-change',
    'A GitHub App can only read https://HOST/OWNER/NAME addresses; change repoURL or use an SSH key',
  );
}

function keyOfPem({ appId, privateKey }: GitHubAppCredential): KeyObject {
  try {
    const key = createPrivateKey(privateKey);
    if (key.asymmetricKeyType === 'rsa') return key;
  } catch {
    // Said below, without what the parser says of the key.
  }
  throw new GitError(
    'GIT_AUTH',
    'on-change',
    `The key of GitHub App ${appId} cannot be used: githubAppPrivateKey is no RSA key in PEM form`,
  );
}

async function bounded(body: AsyncIterable<Uint8Array> | null): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > ANSWER_BYTES)
      throw new GitError('GIT_LIMIT', 'backoff', `A token's answer is larger than ${ANSWER_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** `fetch failed` hides the reason in its cause. */
function reasonOf(error: unknown): string {
  return error instanceof Error && error.cause instanceof Error ? messageOf(error.cause) : messageOf(error);
}
