// How Git repositories are reached: over TLS with certificates of both sides, and through proxies. The servers are real,
// and so is git.
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Server as NetServer } from 'node:net';
import { after, before, test } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { type Certificate, selfSigned } from '../../src/apiserver/certificate.ts';
import { GitError, gitRequestListener } from '../../src/git/index.ts';
import { silentLogger, systemExec, systemRandom } from '../../src/lib/index.ts';
import type { Repository } from '../../src/model/index.ts';
import { type GitFixture, gitFixture, gitPath } from '../support/git-deps.ts';
import { startGitServer, type TestGitServer, type TestRepository } from '../support/git-server.ts';

const CANARY = 'canary-proxy-password';

let git: GitFixture;
let plain: TestGitServer;
let shop: TestRepository;
let commit: string;
const open: NetServer[] = [];

before(async () => {
  git = gitFixture();
  plain = await startGitServer();
  shop = await plain.repository('shop');
  commit = shop.push({ 'a.yaml': 'a: 1\n' });
});
after(() => {
  git?.close();
  plain?.close();
  for (const server of open) server.close();
});

async function portOf(server: NetServer): Promise<number> {
  open.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

function certificate(...hosts: string[]): Certificate {
  return selfSigned({ hosts, nowMs: Date.now(), random: systemRandom });
}

/** The same repositories behind TLS; who has none of the client certificates is turned away. */
async function startTls(own: Certificate, clients: readonly Certificate[] = []): Promise<string> {
  const listener = gitRequestListener({
    exec: systemExec,
    log: silentLogger,
    path: gitPath,
    root: plain.root,
  });
  const known = clients.map(({ cert }) => new X509Certificate(cert).fingerprint256);
  const options = {
    cert: own.cert,
    key: own.key,
    requestCert: clients.length > 0,
    rejectUnauthorized: false,
  };
  const server = createTlsServer(options, (incoming: IncomingMessage, response: ServerResponse) => {
    const peer = (incoming.socket as TLSSocket).getPeerCertificate();
    if (known.length > 0 && !known.includes(peer?.fingerprint256 ?? '')) return response.writeHead(403).end();
    listener(incoming, response);
  });
  return `https://127.0.0.1:${await portOf(server)}/shop.git`;
}

async function headOf(url: string, extra: Partial<Repository> = {}): Promise<string | undefined> {
  return (await git.mirror(url, extra).fetch()).head;
}

const fails = (code: string) => (error: unknown) => {
  assert.ok(error instanceof GitError, String(error));
  assert.equal(error.code, code, error.message);
  assert.ok(!error.message.includes(CANARY), error.message);
  return true;
};

test('S-E8: a server whose certificate nobody vouches for is refused, unless that very one is trusted or let through', async () => {
  const own = certificate('127.0.0.1');
  const url = await startTls(own);
  await assert.rejects(headOf(url), fails('GIT_TLS'));
  await assert.rejects(headOf(url, { tlsCertificates: certificate('127.0.0.1').cert }), fails('GIT_TLS'));
  assert.equal(await headOf(url, { tlsCertificates: own.cert }), commit);
  assert.equal(await headOf(url, { insecure: true }), commit);
});

test('S-E8: a trusted certificate for another host is refused', async () => {
  const other = certificate('git.example.test');
  const url = await startTls(other);
  await assert.rejects(headOf(url, { tlsCertificates: other.cert }), fails('GIT_TLS'));
});

test('a client certificate is shown to the server that asks for one', async () => {
  const own = certificate('127.0.0.1');
  const client = certificate('client');
  const url = await startTls(own, [client]);
  const trust = { tlsCertificates: own.cert };
  await assert.rejects(headOf(url, trust), fails('GIT_AUTH'));
  const stranger = certificate('client');
  const strange = { certificate: stranger.cert, key: stranger.key };
  await assert.rejects(headOf(url, { ...trust, tlsClientCertificate: strange }), fails('GIT_AUTH'));
  const tlsClientCertificate = { certificate: client.cert, key: client.key };
  assert.equal(await headOf(url, { ...trust, tlsClientCertificate }), commit);
});

/** Forwards requests, and writes down which. */
async function startProxy(): Promise<{ url: string; seen: IncomingMessage[] }> {
  const seen: IncomingMessage[] = [];
  const proxy: Server = createServer((incoming, response) => {
    seen.push(incoming);
    const { host, pathname, search } = new URL(incoming.url ?? '');
    const { method, headers } = incoming;
    const forward = request(
      `http://${host}${pathname}${search}`,
      { method: method ?? 'GET', headers },
      (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      },
    );
    forward.on('error', () => response.writeHead(502).end());
    incoming.pipe(forward);
  });
  // What is behind TLS the proxy only connects to; here it says no.
  proxy.on('connect', (incoming, socket) => {
    seen.push(incoming);
    socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
  });
  return { url: `127.0.0.1:${await portOf(proxy)}`, seen };
}

test('a repository with a proxy is reached through it, and past it when noProxy names the host', async () => {
  const proxy = await startProxy();
  assert.equal(await headOf(shop.url, { proxy: `http://${proxy.url}` }), commit);
  assert.ok(proxy.seen.length > 0);
  assert.ok(proxy.seen.every(({ url = '' }) => url.startsWith(plain.url)));
  const count = proxy.seen.length;
  assert.equal(await headOf(shop.url, { proxy: `http://${proxy.url}`, noProxy: '127.0.0.1' }), commit);
  assert.equal(await headOf(shop.url), commit);
  assert.equal(proxy.seen.length, count);
});

test('S-H4: the credential of a repository behind TLS is nothing for the proxy, and the password of the proxy for no message', async () => {
  const proxy = await startProxy();
  const credential = { kind: 'basic', username: 'ann', password: 'canary-git-password' } as const;
  const through = { proxy: `http://ann:${CANARY}@${proxy.url}`, credential };
  const url = await startTls(certificate('127.0.0.1'));
  await assert.rejects(headOf(url, { ...through, insecure: true }), (error: unknown) => {
    assert.ok(error instanceof GitError);
    assert.ok(!error.message.includes('canary'), error.message);
    return true;
  });
  assert.ok(proxy.seen.length > 0);
  for (const { headers, method } of proxy.seen) {
    assert.equal(method, 'CONNECT');
    assert.equal(headers.authorization, undefined);
    assert.ok(!JSON.stringify(headers).includes('canary-git'));
  }
});

test('a proxy that is not there is said as such', async () => {
  const gone = createServer();
  const port = await portOf(gone);
  await new Promise((resolve) => gone.close(resolve));
  await assert.rejects(
    headOf(shop.url, { proxy: `http://ann:${CANARY}@127.0.0.1:${port}` }),
    fails('GIT_UNREACHABLE'),
  );
});
