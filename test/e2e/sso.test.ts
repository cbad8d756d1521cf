// Signing in through identity providers, over the running control plane: a real OpenID provider, and a server with
// GitHub's API. Browsers, directories and SAML are in test/real.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { parse } from 'yaml';
import { testCli } from '../support/cli.ts';
import { type GithubServer, startGithub } from '../support/providers/github.ts';
import { type OidcServer, startOidcServer } from '../support/providers/oidc.ts';
import { type SignInWorld, signInWorld } from '../support/sign-in-world.ts';
import { type Visit, type WebAgent, webAgent } from '../support/web-agent.ts';

const GH_USER = {
  id: 42,
  login: 'octo',
  email: 'octo@shop.test',
  orgs: ['shop', 'elsewhere'],
  teams: [
    { org: 'shop', name: 'Release Managers', slug: 'release-managers' },
    { org: 'elsewhere', name: 'Release Managers', slug: 'release-managers' },
  ],
};
/** The claims that `scopes` names: the groups, and the address because it is verified. */
const ANN = ['shop-developers', 'ann@shop.test'];
const POLICY = `
p, role:dev, applications, sync, shop/*, allow
g, shop-developers, role:dev
g, shop:Release Managers, role:dev
g, elsewhere, role:admin
`;

suite('single sign-on over the running server', () => {
  let world: SignInWorld;
  let oidc: OidcServer;
  let github: GithubServer;

  before(async () => {
    world = await signInWorld();
    oidc = await startOidcServer([`${world.url}/auth/callback`, `${world.url}/api/dex/callback`]);
    github = await startGithub(GH_USER);
    await world.configure('argocd-rbac-cm', { 'policy.csv': POLICY, scopes: '[groups, email]' });
    await world.kube.patch(
      SECRETS,
      { namespace: 'argocd', name: 'argocd-secret' },
      {
        type: 'merge',
        body: { stringData: { 'oidc.secret': oidc.clientSecret, 'dex.github.secret': github.clientSecret } },
      },
    );
    await world.configure('argocd-cm', {
      'oidc.config': JSON.stringify({
        name: 'Company',
        issuer: oidc.issuer,
        clientID: oidc.clientId,
        clientSecret: '$oidc.secret',
        requestedScopes: ['openid', 'profile', 'email', 'groups'],
      }),
      'dex.config': JSON.stringify({
        connectors: [
          {
            type: 'github',
            id: 'github',
            name: 'GitHub',
            config: {
              clientID: github.clientId,
              clientSecret: '$dex.github.secret',
              orgs: [{ name: 'shop', teams: ['Release Managers'] }],
              endpoints: {
                authorize: `${github.url}/login/oauth/authorize`,
                token: `${github.url}/login/oauth/access_token`,
                api: `${github.url}/api/v3`,
              },
            },
          },
          {
            type: 'oidc',
            id: 'info',
            name: 'With user info',
            config: {
              issuer: oidc.issuer,
              clientID: oidc.clientId,
              clientSecret: '$oidc.secret',
              scopes: ['profile', 'email', 'groups'],
              getUserInfo: true,
              insecureEnableGroups: true,
              groups: ['shop-developers'],
            },
          },
        ],
      }),
    });
    await world.untilOffered('oidc', 'github', 'info');
  });

  after(async () => {
    await world?.[Symbol.asyncDispose]();
    await oidc?.[Symbol.asyncDispose]();
    await github?.[Symbol.asyncDispose]();
  });

  const begin = (connector: string, more: Record<string, string> = {}): string =>
    `${world.url}/auth/login?${new URLSearchParams({ connector, ...more })}`;

  /** Signs in at the OpenID provider's own pages and comes back. */
  const through = async (agent: WebAgent, url: string, person: string): Promise<Visit> => {
    let page = await agent.open(url);
    if (page.text.includes('name="login"')) page = await agent.submit(page, { login: person, password: 'x' });
    if (page.url.startsWith(oidc.issuer)) page = await agent.submit(page);
    return page;
  };
  const sessionOf = (agent: WebAgent): string => agent.cookies(world.url)['argocd.token'] ?? '';

  test('a person signs in at the OpenID provider and has the rights of the groups', async () => {
    const agent = webAgent();
    const page = await through(
      agent,
      begin('oidc', { return_url: '/applications/argocd/web?tab=diff' }),
      'ann',
    );
    assert.equal(page.url, `${world.url}/applications/argocd/web?tab=diff`);
    const token = sessionOf(agent);
    assert.deepEqual(await world.userInfo(token), {
      loggedIn: true,
      username: 'ann@shop.test',
      iss: 'fairlead-sso',
      groups: ANN,
    });
    assert.equal(await world.canI(token, 'sync', 'applications', 'shop/web'), 'yes');
    assert.equal(await world.canI(token, 'sync', 'applications', 'bank/web'), 'no');
    const cookie = page.cookiesSet.find((line) => line.startsWith('argocd.token=')) ?? '';
    assert.match(cookie, /; Path=\/; Max-Age=86400; HttpOnly; SameSite=Lax$/);
    assert.equal(agent.cookies(world.url)['argocd.oauthstate'], undefined);
  });

  test('S-E9: an address that the provider has not verified is nobody’s', async () => {
    const agent = webAgent();
    await through(agent, begin('oidc'), 'bob');
    const info = await world.userInfo(sessionOf(agent));
    assert.deepEqual([info.username, info.groups], ['Bob', []]);
  });

  test('S-E3: signing out ends the session on the server, not only in the browser', async () => {
    const agent = webAgent();
    await through(agent, begin('oidc'), 'ann');
    const token = sessionOf(agent);
    await agent.open(`${world.url}/auth/logout`);
    assert.equal(sessionOf(agent), '');
    assert.deepEqual(await world.userInfo(token), { loggedIn: false });
  });

  test('groups come from the user info where a connector says so, and one of them is required', async () => {
    const agent = webAgent();
    await through(agent, begin('info'), 'ann');
    assert.deepEqual((await world.userInfo(sessionOf(agent))).groups, ANN);
    const other = webAgent();
    const refused = await through(other, begin('info'), 'bob');
    assert.equal(refused.url, `${world.url}/login?failed=refused`);
    assert.equal(sessionOf(other), '');
  });

  test('S-E5: an answer counts once, in the browser that began, and not with another state', async () => {
    const agent = webAgent();
    await through(agent, begin('oidc'), 'ann');
    const [first, second] = [webAgent(), webAgent()];
    // What comes back to the first browser is opened in the second one.
    const location = await callbackOf(oidc, begin('oidc'), first, through);
    const stolen = await second.open(location);
    assert.equal(stolen.url, `${world.url}/login?failed=expired`);
    const changed = new URL(location);
    changed.searchParams.set('state', 'x'.repeat(43));
    assert.equal((await first.open(changed.href)).url, `${world.url}/login?failed=invalid`);
    assert.equal((await first.open(location)).url, `${world.url}/login?failed=expired`);
    assert.deepEqual([sessionOf(first), sessionOf(second)], ['', '']);
  });

  test('S-G3: nobody is sent on to another site', async () => {
    for (const evil of ['//evil.test', 'https://evil.test', '/\\evil.test', '/%0d//evil.test/..//']) {
      const agent = webAgent();
      const page = await through(agent, begin('oidc', { return_url: evil }), 'ann');
      assert.equal(new URL(page.url).origin, world.url, evil);
    }
  });

  test('S-E9: GitHub: only the organisation and team that are named count, by whole names', async () => {
    const agent = webAgent();
    await agent.open(begin('github'));
    const token = sessionOf(agent);
    assert.deepEqual(await world.userInfo(token), {
      loggedIn: true,
      username: 'octo@shop.test',
      iss: 'fairlead-sso',
      groups: ['shop', 'shop:Release Managers'],
    });
    assert.equal(await world.canI(token, 'sync', 'applications', 'shop/web'), 'yes');
    assert.equal(await world.canI(token, 'delete', 'clusters', 'x'), 'no');
    github.user = { ...GH_USER, teams: [{ org: 'shop', name: 'Interns', slug: 'interns' }] };
    const other = webAgent();
    assert.equal((await other.open(begin('github'))).url, `${world.url}/login?failed=refused`);
    github.user = {
      ...GH_USER,
      teams: Array.from({ length: 250 }, (_, i) => ({ org: 'shop', name: `t${i}`, slug: `t${i}` })).concat(
        GH_USER.teams,
      ),
    };
    const many = webAgent();
    await many.open(begin('github'));
    assert.deepEqual((await world.userInfo(sessionOf(many))).groups, ['shop', 'shop:Release Managers']);
    github.user = GH_USER;
  });

  test('the command line signs in through the browser, and relogin goes the same way', async () => {
    const agent = webAgent();
    const opened: string[] = [];
    await using cli = await testCli({
      async openBrowser(url) {
        opened.push(url);
        // The browser goes its way while the command line waits.
        void through(agent, url, 'ann');
        return true;
      },
    });
    const login = await cli.run(
      'login',
      world.url,
      '--sso',
      '--connector',
      'oidc',
      '--sso-port',
      '0',
      '--name',
      'w',
    );
    assert.deepEqual(
      [login.code, login.stdout],
      [0, "'ann@shop.test' logged in successfully\nContext 'w' updated\n"],
    );
    assert.match((await cli.run('account', 'get-user-info')).stdout, /Groups: shop-developers/);
    const before = await tokenIn(cli.directory);
    const again = await cli.run('relogin', '--sso-port', '0');
    assert.equal(again.stdout, "'ann@shop.test' logged in successfully\nContext 'w' updated\n");
    assert.notEqual(await tokenIn(cli.directory), before);
    assert.match(opened[1] ?? '', /connector=oidc/);
    const several = await cli.run('login', world.url, '--sso');
    assert.equal(
      several.stderr,
      'Error: There are several identity providers; choose with --connector: oidc, github, info\n',
    );
  });

  test('a person of a provider lets a command line in that has no browser', async () => {
    const agent = webAgent();
    await through(agent, begin('oidc'), 'ann');
    const token = sessionOf(agent);
    let seen = '';
    await using cli = await testCli({
      terminal: {
        isInteractive: false,
        stdout: () => {},
        stderr(text) {
          seen = text;
          const userCode = /confirm the code (\S+)/.exec(text)?.[1];
          if (userCode === undefined) return;
          void fetch(`${world.url}/api/v1/fairlead/device/approve`, {
            method: 'POST',
            headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
            body: JSON.stringify({ userCode }),
          });
        },
      },
    });
    const { code } = await cli.run('login', world.url, '--sso', '--device');
    assert.equal(code, 0, seen);
    const { username, groups } = await world.userInfo(await tokenIn(cli.directory));
    assert.deepEqual([username, groups], ['ann@shop.test', ANN]);
  });

  test('S-E3: taking a provider out of the settings ends the sessions it vouched for', async () => {
    const agent = webAgent();
    await agent.open(begin('github'));
    const token = sessionOf(agent);
    assert.equal((await world.userInfo(token)).loggedIn, true);
    await world.configure('argocd-cm', { 'dex.config': 'connectors: []' });
    await world.untilOffered('oidc');
    assert.deepEqual(await world.userInfo(token), { loggedIn: false });
  });
});

const SECRETS = { group: '', version: 'v1', kind: 'Secret', resource: 'secrets', namespaced: true };

async function tokenIn(directory: string): Promise<string> {
  const file = parse(await readFile(join(directory, 'config'), 'utf8')) as {
    users: { 'auth-token': string }[];
  };
  return file.users[0]?.['auth-token'] ?? '';
}

/** The address the provider sends the browser to, without going there. */
async function callbackOf(
  oidc: OidcServer,
  url: string,
  agent: WebAgent,
  through: (agent: WebAgent, url: string, person: string) => Promise<Visit>,
): Promise<string> {
  const realFetch = globalThis.fetch;
  let caught = '';
  globalThis.fetch = async (input, init) => {
    const target = String(input);
    if (target.includes('/auth/callback?')) {
      caught = target;
      return new Response('');
    }
    return await realFetch(input, init);
  };
  try {
    await through(agent, url, 'ann');
  } finally {
    globalThis.fetch = realFetch;
  }
  assert.notEqual(caught, '', `nobody came back from ${oidc.issuer}`);
  return caught;
}
