// Providers with OAuth 2 and an API of their own instead of OpenID Connect: GitHub with organisations and teams,
// LinkedIn, Bitbucket Cloud with workspaces. Only addresses the provider verified count.
import { createHash } from 'node:crypto';
import { isRecord } from '../../lib/index.ts';
import { SsoError } from './errors.ts';
import { requireCode } from './oidc.ts';
import type { ProviderFetch } from './provider-fetch.ts';
import type { Answer, Attempt, ExternalUser, RedirectConnector } from './types.ts';

export interface OauthOptions {
  readonly clientId: string;
  readonly clientSecret: string;
  /** GitHub Enterprise. */
  readonly hostName?: string | undefined;
  /** Of which one is required; empty: anybody with an account. */
  readonly orgs: readonly { readonly name: string; readonly teams?: readonly string[] | undefined }[];
  readonly teamNameField: 'name' | 'slug' | 'both';
  readonly useLoginAsId: boolean;
  readonly loadAllGroups: boolean;
  /** Bitbucket workspaces of which one is required. */
  readonly teams: readonly string[];
  /** Replaces the provider's own addresses (tests, proxies). */
  readonly endpoints?: Partial<Endpoints>;
}

interface Endpoints {
  readonly authorize: string;
  readonly token: string;
  readonly api: string;
}

type User = Omit<ExternalUser, 'connector'>;
type Read = (path: string) => Promise<unknown>;

interface Flavour {
  readonly endpoints: Endpoints;
  readonly scope: string;
  userOf(read: Read, options: OauthOptions): Promise<User>;
}

const MAX_PAGES = 20;
const PAGE = 100;

export function githubConnector(fetch: ProviderFetch, options: OauthOptions): RedirectConnector {
  const host = options.hostName ?? 'github.com';
  const api = host === 'github.com' ? 'https://api.github.com' : `https://${host}/api/v3`;
  return oauthConnector(fetch, options, {
    endpoints: {
      authorize: `https://${host}/login/oauth/authorize`,
      token: `https://${host}/login/oauth/access_token`,
      api,
    },
    scope: 'user:email read:org',
    userOf: githubUser,
  });
}

export function linkedinConnector(fetch: ProviderFetch, options: OauthOptions): RedirectConnector {
  return oauthConnector(fetch, options, {
    endpoints: {
      authorize: 'https://www.linkedin.com/oauth/v2/authorization',
      token: 'https://www.linkedin.com/oauth/v2/accessToken',
      api: 'https://api.linkedin.com',
    },
    scope: 'openid profile email',
    async userOf(read) {
      const me = record(await read('/v2/userinfo'));
      const email = me['email_verified'] === true ? textOf(me['email']) : '';
      return {
        subject: need(me['sub']),
        name: textOf(me['name']),
        ...(email === '' ? {} : { email }),
        groups: [],
      };
    },
  });
}

export function bitbucketConnector(fetch: ProviderFetch, options: OauthOptions): RedirectConnector {
  return oauthConnector(fetch, options, {
    endpoints: {
      authorize: 'https://bitbucket.org/site/oauth2/authorize',
      token: 'https://bitbucket.org/site/oauth2/access_token',
      api: 'https://api.bitbucket.org/2.0',
    },
    scope: 'account email',
    async userOf(read, { teams }) {
      const me = record(await read('/user'));
      const emails = list(record(await read('/user/emails'))['values']);
      const email = emails.find((item) => item['is_primary'] === true && item['is_confirmed'] === true);
      const found = list(record(await read(`/workspaces?role=member&pagelen=${PAGE}`))['values']);
      const groups = found.map((item) => textOf(item['slug'])).filter((slug) => slug !== '');
      if (teams.length > 0 && !groups.some((group) => teams.includes(group))) throw refused();
      return {
        subject: need(me['uuid'] ?? me['account_id']),
        name: textOf(me['display_name']),
        ...(email === undefined ? {} : { email: textOf(email['email']) }),
        groups,
      };
    },
  });
}

function oauthConnector(fetch: ProviderFetch, options: OauthOptions, flavour: Flavour): RedirectConnector {
  const endpoints: Endpoints = { ...flavour.endpoints, ...options.endpoints };
  return {
    kind: 'redirect',
    async begin(attempt: Attempt) {
      const url = new URL(endpoints.authorize);
      const challenge = createHash('sha256').update(attempt.verifier).digest('base64url');
      const parameters = {
        response_type: 'code',
        client_id: options.clientId,
        redirect_uri: attempt.redirectUri,
        scope: flavour.scope,
        state: attempt.state,
        code_challenge: challenge,
        code_challenge_method: 'S256',
      };
      for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
      return url.href;
    },
    async finish(attempt: Attempt, answer: Answer) {
      requireCode(answer, attempt);
      const token = await tokenOf(fetch, options, endpoints.token, attempt, answer['code'] ?? '');
      const read: Read = async (path) => {
        const headers = { authorization: `Bearer ${token}` };
        const { status, body } = await fetch(`${endpoints.api}${path}`, { headers });
        if (status !== 200)
          throw new SsoError('SSO_UNREACHABLE', `The provider answers ${status} to ${path.split('?')[0]}`);
        return body;
      };
      return await flavour.userOf(read, options);
    },
  };
}

async function tokenOf(
  fetch: ProviderFetch,
  { clientId, clientSecret }: OauthOptions,
  url: string,
  attempt: Attempt,
  code: string,
): Promise<string> {
  const body = new URLSearchParams({
    grant_type: 'authorization_code',
    code,
    redirect_uri: attempt.redirectUri,
    client_id: clientId,
    client_secret: clientSecret,
    code_verifier: attempt.verifier,
  }).toString();
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const answer = await fetch(url, { method: 'POST', headers, body });
  const token = isRecord(answer.body) ? answer.body['access_token'] : undefined;
  if (answer.status === 200 && typeof token === 'string' && token !== '') return token;
  throw new SsoError('SSO_REFUSED', `The provider gives no token for the code (${answer.status})`);
}

async function githubUser(read: Read, options: OauthOptions): Promise<User> {
  const me = record(await read('/user'));
  const login = need(me['login']);
  const emails = list(await read('/user/emails'));
  const primary = emails.find((item) => item['primary'] === true && item['verified'] === true);
  const organisations = (await pages(read, '/user/orgs')).map((item) => textOf(item['login']));
  const teams = await pages(read, '/user/teams');
  const groups = githubGroups(options, organisations, teams);
  if (options.orgs.length > 0 && groups.length === 0) throw refused();
  return {
    subject: options.useLoginAsId ? login : String(me['id'] ?? login),
    name: textOf(me['name']) || login,
    ...(primary === undefined ? {} : { email: textOf(primary['email']) }),
    groups,
  };
}

/** `org` and `org:team`, those of the organisations named, whole names only. */
function githubGroups(
  { orgs, teamNameField, loadAllGroups }: OauthOptions,
  organisations: readonly string[],
  teams: readonly Readonly<Record<string, unknown>>[],
): string[] {
  const groups: string[] = [];
  for (const organisation of organisations) {
    const rule = orgs.find(({ name }) => name === organisation);
    if (rule === undefined && (orgs.length > 0 || !loadAllGroups)) continue;
    const own = teams
      .filter((team) => textOf(record(team['organization'])['login']) === organisation)
      .flatMap((team) => teamNames(team, teamNameField))
      .filter((name) => rule?.teams === undefined || rule.teams.length === 0 || rule.teams.includes(name));
    // Where teams are named, the organisation alone is not enough.
    if (rule?.teams !== undefined && rule.teams.length > 0 && own.length === 0) continue;
    groups.push(organisation, ...own.map((name) => `${organisation}:${name}`));
  }
  return groups;
}

function teamNames(team: Readonly<Record<string, unknown>>, field: OauthOptions['teamNameField']): string[] {
  const [name, slug] = [textOf(team['name']), textOf(team['slug'])];
  const names = field === 'name' ? [name] : field === 'slug' ? [slug] : [name, slug];
  return [...new Set(names)].filter((item) => item !== '');
}

/** All pages: a team left out would be a right left out. */
async function pages(read: Read, path: string): Promise<Readonly<Record<string, unknown>>[]> {
  const items: Readonly<Record<string, unknown>>[] = [];
  for (let page = 1; page <= MAX_PAGES; page += 1) {
    const found = list(await read(`${path}?per_page=${PAGE}&page=${page}`));
    items.push(...found);
    if (found.length < PAGE) return items;
  }
  throw new SsoError('SSO_REFUSED', `The provider lists more than ${MAX_PAGES * PAGE} groups of one person`);
}

function refused(): SsoError {
  return new SsoError('SSO_REFUSED', 'The account is in no organisation or team that may sign in');
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return isRecord(value) ? value : {};
}

function list(value: unknown): Readonly<Record<string, unknown>>[] {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function need(value: unknown): string {
  if (typeof value === 'string' && value !== '') return value;
  throw new SsoError('SSO_INVALID', 'The provider names nobody');
}
