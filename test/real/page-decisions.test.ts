// What waits for a person, on the page: a hold to be released, deletions to be approved, and only for who may do it.
import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { promisify } from 'node:util';
import type { Browser, Page } from 'playwright-core';
import {
  connectionOfKubeconfig,
  createKubeClient,
  isKubeError,
  type KubeClient,
  type KubeObject,
  wellKnown,
} from '../../src/k8s/index.ts';
import { systemClock, systemRandom } from '../../src/lib/index.ts';
import { hashPassword } from '../../src/server/index.ts';
import { faintTexts, launchBrowser, missingBrowser, openPage, sidewaysPx } from '../support/browser.ts';
import { type FairleadProcess, freePortRange, ROOT, startFairlead } from '../support/fairlead-process.ts';

const APPLICATIONS = {
  group: 'argoproj.io',
  version: 'v1alpha1',
  kind: 'Application',
  resource: 'applications',
  namespaced: true,
};
const WAIT_MS = 60_000;
const MANY = 120;
const VIEWER = 'correct horse battery';
/** The browser itself reports answers such as 401 before signing in. */
const NETWORK = /^Failed to load resource|ERR_/;

function map(name: string, annotations = ''): string {
  const metadata = `{name: ${name}${annotations === '' ? '' : `, annotations: {${annotations}}`}}`;
  return `apiVersion: v1\nkind: ConfigMap\nmetadata: ${metadata}\ndata: {a: b}\n---\n`;
}
const maps = (from: number, to: number): string =>
  Array.from({ length: to - from }, (_, i) => map(`settings-${String(from + i).padStart(3, '0')}`)).join('');
const CONFIRM = 'argocd.argoproj.io/sync-options: Prune=confirm';
const KEEP = 'argocd.argoproj.io/sync-options: Prune=false';

suite('decisions on the page, in Chromium', { skip: missingBrowser() }, () => {
  let folder: string;
  let up: FairleadProcess;
  let kube: KubeClient;
  let browser: Browser;
  let token: string;
  let ready: {
    readonly url: string;
    readonly gitUrl: string;
    readonly kubeconfig: string;
    readonly password: string;
  };

  before(async () => {
    execFileSync(process.execPath, ['tools/build-ui.ts', '--if-stale'], { cwd: ROOT, stdio: 'pipe' });
    folder = await mkdtemp(join(tmpdir(), 'fairlead-decisions-'));
    up = startFairlead(['up', '--port', String(await freePortRange(3))], { cwd: folder });
    browser = await launchBrowser();
    await up.until(/Ctrl-C stops everything/, WAIT_MS);
    ready = JSON.parse(await readFile(join(folder, '.fairlead', 'ready.json'), 'utf8'));
    const connection = await connectionOfKubeconfig(await readFile(ready.kubeconfig, 'utf8'), {
      clock: systemClock,
    });
    kube = createKubeClient(connection, {}, { clock: systemClock, random: systemRandom });
    await git(folder, 'clone', '--quiet', ready.gitUrl, join(folder, 'clone'));
    await addViewer();
    token = (await signInAt('admin', ready.password)) ?? '';
  });

  after(async () => {
    await kube?.close();
    await browser?.close();
    await up?.end();
    await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
  });

  const git = async (cwd: string, ...args: readonly string[]): Promise<void> => {
    const env = { PATH: process.env.PATH ?? '', HOME: folder };
    const identity = ['-c', 'user.name=Ann', '-c', 'user.email=ann@shop.test'];
    await promisify(execFile)('git', [...identity, ...args], { cwd, env });
  };
  const push = async (path: string, text: string, message: string): Promise<void> => {
    const clone = join(folder, 'clone');
    await mkdir(dirname(join(clone, path)), { recursive: true });
    await writeFile(join(clone, path), text);
    await git(clone, 'add', '--all');
    await git(clone, 'commit', '--quiet', '--message', message);
    await git(clone, 'push', '--quiet');
  };

  /** An account that may look at everything and change nothing. */
  const addViewer = async (): Promise<void> => {
    const write = async (name: string, data: Record<string, string>): Promise<void> => {
      const metadata = { namespace: 'argocd', name };
      await kube
        .create(wellKnown.configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata, data })
        .catch(async (error: unknown) => {
          if (!isKubeError(error, 'ALREADY_EXISTS')) throw error;
          await kube.patch(wellKnown.configMaps, metadata, { type: 'merge', body: { data } });
        });
    };
    await kube.patch(
      wellKnown.secrets,
      { namespace: 'argocd', name: 'argocd-secret' },
      { type: 'merge', body: { stringData: { 'accounts.viewer.password': await hashPassword(VIEWER) } } },
    );
    await write('argocd-cm', { 'accounts.viewer': 'login' });
    await write('argocd-rbac-cm', { 'policy.csv': 'g, viewer, role:readonly\n' });
    for (const end = performance.now() + WAIT_MS; (await signInAt('viewer', VIEWER)) === undefined; ) {
      assert.ok(performance.now() < end, 'the account is never known');
      await systemClock.sleep(50);
    }
  };
  const signInAt = async (username: string, password: string): Promise<string | undefined> => {
    const answer = await fetch(`${ready.url}/api/v1/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ username, password }),
    });
    return ((await answer.json()) as { token?: string }).token;
  };
  const call = async (method: string, path: string, body?: unknown): Promise<void> => {
    const answer = await fetch(`${ready.url}/api/v1/applications/${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    assert.equal(answer.status, 200, await answer.text());
  };

  type Read = KubeObject & {
    readonly status?: {
      readonly sync?: { readonly status?: string; readonly revision?: string };
      readonly history?: readonly { readonly id: number; readonly revision?: string }[];
      readonly operationState?: { readonly phase?: string; readonly message?: string };
    };
  };
  const until = async (name: string, what: string, isSo: (app: Read) => boolean): Promise<Read> => {
    for (const end = performance.now() + WAIT_MS; ; await systemClock.sleep(50)) {
      const app = (await kube.get(APPLICATIONS, { namespace: 'argocd', name })) as Read;
      if (isSo(app)) return app;
      assert.ok(performance.now() < end, `${name} was never ${what}: ${JSON.stringify(app.status)}`);
    }
  };
  const exists = async (name: string, namespace = 'dev'): Promise<boolean> =>
    await kube.get(wellKnown.configMaps, { namespace, name }).then(
      () => true,
      (error: unknown) => {
        if (isKubeError(error, 'NOT_FOUND')) return false;
        throw error;
      },
    );

  /** An application of the folder, with automated sync that deletes, once it is in the cluster. */
  const deploy = async (name: string, text: string, more: object = {}): Promise<void> => {
    await push(`${name}/all.yaml`, text, `Add ${name}`);
    await kube.create(APPLICATIONS, {
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'Application',
      metadata: { name, namespace: 'argocd', ...more },
      spec: {
        project: 'default',
        source: { repoURL: ready.gitUrl, path: name, targetRevision: 'main' },
        destination: { server: 'https://kubernetes.default.svc', namespace: 'dev' },
        syncPolicy: { automated: { prune: true, selfHeal: true } },
      },
    });
    await until(name, 'Synced', ({ status }) => status?.sync?.status === 'Synced');
  };

  const onPage = async (
    name: string,
    look: (page: Page) => Promise<void>,
    {
      as = ['admin', ready.password],
      ...options
    }: Parameters<typeof openPage>[1] & { as?: [string, string] } = {},
  ): Promise<void> => {
    await using watched = await openPage(browser, { viewport: { width: 1280, height: 900 }, ...options });
    const { page } = watched;
    await page.goto(`${ready.url}/applications/argocd/${name}`);
    await page.getByLabel('User name').fill(as[0]);
    await page.getByLabel('Password').fill(as[1]);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await page.getByRole('heading', { level: 1, name }).waitFor({ timeout: WAIT_MS });
    await look(page);
    assert.deepEqual(
      watched.complaints().filter((text) => !NETWORK.test(text)),
      [],
    );
  };
  const hold = (page: Page) => page.getByRole('region', { name: 'Hold' });
  const approval = (page: Page) => page.getByRole('region', { name: 'Approval' });
  const LOOKS = (['light', 'dark'] as const).flatMap((colorScheme) =>
    [1280, 390].map((width) => ({ colorScheme, viewport: { width, height: 900 } })),
  );
  const assertReadable = async (page: Page): Promise<void> => {
    assert.equal(await sidewaysPx(page), 0);
    assert.deepEqual(await faintTexts(page), []);
  };

  test('a hold says why, since when, until when and by whom, and who may releases it', async () => {
    await deploy('held', map('one'));
    await push('held/all.yaml', map('one').replace('a: b', 'a: c'), 'Change the value');
    const { status } = await until('held', 'deployed twice', (app) => app.status?.history?.length === 2);
    const [first] = status?.history ?? [];
    const shortly = (text: string | undefined): string => (text ?? '').slice(0, 7);
    await call('POST', 'held/rollback', {
      id: first?.id,
      reason: 'The new value breaks the checkout',
      until: '2099-12-31T18:00:00Z',
    });
    await until(
      'held',
      'back',
      (app) => app.status?.sync?.revision === first?.revision && app.status?.sync?.status === 'Synced',
    );
    for (const look of LOOKS)
      await onPage(
        'held',
        async (page) => {
          const notice = hold(page);
          await notice.getByText(`Held at ${shortly(first?.revision)}`).waitFor({ timeout: WAIT_MS });
          await notice.getByText('The new value breaks the checkout').waitFor();
          await notice.getByText(/by admin/).waitFor();
          await notice.getByText(/Until .*20(99|100)/).waitFor();
          await notice
            .getByText(`main is at ${shortly(status?.sync?.revision)}`)
            .waitFor({ timeout: WAIT_MS });
          // It agrees with what is held, not with the branch.
          const station = page.locator('.station').first();
          await station.getByText('Synced, held').waitFor({ timeout: WAIT_MS });
          await station.getByText(`not following main (at ${shortly(status?.sync?.revision)})`).waitFor();
          await notice.getByRole('button', { name: 'Release' }).waitFor({ timeout: WAIT_MS });
          assert.equal(await page.getByText('Hold warning').count(), 0);
          await assertReadable(page);
        },
        look,
      );
    await onPage(
      'held',
      async (page) => {
        await hold(page).waitFor({ timeout: WAIT_MS });
        await page.getByText('Synced, held').waitFor({ timeout: WAIT_MS });
        await page.waitForLoadState('networkidle');
        assert.equal(await page.getByRole('button', { name: 'Release' }).count(), 0);
        await page.getByRole('link', { name: '← Applications' }).click();
        await page
          .locator('tbody tr')
          .filter({ hasText: /^held/ })
          .locator('.held')
          .waitFor({ timeout: WAIT_MS });
      },
      { as: ['viewer', VIEWER] },
    );
    await onPage('held', async (page) => {
      await hold(page).getByRole('button', { name: 'Release' }).click({ timeout: WAIT_MS });
      await hold(page).getByRole('button', { name: 'Yes, follow main again' }).click();
      await hold(page).waitFor({ state: 'detached', timeout: WAIT_MS });
      await page
        .locator('.station')
        .first()
        .getByText('Synced', { exact: true })
        .waitFor({ timeout: WAIT_MS });
    });
    await until(
      'held',
      'at the branch again',
      (app) => app.status?.sync?.revision === status?.sync?.revision,
    );
  });

  test('one object that asks is shown and deleted once somebody approves; what is kept is not among them', async () => {
    await deploy('asks', map('stays') + map('precious', CONFIRM) + map('kept', KEEP));
    await push('asks/all.yaml', map('stays'), 'Take two away');
    await until('asks', 'waiting', (app) =>
      /^waiting for pruning/.test(app.status?.operationState?.message ?? ''),
    );
    await onPage(
      'asks',
      async (page) => {
        await approval(page).getByText('Waits for approval to delete 1 object').waitFor({ timeout: WAIT_MS });
        await page.waitForLoadState('networkidle');
        assert.equal(await page.getByRole('button', { name: 'Approve' }).count(), 0);
      },
      { as: ['viewer', VIEWER] },
    );
    await onPage('asks', async (page) => {
      await approval(page).getByText('Waits for approval to delete 1 object').waitFor({ timeout: WAIT_MS });
      const objects = approval(page).getByRole('list', { name: 'Would be deleted' });
      assert.deepEqual(await objects.locator('li').allTextContents(), ['ConfigMap precious dev asks first']);
      assert.equal(await exists('precious'), true);
      await approval(page).getByRole('button', { name: 'Approve' }).click({ timeout: WAIT_MS });
      assert.equal(await exists('precious'), true);
      await approval(page).getByRole('button', { name: 'Yes, delete 1 object' }).click();
      await approval(page).waitFor({ state: 'detached', timeout: WAIT_MS });
    });
    await until('asks', 'done', (app) => app.status?.operationState?.phase === 'Succeeded');
    assert.deepEqual(
      [await exists('precious'), await exists('kept'), await exists('stays')],
      [false, true, true],
    );
  });

  test(`${MANY} objects that would go are shown a few at first, and all on demand`, async () => {
    await deploy('mass', map('base') + maps(0, MANY));
    await push('mass/all.yaml', map('base'), 'Take nearly all away');
    await until('mass', 'waiting', (app) =>
      /^waiting for pruning/.test(app.status?.operationState?.message ?? ''),
    );
    for (const look of LOOKS)
      await onPage(
        'mass',
        async (page) => {
          const title = `Waits for approval to delete ${MANY} objects`;
          await approval(page).getByText(title).waitFor({ timeout: WAIT_MS });
          await approval(page)
            .getByText(/120 of its 121 objects left Git, and no more than \d+ are deleted without asking/)
            .waitFor();
          await approval(page).getByRole('button', { name: 'Approve' }).waitFor({ timeout: WAIT_MS });
          const objects = approval(page).getByRole('list', { name: 'Would be deleted' }).locator('li');
          assert.equal(await objects.count(), 6);
          await assertReadable(page);
          await approval(page)
            .getByRole('button', { name: `Show all ${MANY}` })
            .click();
          assert.equal(await objects.count(), MANY);
          await assertReadable(page);
        },
        look,
      );
    await onPage('mass', async (page) => {
      await approval(page).getByRole('button', { name: 'Approve' }).click({ timeout: WAIT_MS });
      await approval(page)
        .getByRole('button', { name: `Yes, delete ${MANY} objects` })
        .click();
      await approval(page).waitFor({ state: 'detached', timeout: WAIT_MS });
      await page
        .locator('.station')
        .first()
        .getByText('Synced', { exact: true })
        .waitFor({ timeout: WAIT_MS });
    });
    assert.equal(await exists('settings-000'), false);
  });

  test('an application that is deleted waits for approval of the objects that ask', async () => {
    const delay = 'argocd.argoproj.io/sync-options: Delete=confirm';
    await deploy('goes', map('plain') + map('vault', delay), {
      finalizers: ['resources-finalizer.argocd.argoproj.io'],
    });
    await call('DELETE', 'goes');
    await onPage('goes', async (page) => {
      await approval(page).getByText('Waits for approval to delete 1 object').waitFor({ timeout: WAIT_MS });
      await approval(page)
        .getByText(/the deletion of all 2 objects waits for it/)
        .waitFor();
      assert.equal(await page.getByText('Deletion error').count(), 0);
      await approval(page).getByRole('button', { name: 'Approve' }).click({ timeout: WAIT_MS });
      await approval(page).getByRole('button', { name: 'Yes, delete 1 object' }).click();
      await page
        .getByText(/not found|permission denied/)
        .first()
        .waitFor({ timeout: WAIT_MS });
    });
    assert.deepEqual([await exists('plain'), await exists('vault')], [false, false]);
  });

  test('S-E8: repositories, clusters and providers that nobody checks are named where people use them', async () => {
    const secret = async (name: string, type: string, data: Record<string, string>): Promise<void> => {
      const labels = { 'argocd.argoproj.io/secret-type': type };
      const metadata = { namespace: 'argocd', name, labels };
      await kube.create(wellKnown.secrets, { apiVersion: 'v1', kind: 'Secret', metadata, stringData: data });
    };
    const [https, ssh, far] = [
      'https://127.0.0.1:9/shop.git',
      'git@127.0.0.1:shop.git',
      'https://127.0.0.1:9',
    ];
    await secret('repo-https', 'repository', { url: https, insecure: 'true' });
    await secret('repo-ssh', 'repository', { url: ssh, insecureIgnoreHostKey: 'true' });
    const config = JSON.stringify({ bearerToken: 'x', tlsClientConfig: { insecure: true } });
    await secret('cluster-far', 'cluster', { name: 'far', server: far, config });
    await kube.create(APPLICATIONS, {
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'Application',
      metadata: {
        name: 'unchecked',
        namespace: 'argocd',
        annotations: { 'argocd.argoproj.io/skip-reconcile': 'true' },
      },
      spec: {
        project: 'default',
        sources: [https, ssh, ready.gitUrl].map((repoURL) => ({ repoURL, path: '.' })),
        destination: { name: 'far', namespace: 'dev' },
      },
    });
    const marks = async (page: Page): Promise<string[]> => await page.locator('.unchecked').allTextContents();
    await onPage('unchecked', async (page) => {
      await page.locator('.unchecked').nth(2).waitFor({ timeout: WAIT_MS });
      assert.deepEqual(await marks(page), [
        ' certificate not checked',
        ' host key not checked',
        ' certificate not checked',
      ]);
      await assertReadable(page);
    });
    const metadata = { namespace: 'argocd', name: 'argocd-cm' };
    const provider = { name: 'Company', issuer: far, clientID: 'x', clientSecret: 'x' };
    const data = { 'oidc.config': JSON.stringify(provider), 'oidc.tls.insecure.skip.verify': 'true' };
    await kube.patch(wellKnown.configMaps, metadata, { type: 'merge', body: { data } });
    await using watched = await openPage(browser, { viewport: { width: 390, height: 900 } });
    const { page } = watched;
    for (const end = performance.now() + WAIT_MS; ; await systemClock.sleep(50)) {
      const answer = await fetch(`${ready.url}/api/v1/settings`);
      if ((await answer.text()).includes('Company')) break;
      assert.ok(performance.now() < end, 'the provider is never offered');
    }
    await page.goto(`${ready.url}/login`);
    await page.getByRole('link', { name: 'Sign in with Company' }).waitFor({ timeout: WAIT_MS });
    assert.deepEqual(await marks(page), [' certificate not checked']);
    await assertReadable(page);
  });
});
