// Black-box benchmark of a GitOps controller that speaks argoproj.io/v1alpha1 Application.
//   node gitops-bench.mjs --kube https://127.0.0.1:16443 --token T --webhook http://127.0.0.1:18080/api/webhook \
//     --repo DIR.git --url http://127.0.0.1:13000/mono.git --apps 300 --pids 1,2,3 [--ns argocd] [--kind plain|helm|kustomize] [--rounds 10]
// Prints one JSON line per scenario. Times in ms, CPU in s, memory in MiB.
process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';

import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const { values: o } = parseArgs({
  options: {
    kube: { type: 'string' },
    token: { type: 'string', default: '' },
    webhook: { type: 'string' },
    repo: { type: 'string' },
    url: { type: 'string' },
    apps: { type: 'string', default: '100' },
    pids: { type: 'string', default: '' },
    ns: { type: 'string', default: 'argocd' },
    kind: { type: 'string', default: 'plain' },
    rounds: { type: 'string', default: '10' },
    paths: { type: 'boolean', default: false },
    only: { type: 'string', default: 'fleet,commit,drift,idle' },
    timeout: { type: 'string', default: '900' },
  },
});
const N = +o.apps,
  R = +o.rounds,
  only = new Set(o.only.split(','));
const work = join(tmpdir(), `gitops-bench-${process.pid}`);
const git = (...a) =>
  execFileSync('git', ['-C', work, ...a], { stdio: ['ignore', 'pipe', 'pipe'] })
    .toString()
    .trim();
const H = { authorization: `Bearer ${o.token}`, 'content-type': 'application/json' };
const api = async (m, p, b, ct) => {
  const r = await fetch(o.kube + p, {
    method: m,
    headers: { ...H, ...(ct ? { 'content-type': ct } : {}) },
    body: b && JSON.stringify(b),
  });
  const t = await r.text();
  if (!r.ok && r.status !== 404 && r.status !== 409)
    throw new Error(`${m} ${p} ${r.status} ${t.slice(0, 300)}`);
  return { status: r.status, body: t && JSON.parse(t) };
};
const APPS = `/apis/argoproj.io/v1alpha1/namespaces/${o.ns}/applications`;
const sleep = (ms) => new Promise((r) => setTimeout(r, ms));
// cpu seconds (incl. reaped children) and rss of each pid's whole process tree
const tick = 100;
function tree(pids) {
  const all = new Map();
  for (const d of execFileSync('ps', ['-eo', 'pid=,ppid=']).toString().trim().split('\n')) {
    const [p, pp] = d.trim().split(/\s+/).map(Number);
    all.set(p, pp);
  }
  const out = new Set(pids);
  let grew = true;
  while (grew) {
    grew = false;
    for (const [p, pp] of all)
      if (out.has(pp) && !out.has(p)) {
        out.add(p);
        grew = true;
      }
  }
  return [...out];
}
function usage() {
  const pids = o.pids.split(',').filter(Boolean).map(Number);
  let cpu = 0,
    rss = 0;
  for (const p of tree(pids))
    try {
      const s = readFileSync(`/proc/${p}/stat`, 'utf8');
      const f = s.slice(s.lastIndexOf(')') + 2).split(' ');
      cpu += (+f[11] + +f[12] + +f[13] + +f[14]) / tick;
      rss += (+f[21] * 4096) / 2 ** 20;
    } catch {}
  return { cpu, rss };
}
const pct = (a, q) => {
  const s = [...a].sort((x, y) => x - y);
  return Math.round(s[Math.min(s.length - 1, Math.floor(q * s.length))]);
};
const out = (o2) => console.log(JSON.stringify(o2));
const nm = (i) => `app-${String(i).padStart(5, '0')}`;
function writeApp(i, v) {
  const d = `${work}/apps/${nm(i)}`;
  mkdirSync(`${d}`, { recursive: true });
  const cm = (name, val) =>
    `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\ndata:\n  v: "${val}"\n  app: "${nm(i)}"\n`;
  if (o.kind === 'helm') {
    mkdirSync(`${d}/templates`, { recursive: true });
    writeFileSync(`${d}/Chart.yaml`, `apiVersion: v2\nname: ${nm(i)}\nversion: 0.1.0\n`);
    writeFileSync(`${d}/values.yaml`, `v: "${v}"\n`);
    for (const k of ['a', 'b', 'c'])
      writeFileSync(`${d}/templates/${k}.yaml`, cm(`${nm(i)}-${k}`, '{{ .Values.v }}'));
  } else {
    for (const k of ['a', 'b', 'c']) writeFileSync(`${d}/${k}.yaml`, cm(`${nm(i)}-${k}`, v));
    if (o.kind === 'kustomize')
      writeFileSync(`${d}/kustomization.yaml`, 'resources: [a.yaml, b.yaml, c.yaml]\n');
  }
}
const commit = (m) => {
  git('add', '-A');
  git('commit', '-qm', m, '--allow-empty');
  git('push', '-q', 'origin', 'HEAD:main');
  return git('rev-parse', 'HEAD');
};
const hook = async (before, after, files) => {
  const html = o.url.replace(/\.git$/, '');
  const full = new URL(html).pathname.slice(1);
  const body = JSON.stringify({
    ref: 'refs/heads/main',
    before,
    after,
    repository: {
      name: full,
      full_name: full,
      html_url: html,
      clone_url: o.url,
      url: html,
      default_branch: 'main',
    },
    commits: [{ id: after, added: [], removed: [], modified: files }],
    head_commit: { id: after, added: [], removed: [], modified: files },
  });
  const r = await fetch(o.webhook, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-github-event': 'push',
      'x-github-delivery': String(Date.now()),
    },
    body,
  });
  if (!r.ok) console.error('webhook', r.status, await r.text());
};
const cmv = async (i) => (await api('GET', `/api/v1/namespaces/bench/configmaps/${nm(i)}-a`)).body?.data?.v;
const until = async (f, ms = 120000, step = 10) => {
  const t = performance.now();
  while (performance.now() - t < ms) {
    if (await f()) return performance.now() - t;
    await sleep(step);
  }
  return NaN;
};
rmSync(work, { recursive: true, force: true });
execFileSync('git', ['init', '-q', '--bare', '-b', 'main', o.repo]);
execFileSync('git', ['init', '-q', '-b', 'main', work]);
git('config', 'user.email', 'bench@example.test');
git('config', 'user.name', 'bench');
git('remote', 'add', 'origin', o.repo);
execFileSync('git', ['-C', o.repo, 'config', 'http.receivepack', 'true']);
for (let i = 0; i < N; i++) writeApp(i, 'v0');
git('add', '-A');
git('commit', '-qm', 'seed');
git('push', '-qf', 'origin', 'HEAD:main');
await api('POST', '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'bench' } });
const app = (i) => ({
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'Application',
  metadata: {
    name: nm(i),
    namespace: o.ns,
    ...(o.paths ? { annotations: { 'argocd.argoproj.io/manifest-generate-paths': '.' } } : {}),
  },
  spec: {
    project: 'default',
    source: { repoURL: o.url, path: `apps/${nm(i)}`, targetRevision: 'main' },
    destination: { server: 'https://kubernetes.default.svc', namespace: 'bench' },
    syncPolicy: { automated: { prune: true, selfHeal: true } },
  },
});
if (only.has('fleet')) {
  const u0 = usage(),
    t0 = performance.now();
  let peak = 0;
  for (let i = 0; i < N; i += 20)
    await Promise.all(Array.from({ length: Math.min(20, N - i) }, (_, k) => api('POST', APPS, app(i + k))));
  let done = 0;
  while (performance.now() - t0 < +o.timeout * 1000) {
    const l = (await api('GET', APPS)).body.items.filter((a) => a.metadata.name.startsWith('app-'));
    done = l.filter((a) => a.status?.sync?.status === 'Synced').length;
    peak = Math.max(peak, usage().rss);
    if (done >= N) break;
    await sleep(250);
  }
  const t = performance.now() - t0;
  await sleep(3000);
  const u1 = usage();
  out({
    scenario: 'fleet',
    kind: o.kind,
    apps: N,
    synced: done,
    wall_ms: Math.round(t),
    cpu_s: +(u1.cpu - u0.cpu).toFixed(1),
    peak_rss: Math.round(Math.max(peak, u1.rss)),
  });
}
if (only.has('commit')) {
  await sleep(5000);
  const tApply = [],
    tStatus = [],
    cpu = [];
  for (let r = 0; r < R; r++) {
    const i = (r * 37) % N,
      v = `r${r}-${Date.now()}`;
    const before = git('rev-parse', 'HEAD');
    writeApp(i, v);
    const sha = commit(`r${r}`);
    const u0 = usage(),
      t0 = performance.now();
    await hook(before, sha, [`apps/${nm(i)}/a.yaml`]);
    await until(async () => (await cmv(i)) === v);
    tApply.push(performance.now() - t0);
    await until(async () => {
      const s = (await api('GET', `${APPS}/${nm(i)}`)).body.status;
      return (
        s?.sync?.status === 'Synced' &&
        s.sync.revision === sha &&
        s.operationState?.phase === 'Succeeded' &&
        s.operationState?.syncResult?.revision === sha
      );
    });
    tStatus.push(performance.now() - t0);
    await sleep(4000);
    cpu.push(usage().cpu - u0.cpu);
  }
  out({
    scenario: 'commit-one',
    kind: o.kind,
    apps: N,
    applied_p50: pct(tApply, 0.5),
    applied_p95: pct(tApply, 0.95),
    status_p50: pct(tStatus, 0.5),
    status_p95: pct(tStatus, 0.95),
    cpu_s_per_commit: +(cpu.reduce((a, b) => a + b, 0) / cpu.length).toFixed(2),
  });
}
if (only.has('drift')) {
  const heal = [];
  for (let r = 0; r < R; r++) {
    const i = (r * 53 + 1) % N;
    const want = await cmv(i);
    await api(
      'PATCH',
      `/api/v1/namespaces/bench/configmaps/${nm(i)}-a`,
      { data: { v: 'drifted' } },
      'application/merge-patch+json',
    );
    heal.push(await until(async () => (await cmv(i)) === want, 60000));
    await sleep(500);
  }
  out({ scenario: 'drift', apps: N, heal_p50: pct(heal, 0.5), heal_p95: pct(heal, 0.95) });
}
if (only.has('idle')) {
  const u0 = usage();
  await sleep(30000);
  const u1 = usage();
  out({ scenario: 'idle-30s', apps: N, cpu_s: +(u1.cpu - u0.cpu).toFixed(2), rss: Math.round(u1.rss) });
}
if (only.has('clean')) {
  for (let i = 0; i < N; i++) await api('DELETE', `${APPS}/${nm(i)}`);
}
rmSync(work, { recursive: true, force: true });
