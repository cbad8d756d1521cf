// Signing in as people do: Chromium on the page, a real OpenID provider, a SAML identity provider, an OpenLDAP server.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { launchBrowser, missingBrowser, openPage } from '../support/browser.ts';
import { testCli } from '../support/cli.ts';
import { ROOT } from '../support/fairlead-process.ts';
import { type OidcServer, startOidcServer } from '../support/providers/oidc.ts';
import { SAML_ATTRIBUTES, type SamlServer, startSaml } from '../support/providers/saml.ts';
import { type Directory, missingSlapd, startSlapd } from '../support/providers/slapd.ts';
import { type SignInWorld, signInWorld } from '../support/sign-in-world.ts';

const WAIT_MS = 60_000;
/** The browser itself reports answers such as 401 before signing in. */
const NETWORK = /^Failed to load resource|ERR_/;
const POLICY = 'p, role:dev, applications, sync, shop/*, allow\ng, shop-developers, role:dev\n';

suite('signing in through real providers', { skip: missingBrowser() || missingSlapd() }, () => {
  let world: SignInWorld;
  let browser: Browser;
  let oidc: OidcServer;
  let saml: SamlServer;
  let directory: Directory;

  before(async () => {
    execFileSync(process.execPath, ['tools/build-ui.ts', '--if-stale'], { cwd: ROOT, stdio: 'pipe' });
    world = await signInWorld({ uiDirectory: join(ROOT, 'ui', 'dist') });
    const callback = `${world.url}/api/dex/callback`;
    [browser, oidc, saml, directory] = await Promise.all([
      launchBrowser(),
      startOidcServer([callback]),
      startSaml(callback),
      startSlapd(),
    ]);
    await world.configure('argocd-rbac-cm', { 'policy.csv': POLICY });
    await world.configure('argocd-cm', { 'dex.config': JSON.stringify({ connectors: connectors() }) });
    await world.untilOffered('company', 'saml', 'ldap');
  });

  after(async () => {
    await browser?.close();
    await world?.[Symbol.asyncDispose]();
    await oidc?.[Symbol.asyncDispose]();
    await saml?.[Symbol.asyncDispose]();
    await directory?.[Symbol.asyncDispose]();
  });

  const connectors = (): object[] => [
    {
      type: 'oidc',
      id: 'company',
      name: 'Company',
      config: {
        issuer: oidc.issuer,
        clientID: oidc.clientId,
        clientSecret: oidc.clientSecret,
        scopes: ['profile', 'email', 'groups'],
        insecureEnableGroups: true,
      },
    },
    {
      type: 'saml',
      id: 'saml',
      name: 'Head office',
      config: {
        ssoURL: `${saml.url}/sso`,
        ssoIssuer: saml.url,
        caData: Buffer.from(saml.certificate).toString('base64'),
        entityIssuer: `${world.url}/api/dex/callback`,
        ...SAML_ATTRIBUTES,
      },
    },
    {
      type: 'ldap',
      id: 'ldap',
      name: 'Directory',
      config: {
        host: directory.host,
        insecureNoSSL: true,
        bindDN: directory.bindDn,
        bindPW: directory.bindPassword,
        userSearch: {
          baseDN: `ou=people,${directory.base}`,
          filter: '(objectClass=inetOrgPerson)',
          username: 'uid',
          idAttr: 'uid',
          emailAttr: 'mail',
          nameAttr: 'cn',
        },
        groupSearch: {
          baseDN: `ou=groups,${directory.base}`,
          filter: '(objectClass=groupOfNames)',
          userMatchers: [{ userAttr: 'DN', groupAttr: 'member' }],
          nameAttr: 'cn',
        },
      },
    },
  ];

  /** What the page's own session says, and that the page shows nobody else's. */
  const sessionOf = async (context: BrowserContext) => {
    const cookies = await context.cookies(world.url);
    const token = cookies.find(({ name }) => name === 'argocd.token')?.value ?? '';
    return { token, info: await world.userInfo(token) };
  };

  const signedIn = (page: Page) =>
    page.getByRole('button', { name: 'Sign out' }).waitFor({ timeout: WAIT_MS });

  const throughCompany = async (page: Page, person: string): Promise<void> => {
    await page.getByRole('link', { name: 'Sign in with Company' }).click({ timeout: WAIT_MS });
    await page.locator('input[name=login]').fill(person, { timeout: WAIT_MS });
    await page.locator('input[name=password]').fill('any');
    await page.locator('button[type=submit]').click();
    await page.getByRole('button', { name: 'Continue' }).click({ timeout: WAIT_MS });
  };

  test('OpenID Connect: the browser goes to the provider and comes back to where the person wanted to go', async () => {
    await using watched = await openPage(browser, {});
    const { page } = watched;
    await page.goto(`${world.url}/applications?search=web`);
    await throughCompany(page, 'ann');
    await signedIn(page);
    assert.equal(new URL(page.url()).pathname, '/applications');
    const { token, info } = await sessionOf(page.context());
    assert.deepEqual([info.username, info.groups], ['ann@shop.test', ['shop-developers']]);
    assert.equal(await world.canI(token, 'sync', 'applications', 'shop/web'), 'yes');
    assert.equal(await page.evaluate('document.cookie'), '', 'no script can read the session');
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor({ timeout: WAIT_MS });
    assert.deepEqual(await world.userInfo(token), { loggedIn: false });
    assert.deepEqual(
      watched.complaints().filter((text) => !NETWORK.test(text)),
      [],
    );
  });

  test('SAML: a signed assertion that comes by POST from the other site signs in', async () => {
    await using watched = await openPage(browser, {});
    const { page } = watched;
    await page.goto(`${world.url}/login`);
    await page.getByRole('link', { name: 'Sign in with Head office' }).click({ timeout: WAIT_MS });
    await signedIn(page);
    const { info } = await sessionOf(page.context());
    assert.deepEqual([info.username, info.groups], ['cleo@shop.test', ['shop-developers', 'office']]);
  });

  test('LDAP: the name and password of the directory, its groups, and nobody else', async () => {
    await using watched = await openPage(browser, {});
    const { page } = watched;
    await page.goto(`${world.url}/login`);
    const tryWith = async (name: string, password: string): Promise<void> => {
      await page.getByLabel('User name').fill(name, { timeout: WAIT_MS });
      await page.getByLabel('Password').fill(password);
      await page.keyboard.press('Enter');
    };
    await page.getByLabel('With').selectOption('ldap', { timeout: WAIT_MS });
    await tryWith('dora', "evan's password");
    await page.getByRole('alert').getByText('Invalid username or password').waitFor({ timeout: WAIT_MS });
    await tryWith('dora', "dora's password");
    await signedIn(page);
    const { token, info } = await sessionOf(page.context());
    assert.deepEqual([info.username, info.groups?.sort()], ['dora@shop.test', ['office', 'shop-developers']]);
    assert.equal(await world.canI(token, 'sync', 'applications', 'shop/web'), 'yes');
  });

  test('LDAP: what a person types is a value, never a part of the search', async () => {
    for (const [name, password] of [
      ['*', "dora's password"],
      ['dora)(uid=*', "dora's password"],
      ['dora', ''],
      ['', "dora's password"],
      ['do\u0000ra', "dora's password"],
    ] as const) {
      const answer = await fetch(`${world.url}/api/v1/session`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ username: name, password, connector: 'ldap' }),
      });
      assert.ok([400, 401].includes(answer.status), `${JSON.stringify(name)}: ${answer.status}`);
    }
  });

  test('LDAP from the command line', async () => {
    await using cli = await testCli();
    const password = ['--password', "evan's password"];
    const login = await cli.run(
      'login',
      world.url,
      '--sso',
      '--connector',
      'ldap',
      '--username',
      'evan',
      ...password,
    );
    assert.deepEqual([login.code, login.stderr], [0, '']);
    assert.match(
      (await cli.run('account', 'get-user-info')).stdout,
      /Username: evan@shop\.test\n.*\nGroups: office\n/,
    );
  });

  test('a command line shows a code, and a person who signs in anywhere lets it in', async () => {
    let address = '';
    await using cli = await testCli({
      terminal: {
        isInteractive: false,
        stdout: () => {},
        stderr: (text) => {
          address = /Open (\S+)/.exec(text)?.[1] ?? address;
        },
      },
    });
    const login = cli.run('login', world.url, '--sso', '--device');
    await world.until('the command line shows where to go', async () => address !== '');
    await using watched = await openPage(browser, {});
    const { page } = watched;
    await page.goto(address);
    await page.getByRole('link', { name: 'Sign in first' }).click({ timeout: WAIT_MS });
    await throughCompany(page, 'ann');
    await page.getByRole('button', { name: 'Let it in' }).click({ timeout: WAIT_MS });
    await page.getByRole('heading', { name: 'The command line is let in' }).waitFor({ timeout: WAIT_MS });
    assert.equal((await login).code, 0);
    await using reader = await testCli();
    const { stdout } = await reader.run(
      'account',
      'get-user-info',
      '--config',
      join(cli.directory, 'config'),
    );
    assert.match(stdout, /Username: ann@shop\.test/);
  });

  test('SAML: an assertion signed with another key lets nobody in, and the page says so', async () => {
    saml.useForeignKey();
    await using watched = await openPage(browser, {});
    const { page } = watched;
    await page.goto(`${world.url}/login`);
    await page.getByRole('link', { name: 'Sign in with Head office' }).click({ timeout: WAIT_MS });
    await page.getByRole('alert').getByText('cannot be accepted').waitFor({ timeout: WAIT_MS });
    assert.deepEqual((await sessionOf(page.context())).info, { loggedIn: false });
  });
});
