// Reads `oidc.config` and the connectors of `dex.config` into connectors. A connector that cannot be read is left out
// and named; the others work.
import { z } from 'zod';
import type { AddressGuard, Clock } from '../../lib/index.ts';
import { isRecord, isWebAddress, parseYaml } from '../../lib/index.ts';
import { ldapConnector } from './ldap.ts';
import { bitbucketConnector, githubConnector, linkedinConnector, type OauthOptions } from './oauth.ts';
import { type OidcOptions, oidcConnector } from './oidc.ts';
import { providerFetch } from './provider-fetch.ts';
import { samlConnector } from './saml.ts';
import type { Connector, ConnectorFacts } from './types.ts';

export interface SsoSource {
  /** Members of argocd-cm. */
  readonly config: Readonly<Record<string, string>>;
  /** A member of a Secret; undefined when there is none. */
  secret(name: string, key: string): string | undefined;
}

export interface ConnectorDeps {
  readonly clock: Clock;
  /** Says where connections may go. */
  readonly guard: AddressGuard;
}

export interface Configured {
  readonly facts: ConnectorFacts;
  readonly connector: Connector;
  /** Path below the public address that the provider sends people back to. */
  readonly callbackPath: '/auth/callback' | '/api/dex/callback';
  readonly redirectUri?: string | undefined;
  readonly logoutUrl?: string | undefined;
}

const strings = z.array(z.string()).default([]);
const Oidc = z.looseObject({
  name: z.string().default('SSO'),
  issuer: z.url(),
  clientID: z.string(),
  clientSecret: z.string().optional(),
  cliClientID: z.string().optional(),
  requestedScopes: z.array(z.string()).optional(),
  requestedIDTokenClaims: z.record(z.string(), z.unknown()).optional(),
  rootCA: z.string().optional(),
  allowedAudiences: strings,
  logoutURL: z.string().optional(),
  enablePKCEAuthentication: z.boolean().optional(),
  enableUserInfoGroups: z.boolean().default(false),
  userInfoPath: z.string().optional(),
});
const Dex = z.looseObject({
  connectors: z.array(
    z.looseObject({
      type: z.string(),
      id: z.string(),
      name: z.string().optional(),
      config: z.record(z.string(), z.unknown()).default({}),
    }),
  ),
});
const DexOidc = z.looseObject({
  issuer: z.url().optional(),
  clientID: z.string(),
  clientSecret: z.string().optional(),
  scopes: z.array(z.string()).optional(),
  redirectURI: z.string().optional(),
  rootCAs: z.union([z.string(), strings]).optional(),
  insecureSkipVerify: z.boolean().default(false),
  insecureSkipEmailVerified: z.boolean().default(false),
  insecureEnableGroups: z.boolean().default(false),
  getUserInfo: z.boolean().default(false),
  userIDKey: z.string().optional(),
  userNameKey: z.string().optional(),
  claimMapping: z.looseObject({ groups: z.string().optional(), email: z.string().optional() }).default({}),
  hostedDomains: strings,
  groups: strings,
  allowedGroups: strings,
  tenant: z.string().default('common'),
  baseURL: z.string().default('https://gitlab.com'),
});
const Github = z.looseObject({
  clientID: z.string(),
  clientSecret: z.string(),
  redirectURI: z.string().optional(),
  hostName: z.string().optional(),
  rootCA: z.string().optional(),
  orgs: z.array(z.looseObject({ name: z.string(), teams: z.array(z.string()).optional() })).default([]),
  org: z.string().optional(),
  loadAllGroups: z.boolean().default(false),
  teamNameField: z.enum(['name', 'slug', 'both']).default('name'),
  useLoginAsID: z.boolean().default(false),
  teams: strings,
  endpoints: z.object({ authorize: z.url(), token: z.url(), api: z.url() }).optional(),
});
const search = {
  baseDN: z.string(),
  filter: z.string().default(''),
  scope: z.enum(['sub', 'one']).default('sub'),
};
const Ldap = z.looseObject({
  host: z.string(),
  insecureNoSSL: z.boolean().default(false),
  insecureSkipVerify: z.boolean().default(false),
  startTLS: z.boolean().default(false),
  rootCAData: z.string().optional(),
  bindDN: z.string().default(''),
  bindPW: z.string().default(''),
  userSearch: z.looseObject({
    ...search,
    username: z.string(),
    idAttr: z.string().default('uid'),
    emailAttr: z.string().default('mail'),
    nameAttr: z.string().default(''),
    emailSuffix: z.string().optional(),
  }),
  groupSearch: z
    .looseObject({
      ...search,
      userMatchers: z.array(z.looseObject({ userAttr: z.string(), groupAttr: z.string() })).optional(),
      userAttr: z.string().optional(),
      groupAttr: z.string().optional(),
      nameAttr: z.string().default('cn'),
    })
    .optional(),
});
const Saml = z.looseObject({
  ssoURL: z.url(),
  ca: z.string().optional(),
  caData: z.string().optional(),
  redirectURI: z.string().optional(),
  entityIssuer: z.string().optional(),
  ssoIssuer: z.string().optional(),
  usernameAttr: z.string(),
  emailAttr: z.string(),
  groupsAttr: z.string().optional(),
  groupsDelim: z.string().optional(),
  allowedGroups: strings,
  insecureSkipSignatureValidation: z.literal(false).optional(),
});

/** Connectors in the order they are offered. @returns also what could not be read, each as a sentence without values */
export function readConnectors(
  source: SsoSource,
  deps: ConnectorDeps,
): { readonly connectors: readonly Configured[]; readonly problems: readonly string[] } {
  const connectors: Configured[] = [];
  const problems: string[] = [];
  const attempt = (what: string, make: () => Configured): void => {
    try {
      const made = make();
      if (connectors.some(({ facts }) => facts.id === made.facts.id)) throw new TypeError('its id is taken');
      connectors.push(made);
    } catch (error) {
      problems.push(`${what}: ${reasonOf(error)}`);
    }
  };
  const oidc = source.config['oidc.config'] ?? '';
  if (oidc.trim() !== '')
    attempt('oidc.config', () => fromOidcConfig(source, deps, resolved(source, parseYaml(oidc))));
  const dex = source.config['dex.config'] ?? '';
  if (dex.trim() !== '') {
    const parsed = parsedDex(source, dex);
    if (typeof parsed === 'string') problems.push(`dex.config: ${parsed}`);
    else
      for (const item of parsed.connectors)
        attempt(`dex.config, connector ${item.id.slice(0, 60)}`, () => fromDex(source, deps, item));
  }
  return { connectors, problems };
}

function parsedDex(source: SsoSource, text: string): z.output<typeof Dex> | string {
  try {
    return Dex.parse(resolved(source, parseYaml(text)));
  } catch (error) {
    return reasonOf(error);
  }
}

/** Names members, never their values: some are secret. */
function reasonOf(error: unknown): string {
  if (error instanceof z.ZodError)
    return error.issues
      .slice(0, 5)
      .map(({ path }) => `${path.join('.')} is missing or wrong`)
      .join('; ');
  return error instanceof TypeError ? error.message : 'it is not valid YAML of a connector';
}

/** `$key` is a member of argocd-secret, `$secret:key` of another Secret. One that is not there is a mistake, not text. */
function resolved(source: SsoSource, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => resolved(source, item));
  if (isRecord(value))
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, resolved(source, item)]));
  const match = typeof value === 'string' ? /^\$(?:([a-z0-9][a-z0-9.-]*):)?([\w.-]+)$/i.exec(value) : null;
  if (match === null) return value;
  const [, name = 'argocd-secret', key = ''] = match;
  const found = source.secret(name, key);
  if (found === undefined) throw new TypeError(`Secret ${name} has no member ${key}`);
  return found.trim();
}

function fromOidcConfig(source: SsoSource, { clock, guard }: ConnectorDeps, value: unknown): Configured {
  const read = Oidc.parse(value);
  const insecureSkipVerify = source.config['oidc.tls.insecure.skip.verify'] === 'true';
  const fetch = providerFetch({ rootCa: read.rootCA, insecureSkipVerify }, guard);
  const cli = read.cliClientID === undefined ? [] : [read.cliClientID];
  const options: OidcOptions = {
    issuer: read.issuer,
    clientId: read.clientID,
    clientSecret: read.clientSecret,
    scopes: read.requestedScopes ?? ['openid', 'profile', 'email', 'groups'],
    requestedClaims: read.requestedIDTokenClaims,
    usePkce: true,
    groupClaims: scopesOf(source),
    getUserInfo: read.enableUserInfoGroups,
    userInfoPath: read.userInfoPath,
    audiences: [...read.allowedAudiences, ...cli],
  };
  return {
    facts: { id: 'oidc', name: read.name, type: 'oidc', kind: 'redirect' },
    connector: oidcConnector({ fetch, clock }, options),
    callbackPath: '/auth/callback',
    // Anything else is no page to send a person on to.
    logoutUrl: read.logoutURL !== undefined && isWebAddress(read.logoutURL) ? read.logoutURL : undefined,
  };
}

/** The claims that argocd-rbac-cm names as groups. */
function scopesOf({ config }: SsoSource): string[] {
  const names = (config['scopes'] ?? '').replace(/^\[|\]$/g, '').split(',');
  const found = names.map((name) => name.trim().replace(/^["']|["']$/g, '')).filter((name) => name !== '');
  return found.length === 0 ? ['groups'] : found;
}

function fromDex(
  source: SsoSource,
  deps: ConnectorDeps,
  item: z.output<typeof Dex>['connectors'][number],
): Configured {
  const { type, id, config } = item;
  const { clock, guard } = deps;
  if (!/^[A-Za-z0-9._-]{1,100}$/.test(id))
    throw new TypeError('its id has other characters than letters, digits, dots, dashes');
  const base = (kind: 'redirect' | 'password', connector: Connector, redirectUri?: string): Configured => ({
    facts: { id, name: item.name ?? id, type, kind },
    connector,
    callbackPath: '/api/dex/callback',
    redirectUri,
  });
  switch (type) {
    case 'oidc':
    case 'google':
    case 'microsoft':
    case 'gitlab':
    case 'okta':
    case 'keycloak': {
      const read = DexOidc.parse(config);
      const [rootCa] = [read.rootCAs ?? []].flat();
      const fetch = providerFetch({ rootCa, insecureSkipVerify: read.insecureSkipVerify }, guard);
      return base(
        'redirect',
        oidcConnector({ fetch, clock }, dexOidc(type, read, scopesOf(source))),
        read.redirectURI,
      );
    }
    case 'github':
    case 'linkedin':
    case 'bitbucket-cloud': {
      const read = Github.parse(config);
      const make = {
        github: githubConnector,
        linkedin: linkedinConnector,
        'bitbucket-cloud': bitbucketConnector,
      }[type];
      return base(
        'redirect',
        make(providerFetch({ rootCa: read.rootCA }, guard), oauthOptions(read)),
        read.redirectURI,
      );
    }
    case 'ldap':
      return base('password', ldapConnector(ldapOptions(Ldap.parse(config)), guard));
    case 'saml': {
      const read = Saml.parse(config);
      const pem = read.caData === undefined ? read.ca : Buffer.from(read.caData, 'base64').toString('utf8');
      if (pem === undefined || !pem.includes('BEGIN CERTIFICATE'))
        throw new TypeError('caData is no certificate');
      const {
        ssoURL,
        entityIssuer,
        ssoIssuer,
        usernameAttr,
        emailAttr,
        groupsAttr,
        groupsDelim,
        allowedGroups,
      } = read;
      const connector = samlConnector({
        ssoUrl: ssoURL,
        certificates: [pem],
        entityIssuer,
        ssoIssuer,
        usernameAttribute: usernameAttr,
        emailAttribute: emailAttr,
        groupsAttribute: groupsAttr,
        groupsDelimiter: groupsDelim,
        allowedGroups,
      });
      return base('redirect', connector, read.redirectURI);
    }
    default:
      throw new TypeError(
        `its type "${type.slice(0, 40)}" is not one of oidc, google, microsoft, gitlab, okta, keycloak, github, linkedin, bitbucket-cloud, ldap, saml`,
      );
  }
}

function dexOidc(type: string, read: z.output<typeof DexOidc>, groupClaims: readonly string[]): OidcOptions {
  const issuers: Record<string, string> = {
    google: 'https://accounts.google.com',
    gitlab: read.baseURL,
    microsoft: `https://login.microsoftonline.com/${read.tenant}/v2.0`,
  };
  const issuer = read.issuer ?? issuers[type];
  if (issuer === undefined) throw new TypeError('it has no issuer');
  if (type === 'microsoft' && /^(common|organizations|consumers)$/.test(read.tenant))
    throw new TypeError('tenant must name your own tenant, else accounts of any company could sign in');
  const groups = read.claimMapping.groups;
  return {
    issuer,
    clientId: read.clientID,
    clientSecret: read.clientSecret,
    scopes: ['openid', ...(read.scopes ?? ['profile', 'email'])].filter(
      (scope, i, all) => all.indexOf(scope) === i,
    ),
    usePkce: true,
    // Dex hands on groups of generic providers only when it is told to.
    groupClaims:
      type === 'oidc' && !read.insecureEnableGroups && groups === undefined
        ? []
        : groups === undefined
          ? groupClaims
          : [groups],
    emailClaim: read.claimMapping.email,
    nameClaim: read.userNameKey,
    subjectClaim: read.userIDKey,
    getUserInfo: read.getUserInfo || type === 'gitlab',
    audiences: [],
    hostedDomains: read.hostedDomains,
    allowedGroups: [...read.groups, ...read.allowedGroups],
    skipEmailVerified: read.insecureSkipEmailVerified || type === 'microsoft',
  };
}

function oauthOptions(read: z.output<typeof Github>): OauthOptions {
  const { org, endpoints } = read;
  return {
    clientId: read.clientID,
    clientSecret: read.clientSecret,
    hostName: read.hostName,
    orgs: org === undefined ? read.orgs : [...read.orgs, { name: org }],
    teamNameField: read.teamNameField,
    useLoginAsId: read.useLoginAsID,
    loadAllGroups: read.loadAllGroups,
    teams: read.teams,
    ...(endpoints === undefined ? {} : { endpoints }),
  };
}

function ldapOptions(read: z.output<typeof Ldap>) {
  const { userSearch: user, groupSearch: group } = read;
  const old =
    group?.userAttr === undefined
      ? []
      : [{ userAttr: group.userAttr, groupAttr: group.groupAttr ?? 'member' }];
  return {
    host: read.host,
    insecureNoSsl: read.insecureNoSSL,
    insecureSkipVerify: read.insecureSkipVerify,
    startTls: read.startTLS,
    rootCa:
      read.rootCAData === undefined ? undefined : Buffer.from(read.rootCAData, 'base64').toString('utf8'),
    bindDn: read.bindDN,
    bindPassword: read.bindPW,
    userSearch: {
      baseDn: user.baseDN,
      filter: user.filter,
      scope: user.scope,
      username: user.username,
      idAttribute: user.idAttr,
      emailAttribute: user.emailAttr,
      nameAttribute: user.nameAttr,
      emailSuffix: user.emailSuffix,
    },
    groupSearch:
      group === undefined
        ? undefined
        : {
            baseDn: group.baseDN,
            filter: group.filter,
            scope: group.scope,
            nameAttribute: group.nameAttr,
            matchers: [...(group.userMatchers ?? []), ...old].map(({ userAttr, groupAttr }) => ({
              userAttribute: userAttr,
              groupAttribute: groupAttr,
            })),
          },
  };
}
