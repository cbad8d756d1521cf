// What the request handlers share beyond the core: who may do what, tokens, pod logs, and the server's address.
import type { Authenticator } from './auth/authenticate.ts';
import type { Rbac } from './auth/rbac.ts';
import type { TokenIssuer } from './auth/tokens.ts';
import type { Core } from './core.ts';
import type { DocumentCache } from './discovery/document-cache.ts';
import type { Workloads } from './workloads/index.ts';

export interface ServerContext extends Core {
  readonly authenticator: Authenticator;
  readonly issuer: TokenIssuer;
  readonly rbac: Rbac;
  readonly documents: DocumentCache;
  /** Absent when workloads are not simulated. */
  workloads: Workloads | undefined;
  /** `127.0.0.1:6443`; known once the server listens. */
  address: string;
}
