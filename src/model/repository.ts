// How a repository is reached: its address and the one credential that belongs to it.

export type RepositoryCredential =
  | { readonly kind: 'none' }
  | { readonly kind: 'basic'; readonly username: string; readonly password: string }
  | { readonly kind: 'bearer'; readonly token: string }
  | { readonly kind: 'ssh'; readonly privateKey: string }
  | GitHubAppCredential;

/** A GitHub App: its key is exchanged for tokens that read for an hour. */
export interface GitHubAppCredential {
  readonly kind: 'github-app';
  readonly appId: string;
  /** Undefined: looked up for the repository. */
  readonly installationId?: string;
  /** PEM. */
  readonly privateKey: string;
  /** API of a GitHub Enterprise server; undefined: that of github.com. */
  readonly baseUrl?: string;
}

export interface Repository {
  /** As the user wrote it; compare with `sameRepository` of the git stage. */
  readonly url: string;
  readonly type: 'git' | 'helm' | 'oci';
  readonly credential: RepositoryCredential;
  /** Skip TLS verification (flagged in the UI). */
  readonly insecure?: boolean;
  readonly insecureIgnoreHostKey?: boolean;
  /** PEM certificates that the server's chain may end in. */
  readonly tlsCertificates?: string;
  readonly tlsClientCertificate?: { readonly certificate: string; readonly key: string };
  readonly proxy?: string;
  readonly noProxy?: string;
  readonly enableLfs?: boolean;
  readonly enableSubmodules?: boolean;
  /** A Helm repository that is an OCI registry. */
  readonly enableOci?: boolean;
  /** An OCI registry that speaks http alone. */
  readonly forceHttp?: boolean;
}
