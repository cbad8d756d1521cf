// Section 1.5 of the security requirements: tokens, sessions and single sign-on, over the running control plane and a
// real OpenID provider. More of it stands beside the source (src/server/auth, src/access/sso) and in sso.test.ts,
// sessions.test.ts; every test begins with its id.
import assert from 'node:assert/strict';
import { createPublicKey, type webcrypto } from 'node:crypto';
import { after, before, suite, test } from 'node:test';
import { wellKnown } from '../../../src/k8s/index.ts';
import { hashPassword } from '../../../src/server/index.ts';
import { testCli } from '../../support/cli.ts';
import { forgedTokens } from '../../support/forged-tokens.ts';
import { type OidcServer, startOidcServer } from '../../support/providers/oidc.ts';
import { type SignInWorld, signInWorld } from '../../support/sign-in-world.ts';
import { startHttpSink } from '../../support/sinks.ts';

const APPLICATIONS = {
  group: 'argoproj.io',
  version: 'v1alpha1',
  kind: 'Application',
  resource: 'applications',
  namespaced: true,
};
const PROJECTS = { ...APPLICATIONS, kind: 'AppProject', resource: 'appprojects' };
const PASSWORD = 'correct horse battery';
const ACCOUNTS = ['ann', 'bob', 'victim', 'key', 'gone'];
const POLICY = `
p, ann, applications, get, shop/*, allow
p, bob, applications, get, shop/*, allow
p, gone, applications, get, shop/*, allow
p, key, applications, get, shop/*, allow
`;
/** What must end within 10 s on a quiet machine is waited for this long on a busy one. */
const END_MS = 60_000;

suite('authentication', () => {
  let world: SignInWorld;
  let oidc: OidcServer;
  let admin: string;

  before(async () => {
    world = await signInWorld();
    oidc = await startOidcServer([`${world.url}/auth/callback`]);
    const hash = await hashPassword(PASSWORD);
    const stringData = {
      ...Object.fromEntries(ACCOUNTS.map((name) => [`accounts.${name}.password`, hash])),
      'oidc.secret': oidc.clientSecret,
    };
    await world.kube.patch(
      wellKnown.secrets,
      { namespace: 'argocd', name: 'argocd-secret' },
      { type: 'merge', body: { stringData } },
    );
    await world.configure('argocd-rbac-cm', { 'policy.csv': POLICY });
    await world.configure('argocd-cm', {
      ...Object.fromEntries(ACCOUNTS.map((name) => [`accounts.${name}`, 'login, apiKey'])),
      'oidc.config': JSON.stringify({
        name: 'Company',
        issuer: oidc.issuer,
        clientID: oidc.clientId,
        clientSecret: '$oidc.secret',
      }),
    });
    await world.untilOffered('oidc');
    await world.until('accounts are known', async () => (await signIn('bob')).status === 200);
    admin = await tokenOf('admin', world.password);
    await world.kube.create(PROJECTS, {
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'AppProject',
      metadata: { name: 'shop', namespace: 'argocd' },
      spec: {
        roles: [{ name: 'ci', policies: ['p, proj:shop:ci, applications, get, shop/*, allow'] }],
      },
    });
    await createApplication('web');
  });

  after(async () => {
    await world?.[Symbol.asyncDispose]();
    await oidc?.[Symbol.asyncDispose]();
  });

  const call = (
    method: string,
    path: string,
    token?: string,
    body?: object,
    url = world.url,
    signal = AbortSignal.timeout(END_MS),
  ) =>
    fetch(`${url}${path}`, {
      method,
      signal,
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(method === 'GET' ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  const signIn = (username: string, password = PASSWORD, url = world.url) =>
    call('POST', '/api/v1/session', undefined, { username, password }, url);
  const tokenOf = async (username: string, password = PASSWORD): Promise<string> =>
    ((await (await signIn(username, password)).json()) as { token: string }).token;
  const statusOf = async (token: string | undefined, path = '/api/v1/applications', url = world.url) => {
    const answer = await call('GET', path, token, undefined, url);
    await answer.body?.cancel();
    return answer.status;
  };
  const createApplication = (name: string) =>
    world.kube.create(APPLICATIONS, {
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'Application',
      metadata: { name, namespace: 'argocd' },
      spec: {
        project: 'shop',
        source: { repoURL: 'https://127.0.0.1:9/none.git', path: '.' },
        destination: { server: 'https://kubernetes.default.svc', namespace: 'shop' },
      },
    });
  /** Reads the stream until the server ends it. */
  const untilEnded = async (answer: Response): Promise<void> => {
    assert.equal(answer.status, 200);
    for await (const _ of answer.body ?? []);
  };

  test('S-E1: a forged token is refused, with guests and without, whoever it claims to be', async () => {
    const now = Math.floor(Date.now() / 1000);
    const times = { iat: now, nbf: now, exp: now + 3_600, jti: 'forged' };
    const discovery = await (await fetch(`${oidc.issuer}/.well-known/openid-configuration`)).json();
    const { keys } = (await (await fetch((discovery as { jwks_uri: string }).jwks_uri)).json()) as {
      keys: webcrypto.JsonWebKey[];
    };
    const key = keys.find(({ kty }) => kty === 'RSA');
    assert.ok(key !== undefined);
    const pem = createPublicKey({ key, format: 'jwk' }).export({ type: 'spki', format: 'pem' }).toString();
    const subjects: Record<string, Promise<Record<string, string>>> = {
      admin: forgedTokens({ iss: 'argocd', sub: 'admin:login', ...times }),
      'a key': forgedTokens({ iss: 'argocd', sub: 'admin:apiKey', ...times }),
      'a project': forgedTokens({ iss: 'argocd', sub: 'proj:shop:ci', ...times }),
      'a session of the provider': forgedTokens({
        iss: 'fairlead-sso',
        sub: 'ann',
        groups: ['admins'],
        federated_claims: { connector_id: 'oidc', user_id: 'ann' },
        ...times,
      }),
      'the provider': forgedTokens(
        { iss: oidc.issuer, aud: oidc.clientId, sub: 'ann', groups: ['admins'], ...times },
        pem,
      ),
    };
    for (const guests of ['false', 'true']) {
      await world.configure('argocd-cm', { 'users.anonymous.enabled': guests });
      await world.until(
        `guests: ${guests}`,
        async () => (await statusOf(undefined)) === (guests === 'true' ? 200 : 401),
      );
      for (const [who, tokens] of Object.entries(subjects))
        for (const [how, token] of Object.entries(await tokens))
          assert.equal(await statusOf(token), 401, `${who}, ${how}, guests ${guests}`);
    }
    await world.configure('argocd-cm', { 'users.anonymous.enabled': 'false' });
    await world.until('no guests', async () => (await statusOf(undefined)) === 401);
  });

  test('S-E3: a key that was deleted stays so when another gets its id', async () => {
    const make = async (): Promise<string> => {
      const answer = await call('POST', '/api/v1/account/key/token', admin, { id: 'ci' });
      return ((await answer.json()) as { token: string }).token;
    };
    const first = await make();
    await world.until('the key counts', async () => (await statusOf(first)) === 200);
    const madeAt = Math.floor(Date.now() / 1000);
    assert.equal((await call('DELETE', '/api/v1/account/key/token/ci', admin)).status, 200);
    // Tokens say the second they were made in; the next one is made in another.
    await world.until('a later second', async () => Math.floor(Date.now() / 1000) > madeAt);
    const second = await make();
    await world.until('the new key counts', async () => (await statusOf(second)) === 200);
    assert.equal(await statusOf(first), 401);
    await using other = await world.another();
    await world.until('elsewhere, too', async () => (await statusOf(second, undefined, other.url)) === 200);
    assert.equal(await statusOf(first, undefined, other.url), 401);
  });

  test('S-E3: a project token ends with its entry, and with its role', async () => {
    const make = async (): Promise<{ token: string; iat: number }> => {
      const answer = await call('POST', '/api/v1/projects/shop/roles/ci/token', admin, {});
      const { token } = (await answer.json()) as { token: string };
      const { iat } = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as {
        iat: number;
      };
      await world.until('the token counts', async () => (await statusOf(token)) === 200);
      return { token, iat };
    };
    const first = await make();
    const path = `/api/v1/projects/shop/roles/ci/token/${first.iat}`;
    assert.equal((await call('DELETE', path, admin)).status, 200);
    await world.until('it is refused', async () => (await statusOf(first.token)) === 401);
    const second = await make();
    await world.kube.patch(
      PROJECTS,
      { namespace: 'argocd', name: 'shop' },
      { type: 'merge', body: { spec: { roles: [] } } },
    );
    await world.until('it ends with the role', async () => (await statusOf(second.token)) === 401);
  });

  test('S-E3: a deleted account is nobody, and a right taken back is gone', async () => {
    const [gone, bob] = [await tokenOf('gone'), await tokenOf('bob')];
    await world.kube.patch(
      { ...wellKnown.secrets, kind: 'ConfigMap', resource: 'configmaps' },
      { namespace: 'argocd', name: 'argocd-cm' },
      { type: 'merge', body: { data: { 'accounts.gone': null } } },
    );
    await world.until('the account is gone', async () => (await statusOf(gone)) === 401);
    const web = '/api/v1/applications/web';
    assert.equal(await statusOf(bob, web), 200);
    await world.configure('argocd-rbac-cm', {
      'policy.csv': `${POLICY}p, bob, applications, get, *, deny\n`,
    });
    await world.until('the right is gone', async () => (await statusOf(bob, web)) === 403);
    await world.configure('argocd-rbac-cm', { 'policy.csv': POLICY });
    await world.until('the right is back', async () => (await statusOf(bob, web)) === 200);
  });

  test('S-E4: open streams end when the right, the application or the account goes', async () => {
    const ann = await tokenOf('ann');
    const tree = (name: string) => call('GET', `/api/v1/stream/applications/${name}/resource-tree`, ann);
    await createApplication('brief');
    await world.until('it is known', async () => (await statusOf(ann, '/api/v1/applications/brief')) === 200);
    const [ofBrief, ofWeb] = [await tree('brief'), await tree('web')];
    await world.kube.delete(APPLICATIONS, { namespace: 'argocd', name: 'brief' });
    await untilEnded(ofBrief);
    await world.configure('argocd-rbac-cm', {
      'policy.csv': `${POLICY}p, ann, applications, get, *, deny\n`,
    });
    await untilEnded(ofWeb);
    await world.configure('argocd-rbac-cm', { 'policy.csv': POLICY });
    await world.until('back', async () => (await statusOf(ann, '/api/v1/applications/web')) === 200);
    const list = await call('GET', '/api/v1/stream/applications', ann);
    await world.configure('argocd-cm', { 'accounts.ann.enabled': 'false' });
    await untilEnded(list);
    await world.configure('argocd-cm', { 'accounts.ann.enabled': 'true' });
    await world.until('ann is back', async () => (await signIn('ann')).status === 200);
  });

  test('S-E4: a stream of a guest ends when guests are let in no more', async () => {
    await world.configure('argocd-cm', { 'users.anonymous.enabled': 'true' });
    await world.until('guests come in', async () => (await statusOf(undefined)) === 200);
    const stream = await call('GET', '/api/v1/stream/applications');
    await world.configure('argocd-cm', { 'users.anonymous.enabled': 'false' });
    await untilEnded(stream);
  });

  test('S-E5: every attempt has its own long random values and a cookie that scripts cannot read', async () => {
    const begin = async () => {
      const answer = await fetch(`${world.url}/auth/login?connector=oidc`, { redirect: 'manual' });
      const { searchParams } = new URL(answer.headers.get('location') ?? '');
      const [cookie = ''] = answer.headers.getSetCookie();
      assert.match(cookie, /^argocd\.oauthstate=[^;]+; Path=\/; Max-Age=600; HttpOnly; SameSite=Lax$/);
      assert.equal(searchParams.get('code_challenge_method'), 'S256');
      return ['state', 'nonce', 'code_challenge'].map((name) => searchParams.get(name) ?? '');
    };
    const attempts = [...(await begin()), ...(await begin())];
    // 43 characters of base64url hold 256 bits.
    for (const value of attempts) assert.match(value, /^[\w-]{43}$/);
    assert.equal(new Set(attempts).size, attempts.length);
  });

  test('S-E5: what waits for the browser on this machine takes only the answer to its own question, and repeats nothing', async () => {
    const seen: [number, string][] = [];
    await using cli = await testCli({
      async openBrowser(url) {
        const { searchParams } = new URL(url);
        const callback = `http://127.0.0.1:${searchParams.get('cli_port')}/callback`;
        const wrong = { code: '<script>alert(1)</script>', state: '<img src=x onerror=alert(1)>' };
        for (const query of [wrong, { ...wrong, error: '<b>' }, { code: 'c' }]) {
          const answer = await fetch(`${callback}?${new URLSearchParams(query)}`);
          seen.push([answer.status, await answer.text()]);
        }
        const state = searchParams.get('cli_state') ?? '';
        void fetch(`${callback}?${new URLSearchParams({ code: 'forged', state })}`).catch(() => {});
        return true;
      },
    });
    const login = await cli.run('login', world.url, '--sso', '--connector', 'oidc', '--sso-port', '0');
    assert.notEqual(login.code, 0);
    assert.equal(seen.length, 3);
    for (const [status, text] of seen) {
      assert.equal(status, 400);
      assert.doesNotMatch(text, /script|onerror|<b>/);
    }
  });

  test('S-E6: a lock holds on every replica and for a process that starts later, for names nobody has, too', async () => {
    await using other = await world.another();
    const answers: string[] = [];
    for (const name of ['victim', 'nobody-of-that-name']) {
      for (let i = 0; i < 5; i += 1) {
        const answer = await signIn(name, 'wrong');
        answers.push(`${answer.status} ${await answer.text()}`);
      }
      await world.until('the other replica knows', async () => {
        const answer = await signIn(name, PASSWORD, other.url);
        return answer.status === 429;
      });
    }
    // Known or not, the same words.
    assert.equal(new Set(answers).size, 1, [...new Set(answers)].join('\n'));
    await other[Symbol.asyncDispose]();
    await using later = await world.another();
    for (const name of ['victim', 'nobody-of-that-name'])
      assert.equal((await signIn(name, PASSWORD, later.url)).status, 429, name);
    assert.equal((await signIn('bob', PASSWORD, later.url)).status, 200);
  });

  test('S-E6: guesses sent side by side are counted, each', async () => {
    const guesses = await Promise.all(
      Array.from({ length: 12 }, async () => (await signIn('key', 'wrong')).status),
    );
    assert.ok(guesses.filter((status) => status === 401).length <= 5, guesses.join());
    assert.equal((await signIn('key')).status, 429);
  });

  test('S-E7: the first password is long and random, sessions end, and a key without an end says so', async () => {
    assert.match(world.password, /^[A-Za-z0-9]{24,}$/);
    assert.ok(new Set(world.password).size > 8);
    const claims = JSON.parse(Buffer.from(admin.split('.')[1] ?? '', 'base64url').toString()) as {
      iat: number;
      exp: number;
    };
    assert.equal(claims.exp - claims.iat, 86_400);
    await call('POST', '/api/v1/account/bob/token', admin, { id: 'endless', expiresIn: 0 });
    const bob = (await (await call('GET', '/api/v1/account/bob', admin)).json()) as {
      tokens: { id: string; expiresAt: string }[];
    };
    assert.deepEqual(
      bob.tokens.map(({ id, expiresAt }) => [id, expiresAt]),
      [['endless', '0']],
    );
  });

  test('S-E8: a provider whose certificate nobody signed is refused until it is marked insecure', async () => {
    await using provider = await startHttpSink(
      () => ({
        body: {
          issuer: provider.url,
          authorization_endpoint: `${provider.url}/a`,
          token_endpoint: `${provider.url}/t`,
          jwks_uri: `${provider.url}/k`,
        },
      }),
      { tls: true },
    );
    const connector = (id: string, insecureSkipVerify: boolean) => ({
      type: 'oidc',
      id,
      name: id,
      config: { issuer: provider.url, clientID: 'x', insecureSkipVerify },
    });
    await world.configure('argocd-cm', {
      'dex.config': JSON.stringify({ connectors: [connector('strict', false), connector('lax', true)] }),
    });
    await world.untilOffered('oidc', 'strict', 'lax');
    const begin = async (id: string) =>
      (await fetch(`${world.url}/auth/login?connector=${id}`, { redirect: 'manual' })).headers.get(
        'location',
      );
    assert.equal(await begin('strict'), '/login?failed=unreachable');
    assert.deepEqual(provider.requests, []);
    assert.match((await begin('lax')) ?? '', new RegExp(`^${provider.url}/a\\?`));
    await world.configure('argocd-cm', { 'dex.config': '' });
    await world.untilOffered('oidc');
  });

  test('S-E9: what a peer says it forwards changes neither addresses nor the record', async () => {
    const forwarded = {
      'x-forwarded-host': 'evil.test',
      'x-forwarded-proto': 'https',
      'x-forwarded-for': '203.0.113.9',
      forwarded: 'for=203.0.113.9;host=evil.test',
      'x-real-ip': '203.0.113.9',
    };
    const login = await fetch(`${world.url}/auth/login?connector=oidc`, {
      redirect: 'manual',
      headers: forwarded,
    });
    const { searchParams } = new URL(login.headers.get('location') ?? '');
    assert.equal(searchParams.get('redirect_uri'), `${world.url}/auth/callback`);
    await fetch(`${world.url}/api/v1/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...forwarded },
      body: JSON.stringify({ username: 'bob', password: 'wrong' }),
    });
    const audit = await call('GET', '/api/v1/fairlead/audit?action=session.login&limit=100', admin);
    assert.doesNotMatch(await audit.text(), /203\.0\.113\.9/);
  });

  test('S-E10: opaque tokens and those of a cluster are refused before anything is read', async () => {
    const now = Math.floor(Date.now() / 1000);
    const serviceAccount = await forgedTokens({
      iss: 'https://kubernetes.default.svc.cluster.local',
      aud: ['https://kubernetes.default.svc.cluster.local'],
      sub: 'system:serviceaccount:argocd:argocd-server',
      'kubernetes.io': { namespace: 'argocd' },
      iat: now,
      exp: now + 3_600,
    });
    for (const token of [
      'nothing',
      'null',
      'undefined',
      'x'.repeat(4_000),
      '..',
      serviceAccount['another key'] ?? '',
    ])
      assert.equal(await statusOf(token), 401, token);
    for (const authorization of ['Bearer', 'Bearer ', `Basic ${btoa('admin:admin')}`, `bearer  ${admin} x`])
      assert.equal(
        (await fetch(`${world.url}/api/v1/applications`, { headers: { authorization } })).status,
        401,
        authorization,
      );
  });
});
