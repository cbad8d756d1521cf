// Section 1.7 of the security requirements in a real browser: what others wrote, in every view of the page, under the
// policy the server sends; addresses that lead astray; pages of other sites. The server's part: test/e2e/security.
import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { promisify } from 'node:util';
import type { Browser, Page } from 'playwright-core';
import {
  connectionOfKubeconfig,
  createKubeClient,
  isKubeError,
  type KubeClient,
  wellKnown,
} from '../../src/k8s/index.ts';
import { systemClock, systemRandom } from '../../src/lib/index.ts';
import { launchBrowser, missingBrowser, openPage } from '../support/browser.ts';
import { type FairleadProcess, freePortRange, ROOT, startFairlead } from '../support/fairlead-process.ts';
import { MARKUP, paintedApplication } from '../support/hostile-texts.ts';
import { type OidcServer, startOidcServer } from '../support/providers/oidc.ts';

const APPLICATIONS = {
  group: 'argoproj.io',
  version: 'v1alpha1',
  kind: 'Application',
  resource: 'applications',
  namespaced: true,
};
const WAIT_MS = 60_000;
/** The browser itself reports answers such as 401 before signing in. */
const NETWORK = /^Failed to load resource|ERR_/;
/** Turns what follows around. */
const TURN = '\u202e';
const SLY = `${MARKUP}${TURN}gpj`;

suite('what others write, in Chromium', { skip: missingBrowser() }, () => {
  let folder: string;
  let up: FairleadProcess;
  let kube: KubeClient;
  let browser: Browser;
  let oidc: OidcServer;
  let evil: Server;
  let evilUrl: string;
  let ready: {
    readonly url: string;
    readonly gitUrl: string;
    readonly kubeconfig: string;
    readonly password: string;
  };

  before(async () => {
    execFileSync(process.execPath, ['tools/build-ui.ts', '--if-stale'], { cwd: ROOT, stdio: 'pipe' });
    folder = await mkdtemp(join(tmpdir(), 'fairlead-page-security-'));
    up = startFairlead(['up', '--port', String(await freePortRange(3))], { cwd: folder });
    browser = await launchBrowser();
    await up.until(/Ctrl-C stops everything/, WAIT_MS);
    ready = JSON.parse(await readFile(join(folder, '.fairlead', 'ready.json'), 'utf8'));
    const connection = await connectionOfKubeconfig(await readFile(ready.kubeconfig, 'utf8'), {
      clock: systemClock,
    });
    kube = createKubeClient(connection, {}, { clock: systemClock, random: systemRandom });
    oidc = await startOidcServer([`${ready.url}/auth/callback`]);
    await configure();
    await kube.create(APPLICATIONS, paintedApplication('painted', SLY));
    await push();
    evil = createServer((_request, response) => {
      response
        .setHeader('content-type', 'text/html')
        .end(`<iframe src="${ready.url}/applications"></iframe>`);
    });
    await new Promise<void>((resolve) => evil.listen(0, '127.0.0.1', resolve));
    evilUrl = `http://127.0.0.1:${(evil.address() as AddressInfo).port}/`;
  });

  after(async () => {
    evil?.close();
    await kube?.close();
    await browser?.close();
    await oidc?.[Symbol.asyncDispose]();
    await up?.end();
    await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
  });

  const configure = async (): Promise<void> => {
    const metadata = { namespace: 'argocd', name: 'argocd-cm' };
    const config = {
      name: SLY,
      issuer: oidc.issuer,
      clientID: oidc.clientId,
      clientSecret: oidc.clientSecret,
    };
    const data = {
      url: ready.url,
      'ui.bannercontent': SLY,
      'ui.bannerurl': 'javascript:alert(1)',
      'oidc.config': JSON.stringify({ ...config, requestedScopes: ['openid', 'profile'] }),
    };
    await kube
      .create(wellKnown.configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata, data })
      .catch(async (error: unknown) => {
        if (!isKubeError(error, 'ALREADY_EXISTS')) throw error;
        await kube.patch(wellKnown.configMaps, metadata, { type: 'merge', body: { data } });
      });
  };

  /** A commit whose author, message and content are attacks. */
  const push = async (): Promise<void> => {
    const clone = join(folder, 'clone');
    const git = async (cwd: string, ...args: readonly string[]): Promise<void> => {
      const env = { PATH: process.env.PATH ?? '', HOME: folder };
      const author = SLY.replace(/[<>]/g, '‹');
      await promisify(execFile)(
        'git',
        ['-c', `user.name=${author}`, '-c', 'user.email=e@shop.test', ...args],
        { cwd, env },
      );
    };
    await git(folder, 'clone', '--quiet', ready.gitUrl, clone);
    const file = join(clone, 'web', 'values-dev.yaml');
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.replace(/^greeting:.*$/m, `greeting: ${JSON.stringify(SLY)}`));
    await git(clone, 'commit', '--quiet', '--all', '--message', SLY);
    await git(clone, 'push', '--quiet');
  };

  /** What holds in every view: nothing ran, nothing was loaded, nothing leads elsewhere, nothing is turned around. */
  const assertTame = async (page: Page, where: string): Promise<void> => {
    const seen = await page.evaluate<{
      title: string;
      schemes: string[];
      strangers: number;
      text: string;
    }>(`({
      title: document.title,
      schemes: [...new Set([...document.links].map((link) => link.protocol))],
      strangers: document.querySelectorAll('img:not(.brand img), script:not([src]), iframe, object, embed, [onerror], [onclick], [style*=url]').length,
      text: document.body.innerText + [...document.querySelectorAll('[title]')].map((each) => each.title).join(' '),
    })`);
    assert.doesNotMatch(seen.title, /pwned/, where);
    assert.deepEqual(
      seen.schemes.filter((scheme) => !['http:', 'https:', 'mailto:'].includes(scheme)),
      [],
      where,
    );
    assert.equal(seen.strangers, 0, where);
    assert.doesNotMatch(seen.text, /\p{Bidi_Control}/u, where);
  };

  const onPage = async (look: (page: Page) => Promise<void>): Promise<void> => {
    await using watched = await openPage(browser, { viewport: { width: 1280, height: 900 } });
    await look(watched.page);
    const complaints = watched.complaints().filter((text) => !NETWORK.test(text));
    assert.deepEqual(complaints, []);
  };

  const signIn = async (page: Page, path: string): Promise<void> => {
    await page.goto(`${ready.url}${path}`);
    await page.getByLabel('Password').fill(ready.password);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await page.getByRole('button', { name: 'Sign out' }).waitFor({ timeout: WAIT_MS });
  };

  test('S-G1, S-G6: the sign-in page and the list show what others wrote as text', () =>
    onPage(async (page) => {
      await page.goto(`${ready.url}/applications`);
      await page.getByRole('link', { name: /^Sign in with ">/ }).waitFor({ timeout: WAIT_MS });
      await assertTame(page, 'sign-in page');
      await signIn(page, `/applications?search=${encodeURIComponent(`nowhere${MARKUP}`)}`);
      await page.getByText('No application matches').waitFor({ timeout: WAIT_MS });
      await assertTame(page, 'search without result');
      await page.goto(`${ready.url}/applications`);
      await page
        .locator('tbody')
        .getByText(/onerror/)
        .first()
        .waitFor({ timeout: WAIT_MS });
      await page
        .locator('tbody')
        .getByText(/‹U\+202E›gpj/)
        .first()
        .waitFor({ timeout: WAIT_MS });
      await assertTame(page, 'list');
    }));

  /** Opens every object, one after the other, and all its views. */
  const openEverything = async (page: Page, name: string): Promise<number> => {
    let views = 0;
    const heads = page.locator('.row-head');
    await heads.first().waitFor({ timeout: WAIT_MS });
    for (let i = 0; i < (await heads.count()); i += 1) {
      await heads.nth(i).click();
      const row = page.locator('.row').filter({ has: page.locator('.details') });
      await row.waitFor({ timeout: WAIT_MS });
      const buttons = row.locator('.details .segments button');
      for (let view = 0; view < Math.max(1, await buttons.count()); view += 1) {
        if ((await buttons.count()) > 0) await buttons.nth(view).click();
        await row.locator('.loading').waitFor({ state: 'detached', timeout: WAIT_MS });
        await assertTame(page, `${name}, object ${i}, view ${view}`);
        views += 1;
      }
      await heads.nth(i).click();
      await row.waitFor({ state: 'detached', timeout: WAIT_MS });
    }
    return views;
  };

  test('S-G1, S-H9: the page of an application made of attacks links to two places only, in all its views', () =>
    onPage(async (page) => {
      await signIn(page, '/applications/argocd/painted');
      await page.locator('.links a').first().waitFor({ timeout: WAIT_MS });
      const links = await page.evaluate<string[]>(
        "[...document.querySelectorAll('.links a')].map((link) => link.href)",
      );
      assert.deepEqual(links, ['https://shop.test/', 'https://chat.shop.test/team']);
      await page
        .locator('.notice')
        .getByText(/onerror/)
        .first()
        .waitFor();
      await assertTame(page, 'painted');
      assert.ok((await openEverything(page, 'painted')) > 0);
      await page.getByRole('button', { name: 'Refresh' }).waitFor();
    }));

  test('S-G1, S-H9: commits, objects, events and logs are text in every view of an application that runs', () =>
    onPage(async (page) => {
      await signIn(page, '/applications/argocd/web-dev');
      const station = page.locator('.station').first();
      await station
        .getByText(/onerror.*‹U\+202E›gpj/)
        .first()
        .waitFor({ timeout: WAIT_MS });
      await page
        .locator('.deployments')
        .getByText(/onerror/)
        .first()
        .waitFor({ timeout: WAIT_MS });
      const configMap = await kube.get(wellKnown.configMaps, { namespace: 'dev', name: 'web-dev' });
      await kube.create(wellKnown.events, {
        apiVersion: 'v1',
        kind: 'Event',
        metadata: { name: 'sly', namespace: 'dev' },
        involvedObject: {
          apiVersion: 'v1',
          kind: 'ConfigMap',
          namespace: 'dev',
          name: 'web-dev',
          uid: configMap.metadata.uid,
        },
        reason: SLY,
        message: SLY,
        type: 'Warning',
        lastTimestamp: new Date().toISOString().replace(/\.\d+/, ''),
      });
      assert.ok((await openEverything(page, 'web-dev')) > 5);
    }));

  test('S-G1: the name of a person whom a provider vouches for is text', () =>
    onPage(async (page) => {
      await page.goto(`${ready.url}/login`);
      await page.getByRole('link', { name: /^Sign in with ">/ }).click({ timeout: WAIT_MS });
      await page.locator('input[name=login]').fill(SLY);
      await page.locator('input[name=password]').fill('x');
      await page.locator('button[type=submit]').click();
      // The provider's own page asks for consent; then we are back.
      await page.locator('button[type=submit]').click();
      await page
        .locator('.user')
        .getByText(/onerror/)
        .waitFor({ timeout: WAIT_MS });
      await assertTame(page, 'account');
    }));

  test('S-G3: the page goes on to one of its own paths after signing in', async () => {
    for (const to of [
      '//evil.test',
      '/\\evil.test',
      'https:evil.test',
      '/%09/evil.test',
      'javascript:alert(1)',
      '/login',
    ])
      await onPage(async (page) => {
        await signIn(page, `/login?${new URLSearchParams({ to })}`);
        await page.getByRole('heading', { level: 1, name: 'Applications' }).waitFor({ timeout: WAIT_MS });
        assert.equal(page.url(), `${ready.url}/applications`, to);
      });
  });

  test('S-G5: the sign-in page knows codes and shows no words of its address', async () => {
    const said = 'Call +1 555 0100 and tell them your password';
    for (const failed of [said, 'constructor', '__proto__', 'toString', '{"a":1}', '["refused"]', MARKUP])
      await onPage(async (page) => {
        const names = ['failed', 'error', 'error_description', 'message', 'has_sso_error'];
        await page.goto(`${ready.url}/login?${new URLSearchParams(names.map((name) => [name, failed]))}`);
        await page.getByRole('button', { name: 'Sign in', exact: true }).waitFor({ timeout: WAIT_MS });
        const text = await page.evaluate<string>('document.querySelector("main").innerText');
        assert.doesNotMatch(text, /555|constructor|proto|toString|native code|\{"a"/, failed);
        await assertTame(page, failed);
      });
    await onPage(async (page) => {
      await page.goto(`${ready.url}/login?failed=refused`);
      await page
        .getByText('The identity provider does not let this account in')
        .waitFor({ timeout: WAIT_MS });
    });
  });

  test('S-G4, S-G6: a page of the next port can neither frame this one nor act with its cookies', async () => {
    await using watched = await openPage(browser, {});
    const { page } = watched;
    await signIn(page, '/applications');
    await page.goto(evilUrl);
    const framed = page.frames().find((frame) => frame !== page.mainFrame());
    await framed?.waitForLoadState();
    assert.equal(await framed?.locator('main').count(), 0);
    const attempts = await page.evaluate<string[]>(`(async () => {
      const url = ${JSON.stringify(`${ready.url}/api/v1/applications/web-dev`)};
      const send = (init) => fetch(url + '/sync', { method: 'POST', credentials: 'include', ...init }).then((answer) => answer.type, () => 'refused');
      const socket = new WebSocket(url.replace('http', 'ws').replace(/\\/api.*/, '/terminal?pod=x&appName=web-dev&projectName=default'));
      const opened = await new Promise((resolve) => { socket.onopen = () => resolve('open'); socket.onerror = () => resolve('refused'); });
      return [
        await send({ mode: 'no-cors', body: '{}' }),
        await send({ mode: 'cors', body: '{}', headers: { 'content-type': 'application/json' } }),
        opened,
      ];
    })()`);
    assert.deepEqual(attempts, ['refused', 'refused', 'refused']);
    await page.goto(`${ready.url}/applications/argocd/web-dev`);
    await page.locator('.station').nth(1).getByText('by automated sync').waitFor({ timeout: WAIT_MS });
    assert.equal(await page.getByText('by admin').count(), 0);
  });
});
