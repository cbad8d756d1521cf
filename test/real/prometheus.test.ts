// A real Prometheus: it scrapes the running control plane, loads the alert rules, and the dashboards ask for figures
// that exist.
import assert from 'node:assert/strict';
import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { startHost } from '../scenarios/host.ts';
import { AUTOMATED, configMap, untilSynced, type World } from '../scenarios/world.ts';

const run = promisify(execFile);
const MONITORING = new URL('../../deploy/monitoring/', import.meta.url).pathname;
const RULES = join(MONITORING, 'prometheus-rules.yaml');
const missing = hasPrometheus() ? undefined : 'needs Prometheus (Debian package prometheus)';
const skip = missing !== undefined && process.env['CI'] === undefined ? missing : false;

function hasPrometheus(): boolean {
  try {
    execFileSync('promtool', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

test('promtool accepts the alert rules', { skip }, async () => {
  const { stdout } = await run('promtool', ['check', 'rules', RULES]);
  assert.match(stdout, /SUCCESS: \d+ rules found/);
});

test('Prometheus scrapes the control plane; rules and dashboards find what they ask for', {
  skip,
  timeout: 120_000,
}, async () => {
  const host = await startHost('embedded');
  try {
    await host.run({ name: 'prometheus', run: (world) => scrape(world, host.plane().url) }, 910);
  } finally {
    await host.close();
  }
});

async function scrape(world: World, url: string): Promise<void> {
  await world.commit({ 'cm.yaml': configMap('settings', { a: '1' }) });
  await world.apply({ syncPolicy: AUTOMATED });
  await untilSynced(world);
  const metrics = await (await fetch(`${url}/metrics`)).text();
  await checkMetrics(metrics);
  await using prometheus = await startPrometheus(new URL(url).host);
  const value = async (query: string): Promise<string | undefined> => {
    const answer = await prometheus.query(query);
    return answer[0]?.value[1];
  };
  await world.until('the target is up', async () => (await value('up{job="fairlead"}')) === '1', 60_000);
  assert.equal(await value(`argocd_app_info{name="${world.name}",sync_status="Synced"}`), '1');
  assert.equal(await value(`sum(argocd_app_sync_total{name="${world.name}",phase="Succeeded"})`), '1');
  const loaded = await prometheus.rules();
  assert.ok(loaded.length >= 10 && loaded.every(({ health }) => health !== 'err'), JSON.stringify(loaded));

  const known = new Set((metrics.match(/^# TYPE (\S+)/gm) ?? []).map((line) => line.split(' ')[2] ?? ''));
  for (const expression of [...(await dashboardQueries()), ...loaded.map(({ query }) => query)]) {
    // Whatever Prometheus cannot parse throws here.
    await prometheus.query(expression);
    for (const name of expression.match(/\b(?:argocd|fairlead|workqueue)_[a-z_]+/g) ?? []) {
      const family = name.replace(/_(?:bucket|count|sum)$/, '');
      assert.ok(known.has(name) || known.has(family), `${name} is a metric of the control plane`);
    }
  }
}

/** `promtool check metrics` also lints; only what makes a scrape fail counts. */
async function checkMetrics(text: string): Promise<void> {
  const child = spawn('promtool', ['check', 'metrics'], { stdio: ['pipe', 'ignore', 'pipe'] });
  child.stdin.end(text);
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString();
  });
  await once(child, 'close');
  assert.doesNotMatch(errors, /error while linting|expected|invalid/i);
}

async function dashboardQueries(): Promise<string[]> {
  const files = (await readdir(MONITORING)).filter((file) => file.startsWith('grafana-'));
  assert.ok(files.length >= 2);
  const found: string[] = [];
  for (const file of files) {
    const { panels } = JSON.parse(await readFile(join(MONITORING, file), 'utf8')) as {
      panels: { targets: { expr: string }[] }[];
    };
    for (const { targets } of panels) for (const { expr } of targets) found.push(expr);
  }
  return found.map((expr) => expr.replaceAll('$__rate_interval', '1m').replaceAll('$project', '.*'));
}

interface Sample {
  readonly value: readonly [number, string];
}

async function startPrometheus(target: string) {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-prometheus-'));
  const port = await freePort();
  const config = join(folder, 'prometheus.yml');
  await writeFile(
    config,
    `global: {scrape_interval: 1s, evaluation_interval: 1s}
rule_files: [${JSON.stringify(RULES)}]
scrape_configs:
  - job_name: fairlead
    static_configs: [{targets: [${JSON.stringify(target)}]}]
`,
  );
  const child = spawn(
    'prometheus',
    [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    { stdio: 'ignore' },
  );
  const api = async (path: string): Promise<unknown> => {
    const response = await fetch(`http://127.0.0.1:${port}/api/v1/${path}`);
    const { status, data, error } = (await response.json()) as {
      status: string;
      data: unknown;
      error?: string;
    };
    if (status !== 'success') throw new Error(`${path}: ${error}`);
    return data;
  };
  return {
    async query(query: string): Promise<Sample[]> {
      const data = (await api(`query?query=${encodeURIComponent(query)}`)) as { result: Sample[] };
      return data.result;
    },
    async rules(): Promise<{ query: string; health: string }[]> {
      const { groups } = (await api('rules')) as { groups: { rules: { query: string; health: string }[] }[] };
      return groups.flatMap(({ rules }) => rules);
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
