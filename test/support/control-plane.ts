// A real Kubernetes control plane (etcd, kube-apiserver, kube-controller-manager) on loopback for one test file.
// Nothing of it survives: not close(), not the end of this process, not even its being killed.
import { type ChildProcess, spawn } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { buildControlPlane } from '../real/controlplane/build.ts';

export interface ControlPlane {
  /** `https://127.0.0.1:PORT`. */
  readonly url: string;
  /** Bearer token of a cluster administrator. */
  readonly token: string;
  /** Bearer token of user `limited`, who may do nothing until a test grants it something. */
  readonly limitedToken: string;
  /** PEM of the server's own certificate authority. */
  readonly ca: string;
  /** Path of a kubeconfig for the administrator. */
  readonly kubeconfig: string;
  readonly pids: Readonly<Record<'etcd' | 'apiserver' | 'controllerManager', number>>;
  /** Kills everything and removes the folder; resolves when the processes are gone. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface ControlPlaneOptions {
  /** Further kube-apiserver flags, e.g. `--max-requests-inflight=5`. */
  readonly apiserverFlags?: readonly string[];
  /** kube-controller-manager's `--controllers`; default all that need no nodes. */
  readonly controllers?: string;
  /** Give pods a service account and its token, as clusters do; default false, so that pods need neither. */
  readonly serviceAccounts?: boolean;
}

// Without nodes the others only write errors.
const ALL_WITHOUT_NODES = '*,-nodelifecycle,-nodeipam,-node-route-controller,-service-lb-controller';
const READY_TIMEOUT_MS = 60_000;

/** Starts the control plane; resolves when /readyz says ok (about two seconds). */
export async function startControlPlane(options: ControlPlaneOptions = {}): Promise<ControlPlane> {
  const bin = buildControlPlane();
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-cp-'));
  const [etcdPort, peerPort, apiPort, managerPort] = await freePorts(4);
  const token = randomBytes(16).toString('hex');
  const limitedToken = randomBytes(16).toString('hex');
  writeCredentials(folder, token, limitedToken);
  const children = new Children(folder);
  try {
    const etcd = children.start(join(bin, 'etcd'), etcdArgs(folder, etcdPort, peerPort));
    const api = children.start(join(bin, 'kube-apiserver'), [
      ...apiserverArgs(etcdPort, apiPort),
      ...(options.serviceAccounts === true ? [] : ['--disable-admission-plugins=ServiceAccount']),
      ...(options.apiserverFlags ?? []),
    ]);
    const url = `https://127.0.0.1:${apiPort}`;
    await children.until(api, () => isReady(url, token));
    const ca = readFileSync(join(folder, 'certs', 'apiserver.crt'), 'utf8');
    const kubeconfig = join(folder, 'kubeconfig');
    writeFileSync(kubeconfig, kubeconfigText(url, ca, token), { mode: 0o600 });
    const manager = children.start(
      join(bin, 'kube-controller-manager'),
      managerArgs(kubeconfig, managerPort, options.controllers),
    );
    const close = (): Promise<void> => children.close();
    const pids = { etcd: pidOf(etcd), apiserver: pidOf(api), controllerManager: pidOf(manager) };
    return { url, token, limitedToken, ca, kubeconfig, pids, close, [Symbol.asyncDispose]: close };
  } catch (error) {
    await children.close();
    throw error;
  }
}

function etcdArgs(folder: string, port: number, peerPort: number): string[] {
  const client = `http://127.0.0.1:${port}`;
  const peer = `http://127.0.0.1:${peerPort}`;
  return [
    `--data-dir=${join(folder, 'etcd')}`,
    `--listen-client-urls=${client}`,
    `--advertise-client-urls=${client}`,
    `--listen-peer-urls=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=default=${peer}`,
    '--unsafe-no-fsync',
    '--log-level=error',
  ];
}

function apiserverArgs(etcdPort: number, port: number): string[] {
  return [
    `--etcd-servers=http://127.0.0.1:${etcdPort}`,
    `--secure-port=${port}`,
    '--bind-address=127.0.0.1',
    '--cert-dir=certs',
    '--service-account-key-file=sa.key',
    '--service-account-signing-key-file=sa.key',
    '--service-account-issuer=https://kubernetes.default.svc',
    '--token-auth-file=tokens.csv',
    '--authorization-mode=RBAC',
    '--service-cluster-ip-range=10.0.0.0/24',
    '--allow-privileged=true',
  ];
}

function managerArgs(kubeconfig: string, port: number, controllers: string = ALL_WITHOUT_NODES): string[] {
  return [
    `--kubeconfig=${kubeconfig}`,
    `--authentication-kubeconfig=${kubeconfig}`,
    `--authorization-kubeconfig=${kubeconfig}`,
    '--service-account-private-key-file=sa.key',
    '--use-service-account-credentials=false',
    '--leader-elect=false',
    '--bind-address=127.0.0.1',
    `--secure-port=${port}`,
    '--cert-dir=certs',
    `--controllers=${controllers}`,
  ];
}

function writeCredentials(folder: string, token: string, limitedToken: string): void {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const pem = privateKey.export({ type: 'sec1', format: 'pem' });
  writeFileSync(join(folder, 'sa.key'), pem, { mode: 0o600 });
  const users = `${token},admin,admin,"system:masters"\n${limitedToken},limited,limited\n`;
  writeFileSync(join(folder, 'tokens.csv'), users, { mode: 0o600 });
}

/** A kubeconfig with one cluster, user and context, all named `test`. */
export function kubeconfigText(url: string, ca: string, token: string): string {
  const caData = Buffer.from(ca).toString('base64');
  return `apiVersion: v1
kind: Config
clusters: [{name: test, cluster: {server: "${url}", certificate-authority-data: ${caData}}}]
users: [{name: test, user: {token: ${token}}}]
contexts: [{name: test, context: {cluster: test, user: test}}]
current-context: test
`;
}

function isReady(url: string, token: string): Promise<boolean> {
  return new Promise((resolve) => {
    // The certificate authority is made by the server at this very moment, so there is nothing to check against.
    const options = {
      rejectUnauthorized: false,
      headers: { authorization: `Bearer ${token}` },
      timeout: 2_000,
    };
    const probe = request(`${url}/readyz`, options, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    probe.once('timeout', () => probe.destroy());
    probe.once('error', () => resolve(false));
    probe.end();
  });
}

/** Ports nobody listens on now, all held at the same time so that they differ. */
async function freePorts(count: 4): Promise<[number, number, number, number]>;
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  await Promise.all(
    servers.map((server) => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))),
  );
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

function pidOf(child: ChildProcess): number {
  return child.pid ?? -1;
}

/** The processes of one control plane, and the watchdog that ends them when this process cannot. */
class Children {
  readonly #folder: string;
  readonly #children: ChildProcess[] = [];
  readonly #watchdogs: ChildProcess[] = [];
  readonly #onExit = (): void => {
    this.#killAll();
    rmSync(this.#folder, { recursive: true, force: true });
  };

  constructor(folder: string) {
    this.#folder = folder;
    process.once('exit', this.#onExit);
  }

  start(program: string, args: readonly string[]): ChildProcess {
    const log = openSync(join(this.#folder, `${this.#children.length}.log`), 'a');
    const child = spawn(program, args, { cwd: this.#folder, stdio: ['ignore', log, log] });
    closeSync(log);
    child.unref();
    this.#children.push(child);
    if (child.pid !== undefined) this.#watch(child.pid);
    return child;
  }

  /** Asks until `ready`; throws with the end of the log when `child` ends or the time is over. */
  async until(child: ChildProcess, ready: () => Promise<boolean>): Promise<void> {
    const deadline = performance.now() + READY_TIMEOUT_MS;
    while (!(await ready())) {
      if (child.exitCode !== null || performance.now() > deadline) {
        const log = readFileSync(join(this.#folder, '1.log'), 'utf8').slice(-2_000);
        throw new Error(`the control plane did not get ready; kube-apiserver said:\n${log}`);
      }
      await sleep(25);
    }
  }

  async close(): Promise<void> {
    process.off('exit', this.#onExit);
    const ended = this.#children.map((child) =>
      child.exitCode === null && child.signalCode === null
        ? new Promise((resolve) => child.once('exit', resolve))
        : undefined,
    );
    for (const child of this.#children) child.ref();
    this.#killAll();
    await Promise.all(ended);
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #killAll(): void {
    for (const child of this.#children) child.kill('SIGKILL');
    for (const watchdog of this.#watchdogs) watchdog.kill('SIGKILL');
  }

  /** A shell that waits for the end of its stdin, which comes however this process ends, then kills `pid`. */
  #watch(pid: number): void {
    const script = `read _; kill -9 ${pid}; sleep 1; rm -rf "$1"`;
    const shell = spawn('sh', ['-c', script, 'sh', this.#folder], {
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
    });
    shell.unref();
    (shell.stdin as unknown as { unref(): void } | null)?.unref();
    this.#watchdogs.push(shell);
  }
}
