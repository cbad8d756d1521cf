// Everything the server works with, built once by the composition root.
import type { Registry } from 'prom-client';
import type { Clock, Logger, Random } from '../lib/index.ts';
import type { Authorise } from './auth/authorise.ts';
import type { LoginLimit } from './auth/login-limit.ts';
import type { PasswordChecker } from './auth/password.ts';
import type { Sealed } from './auth/sealed.ts';
import type { SessionTokens } from './auth/session-tokens.ts';
import type { ApplicationFeed, ApplicationSetFeed } from './change-feed.ts';
import type {
  Accounts,
  ApplicationSets,
  ApplicationStore,
  ApplicationViews,
  ApplicationWriter,
  AuditJournal,
  Clusters,
  NotificationsPort,
  PodLogs,
  PodTerminals,
  Policies,
  Projects,
  Repositories,
  RepositoryContents,
  RepositorySecrets,
  ResourceActions,
  ResourceWrites,
  ServerInformation,
  SigningKeys,
  SingleSignOn,
  Webhook,
} from './ports.ts';

/** The collaborators that come from outside. */
export interface ServerPorts {
  readonly applications: ApplicationStore;
  readonly applicationSets: ApplicationSets;
  readonly writer: ApplicationWriter;
  readonly views: ApplicationViews;
  readonly actions: ResourceActions;
  readonly resources: ResourceWrites;
  readonly logs: PodLogs;
  readonly terminals: PodTerminals;
  readonly projects: Projects;
  readonly clusters: Clusters;
  readonly repositories: Repositories;
  readonly writeRepositories: RepositorySecrets;
  readonly repositoryContents: RepositoryContents;
  readonly signingKeys: SigningKeys;
  readonly accounts: Accounts;
  readonly policies: Policies;
  readonly sso: SingleSignOn;
  readonly journal: AuditJournal;
  readonly notifications: NotificationsPort;
  readonly webhook: Webhook;
  readonly information: ServerInformation;
  readonly metrics: Registry;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

export interface ServerOptions {
  /** `127.0.0.1` unless the server is to be reached from elsewhere. */
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** `off`: everybody is an anonymous admin. */
  readonly auth: 'on' | 'off';
  /** Only requests with this value in the header `x-fairlead-key` are answered; absent: all are. */
  readonly accessKey?: string;
  /** Namespace of applications without an `appNamespace`. */
  readonly controlNamespace: string;
  /** Folder of the built page (`ui/dist`). */
  readonly uiDirectory: string;
  /** Addresses and CIDRs whose `X-Forwarded-…` headers are believed; absent: nobody's. */
  readonly trustedProxies?: readonly string[];
  /** Address people use, e.g. `https://cd.example.com`, where `url` of argocd-cm does not say it. */
  readonly publicUrl?: string;
  /** `operations`: only health, version and metrics, for a process that serves no users. */
  readonly surface?: 'all' | 'operations';
  /** Answer /metrics to anybody; otherwise it needs a session. */
  readonly publicMetrics?: boolean;
  /** Host names besides addresses and localhost that are answered while authentication is off. */
  readonly hosts?: readonly string[];
}

/** What handlers work with: the ports, the options, and the server's own parts. */
export interface ServerDeps extends ServerPorts {
  readonly options: ServerOptions;
  readonly feed: ApplicationFeed;
  readonly setFeed: ApplicationSetFeed;
  readonly tokens: SessionTokens;
  readonly sealed: Sealed;
  readonly passwords: PasswordChecker;
  readonly loginLimit: LoginLimit;
  readonly authorise: Authorise;
}
