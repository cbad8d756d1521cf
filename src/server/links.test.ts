// Links from argocd-cm: what is shown for which subject, and what a broken or hostile one does.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { application, startTestServer } from '../../test/support/api-server.ts';
import { systemClock } from '../lib/index.ts';
import { linksFor } from './links.ts';

const APP = application('web', {
  metadata: { name: 'web', namespace: 'argocd', labels: { env: 'prod', bad: 'javascript:alert(1)' } },
});

function links(text: string): { urls: string[]; warned: number } {
  let warned = 0;
  const deps = { clock: systemClock, warn: () => (warned += 1) };
  const found = linksFor(deps, { key: 'application.links', text, subject: APP, values: { app: APP } });
  return { urls: found.map(({ url }) => url), warned };
}

const CASES: Record<string, { text: string; urls: string[]; warned?: number }> = {
  nothing: { text: '', urls: [] },
  'members of the subject by themselves': {
    text: '[{title: Logs, url: "https://logs.test/?q={{.metadata.name}}&env={{.metadata.labels.env}}"}]',
    urls: ['https://logs.test/?q=web&env=prod'],
  },
  'the application by name': {
    text: '[{title: Logs, url: "https://logs.test/{{.app.spec.destination.namespace}}"}]',
    urls: ['https://logs.test/web'],
  },
  'a condition that holds': {
    text: `[{title: A, url: "https://a.test", if: 'app.spec.project == "default"'}]`,
    urls: ['https://a.test'],
  },
  'a condition that does not': {
    text: `[{title: A, url: "https://a.test", if: 'app.spec.project == "x"'}]`,
    urls: [],
  },
  'a member that is not there': {
    text: '[{title: A, url: "https://a.test/{{.app.metadata.labels.none}}"}, {title: B, url: "https://b.test"}]',
    urls: ['https://b.test'],
  },
  'a broken one beside a good one': {
    text: '[{title: A, url: "https://a.test/{{"}, {title: B}, 7, {title: C, url: "https://c.test"}]',
    urls: ['https://c.test'],
    warned: 3,
  },
  'a script from a label': { text: '[{title: A, url: "{{.metadata.labels.bad}}"}]', urls: [] },
};

for (const [name, { text, urls, warned = 0 }] of Object.entries(CASES)) {
  test(`S-G1: links: ${name}`, () => assert.deepEqual(links(text), { urls, warned }));
}

test('a member that is no list is an error, not an empty list', () => {
  for (const text of ['a: b', '[', '7'])
    assert.throws(() => links(text), /Links cannot be read from argocd-cm/);
});

test('the API answers the links of an application and of a project', async () => {
  const information = {
    version: () => ({}),
    settings: () => ({ userLoginsDisabled: false, execEnabled: false, statusBadgeEnabled: false }),
    config: (key: string) =>
      `[{title: "${key}", url: "https://x.test/{{.metadata.name}}", description: D, icon.class: fa-x}]`,
    problem: () => undefined,
  };
  await using server = await startTestServer({ ports: { information } });
  await server.applications.create(APP);
  const { body } = await server.call('GET', '/api/v1/applications/web/links');
  assert.deepEqual(body, {
    items: [{ title: 'application.links', url: 'https://x.test/web', description: 'D', iconClass: 'fa-x' }],
  });
  const missing = await server.call('GET', '/api/v1/applications/web/resource/links?kind=Pod&resourceName=x');
  assert.equal(missing.status, 404);
});
