// Webhooks as each provider sends them, how each signs, and damaged copies of them.
import { createHmac } from 'node:crypto';
import type { WebhookSecrets } from '../../src/controllers/index.ts';

export const SHA = 'a'.repeat(40);
export const OLD = 'b'.repeat(40);

export interface WebhookSample {
  readonly headers: Readonly<Record<string, string>>;
  readonly payload: Readonly<Record<string, unknown>>;
  /** Addresses or artifacts that it names. */
  readonly names: readonly string[];
  readonly secrets: WebhookSecrets;
  /** Headers with which a sender that knows the secret sends this body. */
  sign(body: string): Readonly<Record<string, string>>;
}

const SECRET = 'canary-webhook-secret';

function hmac(body: string): string {
  return createHmac('sha256', SECRET).update(body).digest('hex');
}

function basic(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

const GITHUB_LIKE = {
  ref: 'refs/heads/main',
  before: OLD,
  after: SHA,
  repository: {
    clone_url: 'https://g/o/r.git',
    html_url: 'https://g/o/r',
    ssh_url: 'git@g:o/r.git',
    full_name: 'o/r',
    private: false,
  },
  commits: [{ id: SHA, added: ['a.yaml'], removed: [], modified: ['b.yaml'] }],
  pusher: { name: 'ann', email: 'ann@shop.test' },
};
const GITHUB_NAMES = ['https://g/o/r.git', 'https://g/o/r', 'git@g:o/r.git'];

export const WEBHOOKS: Readonly<Record<string, WebhookSample>> = {
  github: {
    headers: { 'x-github-event': 'push', 'x-github-delivery': 'd-1' },
    payload: GITHUB_LIKE,
    names: GITHUB_NAMES,
    secrets: { github: SECRET },
    sign: (body) => ({ 'x-hub-signature-256': `sha256=${hmac(body)}` }),
  },
  'github packages': {
    headers: { 'x-github-event': 'package', 'x-github-delivery': 'd-2' },
    payload: {
      action: 'published',
      package: {
        name: 'web',
        namespace: 'shop',
        package_type: 'CONTAINER',
        owner: { login: 'shop' },
        package_version: {
          package_url: 'ghcr.io/shop/web:1.2.3',
          container_metadata: { tag: { name: '1.2.3', digest: `sha256:${'c'.repeat(64)}` } },
        },
      },
      repository: { full_name: 'shop/web' },
    },
    names: ['ghcr.io/shop/web'],
    secrets: { github: SECRET },
    sign: (body) => ({ 'x-hub-signature-256': `sha256=${hmac(body)}` }),
  },
  gitea: {
    headers: { 'x-gitea-event': 'push', 'x-github-event': 'push', 'x-gitea-delivery': 'd-3' },
    payload: GITHUB_LIKE,
    names: GITHUB_NAMES,
    secrets: { gogs: SECRET },
    sign: (body) => ({ 'x-gitea-signature': hmac(body) }),
  },
  gogs: {
    headers: { 'x-gogs-event': 'push', 'x-gogs-delivery': 'd-4' },
    payload: GITHUB_LIKE,
    names: GITHUB_NAMES,
    secrets: { gogs: SECRET },
    sign: (body) => ({ 'x-gogs-signature': hmac(body) }),
  },
  gitlab: {
    headers: {
      'x-gitlab-event': 'Push Hook',
      'x-gitlab-event-uuid': 'd-5',
      'x-gitlab-webhook-uuid': 'hook',
    },
    payload: {
      object_kind: 'push',
      ref: 'refs/heads/main',
      before: OLD,
      after: SHA,
      project: {
        git_http_url: 'https://g/o/r.git',
        web_url: 'https://g/o/r',
        git_ssh_url: 'git@g:o/r.git',
        default_branch: 'main',
      },
      commits: [{ id: SHA, added: ['a.yaml'], modified: [], removed: [] }],
    },
    names: GITHUB_NAMES,
    secrets: { gitlab: SECRET },
    sign: () => ({ 'x-gitlab-token': SECRET }),
  },
  'bitbucket cloud': {
    headers: { 'x-event-key': 'repo:push', 'x-request-uuid': 'd-6' },
    payload: {
      repository: {
        full_name: 'o/r',
        links: { html: { href: 'https://bitbucket.org/o/r' }, self: { href: 'https://api/o/r' } },
        owner: { type: 'user', nickname: 'ann' },
      },
      push: {
        changes: [
          { old: { target: { hash: OLD } }, new: { type: 'branch', name: 'main', target: { hash: SHA } } },
        ],
      },
    },
    names: ['https://bitbucket.org/o/r', 'git@bitbucket.org:o/r.git'],
    secrets: { bitbucketUuid: SECRET },
    sign: () => ({ 'x-hook-uuid': SECRET }),
  },
  'bitbucket server': {
    headers: { 'x-event-key': 'repo:refs_changed', 'x-request-id': 'd-7' },
    payload: {
      eventKey: 'repo:refs_changed',
      repository: {
        slug: 'r',
        project: { key: 'O' },
        links: {
          clone: [
            { href: 'https://s/scm/o/r.git', name: 'http' },
            { href: 'ssh://git@s:7999/o/r.git', name: 'ssh' },
          ],
          self: [{ href: 'https://s/projects/O/repos/r/browse' }],
        },
      },
      changes: [{ ref: { id: 'refs/heads/main', type: 'BRANCH' }, fromHash: OLD, toHash: SHA }],
    },
    names: ['https://s/scm/o/r.git', 'ssh://git@s:7999/o/r.git', 'https://s/projects/O/repos/r/browse'],
    secrets: { bitbucketServer: SECRET },
    sign: (body) => ({ 'x-hub-signature': `sha256=${hmac(body)}` }),
  },
  'azure devops': {
    headers: { 'x-vss-activityid': 'd-8' },
    payload: {
      eventType: 'git.push',
      id: '03c1',
      resource: {
        refUpdates: [{ name: 'refs/heads/main', oldObjectId: OLD, newObjectId: SHA }],
        repository: { name: 'r', remoteUrl: 'https://dev.azure.com/o/p/_git/r', project: { name: 'p' } },
        commits: [{ commitId: SHA, comment: 'change' }],
      },
    },
    names: ['https://dev.azure.com/o/p/_git/r', 'git@ssh.dev.azure.com:v3/o/p/r'],
    secrets: { azureUsername: 'hook', azurePassword: SECRET },
    sign: () => ({ authorization: basic('hook', SECRET) }),
  },
  'docker hub': {
    headers: {},
    payload: {
      push_data: { tag: '1.2.3', pushed_at: 1_700_000_000, pusher: 'ann' },
      callback_url: 'https://registry.hub.docker.com/u/shop/web/hook/1/',
      repository: { repo_name: 'shop/web', namespace: 'shop', name: 'web', status: 'Active' },
    },
    names: ['docker.io/shop/web'],
    secrets: { dockerHub: SECRET },
    sign: () => ({ authorization: basic('', SECRET) }),
  },
  quay: {
    headers: {},
    payload: {
      name: 'web',
      repository: 'shop/web',
      namespace: 'shop',
      docker_url: 'quay.io/shop/web',
      homepage: 'https://quay.io/repository/shop/web',
      updated_tags: ['1.2.3', 'latest'],
    },
    names: ['quay.io/shop/web'],
    secrets: { quay: SECRET },
    sign: () => ({ authorization: basic('hook', SECRET) }),
  },
  harbor: {
    headers: {},
    payload: {
      type: 'PUSH_ARTIFACT',
      occur_at: 1_700_000_000,
      operator: 'ann',
      event_data: {
        resources: [
          { digest: `sha256:${'c'.repeat(64)}`, tag: '1.2.3', resource_url: 'h.test/shop/web:1.2.3' },
        ],
        repository: { name: 'web', namespace: 'shop', repo_full_name: 'shop/web', repo_type: 'private' },
      },
    },
    names: ['h.test/shop/web'],
    secrets: { harbor: SECRET },
    sign: () => ({ authorization: SECRET }),
  },
  generic: {
    headers: { 'x-fairlead-event': 'push', 'x-fairlead-delivery': 'd-9' },
    payload: {
      repository: ['https://g/o/r.git', 'git@g:o/r.git'],
      ref: 'refs/heads/main',
      before: OLD,
      after: SHA,
    },
    names: ['https://g/o/r.git', 'git@g:o/r.git'],
    secrets: { generic: SECRET },
    sign: (body) => ({ 'x-fairlead-signature-256': `sha256=${hmac(body)}` }),
  },
};

/** One with all secrets set. */
export const ALL_SECRETS: WebhookSecrets = Object.assign(
  {},
  ...Object.values(WEBHOOKS).map(({ secrets }) => secrets),
);

const HOSTILE: readonly unknown[] = [
  null,
  [],
  {},
  '',
  7,
  -1,
  1e308,
  true,
  [null],
  [[]],
  { a: null },
  '.*',
  '(a+)+$',
  '://',
  'https://',
  'git@',
  '../../etc/passwd',
  '\u0000',
  '\ud800',
  'x'.repeat(5_000),
  '__proto__',
  { __proto__: { clone_url: 'https://g/o/r.git' } },
  Array.from({ length: 500 }, () => 'https://g/o/r.git'),
];

/** Bodies damaged in every member: removed, and replaced by each hostile value; then broken as texts. */
export function* mutants(payload: unknown): Generator<string> {
  for (const value of damaged(payload)) yield JSON.stringify(value);
  const whole = JSON.stringify(payload);
  const pieces = 120;
  for (let i = 0; i < pieces; i += 1) {
    const at = Math.floor((whole.length * i) / pieces);
    yield whole.slice(0, at);
    yield `${whole.slice(0, at)}\u0000${whole.slice(at + 1)}`;
    yield `${whole.slice(0, at)}"${whole.slice(at)}`;
    yield whole.slice(0, at) + whole.slice(at + 7);
  }
  yield '['.repeat(50_000);
  yield `{"a":`.repeat(20_000);
}

function* damaged(value: unknown): Generator<unknown> {
  yield* HOSTILE;
  if (typeof value !== 'object' || value === null) return;
  for (const key of Object.keys(value)) {
    const rest = { ...(value as Record<string, unknown>) };
    delete rest[key];
    yield Array.isArray(value) ? [] : rest;
    for (const member of damaged((value as Record<string, unknown>)[key])) {
      if (Array.isArray(value)) yield [member];
      else yield { ...(value as Record<string, unknown>), [key]: member };
    }
  }
}
