// A real OpenID provider (npm oidc-provider) with a few people and its own pages to sign in on.
import { randomBytes } from 'node:crypto';
import Provider from 'oidc-provider';
import { type Listening, listenLocally } from './listen.ts';

export interface OidcPerson {
  readonly name: string;
  readonly email: string;
  readonly emailVerified: boolean;
  readonly groups: readonly string[];
}

export interface OidcServer extends AsyncDisposable {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

export const PEOPLE: Readonly<Record<string, OidcPerson>> = {
  ann: { name: 'Ann', email: 'ann@shop.test', emailVerified: true, groups: ['shop-developers'] },
  bob: { name: 'Bob', email: 'ann@shop.test', emailVerified: false, groups: [] },
};

/** @param redirectUris where it may send people back to */
export async function startOidcServer(redirectUris: readonly string[]): Promise<OidcServer> {
  const server: Listening = await listenLocally();
  const [clientId, clientSecret] = ['fairlead', randomBytes(24).toString('hex')];
  const provider = new Provider(server.url, {
    clients: [
      {
        client_id: clientId,
        client_secret: clientSecret,
        redirect_uris: redirectUris,
        grant_types: ['authorization_code'],
        response_types: ['code'],
      },
    ],
    pkce: { required: () => true },
    cookies: { keys: [randomBytes(16).toString('hex')] },
    claims: {
      openid: ['sub'],
      profile: ['name'],
      email: ['email', 'email_verified'],
      groups: ['groups'],
    },
    conformIdTokenClaims: false,
    features: { devInteractions: { enabled: true } },
    findAccount: (_context: unknown, id: string) => ({
      accountId: id,
      claims: () => {
        const { name, email, emailVerified, groups } = PEOPLE[id] ?? { name: id, groups: [] };
        return { sub: id, name, email, email_verified: emailVerified, groups };
      },
    }),
  });
  server.handle = provider.callback();
  return {
    issuer: server.url,
    clientId,
    clientSecret,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
