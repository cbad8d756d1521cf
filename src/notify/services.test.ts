// Each service against a server of the test's own: the request must have the shape its provider documents.
import assert from 'node:assert/strict';
import { generateKeyPairSync, verify } from 'node:crypto';
import { test } from 'node:test';
import { type HttpSink, type SinkRequest, startHttpSink, startMailSink } from '../../test/support/sinks.ts';
import { systemClock } from '../lib/index.ts';
import { readNotifyConfig } from './config.ts';
import { NotifyError } from './errors.ts';
import { createNotifyHttp } from './http.ts';
import { renderMessage } from './programs.ts';
import type { ServiceDeps } from './service.ts';

const REVISION = 'a'.repeat(40);
const APP = {
  metadata: { name: 'web', namespace: 'argocd' },
  spec: { project: 'default', source: { repoURL: 'https://github.com/org/app.git', path: 'x' } },
  status: {
    sync: { status: 'Synced', revision: REVISION },
    health: { status: 'Healthy' },
    operationState: {
      phase: 'Succeeded',
      finishedAt: '2026-01-02T03:04:05Z',
      syncResult: { revision: REVISION },
    },
  },
};

interface Case {
  /** Members of argocd-notifications-cm; AT_SINK and HOST_OF_SINK stand for the sink. */
  readonly service: string;
  readonly template: string;
  readonly to: string;
  readonly answer?: HttpSink['answer'];
  check(requests: readonly SinkRequest[]): void;
}

const MESSAGE = 'message: "Hello {{.app.metadata.name}}"\n';
const first = (requests: readonly SinkRequest[]): SinkRequest => {
  assert.ok(requests[0] !== undefined, 'a request came');
  return requests[0];
};

const CASES: Record<string, Case> = {
  'slack posts to a channel with attachments': {
    service: 'service.slack: {token: $token, apiURL: AT_SINK, username: bot, icon: ":rocket:"}',
    template: 'slack: {attachments: \'[{"title": "{{.app.metadata.name}}"}]\'}',
    to: 'slack:deploys',
    check(requests) {
      const { path, headers, json } = first(requests);
      assert.equal(path, '/chat.postMessage');
      assert.equal(headers.authorization, 'Bearer s3cr3t-token');
      assert.deepEqual(json, {
        channel: 'deploys',
        text: 'Hello web',
        username: 'bot',
        icon_emoji: ':rocket:',
        attachments: [{ title: 'web' }],
      });
    },
  },
  'webhook sends method, path, headers and body of the template': {
    service:
      'service.webhook.ci: {url: AT_SINK/base, headers: [{name: X-Key, value: $token}], basicAuth: {username: u, password: $token}}',
    template:
      'webhook: {ci: {method: POST, path: "/deploys/{{.app.metadata.name}}", headers: {X-App: "{{.app.metadata.name}}"}, body: \'{"sha":"{{.app.status.sync.revision}}"}\'}}',
    to: 'ci:',
    check(requests) {
      const { method, path, headers, json } = first(requests);
      assert.equal(`${method} ${path}`, 'POST /base/deploys/web');
      assert.deepEqual([headers['x-key'], headers['x-app']], ['s3cr3t-token', 'web']);
      assert.equal(headers.authorization, `Basic ${Buffer.from('u:s3cr3t-token').toString('base64')}`);
      assert.deepEqual(json, { sha: REVISION });
    },
  },
  'teams gets a message card': {
    service: 'service.teams: {recipientUrls: {ops: AT_SINK/hook}}',
    template:
      'teams: {title: "{{.app.metadata.name}}", themeColor: "#ff0000", facts: \'[{"name":"a","value":"b"}]\'}',
    to: 'teams:ops',
    check(requests) {
      const { path, json } = first(requests);
      assert.equal(path, '/hook');
      assert.equal(json['@type'], 'MessageCard');
      assert.equal(json.title, 'web');
      assert.equal(json.text, 'Hello web');
      assert.deepEqual(json.sections, [{ facts: [{ name: 'a', value: 'b' }] }]);
    },
  },
  'teams-workflows gets an adaptive card': {
    service: 'service.teams-workflows: {recipientUrls: {ops: AT_SINK/flow}}',
    template: 'teams-workflows: {title: T}',
    to: 'teams-workflows:ops',
    check(requests) {
      const { json } = first(requests);
      assert.equal(json.type, 'message');
      assert.equal(json.attachments[0].contentType, 'application/vnd.microsoft.card.adaptive');
      assert.deepEqual(
        json.attachments[0].content.body.map(({ text }: { text: string }) => text),
        ['T', 'Hello web'],
      );
    },
  },
  'gitlab sets the status of a commit and comments': {
    service: 'service.gitlab: {token: $token, baseURL: AT_SINK}',
    template:
      'gitlab: {repoURLPath: "git@gitlab.com:group/sub/app.git", revisionPath: "{{.app.status.sync.revision}}", status: {state: success, label: cd}, mergeRequestComment: {content: done}}',
    to: 'gitlab:',
    answer: ({ path }) => ({ body: path.endsWith('/merge_requests') ? [{ iid: 7 }] : {} }),
    check(requests) {
      assert.equal(first(requests).headers['private-token'], 's3cr3t-token');
      assert.deepEqual(
        requests.map(({ method, path }) => `${method} ${path}`),
        [
          `POST /api/v4/projects/group%2Fsub%2Fapp/statuses/${REVISION}`,
          `GET /api/v4/projects/group%2Fsub%2Fapp/repository/commits/${REVISION}/merge_requests`,
          'POST /api/v4/projects/group%2Fsub%2Fapp/merge_requests/7/notes',
        ],
      );
      assert.deepEqual(first(requests).json, { state: 'success', name: 'cd', description: 'Hello web' });
    },
  },
  'github sets a status, makes a deployment and keeps one comment': {
    service: 'service.github: {token: $token, enterpriseBaseURL: AT_SINK}',
    template:
      'github: {repoURLPath: "{{.app.spec.source.repoURL}}", revisionPath: "{{.app.status.sync.revision}}", status: {state: success, label: cd}, deployment: {state: success, environment: prod, requiredContexts: []}, pullRequestComment: {content: done, commentTag: deploy}}',
    to: 'github:',
    answer({ method, path }) {
      if (path.includes('/deployments?')) return { body: [] };
      if (path.endsWith('/deployments')) return { status: 201, body: { id: 5 } };
      if (path.endsWith('/pulls')) return { body: [{ number: 3 }] };
      if (method === 'GET') return { body: [{ id: 9, body: '<!-- fairlead:deploy -->old' }] };
      return { status: 201, body: {} };
    },
    check(requests) {
      assert.deepEqual(
        requests.map(({ method, path }) => `${method} ${path}`),
        [
          `POST /repos/org/app/statuses/${REVISION}`,
          `GET /repos/org/app/deployments?ref=${REVISION}&environment=prod`,
          'POST /repos/org/app/deployments',
          'POST /repos/org/app/deployments/5/statuses',
          `GET /repos/org/app/commits/${REVISION}/pulls`,
          'GET /repos/org/app/issues/3/comments?per_page=100',
          'PATCH /repos/org/app/issues/comments/9',
        ],
      );
      assert.deepEqual(first(requests).json, { state: 'success', description: 'Hello web', context: 'cd' });
    },
  },
  'grafana makes an annotation': {
    service: 'service.grafana: {apiUrl: AT_SINK/api, apiKey: $token}',
    template: '',
    to: 'grafana:deploy|web',
    check(requests) {
      const { path, headers, json } = first(requests);
      assert.equal(path, '/api/annotations');
      assert.equal(headers.authorization, 'Bearer s3cr3t-token');
      assert.deepEqual(json.tags, ['deploy', 'web']);
      assert.equal(json.text, 'Hello web');
      assert.equal(typeof json.time, 'number');
    },
  },
  'alertmanager gets an alert at each target': {
    service: 'service.alertmanager: {targets: [HOST_OF_SINK], scheme: http}',
    template:
      'alertmanager: {labels: {severity: critical}, annotations: {info: x}, generatorURL: "http://p"}',
    to: 'alertmanager:default',
    check(requests) {
      const { path, json } = first(requests);
      assert.equal(path, '/api/v2/alerts');
      assert.deepEqual(json[0].labels, {
        alertname: 'Fairlead',
        app: 'web',
        namespace: 'argocd',
        severity: 'critical',
      });
      assert.deepEqual(json[0].annotations, { message: 'Hello web', info: 'x' });
      assert.match(json[0].startsAt, /^\d{4}-/);
    },
  },
  'pagerduty opens an incident': {
    service: 'service.pagerduty: {token: $token, from: ops@example.com, apiURL: AT_SINK}',
    template: 'pagerduty: {title: Down, urgency: high, priorityId: P1}',
    to: 'pagerduty:SVC',
    check(requests) {
      const { path, headers, json } = first(requests);
      assert.equal(path, '/incidents');
      assert.equal(headers.authorization, 'Token token=s3cr3t-token');
      assert.equal(headers['from'], 'ops@example.com');
      assert.deepEqual(json.incident.service, { id: 'SVC', type: 'service_reference' });
      assert.equal(json.incident.title, 'Down');
      assert.equal(json.incident.incident_key, 'id-1');
    },
  },
  'pagerdutyv2 triggers an event': {
    service: 'service.pagerdutyv2: {serviceKeys: {svc: $token}, apiURL: AT_SINK}',
    template: 'pagerdutyv2: {summary: S, severity: critical, source: cluster}',
    to: 'pagerdutyv2:svc',
    check(requests) {
      const { path, json } = first(requests);
      assert.equal(path, '/v2/enqueue');
      assert.deepEqual(json, {
        routing_key: 's3cr3t-token',
        event_action: 'trigger',
        dedup_key: 'id-1',
        payload: { summary: 'S', severity: 'critical', source: 'cluster' },
      });
    },
  },
  'opsgenie creates an alert': {
    service: 'service.opsgenie: {apiUrl: AT_SINK, apiKeys: {team: $token}}',
    template: 'opsgenie: {description: D, priority: P1, tags: [a]}',
    to: 'opsgenie:team',
    check(requests) {
      const { path, headers, json } = first(requests);
      assert.equal(path, '/v2/alerts');
      assert.equal(headers.authorization, 'GenieKey s3cr3t-token');
      assert.equal(json.message, 'Hello web');
      assert.deepEqual([json.priority, json.tags, json.alias], ['P1', ['a'], 'id-1']);
    },
  },
  'telegram writes to a chat by id and topic': {
    service: 'service.telegram: {token: $token, apiURL: AT_SINK}',
    template: '',
    to: 'telegram:-100123|4',
    check(requests) {
      const { path, json } = first(requests);
      assert.equal(path, '/bots3cr3t-token/sendMessage');
      assert.deepEqual(json, {
        chat_id: -100123,
        message_thread_id: 4,
        text: 'Hello web',
        parse_mode: 'Markdown',
      });
    },
  },
  'mattermost posts to a channel': {
    service: 'service.mattermost: {apiURL: AT_SINK, token: $token}',
    template: 'mattermost: {attachments: \'[{"title":"t"}]\'}',
    to: 'mattermost:chan',
    check(requests) {
      const { path, json } = first(requests);
      assert.equal(path, '/api/v4/posts');
      assert.deepEqual(json, {
        channel_id: 'chan',
        message: 'Hello web',
        props: { attachments: [{ title: 't' }] },
      });
    },
  },
  'googlechat posts cards into a thread': {
    service: 'service.googlechat: {webhooks: {ops: "AT_SINK/spaces/x?key=k"}}',
    template: 'googlechat: {threadKey: "{{.app.metadata.name}}", cardsV2: \'[{"cardId":"1"}]\'}',
    to: 'googlechat:ops',
    check(requests) {
      const { path, json } = first(requests);
      assert.equal(
        path,
        '/spaces/x?key=k&threadKey=web&messageReplyOption=REPLY_MESSAGE_FALLBACK_TO_NEW_THREAD',
      );
      assert.deepEqual(json, { text: 'Hello web', cardsV2: [{ cardId: '1' }] });
    },
  },
  'pushover sends to a user': {
    service: 'service.pushover: {token: $token, apiURL: AT_SINK}',
    template: '',
    to: 'pushover:USER',
    check(requests) {
      const { path, json } = first(requests);
      assert.equal(path, '/1/messages.json');
      assert.deepEqual(json, { token: 's3cr3t-token', user: 'USER', message: 'Hello web' });
    },
  },
};

for (const [name, { service, template, to, answer, check }] of Object.entries(CASES)) {
  test(name, async () => {
    await using sink = await startHttpSink(answer);
    await using sender = senderFor(service, template, sink);
    await sender.send(to);
    check(sink.requests);
  });
}

test('slack goes on in the thread of a grouping key, also after a restart', async () => {
  await using sink = await startHttpSink(() => ({ body: { ok: true, ts: '17.5', channel: 'C1' } }));
  const service = 'service.slack: {token: $token, apiURL: AT_SINK}';
  const template = 'slack: {groupingKey: "{{.app.metadata.name}}", deliveryPolicy: PostAndUpdate}';
  const kept = new Map<string, string>();
  await using before = senderFor(service, template, sink, kept);
  await before.send('slack:deploys');
  await using after = senderFor(service, template, sink, kept);
  await after.send('slack:deploys');
  assert.deepEqual(
    sink.requests.map(({ path, json }) => [path, json.channel, json.ts, json.thread_ts]),
    [
      ['/chat.postMessage', 'deploys', undefined, undefined],
      ['/chat.update', 'C1', '17.5', undefined],
      ['/chat.postMessage', 'C1', undefined, '17.5'],
    ],
  );
});

test('github signs in as an App with its key', async () => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  await using sink = await startHttpSink(({ path }) => ({
    body: path.endsWith('/access_tokens') ? { token: 'installation' } : {},
  }));
  const template = `github: {repoURLPath: "https://github.com/org/app", revisionPath: ${REVISION}, status: {state: success}}`;
  const service =
    'service.github: {appID: 12, installationID: 34, privateKey: $key, enterpriseBaseURL: AT_SINK}';
  await using sender = senderFor(service, template, sink, new Map(), { key: pem });
  await sender.send('github:');
  const [signIn, status] = sink.requests;
  assert.equal(signIn?.path, '/app/installations/34/access_tokens');
  const [head = '', claims = '', signature = ''] =
    signIn?.headers.authorization?.replace('Bearer ', '').split('.') ?? [];
  assert.ok(
    verify('RSA-SHA256', Buffer.from(`${head}.${claims}`), publicKey, Buffer.from(signature, 'base64url')),
  );
  assert.equal(JSON.parse(Buffer.from(claims, 'base64url').toString()).iss, '12');
  assert.equal(status?.headers.authorization, 'Bearer installation');
});

test('email goes out over SMTP with subject, body and a message id of its own', async () => {
  await using mail = await startMailSink();
  await using sink = await startHttpSink();
  const service = `service.email: {host: 127.0.0.1, port: ${mail.port}, username: u, password: $token, from: cd@example.com}`;
  await using sender = senderFor(
    service,
    'email: {subject: "About {{.app.metadata.name}}", body: "Body"}',
    sink,
  );
  await sender.send('email:ops@example.com');
  const [sent] = mail.mails;
  assert.deepEqual([sent?.from, sent?.to], ['cd@example.com', ['ops@example.com']]);
  assert.match(sent?.data ?? '', /^Subject: About web$/m);
  assert.match(sent?.data ?? '', /^Message-ID: <id-1@fairlead>$/m);
  assert.match(sent?.data ?? '', /\nBody\n/);
});

test('email with line breaks in the subject adds no header', async () => {
  await using mail = await startMailSink();
  await using sink = await startHttpSink();
  const service = `service.email: {host: 127.0.0.1, port: ${mail.port}, from: cd@example.com}`;
  await using sender = senderFor(service, 'email: {subject: "a\\r\\nBcc: evil@example.com", body: b}', sink);
  await sender.send('email:ops@example.com');
  assert.deepEqual(mail.mails[0]?.to, ['ops@example.com']);
  assert.doesNotMatch(mail.mails[0]?.data ?? '', /^Bcc:/m);
});

const FAILURES: Record<string, { status: number; code: string }> = {
  'a 500 is tried later': { status: 500, code: 'NOTIFY_UNAVAILABLE' },
  'a 429 is tried later': { status: 429, code: 'NOTIFY_UNAVAILABLE' },
  'a 404 is final': { status: 404, code: 'NOTIFY_REFUSED' },
  'S-H5: a redirect is not followed': { status: 307, code: 'NOTIFY_REFUSED' },
};

for (const [name, { status, code }] of Object.entries(FAILURES)) {
  test(`${name}, and its error shows neither token nor path`, async () => {
    await using elsewhere = await startHttpSink();
    await using sink = await startHttpSink(() => ({
      status,
      headers: { location: `${elsewhere.url}/` },
      body: { echo: 's3cr3t-token' },
    }));
    await using sender = senderFor('service.telegram: {token: $token, apiURL: AT_SINK}', '', sink);
    await assert.rejects(sender.send('telegram:1'), (error) => {
      assert.ok(error instanceof NotifyError);
      assert.equal(error.code, code);
      assert.doesNotMatch(JSON.stringify([error.message, error.cause, error.stack]), /s3cr3t|sendMessage/);
      return true;
    });
    assert.equal(elsewhere.requests.length, 0);
  });
}

test('webhook tries again by itself, with the same idempotency key', async () => {
  let tries = 0;
  await using sink = await startHttpSink(() => {
    tries += 1;
    return { status: tries < 3 ? 503 : 200 };
  });
  await using sender = senderFor(
    'service.webhook.ci: {url: AT_SINK, retryWaitMin: 1ms, retryWaitMax: 2ms}',
    '',
    sink,
  );
  await sender.send('ci:');
  assert.equal(sink.requests.length, 3);
  assert.deepEqual(
    new Set(sink.requests.map(({ headers }) => headers['idempotency-key'])),
    new Set(['id-1']),
  );
});

test('S-I1: a path from a template never leads to another host', async () => {
  await using sink = await startHttpSink();
  const template = 'webhook: {ci: {method: POST, path: "@evil.example/{{.app.metadata.name}}"}}';
  await using sender = senderFor('service.webhook.ci: {url: AT_SINK}', template, sink);
  await sender.send('ci:');
  assert.equal(sink.requests[0]?.path, '/@evil.example/web');
});

test('S-E8: a certificate that nobody has signed is refused, unless this very service says otherwise', async () => {
  await using sink = await startHttpSink(() => ({}), { tls: true });
  await using strict = senderFor(
    'service.webhook.ci: {url: AT_SINK, retryMax: 1, retryWaitMin: 1ms}',
    '',
    sink,
  );
  await assert.rejects(strict.send('ci:'), /SELF_SIGNED|VERIFY/);
  assert.equal(sink.requests.length, 0);
  await using lenient = senderFor('service.webhook.ci: {url: AT_SINK, insecureSkipVerify: true}', '', sink);
  await lenient.send('ci:');
  assert.equal(sink.requests.length, 1);
});

test('S-I1: addresses where clouds keep credentials are refused', async () => {
  await using sink = await startHttpSink();
  for (const host of ['169.254.169.254', '[fe80::1]', '0xa9fea9fe', '[::ffff:169.254.169.254]']) {
    await using sender = senderFor(
      `service.webhook.ci: {url: "http://${host}/latest", retryMax: 1, retryWaitMin: 1ms}`,
      '',
      sink,
    );
    await assert.rejects(sender.send('ci:'), /refused/, host);
  }
});

function senderFor(
  service: string,
  template: string,
  sink: HttpSink,
  threads = new Map<string, string>(),
  secrets: Record<string, string> = { token: 's3cr3t-token' },
) {
  const http = createNotifyHttp();
  const deps: ServiceDeps = {
    http: http.send,
    clock: systemClock,
    threads: {
      get: async (key) => threads.get(key),
      set: async (key, value) => void threads.set(key, value),
    },
  };
  const at = service.indexOf(':');
  const text = service
    .slice(at + 1)
    .replaceAll('HOST_OF_SINK', sink.host)
    .replaceAll('AT_SINK', sink.url);
  const data = { [service.slice(0, at)]: text, 'template.hello': MESSAGE + template };
  const config = readNotifyConfig(deps, { data, secrets, url: '' });
  assert.deepEqual(config.problems, []);
  const now = (): number => Date.parse('2026-01-02T03:04:05Z');
  const commit = async () => ({ message: '', author: '', date: 0, tags: [] });
  return {
    async send(to: string): Promise<void> {
      const [name = '', recipient = ''] = to.split(/:(.*)/s);
      const found = config.services.get(name);
      assert.ok(found !== undefined, `service ${name}`);
      const destination = { service: name, recipient, type: found.type };
      const message = await renderMessage(config, ['hello'], destination, { app: APP, now, commit });
      await found.send(message, recipient, { signal: new AbortController().signal, id: 'id-1' });
    },
    [Symbol.asyncDispose]: () => http.close(),
  };
}
