// kill -9 between the answer to a webhook and the work: what was accepted is on record, and is dealt with by the next
// process without the sender saying it again.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type JournalRecord, openJournal } from '../../src/journal/index.ts';
import { systemClock } from '../../src/lib/index.ts';
import { startGitServer } from '../support/git-server.ts';
import { startTestApi } from '../support/kube-api.ts';

const MAIN = new URL('../support/control-plane-main.ts', import.meta.url).pathname;
const UNTIL_MS = 60_000;
const APPLICATIONS = '/apis/argoproj.io/v1alpha1/namespaces/argocd/applications';
const LIVE = '/api/v1/namespaces/shop/configmaps/colour';

const manifest = (colour: string): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: colour}\ndata: {colour: ${colour}}\n`;

test('an accepted webhook survives a crash before anything was done about it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-webhook-kill-'));
  const dataDir = join(folder, 'data');
  const git = await startGitServer();
  const repository = await git.repository('shop');
  await using api = await startTestApi();
  let child: ChildProcess | undefined;
  try {
    await mkdir(dataDir);
    const kubeconfig = join(folder, 'kubeconfig');
    await writeFile(kubeconfig, api.server.kubeconfig());
    const start = async (): Promise<string> => {
      const options = JSON.stringify({ kubeconfig, dataDir });
      const started = spawn(process.execPath, [MAIN, options], { stdio: ['ignore', 'pipe', 'inherit'] });
      child = started;
      return await new Promise((resolve, reject) => {
        started.stdout.once('data', (chunk: Buffer) => resolve(chunk.toString().trim()));
        started.once('close', () => reject(new Error('the control plane did not start')));
      });
    };
    const colour = async (): Promise<string | undefined> =>
      ((await api.call('GET', LIVE)).body as { data?: { colour?: string } }).data?.colour;
    repository.push({ 'colour.yaml': manifest('red') });
    const url = await start();
    await api.call('POST', '/api/v1/namespaces', { body: { metadata: { name: 'shop' } } });
    await api.call('POST', APPLICATIONS, { body: application(repository.url) });
    await until('the first commit is applied', async () => (await colour()) === 'red');

    // From now on nobody can fetch: the process dies with the work before it.
    git.fault = () => true;
    const commit = repository.push({ 'colour.yaml': manifest('blue') });
    const answer = await fetch(`${url}/api/webhook`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-github-event': 'push', 'x-github-delivery': 'd-1' },
      body: JSON.stringify({
        ref: 'refs/heads/main',
        after: commit,
        repository: { clone_url: repository.url },
      }),
    });
    assert.equal(answer.status, 200, await answer.text());
    await killed(child);
    assert.equal(await colour(), 'red');
    assert.deepEqual(await openWebhooks(dataDir), [commit]);

    git.fault = undefined;
    await start();
    await until('the commit of the webhook is applied', async () => (await colour()) === 'blue');
    await killed(child, 'SIGTERM');
    assert.deepEqual(await openWebhooks(dataDir), []);
  } finally {
    await killed(child);
    git.close();
    await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
  }
});

/** Commits of webhooks of which nobody recorded an end; the chain of the journal has to hold. */
async function openWebhooks(dataDir: string): Promise<(string | undefined)[]> {
  const url = `sqlite:${join(dataDir, 'journal.sqlite')}`;
  const journal = await openJournal({ clock: systemClock }, { url });
  try {
    const verification = await journal.verify();
    assert.ok(verification.ok, JSON.stringify(verification));
    const isWebhook = ({ record }: { record: JournalRecord }): boolean =>
      record.action === 'webhook.received';
    const open = (await journal.openIntents()).filter(({ state }) => state === 'open');
    return open.filter(isWebhook).map(({ record }) => record.revision);
  } finally {
    await journal.close();
  }
}

function application(repoURL: string): object {
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Application',
    metadata: { name: 'app', namespace: 'argocd' },
    spec: {
      project: 'default',
      source: { repoURL, path: '.', targetRevision: 'main' },
      destination: { server: 'https://kubernetes.default.svc', namespace: 'shop' },
      syncPolicy: { automated: {} },
    },
  };
}

async function killed(child: ChildProcess | undefined, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill(signal);
  await exited;
}

async function until(what: string, check: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + UNTIL_MS;
  while (!(await check())) {
    assert.ok(performance.now() < deadline, `waited ${UNTIL_MS} ms until ${what}`);
    await sleep(20);
  }
}
