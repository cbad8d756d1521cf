// Addresses that came from repositories, annotations and clusters. Only http, https and mailto become links.

export interface PageLink {
  readonly title: string;
  readonly url: string;
}

const SCHEMES = new Set(['http:', 'https:', 'mailto:']);

/** The address as the browser would read it, or undefined when it must stay text. */
export function safeUrl(text: string | undefined): string | undefined {
  if (text === undefined || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  const hasPassword = url.username !== '' || url.password !== '';
  return SCHEMES.has(url.protocol) && !hasPassword ? url.href : undefined;
}

/** `title|url`, or an address that is its own title; undefined when it is no link. */
export function titledLink(text: string): PageLink | undefined {
  const bar = text.indexOf('|');
  const url = safeUrl(bar < 0 ? text : text.slice(bar + 1).trim());
  if (url === undefined) return undefined;
  return { title: bar <= 0 ? url : text.slice(0, bar).trim(), url };
}

const FORGES: readonly { readonly host: RegExp; readonly commit: string }[] = [
  { host: /(^|[.])gitlab([.]|$)/, commit: '/-/commit/' },
  { host: /(^|[.])bitbucket([.]|$)/, commit: '/commits/' },
  { host: /(^|[.])(github|gitea|codeberg|forgejo)([.]|$)/, commit: '/commit/' },
];

/** Where people look at the repository; undefined on hosts we do not know, which may answer only to git. */
export function forgeUrl(repoURL: string | undefined): string | undefined {
  return forgeOf(repoURL)?.url;
}

/** Where the forge shows the commit; undefined for hosts we do not know. */
export function commitUrl(repoURL: string | undefined, revision: string): string | undefined {
  const forge = forgeOf(repoURL);
  if (forge === undefined || !/^[0-9a-f]{40}$/.test(revision)) return undefined;
  return `${forge.url}${forge.commit}${revision}`;
}

function forgeOf(repoURL: string | undefined): { readonly url: string; readonly commit: string } | undefined {
  const scp = /^(?:ssh:\/\/)?[\w.-]+@([\w.-]+)[:/](.+)$/.exec(repoURL ?? '');
  const web = safeUrl(scp === null ? repoURL : `https://${scp[1]}/${scp[2]}`);
  if (web === undefined) return undefined;
  const { protocol, host, hostname, pathname } = new URL(web);
  const forge = FORGES.find((known) => known.host.test(hostname));
  if (forge === undefined || !protocol.startsWith('http')) return undefined;
  const path = pathname.replace(/\/+$/, '').replace(/[.]git$/, '');
  return { url: `${protocol}//${host}${path}`, commit: forge.commit };
}

/** Where to go after signing in: a path of this page, whatever the address bar says. */
export function returnPath(wanted: unknown): string {
  const home = '/applications';
  if (typeof wanted !== 'string' || !/^\/(?![/\\])/.test(wanted)) return home;
  const origin = 'http://page.invalid';
  if (!URL.canParse(wanted, origin)) return home;
  const url = new URL(wanted, origin);
  const isPage = url.pathname.startsWith(home) || url.pathname === '/device';
  return url.origin === origin && isPage ? `${url.pathname}${url.search}` : home;
}
