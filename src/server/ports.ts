// What the server needs and does not know itself: the controller's views, the store of Applications, writes,
// accounts and logs. The composition root implements these; the server imports no controller and no client.
import type {
  AuditPage,
  AuditVerification,
  CertificateBody,
  CertificateView,
  Cluster,
  ClusterBody,
  CommitMetadata,
  ConnectionState,
  EventList,
  Explanation,
  LogEntry,
  ManagedResource,
  ManifestResponse,
  RepositoryBody,
  RepositoryTemplateBody,
  RepositoryTemplateView,
  RepositoryView,
  Settings,
  VersionInfo,
  WatchEventType,
} from '../contract/index.ts';
import type { JournalQuery } from '../journal/index.ts';
import type { KubeObject } from '../k8s/index.ts';
import type { Json } from '../lib/index.ts';
import type { Application, AppProject, Condition, ResourceTree } from '../model/index.ts';

export interface ApplicationEvent {
  readonly type: WatchEventType;
  /** For DELETED: the last state, with the resourceVersion of the deletion where the API sends one. */
  readonly application: Application;
}

/**
 * Every Application of the namespaces served, as an informer holds them. Values are shared: nobody changes them.
 * Events come after the store shows them, in the order of the API.
 */
export interface ApplicationStore {
  /** False until the first complete list: the server then answers 503, never an empty list. */
  isSynced(): boolean;
  list(): readonly Application[];
  get(namespace: string, name: string): Application | undefined;
  /** The newest resourceVersion the store has seen, '' when unknown. */
  resourceVersion(): string;
  /** Calls `handler` for each change from now on. @returns a function that stops it */
  watch(handler: (event: ApplicationEvent) => void): () => void;
}

/**
 * Writes Applications to the Kubernetes API. Failures are CodedErrors with the codes of k8s (`CONFLICT`,
 * `ALREADY_EXISTS`, `NOT_FOUND`, `INVALID`, `FORBIDDEN`, …).
 */
export interface ApplicationWriter {
  create(application: Application): Promise<Application>;
  /** A merge patch. With `metadata.resourceVersion` in it, the API refuses it (`CONFLICT`) on a newer object. */
  patch(namespace: string, name: string, mergePatch: object): Promise<Application>;
  delete(namespace: string, name: string, preconditions: { readonly uid?: string }): Promise<void>;
}

export interface ManifestRequest {
  /** Default: what the application tracks. */
  readonly revision?: string;
  /** By source, for several sources. */
  readonly revisions?: readonly string[];
  /** 1-based, in step with `revisions`. */
  readonly sourcePositions?: readonly number[];
  /** Render again even if the inputs are unchanged. */
  readonly noCache?: boolean;
}

export interface ResourceId {
  readonly group: string;
  readonly version?: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

/**
 * What only the controller knows of an application. Undefined means "not known yet" (answered 404 with that
 * sentence), never "nothing". Data of Secrets is masked before it gets here.
 */
export interface ApplicationViews {
  tree(application: Application): ResourceTree | undefined;
  /** Calls `handler` whenever the tree may have changed. @returns a function that stops it */
  watchTree(application: Application, handler: () => void): () => void;
  managedResources(
    application: Application,
    signal: AbortSignal,
  ): Promise<readonly ManagedResource[] | undefined>;
  manifests(
    application: Application,
    request: ManifestRequest,
    signal: AbortSignal,
  ): Promise<Omit<ManifestResponse, 'manifests'> & { readonly manifests: readonly (KubeObject | string)[] }>;
  /** The live object, when it belongs to the application. */
  liveObject(application: Application, id: ResourceId, signal: AbortSignal): Promise<KubeObject | undefined>;
  /** A commit, chart version or digest of the given source (0-based). */
  commit(
    application: Application,
    revision: string,
    sourceIndex: number,
    signal: AbortSignal,
  ): Promise<CommitMetadata | undefined>;
  /** True when `revision` is a commit that contains `ancestor`; false when it is not or nobody can tell. */
  contains(
    application: Application,
    revision: string,
    ancestor: string,
    signal: AbortSignal,
  ): Promise<boolean>;
  /** Kubernetes Events of the application itself, or of one of its objects. */
  events(application: Application, of: EventSubject | undefined, signal: AbortSignal): Promise<EventList>;
  /** Why it is in its state, and what would change that. */
  explain(application: Application, signal: AbortSignal): Promise<Explanation>;
  /** Resolves when the refresh is done and the store shows its result. */
  requestRefresh(application: Application, level: 'normal' | 'hard', signal: AbortSignal): Promise<void>;
  /** Conditions that forbid this specification (source unreachable, not permitted by the project). Empty: valid. */
  validate(application: Application, signal: AbortSignal): Promise<readonly Condition[]>;
}

export interface EventSubject {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
}

export interface LogRequest {
  /** One pod, or every pod of `resource`, or every pod of the application. */
  readonly podName?: string;
  readonly namespace?: string;
  readonly resource?: { readonly group: string; readonly kind: string; readonly name: string };
  readonly container?: string;
  readonly sinceSeconds?: number;
  readonly sinceTime?: string;
  readonly tailLines?: number;
  readonly follow: boolean;
  readonly previous: boolean;
}

/** Logs of an application's pods. Ends when the pods' logs end, or when `signal` aborts. */
export interface PodLogs {
  open(
    application: Application,
    request: LogRequest,
    signal: AbortSignal,
  ): AsyncIterable<Omit<LogEntry, 'last'>>;
}

export interface Projects {
  list(): readonly AppProject[];
  get(name: string): AppProject | undefined;
}

/** Cluster Secrets, and the cluster that Fairlead runs against. Views have no credential in them. */
export interface Clusters {
  list(): readonly Cluster[];
  /** Tries the cluster out first. Rejects with `INVALID` when it cannot be used, and with `ALREADY_EXISTS`. */
  save(body: ClusterBody, existing: 'replace' | 'refuse', signal: AbortSignal): Promise<Cluster>;
  remove(server: string): Promise<void>;
}

/** An account as the Secret and config map define it. */
export interface Account {
  readonly name: string;
  /** False: no sign-in and no token of it is accepted, also not one issued before. */
  readonly enabled: boolean;
  /** bcrypt (`$2a$`, `$2b$`, `$2y$`); absent: it cannot sign in with a password. */
  readonly passwordHash?: string;
  /** Milliseconds since the epoch; tokens issued before are refused. */
  readonly passwordChangedAt?: number;
}

/** Accounts, the signing key and the ids of sessions that were ended early. Read on each use: changes count at once. */
export interface Accounts {
  get(name: string): Account | undefined;
  /** Key for HS256, at least 32 bytes (`server.secretkey` of argocd-secret). */
  signingKey(): Uint8Array;
  /** Remembers that a session id is over until `expiresAt` (milliseconds); shared by all replicas. */
  revoke(id: string, expiresAt: number): Promise<void>;
  isRevoked(id: string): boolean;
}

/** What the server reads of the journal and writes to it; src/journal's Journal fits. */
export interface AuditJournal {
  fact(entry: AuditFact): Promise<unknown>;
  intent(entry: AuditIntent): Promise<{ readonly seq: number }>;
  outcome(
    intent: number,
    end: { readonly outcome: 'succeeded' | 'failed' | 'unknown'; readonly reason?: string },
  ): Promise<unknown>;
  query(query: JournalQuery): Promise<{ readonly records: AuditPage['items']; readonly next?: number }>;
  verify(options: VerifyRequest): Promise<AuditVerification>;
}

export interface AuditIntent {
  readonly actor: { readonly kind: 'user' | 'system'; readonly name: string };
  readonly action: string;
  readonly object: {
    readonly group?: string;
    readonly kind: string;
    readonly namespace?: string;
    readonly name: string;
  };
  readonly sourceAddress?: string;
  readonly revision?: string;
  readonly detail?: Json;
}

export interface AuditFact extends AuditIntent {
  readonly outcome?: 'succeeded' | 'failed';
  readonly reason?: string;
}

export interface VerifyRequest {
  readonly from?: number;
  readonly head?: { readonly seq: number; readonly hash: string };
  readonly signal?: AbortSignal;
}

/** Receives push webhooks. Never rejects for what a sender wrote. */
export type Webhook = (request: {
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** The raw bytes. */
  readonly body: Buffer;
  /** Network address of the sender. */
  readonly address: string;
  /** The query parameter `secret`. */
  readonly secret: string | undefined;
}) => Promise<{ readonly status: number; readonly body: string }>;

/** Repository Secrets, credential templates, and what is trusted. Views have no credential in them. */
export interface Repositories {
  list(
    isVisible: (view: RepositoryView) => boolean,
    forced: boolean,
    signal: AbortSignal,
  ): Promise<readonly RepositoryView[]>;
  /** One with its connection state. */
  read(view: RepositoryView, forced: boolean, signal: AbortSignal): Promise<RepositoryView>;
  find(url: string, project: string | undefined): RepositoryView | undefined;
  /** Rejects with `ALREADY_EXISTS`, and with what the Kubernetes API says. */
  save(
    body: RepositoryBody,
    options: { readonly existing: 'replace' | 'refuse'; readonly signal: AbortSignal },
  ): Promise<RepositoryView>;
  remove(view: RepositoryView): Promise<void>;
  /** Whether the repository can be read so; what is not given comes from templates. */
  check(body: RepositoryBody, signal: AbortSignal): Promise<ConnectionState>;
  templates(): readonly RepositoryTemplateView[];
  saveTemplate(body: RepositoryTemplateBody, existing: 'replace' | 'refuse'): Promise<RepositoryTemplateView>;
  removeTemplate(url: string): Promise<void>;
  certificates(filter: CertificateFilter): readonly CertificateView[];
  addCertificates(body: CertificateBody, replace: boolean): Promise<readonly CertificateView[]>;
  /** What was removed. */
  removeCertificates(filter: CertificateFilter): Promise<readonly CertificateView[]>;
}

export interface CertificateFilter {
  /** `*` stands for any characters. */
  readonly hostNamePattern?: string | undefined;
  readonly certType?: string | undefined;
  readonly certSubType?: string | undefined;
}

export interface ServerInformation {
  version(): VersionInfo;
  settings(): Omit<Settings, 'authDisabled'>;
  /** Why the server cannot do its work now; undefined: it is well. */
  problem(): string | undefined;
}
