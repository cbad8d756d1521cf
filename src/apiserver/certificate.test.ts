import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { connect } from 'node:tls';
import { systemRandom } from '../lib/index.ts';
import { selfSigned } from './certificate.ts';

const hosts = ['localhost', '127.0.0.1', '::1', 'fe80::12:3', 'api.example.com'];

test('selfSigned() makes a certificate authority good for every host it was asked for', () => {
  const { cert } = selfSigned({ hosts, nowMs: Date.now(), random: systemRandom });
  const parsed = new X509Certificate(cert);
  assert.equal(parsed.ca, true);
  assert.ok(parsed.verify(parsed.publicKey));
  for (const host of ['localhost', 'api.example.com']) assert.equal(parsed.checkHost(host), host);
  for (const ip of ['127.0.0.1', '::1', 'fe80::12:3']) assert.equal(parsed.checkIP(ip), ip);
  assert.ok(Date.parse(parsed.validTo) > Date.now() + 9 * 365 * 86_400_000);
});

test('selfSigned() makes what a TLS client that trusts it accepts', async (context) => {
  const { cert, key } = selfSigned({ hosts, nowMs: Date.now(), random: systemRandom });
  const server = createServer({ cert, key });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  context.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const authorized = await new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, ca: cert }, () => {
      resolve(socket.authorized);
      socket.end();
    });
    socket.once('error', reject);
  });
  assert.equal(authorized, true);
});
