// The whole control plane over an embedded Kubernetes API, for stories of signing in: settings are written to the
// cluster as an administrator does, and people are who the server says they are.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startApiServer } from '../../src/apiserver/index.ts';
import { type ControlPlaneOptions, startControlPlane } from '../../src/app/compose.ts';
import {
  connectionOfKubeconfig,
  createKubeClient,
  isKubeError,
  type KubeClient,
  type KubeObject,
  wellKnown,
} from '../../src/k8s/index.ts';
import { type Logger, silentLogger, systemClock, systemExec, systemRandom } from '../../src/lib/index.ts';
import { freePortRange } from './fairlead-process.ts';

const PATH = process.env.PATH ?? '';
const DEPS = { clock: systemClock, random: systemRandom, exec: systemExec, log: silentLogger, path: PATH };
const NAMESPACE = 'argocd';
const UNTIL_MS = 60_000;
const POLL_MS = 25;

export interface SignInWorld extends AsyncDisposable {
  readonly url: string;
  readonly kube: KubeClient;
  readonly password: string;
  /** Everything the control plane keeps on disk. */
  readonly dataDir: string;
  /** Writes members of a config map of the control namespace. */
  configure(name: string, data: Readonly<Record<string, string>>): Promise<void>;
  /** Waits until the server offers exactly these identity providers. */
  untilOffered(...ids: readonly string[]): Promise<void>;
  /** Another process of the same cluster, as a second replica is. */
  another(): Promise<{ readonly url: string } & AsyncDisposable>;
  until<T>(what: string, look: () => Promise<T | undefined | false>): Promise<T>;
  userInfo(token: string): Promise<{ loggedIn: boolean; username?: string; iss?: string; groups?: string[] }>;
  canI(token: string, action: string, resource: string, object: string): Promise<string>;
}

/** @param log where the control plane writes its lines */
export async function signInWorld(
  options: Partial<ControlPlaneOptions> = {},
  log: Logger = silentLogger,
): Promise<SignInWorld> {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-sign-in-'));
  const api = await startApiServer({ ...DEPS, listen: { host: '127.0.0.1', port: 0 } });
  const connection = await connectionOfKubeconfig(api.kubeconfig(), { clock: systemClock });
  const kube = createKubeClient(connection, {}, DEPS);
  // Providers are told the address before there is a server.
  const port = await freePortRange(1);
  const settings = {
    connection,
    namespace: NAMESPACE,
    host: '127.0.0.1',
    port,
    auth: 'on',
    dataDir: join(folder, 'data'),
    installCrds: true,
    uiDirectory: join(folder, 'no-page'),
    ...options,
  } as const;
  const plane = await startControlPlane({ ...DEPS, log }, { ...settings, role: 'all' });
  const until: SignInWorld['until'] = async (what, look) => {
    for (const end = performance.now() + UNTIL_MS; performance.now() < end; await sleep(POLL_MS)) {
      const found = await look();
      if (found !== undefined && found !== false) return found;
    }
    throw new Error(`it never happened: ${what}`);
  };
  const read = async (path: string, token = ''): Promise<unknown> =>
    (await fetch(`${plane.url}${path}`, { headers: { authorization: `Bearer ${token}` } })).json();
  const world: SignInWorld = {
    url: plane.url,
    kube,
    password: await initialPassword(kube),
    dataDir: settings.dataDir,
    configure: (name, data) => configure(kube, name, data),
    until,
    async another() {
      const dataDir = join(folder, 'other');
      const other = await startControlPlane(DEPS, { ...settings, port: 0, role: 'server', dataDir });
      return { url: other.url, [Symbol.asyncDispose]: () => other.close() };
    },
    async untilOffered(...ids) {
      await until(`the server offers ${ids.join(', ')}`, async () => {
        const { connectors = [] } = (await read('/api/v1/settings')) as { connectors?: { id: string }[] };
        return connectors.map(({ id }) => id).join() === ids.join();
      });
    },
    userInfo: async (token) => (await read('/api/v1/session/userinfo', token)) as never,
    canI: async (token, action, resource, object) =>
      ((await read(`/api/v1/account/can-i/${resource}/${action}/${object}`, token)) as { value: string })
        .value,
    async [Symbol.asyncDispose]() {
      await plane.close();
      await kube.close();
      await api.close();
      await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
    },
  };
  await world.configure('argocd-cm', { url: plane.url });
  return world;
}

async function initialPassword(kube: KubeClient): Promise<string> {
  const secret = await kube.get(wellKnown.secrets, {
    namespace: NAMESPACE,
    name: 'argocd-initial-admin-secret',
  });
  const { password = '' } = secret['data'] as Record<string, string>;
  return Buffer.from(password, 'base64').toString('utf8');
}

const configMaps = { ...wellKnown.secrets, kind: 'ConfigMap', resource: 'configmaps' };

async function configure(
  kube: KubeClient,
  name: string,
  data: Readonly<Record<string, string>>,
): Promise<void> {
  const object: KubeObject = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace: NAMESPACE },
    data,
  };
  try {
    await kube.create(configMaps, object);
  } catch (error) {
    if (!isKubeError(error, 'ALREADY_EXISTS')) throw error;
    await kube.patch(configMaps, { namespace: NAMESPACE, name }, { type: 'merge', body: { data } });
  }
}
