// What a client needs to know of one cluster. Types only; connection.ts, kubeconfig.ts and exec-plugin.ts make them.

/** TLS material of one moment; PEM text. */
export interface TlsMaterial {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  /** Do not check the server's certificate. */
  readonly insecure?: boolean;
  /** Name to expect in the certificate instead of the URL's host. */
  readonly serverName?: string;
}

/** One cluster and our identity there. */
export interface ClusterConnection {
  /** `https://host:port[/prefix]` without credentials and without a slash at the end. */
  readonly server: string;
  /** May change when credentials do: a new value is used for the connections opened after it. */
  readonly tls: TlsMaterial;
  /** HTTP proxy to go through. */
  readonly proxy?: string;
  /** Appends headers (name and value in turn) that prove who we are; a promise only when it has to wait. */
  authorize(headers: string[]): Promise<void> | undefined;
  /** Forgets cached credentials after the server refused them; absent when there is nothing to renew. */
  forget?(): void;
}
