// The target clusters by server URL and by name. Each is started when an application first wants it.
import type { Clock, Logger } from '../../lib/index.ts';
import type { Destination } from '../../model/index.ts';
import type { LiveCluster } from './live-cluster.ts';

/** How Applications name the cluster that Fairlead itself runs against. */
export const HOME_SERVER = 'https://kubernetes.default.svc';
export const HOME_NAME = 'in-cluster';

export interface ClusterEntry {
  readonly server: string;
  readonly name: string;
  /** Changes with the credential or address: then the cluster is connected anew. */
  readonly digest: string;
  /** The project it is scoped to. */
  readonly project?: string;
  /** Changes when somebody asks for everything to be read anew. */
  readonly refreshRequestedAt?: string;
}

export interface LiveClustersDeps {
  readonly clock: Clock;
  readonly log: Logger;
  /** The clusters configured now, the home cluster first. */
  entries(): readonly ClusterEntry[];
  connect(entry: ClusterEntry): LiveCluster;
}

export class LiveClusters {
  readonly #deps: LiveClustersDeps;
  readonly #connected = new Map<string, { entry: ClusterEntry; cluster: LiveCluster }>();
  readonly #stop = new AbortController();

  constructor(deps: LiveClustersDeps) {
    this.#deps = deps;
  }

  /** The cluster of a destination, started; undefined when none is configured. Rejects when it cannot be reached. */
  async resolve(destination: Destination): Promise<LiveCluster | undefined> {
    const entry = this.#deps
      .entries()
      .find(({ server, name }) =>
        destination.server ? sameServer(server, destination.server) : name === destination.name,
      );
    if (entry === undefined) return undefined;
    const cluster = this.#connect(entry);
    await cluster.start(this.#stop.signal);
    return cluster;
  }

  /** Clusters that were started, whatever applications want now. */
  connected(): readonly LiveCluster[] {
    return [...this.#connected.values()].map(({ cluster }) => cluster);
  }

  entries(): readonly ClusterEntry[] {
    return this.#deps.entries();
  }

  /** Reads clusters anew for which that was asked since they were connected. */
  reconsider(): void {
    for (const entry of this.#deps.entries()) {
      const known = this.#connected.get(entry.server);
      // Another digest means another connection, which begins with everything read anew.
      if (known === undefined || known.entry.digest !== entry.digest) continue;
      if (known.entry.refreshRequestedAt === entry.refreshRequestedAt) continue;
      this.#connected.set(entry.server, { ...known, entry });
      this.#deps.log.info('a cluster is read anew', { cluster: entry.name });
      known.cluster.reread();
    }
  }

  async stop(): Promise<void> {
    this.#stop.abort(new DOMException('Fairlead is stopping', 'AbortError'));
    await Promise.all(this.connected().map((cluster) => cluster.stop()));
  }

  #connect(entry: ClusterEntry): LiveCluster {
    const known = this.#connected.get(entry.server);
    if (known?.entry.digest === entry.digest) return known.cluster;
    void known?.cluster.stop();
    const cluster = this.#deps.connect(entry);
    this.#connected.set(entry.server, { entry, cluster });
    return cluster;
  }
}

function sameServer(a: string, b: string): boolean {
  return a.replace(/\/+$/, '') === b.replace(/\/+$/, '');
}
