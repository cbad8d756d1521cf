// Sessions under attack: forged, expired and revoked tokens, guessed passwords.
import assert from 'node:assert/strict';
import { createHmac, generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { SignJWT } from 'jose';
import { account, memoryAccounts, noProviders } from '../../../test/support/access.ts';
import { VirtualClock } from '../../../test/support/virtual-clock.ts';
import type { Account } from '../../access/index.ts';
import { systemRandom } from '../../lib/index.ts';
import { loginLimit } from './login-limit.ts';
import { hashPassword, passwordChecker } from './password.ts';
import { sessionTokens } from './session-tokens.ts';

const KEY = systemRandom.bytes(32);
const noLocks = memoryAccounts(new Map());

function parts() {
  const clock = new VirtualClock();
  const known = new Map<string, Account>([['admin', account('admin')]]);
  const accounts = memoryAccounts(known);
  return {
    clock,
    known,
    accounts,
    tokens: sessionTokens({ accounts, sso: noProviders, clock, random: systemRandom }),
  };
}

const NOW = Math.floor(new VirtualClock().now() / 1000);
const CLAIMS = { iss: 'argocd', sub: 'admin:login', iat: NOW, nbf: NOW, exp: NOW + 3_600, jti: 'id-1' };

function jwt(header: object, claims: object, key: Uint8Array | string = KEY): string {
  const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const body = `${encode(header)}.${encode(claims)}`;
  return `${body}.${createHmac('sha256', key).update(body).digest('base64url')}`;
}

const HS256 = { alg: 'HS256', typ: 'JWT' };
const FORGED: Record<string, string> = {
  'an empty text': '',
  'a word': 'nothing',
  'algorithm none': `${jwt({ alg: 'none' }, CLAIMS).split('.').slice(0, 2).join('.')}.`,
  'algorithm None with a signature': jwt({ alg: 'None' }, CLAIMS),
  'another HMAC': jwt({ alg: 'HS512' }, CLAIMS),
  'an algorithm nobody knows': jwt({ alg: 'XX999' }, CLAIMS),
  'another key': jwt(HS256, CLAIMS, 'another key, also 32 bytes long!!'),
  'its own key in the header': jwt(
    { ...HS256, jwk: { kty: 'oct', k: Buffer.from(KEY).toString('base64url') } },
    CLAIMS,
    'x'.repeat(32),
  ),
  'a key address in the header': jwt(
    { ...HS256, jku: 'https://evil.example/keys', kid: '../../dev/null' },
    CLAIMS,
    '',
  ),
  'a critical extension we do not know': jwt({ ...HS256, crit: ['exp2'], exp2: 1 }, CLAIMS),
  'another issuer': jwt(HS256, { ...CLAIMS, iss: 'argocd/' }),
  'no issuer': jwt(HS256, { ...CLAIMS, iss: undefined }),
  'no end': jwt(HS256, { ...CLAIMS, exp: undefined }),
  'no id': jwt(HS256, { ...CLAIMS, jti: undefined }),
  'an end in the past': jwt(HS256, { ...CLAIMS, exp: NOW - 1 }),
  'a beginning in the future': jwt(HS256, { ...CLAIMS, nbf: NOW + 120 }),
  'an unknown account': jwt(HS256, { ...CLAIMS, sub: 'mallory:login' }),
  'another capability': jwt(HS256, { ...CLAIMS, sub: 'admin:apiKey' }),
  'a subject that is a list': jwt(HS256, { ...CLAIMS, sub: ['admin:login'] }),
  'a token of 100 kB': jwt(HS256, { ...CLAIMS, pad: 'x'.repeat(100_000) }),
};

for (const [name, token] of Object.entries(FORGED)) {
  test(`S-E1: a session with ${name} is refused`, async () => {
    await assert.rejects(parts().tokens.verify(token), { code: 'Unauthenticated' });
  });
}

test('S-E1: an RSA token is refused even when it is rightly signed', async () => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
  const token = await new SignJWT(CLAIMS).setProtectedHeader({ alg: 'RS256' }).sign(privateKey);
  await assert.rejects(parts().tokens.verify(token), { code: 'Unauthenticated' });
});

test('S-E3: a session holds for a day, ends when revoked, and with its account', async () => {
  const { tokens, clock, accounts, known } = parts();
  const { token } = await tokens.issue('admin');
  const caller = await tokens.verify(token);
  assert.equal(caller.name, 'admin');
  clock.advance(23 * 3_600_000);
  assert.ok(tokens.isLive(await tokens.verify(token)));

  known.set('admin', account('admin', { enabled: false }));
  assert.equal(tokens.isLive(caller), false);
  await assert.rejects(tokens.verify(token), { code: 'Unauthenticated' });
  known.set('admin', account('admin'));
  assert.ok(await tokens.verify(token));

  await accounts.revoke(caller.session?.id ?? '', 0);
  await assert.rejects(tokens.verify(token), { code: 'Unauthenticated' });
  assert.equal(tokens.isLive(caller), false);
});

test('S-E2: a session ends after its day to the second', async () => {
  const { tokens, clock } = parts();
  const { token } = await tokens.issue('admin');
  clock.advance(24 * 3_600_000);
  await assert.rejects(tokens.verify(token), { code: 'Unauthenticated' });
});

test('S-E3: a changed password ends the sessions from before', async () => {
  const { tokens, clock, known } = parts();
  const { token } = await tokens.issue('admin');
  clock.advance(10_000);
  known.set('admin', account('admin', { passwordChangedAt: clock.now() }));
  await assert.rejects(tokens.verify(token), { code: 'Unauthenticated' });
  assert.ok(await tokens.verify((await tokens.issue('admin')).token));
});

test('S-E3: a password that is changed in the very second of a sign-in ends that session', async () => {
  const { tokens, clock, known } = parts();
  known.set('admin', account('admin', { passwordHash: 'before' }));
  const { token } = await tokens.issue('admin');
  assert.equal((await tokens.verify(token)).name, 'admin');
  known.set('admin', account('admin', { passwordHash: 'after', passwordChangedAt: clock.now() }));
  await assert.rejects(tokens.verify(token), { code: 'Unauthenticated' });
  assert.ok(await tokens.verify((await tokens.issue('admin')).token));
});

test('passwordChecker() reads the hashes Argo CD writes, and nothing else', async () => {
  const { verify } = passwordChecker();
  // Made by Go's bcrypt for "password" in Argo CD's own tutorials.
  const argo = '$2a$10$rRyBsGSHK6.uc8fntPwVIuLVHgsAhAX7TcdrqW/RADU0uh7CaChLa';
  assert.equal(await verify('password', argo), true);
  assert.equal(await verify('Password', argo), false);
  assert.equal(await verify('password', undefined), false);
  assert.equal(await verify('', argo), false);
  assert.equal(await verify('password', 'password'), false);
  const own = await hashPassword('a'.repeat(72));
  assert.equal(await verify('a'.repeat(72), own), true);
  assert.equal(await verify('a'.repeat(73), own), false, 'what bcrypt would cut off does not count as right');
});

test('S-E6: an unknown name takes as long as a wrong password', async () => {
  const { verify } = passwordChecker();
  const hash = await hashPassword('right');
  const timeOf = async (known: string | undefined): Promise<number> => {
    const started = performance.now();
    await verify('wrong', known);
    return performance.now() - started;
  };
  await timeOf(hash);
  const [wrong, unknown] = [await timeOf(hash), await timeOf(undefined)];
  assert.ok(
    unknown > wrong / 3,
    `unknown name ${unknown.toFixed(0)} ms, wrong password ${wrong.toFixed(0)} ms`,
  );
});

test('S-E6: loginLimit() locks an account after five failures, for five minutes, whatever other names are tried', () => {
  const clock = new VirtualClock();
  const limit = loginLimit(clock, noLocks);
  for (let i = 0; i < 4; i += 1) limit.failed('admin', '10.0.0.1');
  assert.equal(limit.waitMs('admin', '10.0.0.1'), 0);
  limit.failed('admin', '10.0.0.1');
  assert.equal(limit.waitMs('admin', '10.0.0.2'), 300_000);
  for (let i = 0; i < 100_000; i += 1) limit.failed(`name-${i}`, `10.1.${i % 250}.${i % 7}`);
  assert.ok(limit.waitMs('admin', '10.0.0.2') > 0, 'made-up names do not push it out');
  clock.advance(300_001);
  assert.equal(limit.waitMs('admin', '10.0.0.2'), 0);
});

test('loginLimit() forgets failures once the right password came', () => {
  const limit = loginLimit(new VirtualClock(), noLocks);
  for (let i = 0; i < 4; i += 1) limit.failed('admin', '10.0.0.1');
  limit.succeeded('admin', '10.0.0.1');
  limit.failed('admin', '10.0.0.1');
  assert.equal(limit.waitMs('admin', '10.0.0.1'), 0);
});

test('S-E6: loginLimit() slows down one address that guesses for many accounts', () => {
  const limit = loginLimit(new VirtualClock(), noLocks);
  for (let i = 0; i < 50; i += 1) limit.failed(`name-${i}`, '10.0.0.1');
  assert.ok(limit.waitMs('somebody-else', '10.0.0.1') > 0);
  assert.equal(limit.waitMs('somebody-else', '10.0.0.2'), 0);
});
