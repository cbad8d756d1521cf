// Local accounts as argocd-cm and argocd-secret define them. Pure: texts in, accounts out; nothing is written here.

export type Capability = 'login' | 'apiKey';

/** A token that was issued; the token itself is nowhere. Unix seconds; `exp` 0: it does not expire. */
export interface TokenFacts {
  readonly id: string;
  readonly iat: number;
  readonly exp: number;
}

/** An account as the Secret and config map define it. */
export interface Account {
  readonly name: string;
  /** False: no sign-in and no token of it is accepted, also not one issued before. */
  readonly enabled: boolean;
  readonly capabilities: readonly Capability[];
  /** bcrypt (`$2a$`, `$2b$`, `$2y$`); absent: it cannot sign in with a password. */
  readonly passwordHash?: string;
  /** Milliseconds since the epoch; sessions begun before are refused. */
  readonly passwordChangedAt?: number;
  readonly tokens: readonly TokenFacts[];
}

type Values = Readonly<Record<string, string>>;
const NAME = /^[A-Za-z0-9][A-Za-z0-9._@-]{0,127}$/;

/** Every account, `admin` first. An account whose definition cannot be read has no rights, not all of them. */
export function readAccounts(config: Values, secret: Values): Account[] {
  const names = Object.keys(config).flatMap((key) => {
    const name = /^accounts\.(.+)$/.exec(key)?.[1];
    return name === undefined || name.endsWith('.enabled') || name === 'admin' || !NAME.test(name)
      ? []
      : [name];
  });
  return [adminAccount(config, secret), ...names.map((name) => namedAccount(name, config, secret))];
}

export function readAccount(name: string, config: Values, secret: Values): Account | undefined {
  if (name === 'admin') return adminAccount(config, secret);
  return NAME.test(name) && config[`accounts.${name}`] !== undefined && !name.endsWith('.enabled')
    ? namedAccount(name, config, secret)
    : undefined;
}

function adminAccount(config: Values, secret: Values): Account {
  const capabilities: Capability[] = ['login'];
  if (capabilitiesOf(config['accounts.admin'] ?? '').includes('apiKey')) capabilities.push('apiKey');
  return {
    name: 'admin',
    enabled: config['admin.enabled'] !== 'false',
    capabilities,
    ...passwordOf(secret['admin.password'], secret['admin.passwordMtime']),
    tokens: tokensOf(secret['admin.tokens'] ?? secret['accounts.admin.tokens']),
  };
}

function namedAccount(name: string, config: Values, secret: Values): Account {
  return {
    name,
    enabled: config[`accounts.${name}.enabled`] !== 'false',
    capabilities: capabilitiesOf(config[`accounts.${name}`] ?? ''),
    ...passwordOf(secret[`accounts.${name}.password`], secret[`accounts.${name}.passwordMtime`]),
    tokens: tokensOf(secret[`accounts.${name}.tokens`]),
  };
}

function capabilitiesOf(text: string): Capability[] {
  const words = text.split(',').map((word) => word.trim());
  return (['login', 'apiKey'] as const).filter((word) => words.includes(word));
}

function passwordOf(
  hash: string | undefined,
  changed: string | undefined,
): Pick<Account, 'passwordHash' | 'passwordChangedAt'> {
  const changedAt = Date.parse(changed ?? '');
  return {
    ...(hash === undefined || hash === '' ? {} : { passwordHash: hash }),
    ...(Number.isNaN(changedAt) ? {} : { passwordChangedAt: changedAt }),
  };
}

/** The tokens listed; a text that is no list lists none, so every token of the account is refused. */
export function tokensOf(text: string | undefined): TokenFacts[] {
  const parsed = parseJson(text ?? '[]');
  if (!Array.isArray(parsed)) return [];
  return parsed.flatMap((item: unknown) => {
    const { id, iat, exp } = (item ?? {}) as Record<string, unknown>;
    return typeof id === 'string' && typeof iat === 'number'
      ? [{ id, iat, exp: typeof exp === 'number' ? exp : 0 }]
      : [];
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Members of argocd-secret that hold an account's password and tokens. */
export function secretKeys(name: string): { password: string; passwordMtime: string; tokens: string } {
  const prefix = name === 'admin' ? 'admin' : `accounts.${name}`;
  return {
    password: `${prefix}.password`,
    passwordMtime: `${prefix}.passwordMtime`,
    tokens: `${prefix}.tokens`,
  };
}
