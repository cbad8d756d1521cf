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
  readonly #connected = new Map<string, { digest: string; cluster: LiveCluster }>();
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

  async stop(): Promise<void> {
    this.#stop.abort(new DOMException('Fairlead is stopping', 'AbortError'));
    await Promise.all(this.connected().map((cluster) => cluster.stop()));
  }

  #connect(entry: ClusterEntry): LiveCluster {
    const known = this.#connected.get(entry.server);
    if (known?.digest === entry.digest) return known.cluster;
    void known?.cluster.stop();
    const cluster = this.#deps.connect(entry);
    this.#connected.set(entry.server, { digest: entry.digest, cluster });
    return cluster;
  }
}

function sameServer(a: string, b: string): boolean {
  return a.replace(/\/+$/, '') === b.replace(/\/+$/, '');
}
