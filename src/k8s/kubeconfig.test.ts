import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { VirtualClock } from '../../test/support/virtual-clock.ts';
import { systemExec } from '../lib/index.ts';
import type { ClusterConnection } from './connection-types.ts';
import { isKubeError } from './errors.ts';
import { connectionOfKubeconfig, inClusterConnection, loadKubeconfig } from './kubeconfig.ts';

const folder = mkdtempSync(join(tmpdir(), 'fairlead-kubeconfig-'));
after(() => rmSync(folder, { recursive: true }));
const clock = new VirtualClock();

function config(user: string, cluster = 'server: https://k.example:6443/'): string {
  return `
apiVersion: v1
kind: Config
current-context: one
contexts: [{name: one, context: {cluster: c, user: u, namespace: team}}, {name: two, context: {cluster: c, user: u}}]
clusters: [{name: c, cluster: {${cluster}}}]
users: [{name: u, user: {${user}}}]
`;
}

async function headersOf(connection: ClusterConnection): Promise<string[]> {
  const headers: string[] = [];
  await connection.authorize(headers);
  return headers;
}

const b64 = (text: string) => Buffer.from(text).toString('base64');

const USERS: Record<string, { user: string; want: string[] }> = {
  'a token': { user: 'token: abc', want: ['authorization', 'Bearer abc'] },
  'a user name and password': {
    user: 'username: me, password: "p:w"',
    want: ['authorization', `Basic ${b64('me:p:w')}`],
  },
  'nothing but a certificate': { user: `client-certificate-data: ${b64('CERT')}`, want: [] },
  'another identity': {
    user: 'token: abc, as: bob, as-groups: [x, y]',
    want: [
      'impersonate-user',
      'bob',
      'impersonate-group',
      'x',
      'impersonate-group',
      'y',
      'authorization',
      'Bearer abc',
    ],
  },
};
for (const [what, { user, want }] of Object.entries(USERS)) {
  test(`a kubeconfig user with ${what} sends the right headers`, async () => {
    const connection = await connectionOfKubeconfig(config(user), { clock });
    assert.deepEqual(await headersOf(connection), want);
  });
}

test('a kubeconfig gives server, TLS, proxy, context and namespace', async () => {
  const cluster = `server: "https://k.example:6443/", certificate-authority-data: ${b64('CA')}, tls-server-name: k, proxy-url: "http://p:1"`;
  const user = `client-certificate-data: ${b64('CERT')}, client-key-data: ${b64('KEY')}`;
  const connection = await connectionOfKubeconfig(config(user, cluster), { clock });
  const { authorize: _authorize, ...plain } = connection;
  assert.deepEqual(plain, {
    server: 'https://k.example:6443',
    tls: { ca: 'CA', cert: 'CERT', key: 'KEY', serverName: 'k' },
    proxy: 'http://p:1',
    context: 'one',
    namespace: 'team',
  });
  const other = await connectionOfKubeconfig(config(user), { clock, context: 'two' });
  assert.deepEqual([other.context, other.namespace], ['two', 'default']);
});

test('loadKubeconfig() merges files and reads paths beside them', async () => {
  writeFileSync(join(folder, 'ca.pem'), 'CA');
  writeFileSync(join(folder, 'token'), 'first\n');
  const cluster = 'server: https://k, certificate-authority: ca.pem';
  const contextOnly = join(folder, 'context');
  writeFileSync(contextOnly, 'current-context: two');
  const file = join(folder, 'config');
  writeFileSync(file, config('tokenFile: token', cluster));
  const connection = await loadKubeconfig([contextOnly, file], { clock });
  assert.equal(connection.context, 'two');
  assert.equal(connection.tls.ca, 'CA');
  assert.deepEqual(await headersOf(connection), ['authorization', 'Bearer first']);
});

test('a token file is read again after a minute, and after a refusal', async () => {
  const file = join(folder, 'rotating');
  writeFileSync(file, 'one');
  const connection = await connectionOfKubeconfig(config(`tokenFile: ${file}`), { clock });
  const token = async () => (await headersOf(connection))[1];
  assert.equal(await token(), 'Bearer one');
  writeFileSync(file, 'two');
  assert.equal(await token(), 'Bearer one');
  clock.advance(61_000);
  assert.equal(await token(), 'Bearer two');
  writeFileSync(file, 'three');
  connection.forget?.();
  assert.equal(await token(), 'Bearer three');
});

const REFUSED: Record<string, { text: string; context?: string; message: RegExp }> = {
  'a context that is not there': {
    text: config('token: abc'),
    context: 'x',
    message: /no context x; it has one, two/,
  },
  'text that is no YAML': { text: 'users: [secret-value', message: /^(?!.*secret-value).*not valid YAML/ },
  'an empty file': { text: '', message: /empty/ },
  'an auth provider': {
    text: config('auth-provider: {name: gcp}'),
    message: /auth-provider, which Kubernetes removed/,
  },
  'an exec plugin that is not allowed': {
    text: config('exec: {command: aws-login}'),
    message: /come from the program aws-login, and exec plugins are not allowed/,
  },
  'a server that is no URL': { text: config('token: abc', 'server: "::"'), message: /not a URL/ },
};
for (const [what, { text, context, message }] of Object.entries(REFUSED)) {
  test(`connectionOfKubeconfig() refuses ${what}`, async () => {
    const error = await connectionOfKubeconfig(text, { clock, context }).catch((e: unknown) => e);
    assert.ok(isKubeError(error, 'CONFIG'), String(error));
    assert.match(error.message, message);
  });
}

function plugin(script: string): string {
  return `exec: {apiVersion: client.authentication.k8s.io/v1, command: sh, args: [-c, ${JSON.stringify(script)}], env: [{name: WHO, value: me}], installHint: install it}`;
}
const plugins = { exec: systemExec, env: { PATH: '/usr/bin:/bin' } };

test('an exec plugin gives a token that is cached until just before it expires', async () => {
  const file = join(folder, 'count');
  writeFileSync(file, '');
  const expires = new Date(clock.now() + 100_000).toISOString();
  const script = `echo x >> ${file}; printf '{"kind":"ExecCredential","status":{"token":"%s-%s","expirationTimestamp":"${expires}"}}' $WHO $(wc -l < ${file})`;
  const connection = await connectionOfKubeconfig(config(plugin(script)), { clock, plugins });
  const token = async () => (await headersOf(connection))[1];
  assert.deepEqual(await Promise.all([token(), token()]), ['Bearer me-1', 'Bearer me-1']);
  assert.equal(await token(), 'Bearer me-1');
  clock.advance(80_000);
  assert.equal(await token(), 'Bearer me-2');
});

test('an exec plugin may give a client certificate', async () => {
  const script = `echo '{"kind":"ExecCredential","status":{"clientCertificateData":"CERT","clientKeyData":"KEY"}}'`;
  const connection = await connectionOfKubeconfig(config(plugin(script)), { clock, plugins });
  assert.deepEqual(await headersOf(connection), []);
  assert.deepEqual(connection.tls, { cert: 'CERT', key: 'KEY' });
});

const PLUGIN_FAILURES: Record<string, { script: string; message: RegExp }> = {
  'exits with an error': {
    script: 'echo no login >&2; exit 3',
    message: /sh: it exited 3: no login; install it/,
  },
  'prints something else': { script: 'echo token-in-clear', message: /^(?!.*token-in-clear).*did not print/ },
  'prints no credential': {
    script: `echo '{"kind":"ExecCredential","status":{}}'`,
    message: /neither a token nor a client certificate/,
  },
};
for (const [what, { script, message }] of Object.entries(PLUGIN_FAILURES)) {
  test(`an exec plugin that ${what} is a CONFIG error`, async () => {
    const connection = await connectionOfKubeconfig(config(plugin(script)), { clock, plugins });
    const error = await headersOf(connection).catch((e: unknown) => e);
    assert.ok(isKubeError(error, 'CONFIG'), String(error));
    assert.match(error.message, message);
  });
}

test('inClusterConnection() reads the service account', async () => {
  writeFileSync(join(folder, 'ca.crt'), 'CA');
  writeFileSync(join(folder, 'namespace'), 'argocd');
  writeFileSync(join(folder, 'token'), 'sa-token');
  const connection = await inClusterConnection({ host: 'fd00::1', port: '443', folder, clock });
  assert.deepEqual([connection.server, connection.namespace], ['https://[fd00::1]', 'argocd']);
  assert.deepEqual(await headersOf(connection), ['authorization', 'Bearer sa-token']);
});
