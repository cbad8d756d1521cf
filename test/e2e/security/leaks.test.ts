// Section 1.8 of the security requirements: credentials of every kind are planted, used and made to fail, and then
// looked for in all that the control plane answers, logs, records and keeps. What single parts do is tested beside them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { wellKnown } from '../../../src/k8s/index.ts';
import { jsonLogger } from '../../../src/lib/index.ts';
import { hashPassword } from '../../../src/server/index.ts';
import { startGitServer } from '../../support/git-server.ts';
import { canary, filesBelow, leaksIn } from '../../support/leaks.ts';
import { signInWorld } from '../../support/sign-in-world.ts';

const APPLICATIONS = {
  group: 'argoproj.io',
  version: 'v1alpha1',
  kind: 'Application',
  resource: 'applications',
  namespaced: true,
};
const ROUTES = [
  'applications/web',
  'applications/web/resource-tree',
  'applications/web/managed-resources',
  'applications/web/manifests',
  'applications/web/events',
  'fairlead/applications/web/explain',
  'applications?refresh=normal&name=web',
  'repositories?forceRefresh=true',
  'repocreds',
  'write-repositories?forceRefresh=true',
  'write-repocreds',
  'clusters',
  'projects',
  'account',
  'settings',
  'notifications/services',
  'fairlead/audit?limit=1000',
] as const;

test('S-H1, S-H4, S-H8: no planted credential is in answers, logs at debug level, the record, events, statuses, metrics or files', async () => {
  const canaries = {
    repository: canary('repository'),
    pushing: canary('pushing'),
    wrong: canary('wrong'),
    cluster: canary('cluster'),
    oidc: canary('oidc'),
    webhook: canary('webhook'),
    notification: canary('notification'),
    secret: canary('secret'),
    password: canary('password').slice(0, 60),
  };
  const places: Record<string, string> = {};
  let lines = '';
  const write = (line: string): void => {
    lines += line;
  };
  await using world = await signInWorld({}, jsonLogger({ level: 'debug', write, now: Date.now }));
  const git = await startGitServer({ user: 'ann', password: canaries.repository });
  try {
    const repository = await git.repository('shop');
    repository.push({ 'map.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\ndata: {a: b}\n' });
    const call = async (method: string, path: string, body?: unknown): Promise<string> => {
      const response = await fetch(`${world.url}${path}`, {
        method,
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      return await keep(`${method} ${path}`, response);
    };
    const keep = async (request: string, response: Response): Promise<string> => {
      const text = `${response.status} ${JSON.stringify([...response.headers])} ${await response.text()}`;
      places[`answer ${Object.keys(places).length}, of ${request}`] = text;
      return text;
    };
    const login = await fetch(`${world.url}/api/v1/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ username: 'admin', password: world.password }),
    });
    const { token } = (await login.json()) as { token: string };
    await world.kube.patch(
      wellKnown.secrets,
      { namespace: 'argocd', name: 'argocd-secret' },
      {
        type: 'merge',
        body: {
          stringData: {
            'accounts.ann.password': await hashPassword(canaries.password),
            'oidc.secret': canaries.oidc,
            'webhook.github.secret': canaries.webhook,
          },
        },
      },
    );
    await world.kube.create(wellKnown.secrets, {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'argocd-notifications-secret', namespace: 'argocd' },
      stringData: { token: canaries.notification },
    });
    await world.configure('argocd-notifications-cm', {
      'service.webhook.sink': 'url: http://127.0.0.1:9\nheaders: [{name: Authorization, value: $token}]\n',
    });
    await world.configure('argocd-cm', {
      'accounts.ann': 'login',
      'oidc.config': JSON.stringify({
        name: 'Gone',
        issuer: 'http://127.0.0.1:9',
        clientID: 'x',
        clientSecret: '$oidc.secret',
      }),
    });
    await world.untilOffered('oidc');
    await keep(
      'GET /auth/login',
      await fetch(`${world.url}/auth/login?connector=oidc`, { redirect: 'manual' }),
    );
    // Sign-ins that fail and succeed, with the password that nobody may read.
    await call('POST', '/api/v1/session', { username: canaries.wrong, password: canaries.wrong });
    const forged = await fetch(`${world.url}/api/webhook`, {
      method: 'POST',
      headers: { 'x-github-event': 'push', 'x-hub-signature-256': `sha256=${canaries.wrong}` },
      body: '{}',
    });
    await keep('POST /api/webhook', forged);
    const body = { repo: repository.url, username: 'ann' };
    await call('POST', '/api/v1/repositories', { ...body, password: canaries.wrong });
    for (const use of ['', 'write-'])
      await call('POST', `/api/v1/${use}repositories`, { ...body, password: canaries.repository });
    const template = { url: 'https://git.example.test/', username: 'ann', password: canaries.pushing };
    await call('POST', '/api/v1/write-repocreds', template);
    await call('POST', '/api/v1/clusters', {
      server: 'https://127.0.0.1:9',
      config: { bearerToken: canaries.cluster },
    });
    // A Secret that the API cannot take, and one that it can.
    repository.push({
      'good.yaml': `apiVersion: v1\nkind: Secret\nmetadata: {name: good}\nstringData: {a: '${canaries.secret}'}\n`,
      'bad.yaml': `apiVersion: v1\nkind: Secret\nmetadata: {name: bad}\ndata: {a: '${canaries.secret}'}\n`,
    });
    await world.kube.create(wellKnown.namespaces, {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'shop' },
    });
    await world.kube.create(APPLICATIONS, {
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'Application',
      metadata: { name: 'web', namespace: 'argocd' },
      spec: {
        project: 'default',
        source: { repoURL: repository.url, path: '.' },
        destination: { server: 'https://kubernetes.default.svc', namespace: 'shop' },
        syncPolicy: { automated: {} },
      },
    });
    await world.until('the bad Secret is refused', async () => {
      const { status } = (await world.kube.get(APPLICATIONS, { namespace: 'argocd', name: 'web' })) as {
        status?: { operationState?: object };
      };
      // Automated syncs are tried again, so the operation itself goes on.
      return JSON.stringify(status?.operationState ?? {}).includes('SyncFailed');
    });
    for (const path of ROUTES) await call('GET', `/api/v1/${path}`);
    await call('GET', '/metrics');
    for (const type of [APPLICATIONS, wellKnown.events, wellKnown.configMaps]) {
      const answer = await world.kube.listAll(type, {});
      if (answer.kind === 'incomplete') throw answer.error;
      places[`the ${type.resource} of the cluster`] = JSON.stringify(answer.items);
    }
    places['the log'] = lines;
    Object.assign(places, await filesBelow(world.dataDir));
    // What git itself brought is the repository, and its renders: that is what was committed, not a leak.
    const { secret, ...credentials } = canaries;
    const kept = Object.keys(places).filter((path) => path.startsWith(world.dataDir));
    const others = Object.fromEntries(Object.entries(places).filter(([path]) => !kept.includes(path)));
    assert.ok(lines.length > 0);
    assert.deepEqual(leaksIn(places, credentials), []);
    assert.deepEqual(leaksIn(others, { secret }), []);
  } finally {
    git.close();
  }
});
