// What every identity provider looks like to the rest: it sends the browser away and reads what comes back, or it
// checks a password. Says who somebody is, never what they may do.

export interface ExternalUser {
  /** Id of the connector that vouches. */
  readonly connector: string;
  /** Stable id at the provider: what policies name. */
  readonly subject: string;
  /** For people to read. */
  readonly name: string;
  /** Only an address the provider says it has verified. */
  readonly email?: string;
  readonly groups: readonly string[];
}

/** One sign-in on its way; all values are random, single-use and bound to one browser. */
export interface Attempt {
  readonly state: string;
  readonly nonce: string;
  /** PKCE code verifier. */
  readonly verifier: string;
  readonly redirectUri: string;
  /** Id of the SAML request, which the assertion must answer. */
  readonly requestId?: string;
}

export type Answer = Readonly<Record<string, string>>;

export interface RedirectConnector {
  readonly kind: 'redirect';
  /** Where the browser goes. */
  begin(attempt: Attempt): Promise<string>;
  /** Who came back. Rejects with SsoError for every answer that is not exactly right. */
  finish(attempt: Attempt, answer: Answer): Promise<Omit<ExternalUser, 'connector'>>;
  verifyBearer?(token: string): Promise<VerifiedToken | undefined>;
}

export interface PasswordConnector {
  readonly kind: 'password';
  /** Undefined for a wrong name or password. */
  check(username: string, password: string): Promise<Omit<ExternalUser, 'connector'> | undefined>;
}

export type Connector = RedirectConnector | PasswordConnector;

export interface VerifiedToken {
  readonly user: Omit<ExternalUser, 'connector'>;
  readonly id: string;
  readonly issuer: string;
  /** Milliseconds since the epoch. */
  readonly issuedAt: number;
  readonly expiresAt: number;
}

export interface ConnectorFacts {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly kind: 'redirect' | 'password';
  /** Its settings say that its certificate is not to be checked, or that there is none. */
  readonly insecure?: true;
}
