// Options of the long-running commands, filled with their defaults by whoever parses the command line.

/** `fairlead up`: everything on one machine. */
export interface UpOptions {
  readonly dataDir: string;
  /** Forget the state of earlier runs first. */
  readonly fresh: boolean;
  /** `HOST:PORT` of the page and the API. */
  readonly listen: string;
}

/** `controller` acts and serves its health and metrics, `server` serves the API and the page, `all` does both. */
export type Role = 'all' | 'controller' | 'server';

/** `fairlead serve`: the control plane against a cluster. */
export interface ServeOptions {
  /** Absent: the environment's KUBECONFIG, else the cluster this runs in. */
  readonly kubeconfig?: string;
  readonly namespace: string;
  /** Further namespaces whose Applications are served; the config map argocd-cmd-params-cm may name more. */
  readonly applicationNamespaces: readonly string[];
  readonly listen: string;
  readonly dataDir: string;
  /** `postgres://…` or `sqlite:FILE`; absent: SQLite in the data directory. */
  readonly store?: string;
  /** How long the journal keeps records, e.g. `365d`; absent: for ever. */
  readonly auditRetention?: string;
  /** Where traces go; absent: what the environment says, else nowhere. */
  readonly otlpAddress?: string;
  /** Address people use; absent: `url` of argocd-cm says it. */
  readonly publicUrl?: string;
  /** Addresses and CIDRs whose `X-Forwarded-…` headers are believed. */
  readonly trustedProxies?: readonly string[];
  /** Addresses and CIDRs that nothing is fetched from and nothing is sent to on behalf of others. */
  readonly refusedAddresses?: readonly string[];
  readonly role: Role;
  readonly auth: 'on' | 'off';
  readonly installCrds: boolean;
}

/** `fairlead apiserver`: only the embedded Kubernetes API. */
export interface ApiServerOptions {
  readonly listen: string;
  readonly kubeconfigOut?: string;
  readonly dataDir: string;
}

/** Which cluster a call means that needs no server. */
export interface ClusterChoice {
  /** Absent: the environment's KUBECONFIG, else ~/.kube/config. */
  readonly kubeconfig?: string;
  /** Absent: the current one. */
  readonly context?: string;
  /** Absent: the context's namespace, else argocd. */
  readonly namespace?: string;
}

/** What a long-running command may use of the terminal. */
export interface ProcessContext {
  /** Aborts on the first Ctrl-C or SIGTERM: stop in order. */
  readonly signal: AbortSignal;
  /** One line for people, on stdout. */
  print(text: string): void;
}
