// Resource actions over HTTP: both forms of the request, what is recorded, and what a failure answers.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { application, startTestServer, type TestServer } from '../../test/support/api-server.ts';
import { CodedError } from '../lib/index.ts';
import type { ResourceActions } from './ports.ts';

const ACTIONS = '/api/v1/applications/web/resource/actions';
const WHERE = 'namespace=web&resourceName=front&group=apps&kind=Deployment&version=v1';

interface Seen {
  readonly actions: ResourceActions;
  readonly calls: unknown[];
}

class Failure extends CodedError {}

/** One Deployment `web/front` with an action that works and one that fails while it writes. */
function oneDeployment(): Seen {
  const calls: unknown[] = [];
  const isThere = (name: string): boolean => name === 'front';
  return {
    calls,
    actions: {
      async list(_app, id) {
        calls.push(id);
        return isThere(id.name) ? [{ name: 'restart', disabled: false, params: [{ name: 'a' }] }] : undefined;
      },
      async prepare(_app, id, request) {
        calls.push([id, request]);
        if (!isThere(id.name)) return undefined;
        if (request.action === 'forbidden')
          throw new Failure('NOT_PERMITTED', 'on-change', 'not permitted here');
        const { group, kind, namespace, name } = id;
        return {
          object: { group, kind, namespace, name, cluster: 'https://c' },
          writes: ['patch apps/Deployment web/front: spec'],
          async perform() {
            calls.push('performed');
            if (request.action === 'fail') throw new Failure('CONFLICT', 'backoff', 'somebody was faster');
          },
        };
      },
    },
  };
}

async function server(seen: Seen): Promise<TestServer> {
  const started = await startTestServer({ ports: { actions: seen.actions } });
  await started.applications.create(application('web'));
  return started;
}

test('the actions of a resource are listed as Argo CD lists them', async () => {
  const seen = oneDeployment();
  await using started = await server(seen);
  const answer = await started.call('GET', `${ACTIONS}?${WHERE}`);
  assert.equal(answer.status, 200);
  assert.deepEqual(answer.body, { actions: [{ name: 'restart', disabled: false, params: [{ name: 'a' }] }] });
  const id = { group: 'apps', kind: 'Deployment', namespace: 'web', name: 'front', version: 'v1' };
  assert.deepEqual(seen.calls, [id]);
});

const RUNS: Record<string, { path: string; body: unknown; params: Record<string, string> }> = {
  'its name as a JSON text': { path: `${ACTIONS}?${WHERE}`, body: '"restart"', params: {} },
  'a body that names everything': {
    path: `${ACTIONS}/v2`,
    body: {
      name: 'web',
      appNamespace: 'argocd',
      namespace: 'web',
      resourceName: 'front',
      version: 'v1',
      group: 'apps',
      kind: 'Deployment',
      action: 'restart',
      resourceActionParameters: [{ name: 'a', value: 'b' }],
    },
    params: { a: 'b' },
  },
};
for (const [name, { path, body, params }] of Object.entries(RUNS)) {
  test(`an action is run by ${name}, between its intent and its outcome`, async () => {
    const seen = oneDeployment();
    await using started = await server(seen);
    const answer = await started.call('POST', path, body);
    assert.deepEqual([answer.status, answer.body], [200, {}]);
    assert.deepEqual(seen.calls, [
      [
        { group: 'apps', kind: 'Deployment', namespace: 'web', name: 'front', version: 'v1' },
        { action: 'restart', params },
      ],
      'performed',
    ]);
    const { records } = await started.ports.journal.query({ filters: { action: 'resource.action' } });
    const [outcome, intent] = records;
    assert.equal(outcome?.outcome, 'succeeded');
    assert.deepEqual(intent?.actor, { kind: 'user', name: 'admin' });
    assert.equal(intent?.reason, 'the action restart was asked for');
    assert.deepEqual(intent?.detail, {
      application: 'argocd/web',
      action: 'restart',
      parameters: Object.keys(params),
      writes: ['patch apps/Deployment web/front: spec'],
    });
  });
}

const REFUSED: Record<string, { path: string; body: unknown; status: number; message: RegExp }> = {
  'no resource is named': {
    path: ACTIONS,
    body: '"restart"',
    status: 400,
    message: /Name the resource: kind and resourceName are needed/,
  },
  'the application has no such resource': {
    path: `${ACTIONS}?${WHERE.replace('front', 'back')}`,
    body: '"restart"',
    status: 404,
    message: /apps\/Deployment web\/back not found as part of application web/,
  },
  'the project does not permit it': {
    path: `${ACTIONS}?${WHERE}`,
    body: '"forbidden"',
    status: 403,
    message: /not permitted here/,
  },
  'the write fails': {
    path: `${ACTIONS}?${WHERE}`,
    body: '"fail"',
    status: 409,
    message: /somebody was faster/,
  },
  'the body is no text': {
    path: `${ACTIONS}?${WHERE}`,
    body: { action: 'restart' },
    status: 400,
    message: /body/,
  },
};
for (const [name, { path, body, status, message }] of Object.entries(REFUSED)) {
  test(`an action is answered with ${status} when ${name}`, async () => {
    await using started = await server(oneDeployment());
    const answer = await started.call('POST', path, body);
    assert.equal(answer.status, status);
    assert.match((answer.body as { message: string }).message, message);
    const { records } = await started.ports.journal.query({ filters: { action: 'resource.action' } });
    const [last] = records;
    assert.equal(last?.outcome, name === 'the write fails' ? 'failed' : undefined);
  });
}
