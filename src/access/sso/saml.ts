// SAML 2.0, web browser profile with a redirect to the provider and a POST back. Only signed assertions that answer the
// very request of this browser count.
import { type CacheProvider, SAML, ValidateInResponseTo } from '@node-saml/node-saml';
import { SsoError } from './errors.ts';
import { groupNames } from './oidc.ts';
import type { Attempt, RedirectConnector } from './types.ts';

const MAX_RESPONSE_CHARS = 512 * 1024;
const SKEW_MS = 60_000;

export interface SamlOptions {
  readonly ssoUrl: string;
  /** PEM of the provider's signing certificates. */
  readonly certificates: readonly string[];
  readonly entityIssuer?: string | undefined;
  readonly ssoIssuer?: string | undefined;
  readonly usernameAttribute: string;
  readonly emailAttribute: string;
  readonly groupsAttribute?: string | undefined;
  readonly groupsDelimiter?: string | undefined;
  readonly allowedGroups: readonly string[];
}

export function samlConnector(options: SamlOptions): RedirectConnector {
  return {
    kind: 'redirect',
    begin: (attempt) => partner(options, attempt).getAuthorizeUrlAsync(attempt.state, undefined, {}),
    async finish(attempt, answer) {
      const response = answer['SAMLResponse'] ?? '';
      if (answer['RelayState'] !== attempt.state) throw invalid('it answers another attempt');
      if (response === '' || response.length > MAX_RESPONSE_CHARS)
        throw invalid('it has no response of a usable size');
      refuseDoctype(response);
      const { profile } = await partner(options, attempt)
        .validatePostResponseAsync({ SAMLResponse: response })
        .catch((error: unknown) => {
          throw invalid('it is not signed by the provider, not for us, not for this attempt, or over', error);
        });
      if (profile === null) throw invalid('it names nobody');
      return userOf(options, profile as unknown as Readonly<Record<string, unknown>>);
    },
  };
}

function partner(options: SamlOptions, attempt: Attempt): SAML {
  const issuer = options.entityIssuer ?? attempt.redirectUri;
  const requestId = attempt.requestId ?? '';
  return new SAML({
    entryPoint: options.ssoUrl,
    callbackUrl: attempt.redirectUri,
    issuer,
    audience: issuer,
    idpCert: [...options.certificates],
    ...(options.ssoIssuer === undefined ? {} : { idpIssuer: options.ssoIssuer }),
    wantAssertionsSigned: true,
    wantAuthnResponseSigned: false,
    signatureAlgorithm: 'sha256',
    acceptedClockSkewMs: SKEW_MS,
    validateInResponseTo: ValidateInResponseTo.always,
    cacheProvider: onlyRequest(requestId),
    generateUniqueId: () => requestId,
    disableRequestedAuthnContext: true,
    identifierFormat: null,
  });
}

/** Knows the one request this browser was sent away with. */
function onlyRequest(id: string): CacheProvider {
  return {
    saveAsync: async (key, value) => ({ value, createdAt: Number(key === id) }),
    getAsync: async (key) => (key === id && id !== '' ? new Date().toISOString() : null),
    removeAsync: async (key) => key,
  };
}

function refuseDoctype(response: string): void {
  const xml = Buffer.from(response, 'base64').toString('utf8');
  if (/<!(DOCTYPE|ENTITY)/i.test(xml)) throw invalid('it declares a document type');
}

function userOf(options: SamlOptions, profile: Readonly<Record<string, unknown>>) {
  const attributes = { ...(profile['attributes'] as Record<string, unknown> | undefined) };
  const first = (name: string): string => groupNames(attributes[name])[0] ?? '';
  const subject = typeof profile['nameID'] === 'string' ? profile['nameID'] : '';
  if (subject === '') throw invalid('it names nobody');
  const { groupsAttribute, groupsDelimiter = '', allowedGroups } = options;
  const named = groupsAttribute === undefined ? [] : groupNames(attributes[groupsAttribute]);
  const groups = groupsDelimiter === '' ? named : named.flatMap((text) => text.split(groupsDelimiter));
  if (allowedGroups.length > 0 && !groups.some((group) => allowedGroups.includes(group)))
    throw new SsoError('SSO_REFUSED', 'The account is in no group that may sign in');
  const email = first(options.emailAttribute);
  return {
    subject,
    name: first(options.usernameAttribute) || subject,
    ...(email === '' ? {} : { email }),
    groups,
  };
}

function invalid(why: string, cause?: unknown): SsoError {
  return new SsoError('SSO_INVALID', `Cannot accept the provider's answer: ${why}`, { cause });
}
