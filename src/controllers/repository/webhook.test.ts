import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import { parseWebhook, type WebhookResult } from './webhook.ts';

const SHA = 'a'.repeat(40);
const OLD = 'b'.repeat(40);

const PAYLOADS: Record<
  string,
  { headers: Record<string, string>; payload: unknown; urls: string[]; ref: string }
> = {
  github: {
    headers: { 'x-github-event': 'push' },
    payload: {
      ref: 'refs/heads/main',
      before: OLD,
      after: SHA,
      repository: { clone_url: 'https://g/o/r.git', html_url: 'https://g/o/r' },
    },
    urls: ['https://g/o/r.git', 'https://g/o/r'],
    ref: 'refs/heads/main',
  },
  gitea: {
    headers: { 'x-gitea-event': 'push', 'x-github-event': 'push' },
    payload: {
      ref: 'refs/heads/main',
      before: OLD,
      after: SHA,
      repository: { clone_url: 'https://g/o/r.git', ssh_url: 'git@g:o/r.git' },
    },
    urls: ['https://g/o/r.git', 'git@g:o/r.git'],
    ref: 'refs/heads/main',
  },
  gitlab: {
    headers: { 'x-gitlab-event': 'Push Hook' },
    payload: {
      ref: 'refs/heads/main',
      before: OLD,
      after: SHA,
      project: { git_http_url: 'https://l/o/r.git', web_url: 'https://l/o/r' },
    },
    urls: ['https://l/o/r.git', 'https://l/o/r'],
    ref: 'refs/heads/main',
  },
  bitbucket: {
    headers: { 'x-hook-uuid': 'u' },
    payload: {
      repository: { full_name: 'o/r', links: { html: { href: 'https://bitbucket.org/o/r' } } },
      push: {
        changes: [
          { old: { target: { hash: OLD } }, new: { type: 'branch', name: 'main', target: { hash: SHA } } },
        ],
      },
    },
    urls: ['https://bitbucket.org/o/r', 'git@bitbucket.org:o/r.git'],
    ref: 'refs/heads/main',
  },
  'bitbucket-server': {
    headers: { 'x-event-key': 'repo:refs_changed' },
    payload: {
      repository: { links: { clone: [{ href: 'https://s/scm/o/r.git' }] } },
      changes: [{ ref: { id: 'refs/heads/main' }, fromHash: OLD, toHash: SHA }],
    },
    urls: ['https://s/scm/o/r.git'],
    ref: 'refs/heads/main',
  },
};

for (const [provider, { headers, payload, urls, ref }] of Object.entries(PAYLOADS)) {
  test(`parseWebhook() reads a ${provider} push`, () => {
    assert.deepEqual(parse(headers, payload), {
      kind: 'push',
      provider,
      push: { repositoryUrls: urls, ref, before: OLD, after: SHA },
    });
  });

  test(`parseWebhook() survives a ${provider} payload with any member missing or of another type`, () => {
    for (const mutant of mutants(payload))
      assert.ok(['push', 'ignored', 'refused'].includes(parse(headers, mutant).kind));
  });
}

const SIGNED: Record<
  string,
  { headers: (body: string) => Record<string, string>; secrets: Parameters<typeof parseWebhook>[2] }
> = {
  github: {
    headers: (body) => ({ 'x-github-event': 'ping', 'x-hub-signature-256': `sha256=${hmac('s', body)}` }),
    secrets: { github: 's' },
  },
  gitlab: { headers: () => ({ 'x-gitlab-event': 'Other', 'x-gitlab-token': 's' }), secrets: { gitlab: 's' } },
  gogs: {
    headers: (body) => ({ 'x-gogs-event': 'ping', 'x-gogs-signature': hmac('s', body) }),
    secrets: { gogs: 's' },
  },
};
for (const [provider, { headers, secrets }] of Object.entries(SIGNED)) {
  test(`parseWebhook() accepts a ${provider} webhook with the right secret only`, () => {
    assert.equal(parseWebhook(headers('{}'), Buffer.from('{}'), secrets).kind, 'ignored');
    const wrong = Object.fromEntries(Object.entries(secrets).map(([key]) => [key, 'other']));
    assert.deepEqual(parseWebhook(headers('{}'), Buffer.from('{}'), wrong), {
      kind: 'refused',
      status: 401,
      why: `the ${provider} webhook's secret or signature does not match`,
    });
  });
}

test('parseWebhook() refuses what no provider sends', () => {
  assert.equal(parse({}, {}).kind, 'refused');
  assert.equal(parseWebhook({ 'x-github-event': 'push' }, Buffer.from('nope'), {}).kind, 'refused');
});

function parse(headers: Record<string, string>, payload: unknown): WebhookResult {
  return parseWebhook(headers, Buffer.from(JSON.stringify(payload)), {});
}

function hmac(secret: string, body: string): string {
  return createHmac('sha256', secret).update(body).digest('hex');
}

/** The payload with each member in turn removed, nulled, emptied and retyped. */
function* mutants(value: unknown): Generator<unknown> {
  yield* [null, [], {}, '', 7, true];
  if (typeof value !== 'object' || value === null) return;
  for (const key of Object.keys(value)) {
    const rest = { ...(value as Record<string, unknown>) };
    delete rest[key];
    yield Array.isArray(value) ? [] : rest;
    for (const member of mutants((value as Record<string, unknown>)[key])) {
      if (Array.isArray(value)) yield [member];
      else yield { ...(value as Record<string, unknown>), [key]: member };
    }
  }
}
