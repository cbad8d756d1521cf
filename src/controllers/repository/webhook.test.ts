import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ALL_SECRETS, OLD, SHA, WEBHOOKS } from '../../../test/support/webhooks.ts';
import { parseWebhook, type WebhookResult, type WebhookSecrets } from './webhook.ts';

for (const [name, { headers, payload, names, secrets, sign }] of Object.entries(WEBHOOKS)) {
  const body = JSON.stringify(payload);
  const parse = (more: Record<string, string>, given: WebhookSecrets): WebhookResult =>
    parseWebhook({ headers: { ...headers, ...more }, body: Buffer.from(body) }, given);

  test(`a webhook of ${name} names its repositories, all of them and only them`, () => {
    assert.deepEqual(namesOf(parse(sign(body), secrets)), names);
  });

  test(`a webhook of ${name} counts only with the right secret`, () => {
    for (const headers of [{}, forged(sign(body))]) {
      const result = parse(headers, ALL_SECRETS);
      assert.ok(result.kind === 'refused' && result.status >= 400, JSON.stringify(result));
    }
  });
}

test('a push says what moved', () => {
  const { headers, payload } = WEBHOOKS['github'] as (typeof WEBHOOKS)[string];
  const result = parseWebhook({ headers, body: Buffer.from(JSON.stringify(payload)) }, {});
  assert.ok(result.kind === 'push');
  assert.equal(result.delivery, 'github d-1');
  assert.deepEqual(
    { ref: result.push.ref, before: result.push.before, after: result.push.after },
    { ref: 'refs/heads/main', before: OLD, after: SHA },
  );
});

test('S-D3: claiming to be a provider without a secret opens nothing once another has one', () => {
  const { headers, payload } = WEBHOOKS['gogs'] as (typeof WEBHOOKS)[string];
  const body = Buffer.from(JSON.stringify(payload));
  const result = parseWebhook({ headers, body }, { github: 's' });
  assert.ok(result.kind === 'refused' && result.status === 401);
  assert.match(result.why, /have no secret in argocd-secret/);
  assert.equal(parseWebhook({ headers, body }, { github: 's', allowUnverified: true }).kind, 'push');
});

test('a secret in the address counts for senders that sign nothing, and for them alone', () => {
  const of = (name: string, secrets: WebhookSecrets): string => {
    const { headers, payload } = WEBHOOKS[name] as (typeof WEBHOOKS)[string];
    return parseWebhook({ headers, body: Buffer.from(JSON.stringify(payload)), secret: 's' }, secrets).kind;
  };
  assert.equal(of('docker hub', { dockerHub: 's' }), 'artifact');
  assert.equal(of('quay', { quay: 's' }), 'artifact');
  assert.equal(of('github', { github: 's' }), 'refused');
});

test('a form with the payload in it is read as GitHub sends it', () => {
  const { payload } = WEBHOOKS['github'] as (typeof WEBHOOKS)[string];
  const body = Buffer.from(new URLSearchParams({ payload: JSON.stringify(payload) }).toString());
  const headers = { 'x-github-event': 'push', 'content-type': 'application/x-www-form-urlencoded' };
  assert.equal(parseWebhook({ headers, body }, {}).kind, 'push');
});

test('events of no consequence are ignored, and what nobody sends is refused', () => {
  const kind = (headers: Record<string, string>, body: string): string =>
    parseWebhook({ headers, body: Buffer.from(body) }, {}).kind;
  assert.equal(kind({ 'x-github-event': 'ping' }, '{}'), 'ignored');
  assert.equal(kind({ 'x-gitlab-event': 'Issue Hook' }, '{}'), 'ignored');
  assert.equal(kind({ 'x-vss-activityid': '1' }, '{"eventType":"workitem.created"}'), 'ignored');
  assert.equal(kind({}, '{}'), 'refused');
  assert.equal(kind({ 'x-github-event': 'push' }, 'nope'), 'refused');
});

function namesOf(result: WebhookResult): readonly string[] {
  if (result.kind === 'push') return result.push.repositoryUrls;
  return result.kind === 'artifact' ? result.artifact.repositories : [JSON.stringify(result)];
}

function forged(signature: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.keys(signature).map((name) => [name, 'forged']));
}
