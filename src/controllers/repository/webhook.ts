// Turns a webhook into "these repositories moved". Pure: headers and body in, values out; nothing a sender writes can
// do more than make Fairlead look at a repository it already knows.
import { createHmac, timingSafeEqual } from 'node:crypto';
import { isRecord } from '../../lib/index.ts';
import {
  type Push,
  readAzureDevOps,
  readBitbucketCloud,
  readBitbucketServer,
  readGenericPush,
  readGitHubLike,
  readGitLab,
} from './webhook-git.ts';
import {
  type ArtifactPush,
  readDockerHub,
  readGenericArtifact,
  readGitHubPackage,
  readHarbor,
  readQuay,
} from './webhook-registry.ts';
import { type Headers, type Payload, text } from './webhook-values.ts';

/** Shared secrets by provider, from the Secret `argocd-secret`; an absent one cannot be verified. */
export interface WebhookSecrets {
  readonly github?: string;
  readonly gitlab?: string;
  readonly bitbucketUuid?: string;
  readonly bitbucketServer?: string;
  readonly gogs?: string;
  readonly azureUsername?: string;
  readonly azurePassword?: string;
  readonly dockerHub?: string;
  readonly quay?: string;
  readonly harbor?: string;
  readonly generic?: string;
  /**
   * Accept providers without a secret although others have one. By default one secret closes the door for all who
   * cannot show one: else a sender would only have to claim to be another provider.
   */
  readonly allowUnverified?: boolean;
}

interface Accepted {
  readonly provider: string;
  /** One id for all repetitions of a delivery; undefined when the provider gives none. */
  readonly delivery: string | undefined;
}

export type WebhookResult =
  | (Accepted & { readonly kind: 'push'; readonly push: Push })
  | (Accepted & { readonly kind: 'artifact'; readonly artifact: ArtifactPush })
  /** Understood and of no consequence: pings, other events, deleted branches. */
  | { readonly kind: 'ignored'; readonly why: string }
  | { readonly kind: 'refused'; readonly status: 400 | 401; readonly why: string };

export interface WebhookRequest {
  readonly headers: Headers;
  /** The raw bytes: signatures cover them, not a re-serialised object. */
  readonly body: Buffer;
  /** The query parameter `secret`, for providers that sign nothing. */
  readonly secret?: string | undefined;
}

type Check = 'verified' | 'wrong' | 'no-secret';
type Found = { readonly push: Push } | { readonly artifact: ArtifactPush } | undefined;

interface Provider {
  readonly name: string;
  readonly is: (headers: Headers, payload: Payload) => boolean;
  readonly verify: (request: WebhookRequest, secrets: WebhookSecrets) => Check;
  /** Headers that together name a delivery. */
  readonly delivery: readonly string[];
  /** Undefined: an event of no consequence. */
  readonly read: (headers: Headers, payload: Payload) => Found;
}

/** Gogs and Gitea also send GitHub's header, so they come first. */
const PROVIDERS: readonly Provider[] = [
  {
    name: 'gitea',
    is: has('x-gitea-event'),
    verify: signed((secrets) => secrets.gogs, 'x-gitea-signature'),
    delivery: ['x-gitea-delivery'],
    read: onEvent('x-gitea-event', /^(?:push|create)$/, readGitHubLike),
  },
  {
    name: 'gogs',
    is: has('x-gogs-event'),
    verify: signed((secrets) => secrets.gogs, 'x-gogs-signature'),
    delivery: ['x-gogs-delivery'],
    read: onEvent('x-gogs-event', /^(?:push|create)$/, readGitHubLike),
  },
  {
    name: 'github',
    is: has('x-github-event'),
    verify: signed((secrets) => secrets.github, 'x-hub-signature-256'),
    delivery: ['x-github-delivery'],
    read(headers, payload) {
      const event = text(headers['x-github-event']);
      if (event === 'package' || event === 'registry_package')
        return { artifact: readGitHubPackage(payload) };
      return event === 'push' ? { push: readGitHubLike(payload) } : undefined;
    },
  },
  {
    name: 'gitlab',
    is: has('x-gitlab-event'),
    verify: ({ headers }, { gitlab }) => same(gitlab, text(headers['x-gitlab-token'])),
    delivery: ['x-gitlab-event-uuid', 'x-gitlab-webhook-uuid'],
    read: onEvent('x-gitlab-event', /^(?:Push|Tag Push|System) Hook$/, readGitLab),
  },
  {
    name: 'bitbucket',
    is: has('x-hook-uuid'),
    verify: ({ headers }, { bitbucketUuid }) => same(bitbucketUuid, text(headers['x-hook-uuid'])),
    delivery: ['x-request-uuid'],
    read: (headers, payload) => {
      const event = text(headers['x-event-key']);
      return event === '' || event === 'repo:push' ? { push: readBitbucketCloud(payload) } : undefined;
    },
  },
  {
    name: 'bitbucket-server',
    is: has('x-event-key'),
    verify: signed((secrets) => secrets.bitbucketServer, 'x-hub-signature'),
    delivery: ['x-request-id'],
    read: onEvent('x-event-key', /^repo:(?:refs_changed|push)$/, readBitbucketServer),
  },
  {
    name: 'azure-devops',
    is: has('x-vss-activityid'),
    verify({ headers }, { azureUsername, azurePassword }) {
      if (azureUsername === undefined && azurePassword === undefined) return 'no-secret';
      const given = basicAuth(headers);
      return same(`${azureUsername ?? ''}\n${azurePassword ?? ''}`, `${given.username}\n${given.password}`);
    },
    delivery: ['x-vss-activityid'],
    read: (_headers, payload) =>
      text(payload['eventType']) === 'git.push' ? { push: readAzureDevOps(payload) } : undefined,
  },
  {
    name: 'generic',
    is: has('x-fairlead-event'),
    verify: signed((secrets) => secrets.generic, 'x-fairlead-signature-256'),
    delivery: ['x-fairlead-delivery'],
    read(headers, payload) {
      const event = text(headers['x-fairlead-event']);
      if (event === 'artifact') return { artifact: readGenericArtifact(payload) };
      return event === 'push' ? { push: readGenericPush(payload) } : undefined;
    },
  },
  {
    name: 'docker-hub',
    is: (_headers, payload) => 'push_data' in payload && 'callback_url' in payload,
    verify: (request, { dockerHub }) => same(dockerHub, shownSecret(request)),
    delivery: [],
    read: (_headers, payload) => ({ artifact: readDockerHub(payload) }),
  },
  {
    name: 'quay',
    is: (_headers, payload) => 'docker_url' in payload && 'updated_tags' in payload,
    verify: (request, { quay }) => same(quay, shownSecret(request)),
    delivery: [],
    read: (_headers, payload) => ({ artifact: readQuay(payload) }),
  },
  {
    name: 'harbor',
    is: (_headers, payload) => 'event_data' in payload && 'type' in payload,
    verify: ({ headers }, { harbor }) => same(harbor, text(headers['authorization'])),
    delivery: [],
    read: (_headers, payload) =>
      /^(?:PUSH_ARTIFACT|UPLOAD_CHART|pushImage)$/.test(text(payload['type']))
        ? { artifact: readHarbor(payload) }
        : undefined,
  },
];

/** Never throws, whatever the sender wrote. */
export function parseWebhook(request: WebhookRequest, secrets: WebhookSecrets): WebhookResult {
  const { headers } = request;
  const payload = payloadOf(request);
  const provider = PROVIDERS.find(({ is }) => is(headers, payload ?? {}));
  if (provider === undefined)
    return {
      kind: 'refused',
      status: 400,
      why: 'unknown webhook: neither a header nor a body of a known sender',
    };
  const check = provider.verify(request, secrets);
  if (check === 'wrong')
    return refused401(`the ${provider.name} webhook's secret or signature does not match`);
  if (check === 'no-secret' && isAnySet(secrets) && secrets.allowUnverified !== true) {
    return refused401(
      `webhooks of ${provider.name} have no secret in argocd-secret while others have; add one, or allow it with fairlead.webhook.unverified in argocd-cm`,
    );
  }
  if (payload === undefined)
    return { kind: 'refused', status: 400, why: 'the webhook body is not a JSON object' };
  const found = provider.read(headers, payload);
  if (found === undefined) return { kind: 'ignored', why: `${provider.name} event is no push` };
  const accepted = { provider: provider.name, delivery: deliveryOf(provider, headers) };
  if ('push' in found) {
    if (found.push.repositoryUrls.length > 0) return { kind: 'push', ...accepted, push: found.push };
  } else if (found.artifact.repositories.length > 0) {
    return { kind: 'artifact', ...accepted, artifact: found.artifact };
  }
  return { kind: 'ignored', why: `the ${provider.name} payload names no repository` };
}

function refused401(why: string): WebhookResult {
  return { kind: 'refused', status: 401, why };
}

function isAnySet({ allowUnverified: _, ...secrets }: WebhookSecrets): boolean {
  return Object.values(secrets).some((secret) => secret !== undefined);
}

function has(header: string): Provider['is'] {
  return (headers) => headers[header] !== undefined;
}

function onEvent(header: string, events: RegExp, read: (payload: Payload) => Push): Provider['read'] {
  return (headers, payload) => (events.test(text(headers[header])) ? { push: read(payload) } : undefined);
}

function signed(
  secretOf: (secrets: WebhookSecrets) => string | undefined,
  header: string,
): Provider['verify'] {
  return ({ headers, body }, secrets) => {
    const secret = secretOf(secrets);
    if (secret === undefined) return 'no-secret';
    const digest = createHmac('sha256', secret).update(body).digest('hex');
    return same(digest, text(headers[header]).replace(/^sha256=/, ''));
  };
}

/** Constant time in the content: both sides are hashed first, so that lengths do not show either. */
function same(secret: string | undefined, given: string): Check {
  if (secret === undefined) return 'no-secret';
  const digest = (value: string): Buffer => createHmac('sha256', 'compare').update(value).digest();
  return timingSafeEqual(digest(secret), digest(given)) ? 'verified' : 'wrong';
}

/** What a sender without signatures shows: `?secret=`, or the password of the address it calls. */
function shownSecret({ headers, secret }: WebhookRequest): string {
  return secret ?? basicAuth(headers).password;
}

function basicAuth(headers: Headers): { username: string; password: string } {
  const [, encoded = ''] = /^Basic ([A-Za-z0-9+/=_-]+)$/i.exec(text(headers['authorization'])) ?? [];
  const decoded = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = decoded.indexOf(':');
  return colon < 0
    ? { username: decoded, password: '' }
    : { username: decoded.slice(0, colon), password: decoded.slice(colon + 1) };
}

function deliveryOf({ name, delivery }: Provider, headers: Headers): string | undefined {
  const ids = delivery.map((header) => text(headers[header]).slice(0, 200));
  return ids.length === 0 || ids.some((id) => id === '') ? undefined : [name, ...ids].join(' ');
}

/** JSON, or a form whose member `payload` is JSON, as GitHub sends by default. */
function payloadOf({ headers, body }: WebhookRequest): Payload | undefined {
  const isForm = text(headers['content-type']).startsWith('application/x-www-form-urlencoded');
  const json = body.toString('utf8');
  try {
    const value: unknown = JSON.parse(isForm ? (new URLSearchParams(json).get('payload') ?? '') : json);
    return isRecord(value) ? value : undefined;
  } catch {
    // Not JSON: the caller answers 400, the parser's words would only echo the body.
    return undefined;
  }
}
