// npm run bench: the black-box benchmark against a real control plane. Starts the control plane, a Git server and
// `fairlead serve`, drives them with tools/bench/gitops-bench.mjs and prints one JSON line per scenario.
//   npm run bench -- [--apps 300] [--kind plain|helm|kustomize] [--only fleet,commit,drift,idle] [--rounds 10] [--keep] [--profile]
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, openSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startControlPlane } from '../test/support/control-plane.ts';

const { values: options } = parseArgs({
  options: {
    apps: { type: 'string', default: '300' },
    kind: { type: 'string', default: 'plain' },
    only: { type: 'string', default: 'fleet,commit,drift,idle' },
    rounds: { type: 'string', default: '10' },
    keep: { type: 'boolean', default: false },
    profile: { type: 'boolean', default: false },
  },
});

const folder = mkdtempSync(join(tmpdir(), 'fairlead-bench-'));
const children: ChildProcess[] = [];
const [gitPort, servePort] = [await freePort(), await freePort()];
await using plane = await startControlPlane();
try {
  console.log(
    JSON.stringify({
      machine: cpus()[0]?.model,
      cores: cpus().length,
      memoryMiB: Math.round(totalmem() / 2 ** 20),
    }),
  );
  start('git', ['tools/bench/git-http.ts', join(folder, 'git'), String(gitPort)]);
  const serve = start('serve', [
    ...(options.profile ? ['--cpu-prof', `--cpu-prof-dir=${folder}`] : []),
    'bin/fairlead.js',
    'serve',
    '--kubeconfig',
    plane.kubeconfig,
    '--listen',
    `127.0.0.1:${servePort}`,
    '--data-dir',
    join(folder, 'data'),
    '--auth',
    'off',
  ]);
  await until(async () => (await fetch(`http://127.0.0.1:${servePort}/healthz`)).ok);
  const status = await run([
    'tools/bench/gitops-bench.mjs',
    ...['--kube', plane.url, '--token', plane.token],
    ...['--webhook', `http://127.0.0.1:${servePort}/api/webhook`],
    ...['--repo', join(folder, 'git', 'mono.git'), '--url', `http://127.0.0.1:${gitPort}/mono.git`],
    ...['--apps', options.apps, '--kind', options.kind, '--only', options.only, '--rounds', options.rounds],
    ...['--pids', String(serve.pid)],
  ]);
  process.exitCode = status;
} finally {
  for (const child of children) child.kill('SIGTERM');
  await sleep(1_500);
  for (const child of children) child.kill('SIGKILL');
  if (options.keep || options.profile) console.log(`kept ${folder}`);
  else rmSync(folder, { recursive: true, force: true });
}

function start(name: string, args: string[]): ChildProcess {
  const log = openSync(join(folder, `${name}.log`), 'w');
  const child = spawn(process.execPath, args, { stdio: ['ignore', log, log] });
  children.push(child);
  return child;
}

function run(args: string[]): Promise<number> {
  const child = spawn(process.execPath, args, { stdio: 'inherit' });
  children.push(child);
  return new Promise((resolve) => child.once('exit', (code) => resolve(code ?? 1)));
}

async function until(check: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    if (await check().catch(() => false)) return;
    await sleep(100);
  }
  throw new Error(`fairlead serve did not become healthy; see ${folder}/serve.log`);
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
