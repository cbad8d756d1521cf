// LDAP: finds the person with the service account, checks the password by binding as that person, reads groups.
import { connect } from 'node:net';
import { Client, type Entry, InvalidCredentialsError } from 'ldapts';
import { type AddressGuard, defaultAddressGuard } from '../../lib/index.ts';
import { SsoError } from './errors.ts';
import type { ExternalUser, PasswordConnector } from './types.ts';

const TIMEOUT_MS = 10_000;
const MAX_GROUPS = 2_000;
const MAX_NAME_CHARS = 256;

export interface LdapOptions {
  /** `host` or `host:port`. */
  readonly host: string;
  readonly insecureNoSsl: boolean;
  readonly insecureSkipVerify: boolean;
  readonly startTls: boolean;
  readonly rootCa?: string | undefined;
  readonly bindDn: string;
  readonly bindPassword: string;
  readonly userSearch: {
    readonly baseDn: string;
    readonly filter: string;
    /** Attribute that holds what people type. */
    readonly username: string;
    readonly scope: 'sub' | 'one';
    readonly idAttribute: string;
    readonly emailAttribute: string;
    readonly nameAttribute: string;
    readonly emailSuffix?: string | undefined;
  };
  readonly groupSearch?:
    | {
        readonly baseDn: string;
        readonly filter: string;
        readonly scope: 'sub' | 'one';
        readonly matchers: readonly { readonly userAttribute: string; readonly groupAttribute: string }[];
        readonly nameAttribute: string;
      }
    | undefined;
}

/** `guard` says where connections may go. */
export function ldapConnector(
  settings: LdapOptions,
  guard: AddressGuard = defaultAddressGuard,
): PasswordConnector {
  const options = { ...settings, guard };
  return {
    kind: 'password',
    async check(username, password) {
      // An empty password is an anonymous bind, which LDAP servers answer with success.
      if (username === '' || password === '' || username.length > MAX_NAME_CHARS) return undefined;
      return await connected(options, async (client) => {
        await client.bind(options.bindDn, options.bindPassword);
        const entry = await findUser(client, options, username);
        if (entry === undefined || !(await isRight(options, entry.dn, password))) return undefined;
        return await userOf(client, options, entry);
      });
    },
  };
}

type Directory = LdapOptions & { readonly guard: AddressGuard };

async function connected<T>(options: Directory, use: (client: Client) => Promise<T>): Promise<T> {
  const tls = {
    rejectUnauthorized: !options.insecureSkipVerify,
    ...(options.rootCa === undefined ? {} : { ca: options.rootCa }),
  };
  const isPlain = options.insecureNoSsl || options.startTls;
  const host = /:\d+$/.test(options.host) ? options.host : `${options.host}:${isPlain ? 389 : 636}`;
  const { lookup } = options.guard;
  if (options.guard.isRefused(host.replace(/:\d+$/, '')))
    throw new SsoError(
      'SSO_CONFIG',
      'Cannot use the address of the directory: link-local addresses are refused',
    );
  const client = new Client({
    url: `${isPlain ? 'ldap' : 'ldaps'}://${host}`,
    timeout: TIMEOUT_MS,
    connectTimeout: TIMEOUT_MS,
    createConnection: ((port: number, name: string) =>
      connect({ port, host: name, lookup })) as typeof connect,
    ...(isPlain ? {} : { tlsOptions: { ...tls, lookup } }),
  });
  try {
    if (options.startTls) await client.startTLS(tls);
    return await use(client);
  } catch (error) {
    if (error instanceof SsoError) throw error;
    throw new SsoError(
      'SSO_UNREACHABLE',
      `Cannot ask the directory ${options.host}; check its address, certificate and the account in bindDN`,
      { cause: error },
    );
  } finally {
    await client.unbind().catch(() => {});
  }
}

async function findUser(
  client: Client,
  { userSearch }: LdapOptions,
  username: string,
): Promise<Entry | undefined> {
  const { baseDn, filter, scope, idAttribute, emailAttribute, nameAttribute } = userSearch;
  const wanted = `(${userSearch.username}=${escapeFilter(username)})`;
  const { searchEntries } = await client.search(baseDn, {
    scope,
    filter: filter === '' ? wanted : `(&${filter}${wanted})`,
    sizeLimit: 2,
    attributes: ['*', idAttribute, emailAttribute, nameAttribute].filter(
      (name) => name !== 'DN' && name !== '',
    ),
  });
  // Two people of one name: neither is signed in, because nobody can say which one this is.
  return searchEntries.length === 1 ? searchEntries[0] : undefined;
}

async function isRight(options: Directory, dn: string, password: string): Promise<boolean> {
  return await connected(options, async (client) => {
    try {
      await client.bind(dn, password);
      return true;
    } catch (error) {
      if (error instanceof InvalidCredentialsError) return false;
      throw error;
    }
  });
}

async function userOf(
  client: Client,
  { userSearch, groupSearch }: LdapOptions,
  entry: Entry,
): Promise<Omit<ExternalUser, 'connector'>> {
  const [subject = ''] = valuesOf(entry, userSearch.idAttribute);
  if (subject === '')
    throw new SsoError(
      'SSO_CONFIG',
      `The directory entry has no attribute "${userSearch.idAttribute}" (userSearch.idAttr)`,
    );
  const [username = ''] = valuesOf(entry, userSearch.username);
  const [name = username] = valuesOf(entry, userSearch.nameAttribute);
  const suffix = userSearch.emailSuffix ?? '';
  const [email] = suffix === '' ? valuesOf(entry, userSearch.emailAttribute) : [`${username}@${suffix}`];
  const groups = groupSearch === undefined ? [] : await groupsOf(client, groupSearch, entry);
  return { subject, name, ...(email === undefined || email === '' ? {} : { email }), groups };
}

async function groupsOf(
  client: Client,
  { baseDn, filter, scope, matchers, nameAttribute }: NonNullable<LdapOptions['groupSearch']>,
  entry: Entry,
): Promise<string[]> {
  const groups = new Set<string>();
  for (const { userAttribute, groupAttribute } of matchers) {
    for (const value of valuesOf(entry, userAttribute)) {
      const wanted = `(${groupAttribute}=${escapeFilter(value)})`;
      const { searchEntries } = await client.search(baseDn, {
        scope,
        filter: filter === '' ? wanted : `(&${filter}${wanted})`,
        attributes: [nameAttribute],
        sizeLimit: MAX_GROUPS,
      });
      for (const group of searchEntries) for (const name of valuesOf(group, nameAttribute)) groups.add(name);
    }
  }
  return [...groups].slice(0, MAX_GROUPS);
}

function valuesOf(entry: Entry, attribute: string): string[] {
  if (attribute.toUpperCase() === 'DN') return [entry.dn];
  const key = Object.keys(entry).find((name) => name.toLowerCase() === attribute.toLowerCase());
  const value = key === undefined ? [] : entry[key];
  return [value ?? []]
    .flat()
    .map(String)
    .filter((item) => item !== '');
}

/** RFC 4515: what a person types is a value, never a part of the filter. */
export function escapeFilter(value: string): string {
  return value.replace(/[\\*()\0]/g, (char) => `\\${char.charCodeAt(0).toString(16).padStart(2, '0')}`);
}
