// Notifications as people meet them: the control plane on the embedded API, and servers that receive.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Host, startHost } from '../scenarios/host.ts';
import { AUTOMATED, configMap, untilSynced, type World } from '../scenarios/world.ts';
import { startHttpSink, startMailSink } from '../support/sinks.ts';

const CANARY = 'xoxb-canary-7f3a9c';
let host: Host;
before(async () => {
  host = await startHost('embedded');
});
after(() => host.close());

let index = 700;
const scenario = (name: string, run: (world: World) => Promise<void>): void => {
  test(name, () => host.run({ name, run }, index++));
};

scenario(
  'a deployment is told to chat and mail, once for each revision, also after a crash',
  async (world) => {
    await using chat = await startHttpSink(() => ({ body: { ok: true, ts: '1', channel: 'C' } }));
    await using mail = await startMailSink();
    await configure(world, {
      'service.slack': `{token: $slack-token, apiURL: "${chat.url}"}`,
      'service.email': `{host: 127.0.0.1, port: ${mail.port}, from: cd@example.com}`,
      subscriptions: '[]',
    });
    await world.commit({ 'cm.yaml': configMap('settings', { a: '1' }) });
    await world.apply(
      { syncPolicy: AUTOMATED },
      {
        annotations: {
          'notifications.argoproj.io/subscribe.on-deployed.slack': 'deploys;releases',
          'notifications.argoproj.io/subscribe.on-deployed.email': 'ops@example.com',
        },
      },
    );
    const revision = (await untilSynced(world)).status?.sync?.revision ?? '';
    await world.until(
      'all three destinations are told',
      async () => chat.requests.length >= 2 && mail.mails.length >= 1,
    );
    assert.deepEqual(chat.requests.map(({ json }) => json.channel).sort(), ['deploys', 'releases']);
    assert.match(
      chat.requests[0]?.json.text,
      new RegExp(`${world.name} runs a new version. Revision ${revision}`),
    );
    assert.match(mail.mails[0]?.data ?? '', /^Subject: Application \S+ runs a new version$/m);

    const state = await notified(world, 3);
    const condition = '[0].[A-Za-z0-9_-]{27}';
    for (const key of Object.keys(state)) {
      assert.match(
        key,
        new RegExp(`^${revision}:on-deployed:${condition.replace('[0]', '\\[0\\]')}:(slack|email):`),
      );
    }

    await world.crash();
    // The next revision is told exactly once more: nothing of the old one came again in between.
    await world.commit({ 'cm.yaml': configMap('settings', { a: '2' }) });
    await world.until(
      'the second revision is told',
      async () => chat.requests.length >= 4 && mail.mails.length >= 2,
    );
    await notified(world, 6);
    assert.deepEqual([chat.requests.length, mail.mails.length], [4, 2]);
    assert.equal(chat.requests[0]?.headers.authorization, `Bearer ${CANARY}`);
  },
);

scenario(
  'a service that hangs and one that fails do not delay the others, and nothing is lost',
  async (world) => {
    let isUp = false;
    await using hanging = await startHttpSink(() => ({ hangs: true }));
    await using failing = await startHttpSink(() => (isUp ? {} : { status: 500, body: { echo: CANARY } }));
    await using working = await startHttpSink();
    await configure(world, {
      'service.webhook.hanging': `{url: "${hanging.url}", headers: [{name: x-key, value: $slack-token}]}`,
      'service.webhook.failing': `{url: "${failing.url}", retryMax: 1, retryWaitMin: 1ms, headers: [{name: x-key, value: $slack-token}]}`,
      'service.webhook.working': `{url: "${working.url}"}`,
      subscriptions: '[{recipients: [hanging, failing, working], triggers: [on-sync-succeeded]}]',
    });
    await world.commit({ 'cm.yaml': configMap('settings', { a: '1' }) });
    await world.apply({ syncPolicy: AUTOMATED });
    await untilSynced(world);
    await world.until('the one that works is told', async () => working.requests.length === 1);
    // A crash before that is remembered would tell it a second time.
    assert.match(Object.keys(await notified(world, 1)).join(), /:working:/);
    await world.until(
      'the others were tried',
      async () => hanging.requests.length > 0 && failing.requests.length > 0,
    );

    // The process dies with two messages undelivered; one of the receivers is back when the next one starts.
    isUp = true;
    const before = failing.requests.length;
    await world.crash();
    await world.until('the one that failed is told', async () => {
      return (
        failing.requests.length > before &&
        Object.keys(await state(world)).some((key) => key.includes(':failing:'))
      );
    });
    assert.equal(working.requests.length, 1);
    const ids = failing.requests.map(({ headers }) => headers['idempotency-key']);
    assert.equal(new Set(ids).size, 1, 'a receiver can tell a repetition');
  },
);

scenario('a failure is told after a crash as it was, also when all is well again by then', async (world) => {
  let isUp = false;
  await using sink = await startHttpSink(() => (isUp ? {} : { status: 502 }));
  await configure(world, {
    'service.webhook.ops': `{url: "${sink.url}", retryMax: 1, retryWaitMin: 1ms}`,
    subscriptions: '[{recipients: [ops], triggers: [on-sync-failed]}]',
  });
  await world.commit({ 'cm.yaml': configMap('Not_A_Name', { a: '1' }) });
  await world.apply({ syncPolicy: { automated: {}, retry: { limit: 0 } } });
  await world.until('the sync failed and the receiver is away', async () => sink.requests.length > 0);
  await world.commit({ 'cm.yaml': configMap('settings', { a: '1' }) });
  await untilSynced(world);
  isUp = true;
  const before = sink.requests.length;
  await world.crash();
  const told = await world.until('the failure is told', async () => sink.requests[before]);
  assert.match(told.json.text, /^Sync of application \S+ failed. It ended (Failed|Error)/);
});

scenario('a deletion is told, of an application with a finalizer and of one without', async (world) => {
  await using sink = await startHttpSink();
  await configure(world, {
    'service.webhook.ops': `{url: "${sink.url}"}`,
    subscriptions: '[{recipients: [ops], triggers: [on-deleted]}]',
  });
  await world.commit({ 'cm.yaml': configMap('settings', { a: '1' }) });
  for (const finalizers of [[], ['resources-finalizer.argocd.argoproj.io']]) {
    const before = sink.requests.length;
    await world.apply({ syncPolicy: AUTOMATED }, { finalizers });
    await world.until(
      'it is in sync',
      async () => (await world.application())?.status?.sync?.status === 'Synced',
    );
    await world.deleteApplication();
    await world.until('it is gone', async () => (await world.application()) === undefined);
    await world.until('its deletion is told', async () => sink.requests.length > before);
    assert.equal(sink.requests.length, before + 1);
    assert.match(sink.requests.at(-1)?.json.text, /is being deleted/);
  }
});

scenario('what is wrong with a notification is shown, and its secrets are not', async (world) => {
  await using refusing = await startHttpSink(() => ({ status: 403, body: { echo: CANARY } }));
  await configure(world, {
    'service.slack': `{token: $slack-token, apiURL: "${refusing.url}"}`,
    'template.leaky': 'message: "{{.secrets.token}} {{fail .context.key}}"',
    'trigger.on-leak': '[{when: "true", send: [leaky]}]',
    context: `{key: ${CANARY}}`,
    subscriptions: '[{recipients: ["slack:x"], triggers: [on-created, on-leak]}]',
  });
  await world.commit({ 'cm.yaml': configMap('settings', { a: '1' }) });
  await world.apply({ syncPolicy: AUTOMATED });
  await world.until('the journal has both failures', async () => {
    const records = await host
      .plane()
      .journal.query({ filters: { action: 'notification.send', outcome: 'failed', text: world.name } });
    return records.records.length >= 2;
  });
  const events = await world.until('events tell of them', async () => {
    const { items } = (await api(`/api/v1/applications/${world.name}/events`)) as {
      items: { reason: string }[];
    };
    return items.filter(({ reason }) => reason === 'NotificationFailed').length >= 2 ? items : undefined;
  });
  const metrics = await (await fetch(`${host.plane().url}/metrics`)).text();
  assert.match(
    metrics,
    /argocd_notifications_deliveries_total\{trigger="on-created",service="slack",succeeded="false"\} 1/,
  );
  const journal = await host.plane().journal.query({ limit: 1000 });
  const app = await world.application();
  const everything = JSON.stringify([events, journal.records, app, metrics]);
  assert.ok(!everything.includes(CANARY), 'no secret in events, journal, object or metrics');
});

scenario('drift is told without any subscription once a service knows where to send to', async (world) => {
  await using sink = await startHttpSink();
  await configure(world, { 'service.webhook.ops': `{url: "${sink.url}"}` });
  await world.commit({ 'cm.yaml': configMap('settings', { a: '1' }) });
  await world.apply({ syncPolicy: { automated: { prune: true } } });
  await untilSynced(world);
  await world.patch('v1', 'configmaps', 'settings', { data: { a: 'by hand' } });
  await world.until('the drift is told', async () =>
    sink.requests.some(({ json }) => json?.text?.includes('differs from its source')),
  );
  const told = sink.requests.find(({ json }) => json.text.includes('differs'));
  assert.deepEqual([told?.method, told?.json.application], ['POST', world.name]);
  assert.match(told?.json.text, /ConfigMap settings/);
});

scenario('the API lists what is configured and tries it', async (world) => {
  await using sink = await startHttpSink();
  await configure(world, {
    'service.webhook.ops': `{url: "${sink.url}"}`,
    'trigger.broken': 'when: [',
    subscriptions: '[]',
  });
  await world.commit({ 'cm.yaml': configMap('settings', { a: '1' }) });
  await world.apply({ syncPolicy: AUTOMATED });
  await untilSynced(world);
  assert.deepEqual(await api('/api/v1/notifications/services'), { items: [{ name: 'ops' }] });
  const triggers = (await api('/api/v1/notifications/triggers')) as { items: { name: string }[] };
  assert.ok(triggers.items.some(({ name }) => name === 'on-deployed'));
  const templates = (await api('/api/v1/fairlead/notifications/templates')) as {
    problems: { key: string }[];
  };
  assert.deepEqual(
    templates.problems.map(({ key }) => key),
    ['trigger.broken'],
  );
  const run = await api('/api/v1/fairlead/notifications/triggers/on-deployed/run', {
    application: world.name,
  });
  assert.equal((run as { items: { triggered: boolean }[] }).items[0]?.triggered, true);
  const tried = await api('/api/v1/fairlead/notifications/templates/app-deployed/notify', {
    application: world.name,
    destination: 'ops:',
  });
  assert.equal((tried as { sent: boolean }).sent, true);
  assert.equal(sink.requests.length, 1);
});

async function configure(world: World, data: Record<string, string>): Promise<void> {
  const secret = { 'slack-token': Buffer.from(CANARY).toString('base64') };
  const secrets = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'argocd-notifications-secret' },
    data: secret,
  };
  const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'argocd-notifications-cm' }, data };
  if ((await world.get('v1', 'secrets', 'argocd-notifications-secret', 'argocd')) === undefined) {
    await world.create('v1', 'secrets', secrets, 'argocd');
  }
  if ((await world.get('v1', 'configmaps', 'argocd-notifications-cm', 'argocd')) !== undefined) {
    await world.delete('v1', 'configmaps', 'argocd-notifications-cm', 'argocd');
  }
  await world.create('v1', 'configmaps', map, 'argocd');
  await world.until('the configuration is read', async () => {
    const { items } = (await api('/api/v1/notifications/services')) as { items: { name: string }[] };
    const wanted = Object.keys(data).filter((key) => key.startsWith('service.'));
    return (
      items.length === wanted.length &&
      wanted.every((key) => items.some(({ name }) => key.endsWith(`.${name}`)))
    );
  });
}

async function state(world: World): Promise<Record<string, number>> {
  const text = (await world.application())?.metadata.annotations?.['notified.notifications.argoproj.io'];
  return text === undefined ? {} : (JSON.parse(text) as Record<string, number>);
}

async function notified(world: World, count: number): Promise<Record<string, number>> {
  return await world.until(`${count} notifications are remembered`, async () => {
    const found = await state(world);
    return Object.keys(found).length >= count ? found : undefined;
  });
}

async function api(path: string, body?: unknown): Promise<unknown> {
  const response = await fetch(host.plane().url + path, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const answer: unknown = await response.json();
  assert.equal(response.status, 200, JSON.stringify(answer));
  return answer;
}
