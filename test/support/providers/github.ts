// A server that speaks the parts of GitHub's sign-in and API that the connector uses, with codes that are good once,
// PKCE, pages of a hundred and GitHub's own names of members.
import { createHash, randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { listenLocally } from './listen.ts';

export interface GithubUser {
  readonly id: number;
  readonly login: string;
  readonly email: string;
  readonly orgs: readonly string[];
  readonly teams: readonly { readonly org: string; readonly name: string; readonly slug: string }[];
}

export interface GithubServer extends AsyncDisposable {
  readonly url: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Who is signed in at GitHub in the browser. */
  user: GithubUser;
  /** Paths of the API that were asked for. */
  readonly asked: string[];
}

export async function startGithub(user: GithubUser): Promise<GithubServer> {
  const server = await listenLocally();
  const [clientId, clientSecret, token] = ['gh-client', secret(), secret()];
  const codes = new Map<string, { challenge: string; redirect: string }>();
  const github = { url: server.url, clientId, clientSecret, user, asked: [] as string[] };
  const page = <T>(items: readonly T[], url: URL): readonly T[] => {
    const size = Number(url.searchParams.get('per_page') ?? 30);
    const start = (Number(url.searchParams.get('page') ?? 1) - 1) * size;
    return items.slice(start, start + size);
  };
  const exchange = async (request: IncomingMessage): Promise<object> => {
    const form = new URLSearchParams(await text(request));
    const known = codes.get(form.get('code') ?? '');
    codes.delete(form.get('code') ?? '');
    const challenge = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url');
    const isRight =
      form.get('client_id') === clientId &&
      form.get('client_secret') === clientSecret &&
      known?.challenge === challenge &&
      known.redirect === form.get('redirect_uri');
    return isRight ? { access_token: token, token_type: 'bearer' } : { error: 'bad_verification_code' };
  };
  const api = (path: string, url: URL): unknown => {
    const { id, login, email, orgs, teams } = github.user;
    switch (path) {
      case '/user':
        return { id, login, name: login.toUpperCase() };
      case '/user/emails':
        return [
          { email: 'unverified@shop.test', primary: false, verified: false },
          { email, primary: true, verified: true },
        ];
      case '/user/orgs':
        return page(
          orgs.map((org) => ({ login: org })),
          url,
        );
      case '/user/teams':
        return page(
          teams.map(({ org, name, slug }) => ({ name, slug, organization: { login: org } })),
          url,
        );
      default:
        return undefined;
    }
  };
  server.handle = async (request, response) => {
    const url = new URL(request.url ?? '/', server.url);
    const json = (status: number, value: unknown): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
    };
    if (url.pathname === '/login/oauth/authorize') {
      const code = secret();
      const redirect = url.searchParams.get('redirect_uri') ?? '';
      codes.set(code, { challenge: url.searchParams.get('code_challenge') ?? '', redirect });
      const back = new URL(redirect);
      back.searchParams.set('code', code);
      back.searchParams.set('state', url.searchParams.get('state') ?? '');
      response.writeHead(302, { location: back.href }).end();
    } else if (url.pathname === '/login/oauth/access_token') json(200, await exchange(request));
    else if (request.headers.authorization !== `Bearer ${token}`) json(401, { message: 'Bad credentials' });
    else {
      github.asked.push(`${url.pathname}${url.search}`);
      const found = api(url.pathname.replace('/api/v3', ''), url);
      json(found === undefined ? 404 : 200, found ?? { message: 'Not Found' });
    }
  };
  return Object.assign(github, { [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() });
}

function secret(): string {
  return randomBytes(20).toString('hex');
}
