// What the server answered is there after kill -9, whenever that comes.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { configMap, startTestApi } from '../../support/kube-api.ts';

const MAPS = '/api/v1/namespaces/default/configmaps';

/** A server in a process of its own; resolves when it listens. */
async function startChild(dataDir: string): Promise<{ child: ChildProcess; url: string; token: string }> {
  const script = new URL('./crash-server.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, [script, dataDir], { stdio: ['ignore', 'pipe', 'inherit'] });
  const line = await new Promise<string>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the server ended with ${code}`)));
    child.stdout?.setEncoding('utf8').once('data', (text: string) => resolve(text));
  });
  return { child, ...(JSON.parse(line) as { url: string; token: string }) };
}

test('acknowledged writes survive kill -9 in the middle of others', async (context) => {
  const dataDir = mkdtempSync(join(tmpdir(), 'fairlead-crash-'));
  context.after(() => rmSync(dataDir, { recursive: true, force: true }));
  const { child, url, token } = await startChild(dataDir);
  const acknowledged: string[] = [];
  let killed = false;
  const write = async (worker: number): Promise<void> => {
    for (let i = 0; !killed; i += 1) {
      const name = `w${worker}-${i}`;
      const response = await fetch(`${url}${MAPS}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify(configMap(name, { value: 'x'.repeat(500) })),
      });
      if (response.status === 201) acknowledged.push(name);
    }
  };
  const workers = [0, 1, 2, 3].map((worker) => write(worker).catch(() => {}));
  while (acknowledged.length < 200) await new Promise((resolve) => setTimeout(resolve, 5));
  // The lock is its own until the last of its threads has ended.
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  killed = true;
  await ended;
  await Promise.all(workers);
  await using api = await startTestApi({ dataDir });
  assert.equal(api.server.adminToken, token, 'kubeconfigs stay valid');
  const { body } = await api.call('GET', MAPS);
  const names = new Set(body.items.map(({ metadata }: { metadata: { name: string } }) => metadata.name));
  assert.deepEqual(
    acknowledged.filter((name) => !names.has(name)),
    [],
  );
  const revision = Math.max(
    ...body.items.map(({ metadata }: { metadata: { resourceVersion: string } }) =>
      Number(metadata.resourceVersion),
    ),
  );
  const next = await api.call('POST', MAPS, { body: configMap('later') });
  assert.ok(Number(next.body.metadata.resourceVersion) > revision, 'revisions go on');
});
