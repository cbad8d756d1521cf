// Sessions of the running server: how they are kept in a browser, what ends them, and how guessing is slowed down.
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { hashPassword } from '../../src/server/index.ts';
import { type SignInWorld, signInWorld } from '../support/sign-in-world.ts';

const SECRETS = { group: '', version: 'v1', kind: 'Secret', resource: 'secrets', namespaced: true };
const PASSWORD = 'correct horse battery';

suite('sessions of the running server', () => {
  let world: SignInWorld;

  before(async () => {
    world = await signInWorld({ trustedProxies: ['127.0.0.1'] });
    // The address alone decides about cookies; nothing has to be started anew.
    await world.configure('argocd-cm', { url: 'https://cd.example.com' });
    const accounts = ['dev', 'victim', 'other', 'gone'];
    const hash = await hashPassword(PASSWORD);
    await world.kube.patch(
      SECRETS,
      { namespace: 'argocd', name: 'argocd-secret' },
      {
        type: 'merge',
        body: { stringData: Object.fromEntries(accounts.map((name) => [`accounts.${name}.password`, hash])) },
      },
    );
    await world.configure(
      'argocd-cm',
      Object.fromEntries(accounts.map((name) => [`accounts.${name}`, 'login, apiKey'])),
    );
    await world.until('the accounts are known', async () => (await signIn('other')).status === 200);
  });

  after(() => world?.[Symbol.asyncDispose]());

  const call = (path: string, init: RequestInit = {}, url = world.url) =>
    fetch(`${url}${path}`, { ...init, headers: { 'content-type': 'application/json', ...init.headers } });
  const signIn = (username: string, password = PASSWORD) =>
    call('/api/v1/session', { method: 'POST', body: JSON.stringify({ username, password }) });
  const tokenOf = async (username: string): Promise<string> =>
    ((await (await signIn(username)).json()) as { token: string }).token;
  const isSignedIn = async (headers: Record<string, string>, url = world.url): Promise<boolean> =>
    ((await (await call('/api/v1/session/userinfo', { headers }, url)).json()) as { loggedIn: boolean })
      .loggedIn;
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

  test('S-G6: behind TLS the cookie is __Host-, Secure, HttpOnly and of no domain, and no other cookie counts', async () => {
    const answer = await signIn('dev');
    const { token } = (await answer.json()) as { token: string };
    const [cookie = '', ...rest] = answer.headers.getSetCookie();
    assert.match(
      cookie,
      /^__Host-argocd\.token=[^;]+; Path=\/; Max-Age=86400; HttpOnly; SameSite=Lax; Secure$/,
    );
    assert.ok(rest.every((line) => /^__Host-argocd\.token-\d=; .*Max-Age=0/.test(line)));
    assert.equal(await isSignedIn({ cookie: `__Host-argocd.token=${token}` }), true);
    assert.equal(await isSignedIn({ cookie: `argocd.token=${token}` }), false);
    assert.match(answer.headers.get('strict-transport-security') ?? '', /max-age=\d+/);
  });

  test('S-E3: a session that was signed out is refused by every replica', async () => {
    await using other = await world.another();
    const token = await tokenOf('dev');
    await world.until('the other replica takes it', () => isSignedIn(bearer(token), other.url));
    assert.equal((await call('/api/v1/session', { method: 'DELETE', headers: bearer(token) })).status, 200);
    assert.equal(await isSignedIn(bearer(token)), false);
    await world.until('the other replica knows', async () => !(await isSignedIn(bearer(token), other.url)));
  });

  test('S-E3: a new password, a disabled account and a deleted key end what they began', async () => {
    const [changed, disabled, admin] = [await tokenOf('dev'), await tokenOf('gone'), await adminToken(world)];
    const made = await call('/api/v1/account/other/token', {
      method: 'POST',
      headers: bearer(admin),
      body: JSON.stringify({ id: 'k' }),
    });
    const { token: key } = (await made.json()) as { token: string };
    await world.until('the key counts', () => isSignedIn(bearer(key)));
    await call('/api/v1/account/other/token/k', { method: 'DELETE', headers: bearer(admin) });
    await world.until('the key is refused', async () => !(await isSignedIn(bearer(key))));
    await world.configure('argocd-cm', { 'accounts.gone.enabled': 'false' });
    await world.until('the disabled account is out', async () => !(await isSignedIn(bearer(disabled))));
    // The password changed in a later second than the session began in.
    await world.kube.patch(
      SECRETS,
      { namespace: 'argocd', name: 'argocd-secret' },
      {
        type: 'merge',
        body: { stringData: { 'accounts.dev.passwordMtime': new Date(Date.now() + 2_000).toISOString() } },
      },
    );
    await world.until('the session of before is out', async () => !(await isSignedIn(bearer(changed))));
  });

  test('S-E6: after five wrong passwords the account waits, with the right one, too; others do not', async () => {
    const [right, limit] = [PASSWORD, 5];
    for (let i = 0; i < limit; i += 1) assert.equal((await signIn('victim', 'wrong')).status, 401);
    const locked = await signIn('victim', right);
    assert.equal(locked.status, 429);
    const { message } = (await locked.json()) as { message: string };
    assert.match(message, /^Too many failed sign-ins; try again in \d+ s$/);
    assert.equal((await signIn('other')).status, 200);
    assert.equal((await signIn('nobody-of-that-name', 'wrong')).status, 401);
  });

  test('fifty wrong passwords of one address hold that address up, behind a trusted proxy, too', async () => {
    const from = (address: string, username: string, password: string) =>
      call('/api/v1/session', {
        method: 'POST',
        headers: { 'x-forwarded-for': address },
        body: JSON.stringify({ username, password }),
      });
    for (let i = 0; i < 50; i += 1)
      assert.equal((await from('203.0.113.7', `made-up-${i}`, 'wrong')).status, 401);
    assert.equal((await from('203.0.113.7', 'other', PASSWORD)).status, 429);
    assert.equal((await from('203.0.113.8', 'other', PASSWORD)).status, 200);
  });

  test('sign-ins, failed ones and sign-outs are in the record', async () => {
    const headers = bearer(await adminToken(world));
    const answer = await call('/api/v1/fairlead/audit?action=session.login&limit=100', { headers });
    const { items } = (await answer.json()) as { items: { outcome: string; actor: { name: string } }[] };
    const outcomes = new Set(
      items.filter(({ actor }) => actor.name === 'victim').map(({ outcome }) => outcome),
    );
    assert.deepEqual([...outcomes], ['failed']);
  });

  test('S-E7: what holds for ever is named to whom it concerns, unless a limit ends it', async () => {
    const admin = await adminToken(world);
    const make = (id: string, expiresIn: number) =>
      call('/api/v1/account/other/token', {
        method: 'POST',
        headers: bearer(admin),
        body: JSON.stringify({ id, expiresIn }),
      });
    const warnings = async (token: string): Promise<string[]> => {
      const answer = await call('/api/v1/fairlead/warnings', { headers: bearer(token) });
      const { items } = (await answer.json()) as { items: { kind: string; subject: string }[] };
      return items.map(({ kind, subject }) => `${kind} ${subject}`);
    };
    assert.equal((await make('endless', 0)).status, 200);
    await world.until('the endless key is named', async () =>
      (await warnings(admin)).includes('endless-token other'),
    );
    assert.ok((await warnings(admin)).includes('initial-password admin'));
    assert.deepEqual(await warnings(await tokenOf('dev')), []);

    await world.configure('argocd-cm', { 'users.token.maxDuration': '2h' });
    // Keys made before the limit is known keep their ids.
    let tries = 0;
    await world.until('longer keys are refused', async () => {
      tries += 1;
      return (await make(`long-${tries}`, 7_201)).status === 400;
    });
    const { token } = (await (await make('limited', 0)).json()) as { token: string };
    const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
    assert.equal(claims.exp - claims.iat, 7_200);
    await world.configure('argocd-cm', { 'users.token.maxDuration': '' });
  });

  test('S-E7: a new password of admin removes the Secret of the first one', async () => {
    const admin = await adminToken(world);
    const changed = await call('/api/v1/account/password', {
      method: 'PUT',
      headers: bearer(admin),
      body: JSON.stringify({ currentPassword: world.password, newPassword: 'quite another one' }),
    });
    assert.equal(changed.status, 200, await changed.text());
    const first = { namespace: 'argocd', name: 'argocd-initial-admin-secret' };
    assert.equal(await world.kube.find(SECRETS, first), undefined);
    assert.equal(await isSignedIn(bearer(admin)), false);
    assert.equal((await signIn('admin', 'quite another one')).status, 200);
  });
});

async function adminToken(world: SignInWorld): Promise<string> {
  const answer = await fetch(`${world.url}/api/v1/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ username: 'admin', password: world.password }),
  });
  return ((await answer.json()) as { token: string }).token;
}
