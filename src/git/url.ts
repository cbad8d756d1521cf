// Repository addresses: which are let through to git, and when two of them are the same repository. Pure.
import { isRefusedAddress } from '../lib/index.ts';
import { GitError } from './errors.ts';

export interface UrlPolicy {
  /** Let file:// through: for the embedded server and tests only. */
  readonly allowFile?: boolean;
}

const SCHEME = /^([A-Za-z][A-Za-z0-9+.-]*):\/\/(.*)$/;
const SCP = /^(?:([A-Za-z0-9._~-]+)@)?([A-Za-z0-9][A-Za-z0-9.-]*|\[[0-9A-Fa-f:.]+\]):(?!:)([^\s]+)$/;
const AUTHORITY =
  /^(?:[A-Za-z0-9._~%!$&*+,;=-][A-Za-z0-9._~%!$&*+,;=:-]*@)?(?:[A-Za-z0-9][A-Za-z0-9.-]*|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/;

/** Throws GIT_URL_REFUSED unless `url` is of an allow-listed form: https, http, ssh, or `user@host:path`. */
export function assertRepositoryUrl(url: string, policy: UrlPolicy = {}): void {
  const refusal = refusalOf(url, policy);
  if (refusal === undefined) return;
  throw new GitError(
    'GIT_URL_REFUSED',
    'on-change',
    `Repository address ${JSON.stringify(redacted(url).slice(0, 200))} is refused: ${refusal}; ` +
      'use https://host/path, ssh://user@host/path or user@host:path',
  );
}

function refusalOf(url: string, policy: UrlPolicy): string | undefined {
  if (url === '') return 'it is empty';
  if (url.length > 2048) return 'it is longer than 2048 characters';
  if (url.startsWith('-')) return 'it begins with a dash';
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
  if (/[\x00-\x20\x7f"'`<>\\^{|}]/.test(url)) return 'it holds a space, quote or control character';
  const scheme = SCHEME.exec(url);
  if (scheme !== null)
    return refusalOfScheme((scheme[1] as string).toLowerCase(), scheme[2] as string, policy);
  if (url.includes('::')) return 'it names a git remote helper';
  const scp = SCP.exec(url);
  if (scp === null) return 'it is neither a URL nor user@host:path';
  if (isRefusedAddress(scp[2] as string)) return 'link-local addresses are refused';
  return (scp[3] as string).startsWith('-') ? 'its path begins with a dash' : undefined;
}

function refusalOfScheme(scheme: string, rest: string, policy: UrlPolicy): string | undefined {
  if (scheme === 'file')
    return policy.allowFile === true && rest.startsWith('/') ? undefined : 'file:// is not allowed';
  if (scheme !== 'https' && scheme !== 'http' && scheme !== 'ssh') return `${scheme}:// is not allowed`;
  const slash = rest.indexOf('/');
  const authority = slash < 0 ? rest : rest.slice(0, slash);
  if (!AUTHORITY.test(authority)) return 'its host is not a plain host name';
  if (isRefusedAddress(authority.replace(/^.*@/, '').replace(/:\d+$/, '')))
    return 'link-local addresses are refused';
  if (/^\/?-/.test(rest.slice(authority.length))) return 'its path begins with a dash';
  return undefined;
}

export interface Endpoint {
  readonly scheme: 'http' | 'https' | 'ssh' | 'socks';
  /** Without brackets. */
  readonly host: string;
  readonly port: number;
}

const PORTS = { http: 80, https: 443, ssh: 22, socks: 1080 } as const;

/** Whom an address of a repository, or of a proxy, leads to; undefined for files and what is no address. */
export function endpointOf(url: string): Endpoint | undefined {
  const [, scheme = '', rest = ''] = SCHEME.exec(url) ?? [];
  const kind = scheme.toLowerCase().replace(/^socks[45][ah]?$/, 'socks');
  if (kind === 'http' || kind === 'https' || kind === 'ssh' || kind === 'socks') {
    const authority = rest.replace(/[/?#].*$/s, '').replace(/^.*@/, '');
    const [, host = '', port] = /^(\[[0-9A-Fa-f:.]+\]|[^:]+)(?::(\d{1,5}))?$/.exec(authority) ?? [];
    if (host === '') return undefined;
    return { scheme: kind, host: unbracketed(host), port: port === undefined ? PORTS[kind] : Number(port) };
  }
  const scp = scheme === '' ? SCP.exec(url) : null;
  return scp === null ? undefined : { scheme: 'ssh', host: unbracketed(scp[2] as string), port: PORTS.ssh };
}

function unbracketed(host: string): string {
  return host.replace(/^\[|\]$/g, '');
}

/** The form in which addresses are compared: Argo CD's NormalizeGitURL. */
export function normaliseUrl(url: string): string {
  let text = url.trim().toLowerCase();
  if (/^(?:ssh:\/\/)?[^/:]*@[^@]+$/.test(text) && !text.startsWith('ssh://')) {
    text = `ssh://${text.replace(':', '/')}`;
  }
  return text.replace(/\.git$/, '').replace(/^ssh:\/\//, '');
}

/**
 * Host and path alone, which all addresses of a repository have in common (https, ssh, the web page): good for asking
 * who may be concerned, not for telling repositories apart. '' for what has no host or no path.
 */
export function placeOf(url: string): string {
  const text = normaliseUrl(url).replace(/^[a-z][a-z0-9+.-]*:\/\//, '');
  const slash = text.indexOf('/');
  if (slash <= 0) return '';
  const host = text.slice(0, slash).replace(/^.*@/, '').replace(/:\d+$/, '');
  const path = text.slice(slash + 1).replace(/^\/+|\/+$/g, '');
  return host === '' || path === '' ? '' : `${host}/${path}`;
}

/** True when both addresses mean one repository. */
export function sameRepository(a: string, b: string): boolean {
  return normaliseUrl(a) === normaliseUrl(b);
}

/** The address without user and password, for messages and logs. */
export function redacted(url: string): string {
  return url.replace(/^([A-Za-z][A-Za-z0-9+.-]*:\/\/)[^/@]*@/, '$1');
}
