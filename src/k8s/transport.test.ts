// TLS, proxies, credentials that end, and limits, against the embedded API server over HTTPS.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { after, before, test } from 'node:test';
import { type RunningApiServer, startApiServer } from '../apiserver/index.ts';
import { silentLogger, systemClock, systemRandom } from '../lib/index.ts';
import { createKubeClient, type KubeClientOptions } from './client.ts';
import type { ClusterConnection } from './connection-types.ts';
import { isKubeError, type KubeErrorCode } from './errors.ts';
import { connectionOfKubeconfig } from './kubeconfig.ts';
import { wellKnown } from './resource-type.ts';

let server: RunningApiServer;
let connection: ClusterConnection;
before(async () => {
  const listen = { host: '127.0.0.1', port: 0 };
  const deps = { clock: systemClock, random: systemRandom, log: silentLogger };
  server = await startApiServer({ listen, ...deps, simulateWorkloads: false });
  connection = await connectionOfKubeconfig(server.kubeconfig(), { clock: systemClock });
});
after(() => server.close());

const ref = { name: 'default' };

/** Reads one namespace over `to` and gives its name, or the code of the failure. */
async function outcome(to: ClusterConnection, options: KubeClientOptions = {}): Promise<string> {
  const client = createKubeClient(to, { maxTries: 2, ...options });
  try {
    const namespace = await client.get(wellKnown.namespaces, ref);
    return String(namespace.metadata.name);
  } catch (error) {
    assert.ok(isKubeError(error), String(error));
    assert.ok(!error.message.includes(server.adminToken));
    return error.code;
  } finally {
    await client.close();
  }
}

function bearer(token: string): ClusterConnection['authorize'] {
  return (headers) => {
    headers.push('authorization', `Bearer ${token}`);
    return undefined;
  };
}

const CASES: Record<string, { change: () => Partial<ClusterConnection>; want: 'default' | KubeErrorCode }> = {
  'the authority of the kubeconfig': { change: () => ({}), want: 'default' },
  'no authority': { change: () => ({ tls: {} }), want: 'UNTRUSTED' },
  'no check asked for': { change: () => ({ tls: { insecure: true } }), want: 'default' },
  'another name in the certificate': {
    change: () => ({ tls: { ...connection.tls, serverName: 'elsewhere.example' } }),
    want: 'UNTRUSTED',
  },
  'a wrong token': { change: () => ({ authorize: bearer('wrong') }), want: 'UNAUTHORIZED' },
  'nobody listening': { change: () => ({ server: 'https://127.0.0.1:1' }), want: 'UNREACHABLE' },
};
for (const [circumstance, { change, want }] of Object.entries(CASES)) {
  test(`a call with ${circumstance} ends with ${want}`, async () => {
    assert.equal(await outcome({ ...connection, ...change() }), want);
  });
}

test('credentials that were replaced are read again after one refusal', async () => {
  let token = 'expired';
  const renewing: ClusterConnection = {
    ...connection,
    authorize: (headers) => bearer(token)(headers),
    forget() {
      token = server.adminToken;
    },
  };
  assert.equal(await outcome(renewing), 'default');
});

test('an answer over the size limit is TOO_LARGE', async () => {
  assert.equal(await outcome(connection, { maxResponseBytes: 50 }), 'TOO_LARGE');
});

test('requests over the bound are refused instead of waiting without end', async () => {
  const client = createKubeClient(connection, { maxPending: 2, maxTries: 1 });
  const calls = Array.from({ length: 3 }, () => client.get(wellKnown.namespaces, ref));
  const ends = await Promise.allSettled(calls);
  const refused = ends.filter((end) => end.status === 'rejected');
  assert.equal(refused.length, 1);
  assert.ok(isKubeError(refused[0]?.reason, 'TOO_MANY_REQUESTS'));
  await client.close();
});

test('a call goes through the proxy of the cluster', async () => {
  const asked: string[] = [];
  const proxy = createServer((_request, response) => response.writeHead(405).end());
  proxy.on('connect', (incoming, socket) => {
    asked.push(String(incoming.url));
    const { hostname, port } = new URL(`http://${incoming.url}`);
    const upstream = connect(Number(port), hostname, () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      upstream.pipe(socket).pipe(upstream);
    });
    for (const end of [socket, upstream]) end.on('error', () => end.destroy());
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  assert.equal(await outcome({ ...connection, proxy: url }), 'default');
  assert.deepEqual(asked, [new URL(server.url).host]);
  proxy.closeAllConnections();
  await new Promise((resolve) => proxy.close(resolve));
});

test('a server below a path of its host is reached there', async () => {
  const gateway = createServer((incoming, response) => {
    assert.match(String(incoming.url), /^[/]k8s[/]one[/]api/);
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ kind: 'Namespace', apiVersion: 'v1', metadata: { name: 'default' } }));
  });
  await new Promise<void>((resolve) => gateway.listen(0, '127.0.0.1', resolve));
  const below = `http://127.0.0.1:${(gateway.address() as AddressInfo).port}/k8s/one`;
  assert.equal(await outcome({ ...connection, server: below }), 'default');
  await new Promise((resolve) => gateway.close(resolve));
});
