// All identity providers together: which are offered, and one door to each. Read again when the settings change.
import {
  type AddressGuard,
  type Clock,
  canonicalJson,
  defaultAddressGuard,
  type Logger,
} from '../../lib/index.ts';
import { type Configured, readConnectors, type SsoSource } from './configuration.ts';
import { SsoError } from './errors.ts';
import type { Answer, Attempt, ConnectorFacts, ExternalUser, VerifiedToken } from './types.ts';

export interface VerifiedBearer extends Omit<VerifiedToken, 'user'> {
  readonly user: ExternalUser;
}

export interface Sso {
  connectors(): readonly ConnectorFacts[];
  /** Where the provider sends people back to. Rejects with `SSO_CONFIG` when nobody said how the server is reached. */
  redirectUri(id: string): string;
  begin(id: string, attempt: Attempt): Promise<string>;
  /** Rejects with SsoError for every answer that is not exactly right. */
  finish(id: string, attempt: Attempt, answer: Answer): Promise<ExternalUser>;
  /** Undefined for a wrong name or password, and for a connector that takes none. */
  checkPassword(id: string, username: string, password: string): Promise<ExternalUser | undefined>;
  /** Undefined when no provider of ours signed it for us. */
  verifyBearer(token: string): Promise<VerifiedBearer | undefined>;
  /** Where signing out goes on, when the provider has such a place. */
  logoutUrl(id: string): string | undefined;
}

export interface SsoDeps {
  readonly clock: Clock;
  readonly log: Logger;
  /** Says where connections may go; default: everywhere but to link-local addresses. */
  readonly guard?: AddressGuard | undefined;
  /** What the settings say now. */
  readonly source: () => SsoSource;
  /** `url` of argocd-cm, else the address the server was started with. */
  readonly publicUrl: () => string | undefined;
}

export function singleSignOn({ clock, log, source, publicUrl, guard = defaultAddressGuard }: SsoDeps): Sso {
  let known: { readonly key: string; readonly at: number; readonly all: readonly Configured[] } | undefined;
  const all = (): readonly Configured[] => {
    const now = source();
    const { 'oidc.config': oidc = '', 'dex.config': dex = '' } = now.config;
    if (oidc === '' && dex === '') return [];
    const key = canonicalJson({
      oidc,
      dex,
      scopes: now.config['scopes'] ?? '',
      secrets: references(now, oidc + dex),
    });
    if (known?.key === key) return known.all;
    const { connectors, problems } = readConnectors(now, { clock, guard });
    for (const problem of problems) log.warn('an identity provider cannot be used', { problem });
    known = { key, at: clock.monotonic(), all: connectors };
    return connectors;
  };
  const one = (id: string): Configured => {
    const found = all().find(({ facts }) => facts.id === id);
    if (found !== undefined) return found;
    throw new SsoError('SSO_CONFIG', `There is no identity provider "${id.slice(0, 60)}"`);
  };
  const redirecting = (id: string) => {
    const { connector } = one(id);
    if (connector.kind === 'redirect') return connector;
    throw new SsoError(
      'SSO_CONFIG',
      `The identity provider "${id.slice(0, 60)}" takes a name and a password`,
    );
  };
  return {
    connectors: () => all().map(({ facts }) => facts),
    redirectUri(id) {
      const { redirectUri, callbackPath } = one(id);
      const base = publicUrl();
      if (redirectUri !== undefined) return redirectUri;
      if (base !== undefined && URL.canParse(base)) return `${base.replace(/\/+$/, '')}${callbackPath}`;
      throw new SsoError(
        'SSO_CONFIG',
        'Single sign-on needs the address of this server: set url in argocd-cm',
      );
    },
    begin: (id, attempt) => redirecting(id).begin(attempt),
    async finish(id, attempt, answer) {
      return { ...(await redirecting(id).finish(attempt, answer)), connector: id };
    },
    async checkPassword(id, username, password) {
      const found = all().find(({ facts }) => facts.id === id)?.connector;
      if (found?.kind !== 'password') return undefined;
      const user = await found.check(username, password);
      return user === undefined ? undefined : { ...user, connector: id };
    },
    async verifyBearer(token) {
      for (const { facts, connector } of all()) {
        // Only the provider of oidc.config signs for others than this server (cliClientID, allowedAudiences).
        if (facts.id !== 'oidc' || connector.kind !== 'redirect') continue;
        const verified = await connector.verifyBearer?.(token).catch((error: unknown) => {
          if (error instanceof SsoError && error.code === 'SSO_INVALID') return undefined;
          throw error;
        });
        if (verified !== undefined) return { ...verified, user: { ...verified.user, connector: facts.id } };
      }
      return undefined;
    },
    logoutUrl: (id) => all().find(({ facts }) => facts.id === id)?.logoutUrl,
  };
}

/** The values of all `$…` references, so that a changed Secret counts at once. */
function references(source: SsoSource, text: string): string[] {
  return [...text.matchAll(/\$(?:([a-z0-9][a-z0-9.-]*):)?([\w.-]+)/gi)].map(
    ([, name = 'argocd-secret', key = '']) => source.secret(name, key) ?? '',
  );
}
