// Forged answers of an OpenID provider (S-E1, S-E2, S-E5), against a provider on a real socket that signs with a real key.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { exportJWK, exportSPKI, generateKeyPair, SignJWT } from 'jose';
import { systemClock } from '../../lib/index.ts';
import { oidcConnector } from './oidc.ts';
import { providerFetch } from './provider-fetch.ts';

test('S-E1, S-E2, S-E5: only the exact token for this attempt is accepted', async () => {
  const { publicKey, privateKey } = await generateKeyPair('RS256', { extractable: true });
  const other = await generateKeyPair('RS256');
  let idToken = '';
  let issuer = '';
  const server = createServer((request, response) => {
    const answers: Record<string, unknown> = {
      '/.well-known/openid-configuration': {
        issuer,
        authorization_endpoint: `${issuer}/a`,
        token_endpoint: `${issuer}/t`,
        jwks_uri: `${issuer}/k`,
      },
      '/t': { id_token: idToken, access_token: 'x' },
    };
    const isKeys = request.url === '/k';
    exportJWK(publicKey).then((jwk) =>
      response.end(
        JSON.stringify(isKeys ? { keys: [{ ...jwk, alg: 'RS256' }] } : answers[request.url ?? '']),
      ),
    );
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const fetch = providerFetch({});
  const connector = oidcConnector(
    { fetch, clock: systemClock },
    {
      issuer,
      clientId: 'cd',
      scopes: ['openid'],
      usePkce: true,
      groupClaims: ['groups'],
      getUserInfo: false,
      audiences: ['ci'],
    },
  );
  const attempt = {
    state: 's',
    nonce: 'n',
    verifier: 'v'.repeat(43),
    redirectUri: 'http://cd/auth/callback',
  };
  const now = Math.floor(Date.now() / 1000);
  const good = {
    iss: issuer,
    aud: 'cd',
    sub: 'ann',
    nonce: 'n',
    iat: now,
    exp: now + 60,
    groups: ['dev', { x: 1 }],
  };
  const rs = (claims: object, typ = 'JWT') =>
    new SignJWT({ ...claims }).setProtectedHeader({ alg: 'RS256', typ }).sign(privateKey);
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const refused: Record<string, string> = {
    'algorithm none': `${encode({ alg: 'none' })}.${encode(good)}.`,
    'HMAC with the public key': await new SignJWT(good)
      .setProtectedHeader({ alg: 'HS256' })
      .sign(new TextEncoder().encode(await exportSPKI(publicKey))),
    'another key': await new SignJWT(good).setProtectedHeader({ alg: 'RS256' }).sign(other.privateKey),
    'another audience': await rs({ ...good, aud: 'cd-other' }),
    'several audiences without us as the party': await rs({ ...good, aud: ['cd', 'x'] }),
    'another issuer': await rs({ ...good, iss: `${issuer}/` }),
    expired: await rs({ ...good, exp: now - 120 }),
    'from the future': await rs({ ...good, iat: now + 600, exp: now + 700 }),
    'another nonce': await rs({ ...good, nonce: 'm' }),
    'no audience': await rs({ ...good, aud: undefined }),
    'an audience that ours begins with': await rs({ ...good, aud: 'c' }),
    'an issuer with TLS where there is none': await rs({ ...good, iss: issuer.replace('http:', 'https:') }),
    'no end': await rs({ ...good, exp: undefined }),
    'not yet good': await rs({ ...good, nbf: now + 600 }),
    'a token for access': await rs(good, 'at+jwt'),
    "Keycloak's token for access": await rs({ ...good, typ: 'Bearer' }),
    "Keycloak's token to ask again with": await rs({ ...good, typ: 'Refresh' }),
    'a token that signs out': await rs(good, 'logout+jwt'),
    'a token that signs out and does not say so': await rs({ ...good, events: {} }),
  };
  try {
    for (const [name, token] of Object.entries(refused)) {
      idToken = token;
      await assert.rejects(
        connector.finish(attempt, { state: 's', code: 'c' }),
        { code: 'SSO_INVALID' },
        name,
      );
    }
    idToken = await rs(good);
    await assert.rejects(connector.finish(attempt, { state: 'other', code: 'c' }), { code: 'SSO_INVALID' });
    const user = await connector.finish(attempt, { state: 's', code: 'c' });
    assert.deepEqual(user, { subject: 'ann', name: 'ann', groups: ['dev'] });
    const bearer = async (claims: object, typ?: string) =>
      (await connector.verifyBearer?.(await rs(claims, typ)))?.user.subject;
    assert.equal(await bearer(good), 'ann');
    assert.equal(await bearer({ ...good, aud: 'ci' }, 'at+jwt'), 'ann');
    const others: [object, string?][] = [
      [{ ...good, aud: 'elsewhere' }],
      [good, 'at+jwt'],
      [{ ...good, events: {} }],
      [{ ...good, typ: 'Refresh' }],
    ];
    for (const [claims, typ] of others) await assert.rejects(bearer(claims, typ), { code: 'SSO_INVALID' });
    assert.equal(await bearer({ ...good, iss: 'https://other.test' }), undefined);
  } finally {
    await fetch.close();
    server.closeAllConnections();
    server.close();
  }
});
