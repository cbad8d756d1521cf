// kill -9 of the control plane in the middle of sending: the notification arrives all the same, a receiver can tell
// the repetition, and once it is remembered nothing comes again.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { startTestApi } from '../support/kube-api.ts';
import { startHttpSink } from '../support/sinks.ts';

const MAIN = new URL('../support/control-plane-main.ts', import.meta.url).pathname;
const UNTIL_MS = 60_000;

const MOMENTS: Record<string, { readonly answers: boolean }> = {
  'while the receiver has not answered': { answers: false },
  'as soon as the receiver has answered': { answers: true },
};

for (const [moment, { answers }] of Object.entries(MOMENTS)) {
  test(`a control plane killed ${moment} sends after its restart, and then no more`, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'fairlead-notify-kill-'));
    await using api = await startTestApi();
    let child: ChildProcess | undefined;
    await using sink = await startHttpSink(() => {
      if (sink.requests.length > 1) return {};
      // The answer may or may not reach the process before it dies: both are crashes a receiver can cause.
      if (answers) setImmediate(() => child?.kill('SIGKILL'));
      else child?.kill('SIGKILL');
      return answers ? {} : { hangs: true };
    });
    try {
      const kubeconfig = join(folder, 'kubeconfig');
      await writeFile(kubeconfig, api.server.kubeconfig());
      await mkdir(join(folder, 'data'));
      const start = (): ChildProcess => {
        const options = JSON.stringify({ kubeconfig, dataDir: join(folder, 'data') });
        return spawn(process.execPath, [MAIN, options], { stdio: ['ignore', 'ignore', 'inherit'] });
      };
      await api.call('POST', '/api/v1/namespaces', { body: { metadata: { name: 'argocd' } } });
      await api.call('POST', '/api/v1/namespaces/argocd/configmaps', {
        body: {
          metadata: { name: 'argocd-notifications-cm' },
          data: {
            'service.webhook.ops': `{url: "${sink.url}"}`,
            subscriptions: '[{recipients: [ops], triggers: [on-created]}]',
          },
        },
      });
      child = start();
      const exited = once(child, 'exit');
      await until('the definition is served', async () => (await createApplication(api)) < 300);
      await exited;
      assert.equal(child.signalCode, 'SIGKILL');
      assert.equal(sink.requests.length, 1);

      child = start();
      await until('it is remembered as sent', async () => {
        const app = await api.call('GET', APPLICATION);
        return String(app.body.metadata?.annotations?.['notified.notifications.argoproj.io']).includes(
          'on-created',
        );
      });
      const sent = sink.requests.length;
      assert.ok(sent <= 2, `${sent} times`);
      if (!answers) assert.equal(sent, 2);
      assert.equal(new Set(sink.requests.map(({ headers }) => headers['idempotency-key'])).size, 1);
      await killed(child);

      // The next process looks at the same application and has nothing to say; it says something about another one.
      child = start();
      await until('another application is told', async () => {
        await createApplication(api, 'other');
        return sink.requests.some(({ body }) => body.includes('other'));
      });
      assert.equal(sink.requests.filter(({ body }) => !body.includes('other')).length, sent);
    } finally {
      if (child !== undefined) await killed(child);
      await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
    }
  });
}

const APPLICATIONS = '/apis/argoproj.io/v1alpha1/namespaces/argocd/applications';
const APPLICATION = `${APPLICATIONS}/web`;

async function createApplication(
  api: Awaited<ReturnType<typeof startTestApi>>,
  name = 'web',
): Promise<number> {
  const body = {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Application',
    metadata: { name },
    spec: {
      project: 'default',
      source: { repoURL: 'http://127.0.0.1:9/none.git', path: '.' },
      destination: { server: 'https://kubernetes.default.svc', namespace: 'default' },
    },
  };
  return (await api.call('POST', APPLICATIONS, { body })).status;
}

async function killed(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

async function until(what: string, check: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + UNTIL_MS;
  while (!(await check())) {
    if (performance.now() > deadline) throw new Error(`waited ${UNTIL_MS} ms until ${what}`);
    await sleep(25);
  }
}
