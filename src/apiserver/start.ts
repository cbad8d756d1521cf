// Puts the server together: store, registry, controllers, HTTP. Nothing else in the folder makes these.
import { createServer as createHttpServer, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Clock, Logger, Random } from '../lib/index.ts';
import { Authenticator } from './auth/authenticate.ts';
import { Rbac } from './auth/rbac.ts';
import { TokenIssuer } from './auth/tokens.ts';
import { registerBuiltinTypes } from './builtin-types.ts';
import type { Certificate } from './certificate.ts';
import { bootstrap, bootstrapService } from './controllers/bootstrap.ts';
import { ClusterRoleAggregation } from './controllers/cluster-role-aggregation.ts';
import { CustomResources } from './controllers/custom-resources.ts';
import { GarbageCollector } from './controllers/garbage-collector.ts';
import { NamespaceController } from './controllers/namespaces.ts';
import type { Core } from './core.ts';
import { type Credentials, newCredentials, signingKeyOf, storedCredentials } from './credentials.ts';
import { DocumentCache } from './discovery/document-cache.ts';
import { isUpgrade, requestHandler, upgradeHandler } from './http/handler.ts';
import { internalApi } from './internal.ts';
import type { InternalApi } from './internal-api.ts';
import { kubeconfigText } from './kubeconfig.ts';
import { Registry } from './registry.ts';
import type { ServerContext } from './server-context.ts';
import type { HistoryLimits } from './storage/collection.ts';
import { Persistence } from './storage/persistence.ts';
import { Store } from './storage/store.ts';
import { startWorkloads, type WorkloadLatencies, type Workloads } from './workloads/index.ts';

export interface ApiServerOptions {
  /** Port 0 takes a free one. */
  readonly listen: { readonly host: string; readonly port: number };
  /**
   * `true`, the default, shows a self-signed certificate; `false` is plain HTTP. kubectl, helm and client-go send no
   * credentials over plain HTTP, so that is for clients that set the Authorization header themselves.
   */
  readonly tls?: boolean | Certificate;
  /** Where objects survive restarts; absent keeps them in memory only. */
  readonly dataDir?: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** Simulated controllers, scheduler and kubelet; default true. */
  readonly simulateWorkloads?: boolean | Partial<WorkloadLatencies>;
  /** Bounds of the history watches resume from. */
  readonly watchHistory?: Partial<HistoryLimits>;
}

export interface RunningApiServer {
  /** `http://127.0.0.1:43210` */
  readonly url: string;
  readonly adminToken: string;
  /** A kubeconfig (YAML) of the administrator. */
  kubeconfig(): string;
  readonly internal: InternalApi;
  /** Ends all connections and timers and writes what is left to write. */
  close(): Promise<void>;
}

const HISTORY: HistoryLimits = { maxChanges: 20_000, minChanges: 1_000, maxAgeMs: 300_000 };

export async function startApiServer(options: ApiServerOptions): Promise<RunningApiServer> {
  const { clock, log } = options;
  const store = new Store({
    clock,
    history: { ...HISTORY, ...options.watchHistory },
    onListenerError: (error) => log.error('a listener of changes failed', { error }),
  });
  const persistence =
    options.dataDir === undefined ? undefined : openPersistence(options, store, options.dataDir);
  try {
    return await startWith(options, store, persistence);
  } catch (error) {
    await persistence?.close();
    throw error;
  }
}

function openPersistence({ clock, log }: ApiServerOptions, store: Store, folder: string): Persistence {
  const persistence = new Persistence(folder, store, { clock, log });
  store.startHistory();
  store.journal = persistence;
  return persistence;
}

async function startWith(
  options: ApiServerOptions,
  store: Store,
  persistence: Persistence | undefined,
): Promise<RunningApiServer> {
  const { clock, random, log, dataDir } = options;
  const seed = { random, nowMs: clock.now(), host: options.listen.host };
  const credentials = dataDir === undefined ? newCredentials(seed) : storedCredentials(dataDir, seed);
  const registry = new Registry();
  registerBuiltinTypes(registry);
  const rbac = new Rbac(store);
  const core: Core = { clock, random, log, store, registry, rights: rbac };
  const issuer = new TokenIssuer(signingKeyOf(credentials));
  const context: ServerContext = {
    ...core,
    issuer,
    rbac,
    authenticator: new Authenticator(core, issuer, credentials.adminToken),
    documents: new DocumentCache(registry),
    workloads: undefined,
    address: '',
  };
  const certificate = certificateFor(options, credentials);
  const server = makeServer(certificate, requestHandler(context));
  const upgraded = new Set<Duplex>();
  server.on('upgrade', (_request, socket) => {
    upgraded.add(socket);
    socket.once('close', () => upgraded.delete(socket));
  });
  const controllers = startControllers(core, (certificate ?? credentials.certificate).cert);
  const { host, port } = await listen(server, options.listen);
  context.address = `${host}:${port}`;
  bootstrapService(internalApi(core, 'kube-apiserver'), { host, port });
  const internal = internalApi(core, 'fairlead');
  if (options.simulateWorkloads !== false) context.workloads = runWorkloads(options, core);
  const url = `${certificate === undefined ? 'http' : 'https'}://${host.includes(':') ? `[${host}]` : host}:${port}`;
  const { adminToken: token } = credentials;
  return {
    url,
    adminToken: token,
    kubeconfig: () =>
      kubeconfigText({
        url,
        token,
        ...(certificate === undefined ? {} : { certificateAuthority: certificate.cert }),
      }),
    internal,
    async close() {
      context.workloads?.close();
      for (const controller of controllers) controller.close();
      await closeServer(server, upgraded);
      await persistence?.close();
    },
  };
}

function certificateFor({ tls }: ApiServerOptions, { certificate }: Credentials): Certificate | undefined {
  if (tls === false) return undefined;
  return typeof tls === 'object' ? tls : certificate;
}

function runWorkloads(options: ApiServerOptions, core: Core): Workloads {
  const { clock, random, log, simulateWorkloads } = options;
  const api = internalApi(core, 'kube-controller-manager');
  const latencies = typeof simulateWorkloads === 'object' ? { latencies: simulateWorkloads } : {};
  return startWorkloads({ api, clock, random, log, ...latencies });
}

interface Controller {
  close(): void;
}

function startControllers(core: Core, certificate: string): Controller[] {
  const api = internalApi(core, 'kube-controller-manager');
  const garbage = new GarbageCollector(core);
  const namespaces = new NamespaceController(core, api, certificate);
  const aggregation = new ClusterRoleAggregation(core, api);
  const custom = new CustomResources(core, internalApi(core, 'kube-apiserver'));
  custom.start();
  bootstrap(core, internalApi(core, 'kube-apiserver'));
  garbage.start();
  namespaces.start();
  aggregation.aggregate();
  return [garbage, namespaces, aggregation, custom];
}

/** `certificate` is what clients check the server by; absent for plain HTTP. */
function makeServer(
  certificate: Certificate | undefined,
  handler: ReturnType<typeof requestHandler>,
): Server {
  const options = { shouldUpgradeCallback: isUpgrade };
  const server =
    certificate === undefined
      ? createHttpServer(options, handler)
      : createHttpsServer(
          { ...options, cert: certificate.cert, key: certificate.key, ALPNProtocols: ['http/1.1'] },
          handler,
        );
  return server.on('upgrade', upgradeHandler(handler));
}

function listen(server: Server, at: { host: string; port: number }): Promise<{ host: string; port: number }> {
  // Watches last; the defaults of Node would end idle connections clients want to reuse.
  server.keepAliveTimeout = 120_000;
  server.requestTimeout = 0;
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(at.port, at.host, () => {
      server.off('error', reject);
      const { port } = server.address() as AddressInfo;
      resolve({ host: at.host, port });
    });
  });
}

/** @param upgraded connections that the server does not know any more */
function closeServer(server: Server, upgraded: ReadonlySet<Duplex>): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    for (const socket of upgraded) socket.destroy();
    server.closeAllConnections();
  });
}
