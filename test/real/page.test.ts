// The page in a real browser against `fairlead up`: what a person sees and does, under the policy the server sends.
import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { promisify } from 'node:util';
import type { Browser, Page } from 'playwright-core';
import {
  connectionOfKubeconfig,
  createKubeClient,
  type KubeClient,
  type KubeObject,
  type ResourceType,
} from '../../src/k8s/index.ts';
import { systemClock, systemRandom } from '../../src/lib/index.ts';
import { faintTexts, launchBrowser, missingBrowser, openPage, sidewaysPx } from '../support/browser.ts';
import { type FairleadProcess, freePortRange, ROOT, startFairlead } from '../support/fairlead-process.ts';

interface Ready {
  readonly url: string;
  readonly gitUrl: string;
  readonly kubeconfig: string;
  readonly password: string;
}

const APPLICATIONS: ResourceType = {
  group: 'argoproj.io',
  version: 'v1alpha1',
  kind: 'Application',
  resource: 'applications',
  namespaced: true,
};
const CONFIG_MAPS: ResourceType = {
  group: '',
  version: 'v1',
  kind: 'ConfigMap',
  resource: 'configmaps',
  namespaced: true,
};
const SAMPLES = ['api-dev', 'api-prod', 'web-dev', 'web-prod'];
const WAIT_MS = 60_000;
/** The browser itself reports answers such as 401 before signing in and a server that is away. */
const NETWORK = /^Failed to load resource|ERR_/;

suite('the page in Chromium', { skip: missingBrowser() }, () => {
  let folder: string;
  let port: number;
  let up: FairleadProcess;
  let ready: Ready;
  let kube: KubeClient;
  let browser: Browser;

  const start = async (): Promise<void> => {
    up = startFairlead(['up', '--port', String(port)], { cwd: folder });
    await up.until(/Ctrl-C stops everything/);
    ready = JSON.parse(await readFile(join(folder, '.fairlead', 'ready.json'), 'utf8')) as Ready;
  };

  before(async () => {
    execFileSync(process.execPath, ['tools/build-ui.ts', '--if-stale'], { cwd: ROOT, stdio: 'pipe' });
    folder = await mkdtemp(join(tmpdir(), 'fairlead-page-'));
    port = await freePortRange(3);
    [browser] = await Promise.all([launchBrowser(), start()]);
    const connection = await connectionOfKubeconfig(await readFile(ready.kubeconfig, 'utf8'), {
      clock: systemClock,
    });
    kube = createKubeClient(connection, {}, { clock: systemClock, random: systemRandom });
  });

  after(async () => {
    await kube?.close();
    await browser?.close();
    await up?.end();
    await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
  });

  const signIn = async (page: Page, path = '/applications'): Promise<void> => {
    await page.goto(`${ready.url}${path}`);
    await page.getByLabel('Password').fill(ready.password);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('button', { name: 'Sign out' }).waitFor({ timeout: WAIT_MS });
  };

  /** Runs `look` on a page that is signed in; fails when the browser complained about anything but the network. */
  const onPage = async (
    path: string,
    look: (page: Page) => Promise<void>,
    options: Parameters<typeof openPage>[1] = {},
  ): Promise<void> => {
    await using watched = await openPage(browser, { viewport: { width: 1280, height: 800 }, ...options });
    await signIn(watched.page, path);
    await look(watched.page);
    assert.deepEqual(
      watched.complaints().filter((text) => !NETWORK.test(text)),
      [],
    );
  };

  const git = async (cwd: string, ...args: readonly string[]): Promise<void> => {
    const env = { PATH: process.env.PATH ?? '', HOME: folder };
    const identity = ['-c', 'user.name=Ann', '-c', 'user.email=ann@shop.test'];
    await promisify(execFile)('git', [...identity, ...args], { cwd, env });
  };

  const push = async (greeting: string, message: string): Promise<void> => {
    const clone = await mkdtemp(join(folder, 'clone-'));
    await git(folder, 'clone', '--quiet', ready.gitUrl, clone);
    const file = join(clone, 'web', 'values-dev.yaml');
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.replace(/^greeting:.*$/m, `greeting: ${greeting}`));
    await git(clone, 'commit', '--quiet', '--all', '--message', message);
    await git(clone, 'push', '--quiet');
  };

  const row = (page: Page, name: string) =>
    page.locator('tbody tr').filter({ has: page.getByText(name, { exact: true }) });

  test('refuses a wrong password and goes, after the right one, where the person wanted to go', async () => {
    await using watched = await openPage(browser, {});
    const { page } = watched;
    await page.goto(`${ready.url}/applications/argocd/web-dev`);
    await page.getByLabel('Password').fill('wrong');
    await page.keyboard.press('Enter');
    await page.getByRole('alert').getByText('Invalid username or password').waitFor({ timeout: WAIT_MS });
    await page.getByLabel('Password').fill(ready.password);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: 'web-dev' }).waitFor({ timeout: WAIT_MS });
    assert.equal(new URL(page.url()).pathname, '/applications/argocd/web-dev');
    assert.deepEqual(
      watched.complaints().filter((text) => !NETWORK.test(text)),
      [],
    );
  });

  test('lists the sample applications, Synced and Healthy', () =>
    onPage('/applications', async (page) => {
      for (const name of SAMPLES) {
        await row(page, name).getByText('Synced').waitFor({ timeout: WAIT_MS });
        await row(page, name).getByText('Healthy').waitFor({ timeout: WAIT_MS });
      }
      await page.getByText('Live').waitFor();
    }));

  test('shows a pushed commit in the list and on the application, without a reload', (t) =>
    onPage('/applications/argocd/web-dev', async (page) => {
      await page.getByText('Live').waitFor();
      await page.evaluate(() => Reflect.set(globalThis, 'notReloaded', true));
      await push('Hello from the browser test', 'Greet <b>the</b> browser');
      const pushed = performance.now();
      await page
        .locator('.station')
        .first()
        .getByText('Greet <b>the</b> browser')
        .waitFor({ timeout: WAIT_MS });
      await page.locator('.deployments').getByText('Greet <b>the</b> browser').waitFor({ timeout: WAIT_MS });
      t.diagnostic(
        `${Math.round(performance.now() - pushed)} ms from the end of the push to the deployed commit`,
      );
      const commit = (await page.locator('.station code').first().textContent()) ?? '';
      assert.match(commit, /^[0-9a-f]{7}$/);
      await page.getByRole('link', { name: '← Applications' }).click();
      await row(page, 'web-dev').getByText(commit).waitFor({ timeout: WAIT_MS });
      assert.equal(await page.evaluate(() => Reflect.get(globalThis, 'notReloaded')), true);
    }));

  test('shows a field that somebody changed, who did, and syncs it back', () =>
    onPage('/applications/argocd/web-prod', async (page) => {
      const app = { namespace: 'argocd', name: 'web-prod' };
      await kube.patch(APPLICATIONS, app, {
        type: 'merge',
        body: { spec: { syncPolicy: { automated: null } } },
      });
      await page.getByText('Waits for a person to sync').waitFor({ timeout: WAIT_MS });
      await kube.patch(
        CONFIG_MAPS,
        { namespace: 'prod', name: 'web-prod' },
        { type: 'merge', body: { data: { greeting: '<i>Bonjour</i>' } } },
      );
      const head = page.getByRole('button', { name: /ConfigMap web-prod/ });
      await head.getByText('OutOfSync').waitFor({ timeout: WAIT_MS });
      await head.click();
      const details = page.locator('.row').filter({ has: head });
      await details.getByText('.data.greeting').waitFor({ timeout: WAIT_MS });
      await details.getByText('<i>Bonjour</i>').waitFor();
      await details.getByText(/^written by \S+ /).waitFor();
      // An answer from before the sync that comes after the stream's word of it: the page must not fall back to it.
      const before = await (await page.request.get(`${ready.url}/api/v1/applications/web-prod`)).text();
      const { promise: isSynced, resolve: arrive } = Promise.withResolvers<void>();
      await page.route(/\/api\/v1\/applications\/web-prod(\?|$)/, async (route) => {
        await isSynced;
        await route.fulfill({ contentType: 'application/json', body: before });
      });
      await page.getByRole('button', { name: 'Sync', exact: true }).click();
      await head.getByText('Synced', { exact: true }).waitFor({ timeout: WAIT_MS });
      arrive();
      await page
        .getByRole('button', { name: 'Sync', exact: true, disabled: false })
        .waitFor({ timeout: WAIT_MS });
      await head.getByText('Synced', { exact: true }).waitFor();
      await page.locator('.station').nth(1).getByText('by admin').waitFor({ timeout: WAIT_MS });
    }));

  test('shows markup as text and makes links of safe addresses only', async () => {
    await kube.create(APPLICATIONS, hostile());
    for (const path of ['/applications', '/applications/argocd/hostile']) {
      await onPage(path, async (page) => {
        await page.getByText(MARKUP).first().waitFor({ timeout: WAIT_MS });
        assert.doesNotMatch(await page.title(), /pwned/);
        const links = await page.evaluate<string[]>('[...document.links].map((link) => link.protocol)');
        assert.deepEqual(
          [...new Set(links)].filter((scheme) => !['http:', 'https:', 'mailto:'].includes(scheme)),
          [],
        );
        assert.equal(await page.locator('img:not(.brand img), script:not([src])').count(), 0);
      });
    }
    await onPage('/applications/argocd/hostile', async (page) => {
      // The heading is there before the application is read: what follows must be waited for.
      await page.locator('.links a').first().waitFor({ timeout: WAIT_MS });
      const names = await page.locator('.links a').allTextContents();
      assert.deepEqual(names, ['https://shop.example.com/', 'Chat']);
    });
    await kube.delete(APPLICATIONS, { namespace: 'argocd', name: 'hostile' });
  });

  for (const colorScheme of ['light', 'dark'] as const) {
    for (const width of [1280, 390]) {
      test(`fits ${width} px and is easy to read in the ${colorScheme} theme`, () =>
        onPage(
          '/applications',
          async (page) => {
            await row(page, 'web-dev').getByText('Healthy').waitFor({ timeout: WAIT_MS });
            assert.equal(await sidewaysPx(page), 0);
            assert.deepEqual(await faintTexts(page), []);
            await row(page, 'web-dev').getByRole('link').click();
            await page.getByRole('button', { name: /ConfigMap/ }).click();
            await page.getByText('greeting:').waitFor({ timeout: WAIT_MS });
            assert.equal(await sidewaysPx(page), 0);
            assert.deepEqual(await faintTexts(page), []);
          },
          { colorScheme, viewport: { width, height: 844 } },
        ));
    }
  }

  test('can be used with the keyboard alone', () =>
    onPage('/applications', async (page) => {
      await row(page, 'web-prod').waitFor({ timeout: WAIT_MS });
      await page.keyboard.press('/');
      await page.keyboard.type('web');
      await row(page, 'api-dev').waitFor({ state: 'detached', timeout: WAIT_MS });
      assert.match(page.url(), /search=web/);
      await page.getByRole('link', { name: 'web-dev' }).focus();
      await page.keyboard.press('ArrowDown');
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { level: 1, name: 'web-prod' }).waitFor({ timeout: WAIT_MS });
      await page.getByRole('button', { name: /ConfigMap/ }).focus();
      await page.keyboard.press('ArrowDown');
      await page.keyboard.press('Enter');
      const opened = page.getByRole('button', { name: /Deployment/, expanded: true });
      await opened.waitFor({ timeout: WAIT_MS });
    }));

  test('comes back by itself after the server was started again', () =>
    onPage('/applications/argocd/web-dev', async (page) => {
      await page.getByText('Live').waitFor();
      await up.end();
      await page.getByText('Reconnecting…').waitFor({ timeout: WAIT_MS });
      await start();
      await page.getByText('Live').waitFor({ timeout: WAIT_MS });
      await push('Hello again', 'Greet after the restart');
      await page
        .locator('.station')
        .first()
        .getByText('Greet after the restart')
        .waitFor({ timeout: WAIT_MS });
    }));

  test('signs out, and shows nothing afterwards', () =>
    onPage('/applications', async (page) => {
      await row(page, 'web-dev').waitFor({ timeout: WAIT_MS });
      await page.getByRole('button', { name: 'Sign out' }).click();
      await page.getByLabel('Password').waitFor({ timeout: WAIT_MS });
      await page.goto(`${ready.url}/applications/argocd/web-dev`);
      await page.getByLabel('Password').waitFor({ timeout: WAIT_MS });
      assert.equal(await page.getByText('web-dev').count(), 0);
    }));
});

const MARKUP = `<img src=x onerror="document.title='pwned'">`;

/** Everything that a repository, a cluster or an owner may write, as an attack. Nothing reconciles it. */
function hostile(): KubeObject {
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Application',
    metadata: {
      name: 'hostile',
      namespace: 'argocd',
      annotations: {
        'argocd.argoproj.io/skip-reconcile': 'true',
        'link.argocd.argoproj.io/a': 'Click|javascript:alert(1)',
        'link.argocd.argoproj.io/b': 'data:text/html,<script>alert(1)</script>',
      },
    },
    spec: {
      project: 'default',
      source: { repoURL: 'javascript:alert(1)//github.com/a/b', path: MARKUP, targetRevision: MARKUP },
      destination: { server: 'https://kubernetes.default.svc', namespace: 'dev' },
      info: [
        { name: 'Owner', value: 'JaVaScRiPt:alert(1)' },
        { name: 'Chat', value: 'https://chat.example.com/team' },
      ],
    },
    status: {
      sync: { status: 'OutOfSync', revision: MARKUP },
      health: { status: 'Degraded', message: MARKUP },
      conditions: [{ type: 'ComparisonError', message: `${MARKUP}<script>alert(1)</script>` }],
      summary: { externalURLs: ['javascript:alert(1)', 'https://shop.example.com/'], images: [MARKUP] },
    },
  };
}
