// The badge: what it says, to whom, and that nothing in it can break out of the picture.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { application, request, startTestServer } from '../../test/support/api-server.ts';
import { badge } from './badge.ts';

const REVISION = 'a'.repeat(40);
const APP = application('web', {
  status: { sync: { status: 'Synced', revision: REVISION }, health: { status: 'Healthy' } },
});
const BAD = application('api', {
  status: { sync: { status: 'OutOfSync', revision: REVISION }, health: { status: 'Degraded' } },
});

async function said(query: string, isOn = true): Promise<string> {
  const information = {
    version: () => ({}),
    settings: () => ({ userLoginsDisabled: false, execEnabled: false, statusBadgeEnabled: isOn }),
    config: (key: string) => (key === 'statusbadge.enabled' && isOn ? 'true' : ''),
    problem: () => undefined,
  };
  await using server = await startTestServer({ ports: { information } });
  await server.applications.create(APP);
  await server.applications.create(BAD);
  const { status, headers, body } = await request(server.url, 'GET', `/api/badge?${query}`);
  assert.equal(status, 200);
  assert.equal(headers.get('content-type'), 'image/svg+xml');
  return /<title>([^<]*)/.exec(String(body))?.[1] ?? '';
}

const CASES: Record<string, { query: string; isOn?: boolean; says: string }> = {
  'one application': { query: 'name=web', says: 'Healthy, Synced' },
  'its commit': { query: 'name=web&revision=true', says: 'Healthy, Synced, aaaaaaa' },
  'its whole commit': {
    query: 'name=web&revision=true&keepFullRevision=true',
    says: `Healthy, Synced, ${REVISION}`,
  },
  'with its name': { query: 'name=web&showAppName=true', says: 'web, Healthy, Synced' },
  'the worst of a project': { query: 'project=default', says: 'Degraded, OutOfSync' },
  'one that is missing': { query: 'name=nothing&showAppName=true&revision=true', says: 'Unknown, Unknown' },
  'nothing named': { query: '', says: 'Unknown, Unknown' },
  'badges switched off': { query: 'name=web', isOn: false, says: 'Unknown, Unknown' },
};

for (const [name, { query, isOn, says }] of Object.entries(CASES)) {
  test(`a badge of ${name}`, async () => assert.equal(await said(query, isOn), says));
}

test('words in a badge stay words', () => {
  const svg = badge({ health: '<script>"&', sync: "'\u0007", title: '</title><x' });
  assert.doesNotMatch(svg, /<script|<x|\p{Cc}(?<!\n)/u);
  assert.match(svg, /&#60;script&#62;/);
});

test('a badge is as wide as asked, within reason', () => {
  assert.match(badge({ health: 'Healthy', sync: 'Synced', width: 500 }), /width="500"/);
  assert.match(badge({ health: 'Healthy', sync: 'Synced', width: 9e9 }), /width="2000"/);
});
