// Who is told of what, by annotation, config map and without either; and what the annotation remembers.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../lib/index.ts';
import { readNotifyConfig } from './config.ts';
import { renderMessage, runTrigger } from './programs.ts';
import { withSecrets } from './redact.ts';
import { matchesSelector } from './selector.ts';
import { readState, stateKey, writeState } from './state.ts';
import { subscriptionsFor } from './subscriptions.ts';

const DEPS = {
  clock: systemClock,
  http: async () => ({ status: 200, body: '' }),
  threads: { get: async () => undefined, set: async () => {} },
};
const configOf = (data: Record<string, string>, secrets: Record<string, string> = {}) =>
  readNotifyConfig(DEPS, { data, secrets, url: 'https://cd.example.com' });

const P = 'notifications.argoproj.io';
const CASES: Record<
  string,
  {
    data?: Record<string, string>;
    annotations?: Record<string, string>;
    project?: Record<string, string>;
    want: string[];
  }
> = {
  'by trigger and service': {
    annotations: { [`${P}/subscribe.on-deployed.slack`]: 'a; b' },
    want: ['on-deployed slack:a', 'on-deployed slack:b'],
  },
  'a service without a recipient': { annotations: { [`${P}/subscribe.on-x.ci`]: '' }, want: ['on-x ci:'] },
  'the default triggers, those of the service first': {
    data: { defaultTriggers: '[on-a]', 'defaultTriggers.mail': '[on-b]' },
    annotations: { [`${P}/subscribe.slack`]: 'x', [`${P}/subscribe.mail`]: 'y' },
    want: ['on-a slack:x', 'on-b mail:y'],
  },
  'a list in YAML': {
    annotations: {
      [`${P}/subscriptions`]: '[{trigger: [on-a], destinations: [{service: slack, recipients: [x, z]}]}]',
    },
    want: ['on-a slack:x', 'on-a slack:z'],
  },
  'the form of old': {
    annotations: { 'on-a.recipients.argocd-notifications.argoproj.io': 'slack:x,email:y@z' },
    want: ['on-a email:y@z', 'on-a slack:x'],
  },
  'the project, without telling anybody twice': {
    annotations: { [`${P}/subscribe.on-a.slack`]: 'x' },
    project: { [`${P}/subscribe.on-a.slack`]: 'x;z' },
    want: ['on-a slack:x', 'on-a slack:z'],
  },
  'the config map, by labels': {
    data: {
      subscriptions:
        '[{recipients: ["slack:x"], triggers: [on-a], selector: "team=pay"}, {recipients: ["slack:y"], triggers: [on-a], selector: team=other}]',
    },
    want: ['on-a slack:x'],
  },
  'nobody for a broken annotation': { annotations: { [`${P}/subscriptions`]: '[{' }, want: [] },
  'whoever is configured, of what is wrong, while nobody has said otherwise': {
    data: { 'service.webhook.ops': '{url: "http://h"}', 'service.email': '{host: h, from: f}' },
    want: ['on-drift-detected ops:', 'on-health-degraded ops:', 'on-sync-failed ops:'],
  },
  'nobody once somebody has': {
    data: { 'service.webhook.ops': '{url: "http://h"}', subscriptions: '[]' },
    want: [],
  },
};

for (const [name, { data = {}, annotations = {}, project = {}, want }] of Object.entries(CASES)) {
  test(`subscriptionsFor() tells ${name}`, () => {
    const found = subscriptionsFor(configOf(data), { annotations, labels: { team: 'pay' } }, project);
    const lines = [...found].flatMap(([trigger, destinations]) =>
      destinations.map(({ service, recipient }) => `${trigger} ${service}:${recipient}`),
    );
    assert.deepEqual(lines.sort(), want);
  });
}

test('a broken entry is a problem of its own, and does not show a secret', () => {
  const config = configOf(
    {
      'trigger.bad': '[{when: "a b"}]',
      'template.bad': 'message: "{{if}}"',
      'service.nosuch': '{token: $t}',
      'trigger.good': '[{when: "true"}]',
      'service.slack': '{url: $t}',
    },
    { t: 'canary-secret' },
  );
  assert.deepEqual(config.problems.map(({ key }) => key).sort(), [
    'service.nosuch',
    'service.slack',
    'template.bad',
    'trigger.bad',
  ]);
  assert.ok(config.triggers.has('good'));
  assert.ok(!JSON.stringify(config.problems).includes('canary'));
});

test('the state key and the state are those of Argo CD', async () => {
  const config = configOf({});
  const app = {
    metadata: { name: 'web', namespace: 'argocd' },
    status: {
      operationState: { phase: 'Succeeded', syncResult: { revision: 'abc' } },
      health: { status: 'Healthy' },
    },
  };
  const subject = {
    app,
    now: () => 0,
    commit: async () => ({ message: 'm', author: 'ada', date: 0, tags: [] }),
  };
  const [result] = await runTrigger(config, 'on-deployed', subject);
  assert.ok(result?.triggered);
  assert.match(
    stateKey('on-deployed', result, { service: 'slack', recipient: 'x' }),
    /^abc:on-deployed:\[0\]\.[\w-]{27}:slack:x$/,
  );
  const custom = configOf({
    'trigger.t':
      "[{when: \"app.status.operationState.phase in ['Succeeded'] and app.status.health.status == 'Healthy'\"}]",
  });
  // The hash that Argo CD writes for this condition.
  assert.equal((await runTrigger(custom, 't', subject))[0]?.key, '[0].y7b5sbwa2Q329JYH755peeq-fBs');
  assert.deepEqual(readState('{"a":1,"b":"x"}'), { a: 1 });
  assert.deepEqual(readState('{broken'), {});
  const many = Object.fromEntries(Array.from({ length: 150 }, (_, i) => [`k${i}`, i]));
  assert.equal(Object.keys(JSON.parse(writeState(many) ?? '{}')).length, 100);
  assert.equal(writeState({}), undefined);
});

test('a template may ask for the commit and sees links and secrets', async () => {
  const data = {
    'template.t':
      'message: "{{(call .repo.GetCommitMetadata .app.status.sync.revision).Author}} {{.context.argocdUrl}} {{.secrets.s}} {{.recipient}} {{call .repo.FullNameByRepoURL .app.spec.source.repoURL}}"',
  };
  const app = {
    metadata: {},
    spec: { source: { repoURL: 'git@github.com:org/app.git' } },
    status: { sync: { revision: 'abc' } },
  };
  const commit = async () => ({ message: 'm', author: 'ada', date: 0, tags: [] });
  const message = await renderMessage(
    configOf(data, { s: 'v' }),
    ['t'],
    { service: 'x', recipient: 'r', type: 'x' },
    { app, now: () => 0, commit },
  );
  assert.equal(message.text, 'ada https://cd.example.com v r org/app');
});

test('withSecrets() replaces names that the Secret has, and no others', () => {
  const value = { token: '$a', list: ['x $b-c.d y'], other: '$unknown $' };
  assert.deepEqual(withSecrets(value, { a: '1\n', 'b-c.d': '2' }), {
    token: '1',
    list: ['x 2 y'],
    other: '$unknown $',
  });
});

for (const [selector, want] of Object.entries({
  '': true,
  'team=pay': true,
  'team==pay,tier!=x': true,
  'team in (a, pay)': true,
  'team notin (pay)': false,
  '!gone,team': true,
  'team=other': false,
  'not a selector': false,
})) {
  test(`matchesSelector() of "${selector}"`, () =>
    assert.equal(matchesSelector(selector, { team: 'pay' }), want));
}
