// Logs and terminals of the page in a real browser, under the policy the server sends.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import type { Browser, Locator, Page } from 'playwright-core';
import { connectionOfKubeconfig, createKubeClient, isKubeError, wellKnown } from '../../src/k8s/index.ts';
import { systemClock, systemRandom } from '../../src/lib/index.ts';
import { faintTexts, launchBrowser, missingBrowser, openPage, sidewaysPx } from '../support/browser.ts';
import { type FairleadProcess, freePortRange, ROOT, startFairlead } from '../support/fairlead-process.ts';

const WAIT_MS = 60_000;
/** The browser itself reports answers such as 401 before signing in. */
const NETWORK = /^Failed to load resource|ERR_/;

suite('logs and terminals in Chromium', { skip: missingBrowser() }, () => {
  let folder: string;
  let up: FairleadProcess;
  let browser: Browser;
  let ready: { readonly url: string; readonly kubeconfig: string; readonly password: string };

  before(async () => {
    execFileSync(process.execPath, ['tools/build-ui.ts', '--if-stale'], { cwd: ROOT, stdio: 'pipe' });
    folder = await mkdtemp(join(tmpdir(), 'fairlead-pods-'));
    up = startFairlead(['up', '--port', String(await freePortRange(3))], { cwd: folder });
    browser = await launchBrowser();
    await up.until(/Ctrl-C stops everything/);
    ready = JSON.parse(await readFile(join(folder, '.fairlead', 'ready.json'), 'utf8'));
    await allowTerminals();
  });

  after(async () => {
    await browser?.close();
    await up?.end();
    await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
  });

  const allowTerminals = async (): Promise<void> => {
    const config = await readFile(ready.kubeconfig, 'utf8');
    const kube = createKubeClient(
      await connectionOfKubeconfig(config, { clock: systemClock }),
      {},
      { clock: systemClock, random: systemRandom },
    );
    const metadata = { namespace: 'argocd', name: 'argocd-cm' };
    try {
      await kube
        .create(wellKnown.configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata })
        .catch((error: unknown) => {
          if (!isKubeError(error, 'ALREADY_EXISTS')) throw error;
        });
      const body = { data: { 'exec.enabled': 'true' } };
      await kube.patch(wellKnown.configMaps, metadata, { type: 'merge', body });
      const session = await fetch(`${ready.url}/api/v1/session`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ username: 'admin', password: ready.password }),
      });
      const { token } = (await session.json()) as { token: string };
      const headers = { authorization: `Bearer ${token}` };
      for (let tries = 0; ; tries += 1) {
        const answer = await fetch(`${ready.url}/api/v1/settings`, { headers });
        if (((await answer.json()) as { execEnabled?: boolean }).execEnabled === true) return;
        assert.ok(tries < 1_000, 'the server does not know that terminals are on');
        await systemClock.sleep(20);
      }
    } finally {
      await kube.close();
    }
  };

  /** Opens the first object whose kind begins like this, and one of its views. */
  const openView = async (page: Page, kind: string, view: string): Promise<Locator> => {
    const head = page.getByRole('button', { name: new RegExp(`^${kind} `) }).first();
    await head.click({ timeout: WAIT_MS });
    const row = page
      .locator('.row')
      .filter({ has: page.locator('.details') })
      .first();
    await row.getByRole('button', { name: view, exact: true }).click({ timeout: WAIT_MS });
    return row;
  };

  const onPage = async (
    look: (page: Page) => Promise<void>,
    options: Parameters<typeof openPage>[1] = {},
  ): Promise<void> => {
    await using watched = await openPage(browser, { viewport: { width: 1280, height: 900 }, ...options });
    const { page } = watched;
    await page.goto(`${ready.url}/applications/argocd/web-dev`);
    await page.getByLabel('Password').fill(ready.password);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('heading', { level: 1, name: 'web-dev' }).waitFor({ timeout: WAIT_MS });
    await look(page);
    assert.deepEqual(
      watched.complaints().filter((text) => !NETWORK.test(text)),
      [],
    );
  };

  test('shows the logs of every pod of a workload, filtered as they are typed', () =>
    onPage(async (page) => {
      const row = await openView(page, 'Deployment', 'Logs');
      await row
        .getByText(/level=info msg="starting"/)
        .first()
        .waitFor({ timeout: WAIT_MS });
      await row.getByLabel('Filter lines').fill('listening');
      await row
        .getByText(/msg="starting"/)
        .first()
        .waitFor({ state: 'detached', timeout: WAIT_MS });
      await row
        .getByText(/listening on/)
        .first()
        .waitFor({ timeout: WAIT_MS });
      await row.getByRole('button', { name: 'Wrap' }).click();
      const download = page.waitForEvent('download', { timeout: WAIT_MS });
      await row.getByRole('link', { name: 'Download' }).click();
      const file = await download;
      assert.equal(file.suggestedFilename(), 'web-dev-web-dev.log');
      assert.match(await readFile(await file.path(), 'utf8'), /^(level=info msg="listening on [^\n]*\n)+$/);
    }));

  test('says why there is no log of the container before', () =>
    onPage(async (page) => {
      const row = await openView(page, 'Pod', 'Logs');
      await row
        .getByText(/msg="starting"/)
        .first()
        .waitFor({ timeout: WAIT_MS });
      await row.getByRole('button', { name: 'Previous' }).click();
      await row.getByText(/previous terminated container .* not found/).waitFor({ timeout: WAIT_MS });
      await row.getByRole('button', { name: 'Read again' }).waitFor();
    }));

  test('runs a command in a pod, and says how the shell ended', () =>
    onPage(async (page) => {
      const row = await openView(page, 'Pod', 'Terminal');
      await row.locator('.xterm-rows').getByText('/ #').first().waitFor({ timeout: WAIT_MS });
      await page.keyboard.type('echo one-$HOME\n');
      await row.locator('.xterm-rows').getByText('one-/root').waitFor({ timeout: WAIT_MS });
      await page.keyboard.type('exit 4\n');
      await row.getByText('sh ended with exit code 4').waitFor({ timeout: WAIT_MS });
      await row.getByRole('button', { name: 'Open again' }).click();
      await row.getByText('sh ended with exit code 4').waitFor({ state: 'detached', timeout: WAIT_MS });
    }));

  for (const colorScheme of ['light', 'dark'] as const) {
    test(`fits a phone and can be read in the ${colorScheme} scheme`, () =>
      onPage(
        async (page) => {
          const row = await openView(page, 'Pod', 'Logs');
          await row
            .getByText(/msg="starting"/)
            .first()
            .waitFor({ timeout: WAIT_MS });
          assert.ok((await sidewaysPx(page)) <= 0, 'it cannot be scrolled sideways');
          assert.deepEqual(await faintTexts(page), []);
          await row.getByRole('button', { name: 'Terminal', exact: true }).click();
          await row.locator('.xterm-rows').getByText('/ #').first().waitFor({ timeout: WAIT_MS });
          assert.ok((await sidewaysPx(page)) <= 0, 'it cannot be scrolled sideways');
        },
        { viewport: { width: 390, height: 844 }, colorScheme },
      ));
  }
});
