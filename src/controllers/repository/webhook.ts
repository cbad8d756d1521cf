// Turns a push webhook into "these repositories moved". Pure: headers and body in, values out; nothing a sender
// writes can do more than make Fairlead look at a repository it already knows.
import { createHmac, timingSafeEqual } from 'node:crypto';
import { isRecord } from '../../lib/index.ts';

/** Shared secrets by provider, from the Secret `argocd-secret`; an absent one means "do not verify". */
export interface WebhookSecrets {
  readonly github?: string;
  readonly gitlab?: string;
  readonly bitbucketUuid?: string;
  readonly bitbucketServer?: string;
  readonly gogs?: string;
}

export interface Push {
  /** Every spelling of the repository's address in the payload (https, ssh, web page). */
  readonly repositoryUrls: readonly string[];
  /** Full ref, e.g. `refs/heads/main`; empty when the provider does not say. */
  readonly ref: string;
  readonly before?: string;
  readonly after?: string;
}

export type WebhookResult =
  | { readonly kind: 'push'; readonly provider: string; readonly push: Push }
  /** Understood and of no consequence: pings, other events, deleted branches. */
  | { readonly kind: 'ignored'; readonly why: string }
  | { readonly kind: 'refused'; readonly status: 400 | 401; readonly why: string };

/** Header names in lower case, as node:http gives them. */
export type Headers = Readonly<Record<string, string | string[] | undefined>>;

interface Provider {
  readonly name: string;
  /** The header that only this provider sends. */
  readonly header: string;
  readonly isPush: (event: string) => boolean;
  readonly verify: (headers: Headers, body: Buffer, secrets: WebhookSecrets) => boolean;
  readonly read: (payload: Record<string, unknown>) => Push | undefined;
}

/** Gogs and Gitea also send GitHub's header, so they come first. */
const PROVIDERS: readonly Provider[] = [
  {
    name: 'gitea',
    header: 'x-gitea-event',
    isPush: (event) => event === 'push' || event === 'create',
    verify: (headers, body, { gogs }) =>
      gogs === undefined || hmacMatches(text(headers['x-gitea-signature']), gogs, body),
    read: readGitHubLike,
  },
  {
    name: 'gogs',
    header: 'x-gogs-event',
    isPush: (event) => event === 'push' || event === 'create',
    verify: (headers, body, { gogs }) =>
      gogs === undefined || hmacMatches(text(headers['x-gogs-signature']), gogs, body),
    read: readGitHubLike,
  },
  {
    name: 'github',
    header: 'x-github-event',
    isPush: (event) => event === 'push',
    verify: (headers, body, { github }) =>
      github === undefined ||
      hmacMatches(text(headers['x-hub-signature-256']).replace(/^sha256=/, ''), github, body),
    read: readGitHubLike,
  },
  {
    name: 'gitlab',
    header: 'x-gitlab-event',
    isPush: (event) => event === 'Push Hook' || event === 'Tag Push Hook' || event === 'System Hook',
    verify: (headers, _body, { gitlab }) =>
      gitlab === undefined || sameText(text(headers['x-gitlab-token']), gitlab),
    read: readGitLab,
  },
  {
    name: 'bitbucket',
    header: 'x-hook-uuid',
    isPush: () => true,
    verify: (headers, _body, { bitbucketUuid }) =>
      bitbucketUuid === undefined || sameText(text(headers['x-hook-uuid']), bitbucketUuid),
    read: readBitbucketCloud,
  },
  {
    name: 'bitbucket-server',
    header: 'x-event-key',
    isPush: (event) => event === 'repo:refs_changed' || event === 'repo:push',
    verify: (headers, body, { bitbucketServer }) =>
      bitbucketServer === undefined ||
      hmacMatches(text(headers['x-hub-signature']).replace(/^sha256=/, ''), bitbucketServer, body),
    read: readBitbucketServer,
  },
];

/** @param body the raw bytes: signatures cover them, not a re-serialised object */
export function parseWebhook(headers: Headers, body: Buffer, secrets: WebhookSecrets): WebhookResult {
  const provider = PROVIDERS.find(({ header }) => headers[header] !== undefined);
  if (provider === undefined)
    return { kind: 'refused', status: 400, why: 'unknown webhook: no header of a known Git provider' };
  if (!provider.verify(headers, body, secrets)) {
    return {
      kind: 'refused',
      status: 401,
      why: `the ${provider.name} webhook's secret or signature does not match`,
    };
  }
  const event = text(headers[provider.header]);
  if (!provider.isPush(event)) return { kind: 'ignored', why: `${provider.name} event is no push` };
  const payload = parseJson(body);
  if (payload === undefined)
    return { kind: 'refused', status: 400, why: 'the webhook body is not a JSON object' };
  const push = provider.read(payload);
  if (push === undefined || push.repositoryUrls.length === 0) {
    return { kind: 'ignored', why: `the ${provider.name} payload names no repository` };
  }
  return { kind: 'push', provider: provider.name, push };
}

function readGitHubLike(payload: Record<string, unknown>): Push | undefined {
  const repository = record(payload['repository']);
  return {
    repositoryUrls: urls(repository, ['clone_url', 'html_url', 'ssh_url', 'git_url', 'url']),
    ref: text(payload['ref']),
    ...commitRange(payload['before'], payload['after']),
  };
}

function readGitLab(payload: Record<string, unknown>): Push | undefined {
  const project = record(payload['project']);
  return {
    repositoryUrls: urls(project, ['git_http_url', 'web_url', 'git_ssh_url', 'http_url', 'ssh_url']),
    ref: text(payload['ref']),
    ...commitRange(payload['before'], payload['after']),
  };
}

function readBitbucketCloud(payload: Record<string, unknown>): Push | undefined {
  const repository = record(payload['repository']);
  const page = text(record(record(repository['links'])['html'])['href']);
  const fullName = text(repository['full_name']);
  const change = record(list(record(payload['push'])['changes'])[0]);
  const moved = record(change['new']);
  const repositoryUrls = page === '' ? [] : [page];
  if (fullName !== '') repositoryUrls.push(`git@bitbucket.org:${fullName}.git`);
  const name = text(moved['name']);
  return {
    repositoryUrls,
    ref: name === '' ? '' : `refs/${moved['type'] === 'tag' ? 'tags' : 'heads'}/${name}`,
    ...commitRange(record(record(change['old'])['target'])['hash'], record(moved['target'])['hash']),
  };
}

function readBitbucketServer(payload: Record<string, unknown>): Push | undefined {
  const links = record(record(payload['repository'])['links']);
  const change = record(list(payload['changes'])[0]);
  return {
    repositoryUrls: [...list(links['clone']), ...list(links['self'])]
      .map((link) => text(record(link)['href']))
      .filter((href) => href !== ''),
    ref: text(record(change['ref'])['id']),
    ...commitRange(change['fromHash'], change['toHash']),
  };
}

function commitRange(before: unknown, after: unknown): { before?: string; after?: string } {
  const sha = /^[0-9a-f]{40}$/;
  return {
    ...(sha.test(text(before)) ? { before: text(before) } : {}),
    ...(sha.test(text(after)) ? { after: text(after) } : {}),
  };
}

function urls(source: Record<string, unknown>, keys: readonly string[]): string[] {
  return [...new Set(keys.map((key) => text(source[key])).filter((url) => url !== ''))];
}

function hmacMatches(signatureHex: string, secret: string, body: Buffer): boolean {
  return sameText(signatureHex, createHmac('sha256', secret).update(body).digest('hex'));
}

/** Constant time in the content: both sides are hashed first, so that lengths do not show either. */
function sameText(a: string, b: string): boolean {
  const digest = (value: string): Buffer => createHmac('sha256', 'compare').update(value).digest();
  return timingSafeEqual(digest(a), digest(b));
}

function parseJson(body: Buffer): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    return isRecord(value) ? value : undefined;
  } catch {
    // Not JSON: the caller answers 400, the parser's words would only echo the body.
    return undefined;
  }
}

function record(value: unknown): Record<string, unknown> {
  return isRecord(value) ? value : {};
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function text(value: unknown): string {
  if (Array.isArray(value)) return text(value[0]);
  return typeof value === 'string' ? value : '';
}
