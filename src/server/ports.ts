// What the server needs and does not know itself: the controller's views, the store of Applications, writes,
// accounts and logs. The composition root implements these; the server imports no controller and no client.

import type { Account, Rbac, Sso, TokenFacts } from '../access/index.ts';
import type { ActionInfo } from '../actions/index.ts';
import type {
  AppDetails,
  AppInfo,
  AuditPage,
  AuditVerification,
  CertificateBody,
  CertificateView,
  ChartDetails,
  ChartList,
  Cluster,
  ClusterBody,
  CommitMetadata,
  ConnectionState,
  EventList,
  Explanation,
  LogEntry,
  ManagedResource,
  ManifestResponse,
  NotificationTemplates,
  NotificationTriggers,
  OciMetadata,
  RepositoryBody,
  RepositoryRefs,
  RepositoryTemplateBody,
  RepositoryTemplateView,
  RepositoryView,
  ResourcePatchType,
  ServerSideDiff,
  Settings,
  SigningKey,
  TemplateNotifyResult,
  TriggerRunResult,
  VersionInfo,
  WatchEventType,
} from '../contract/index.ts';
import type { JournalQuery } from '../journal/index.ts';
import type { KubeObject } from '../k8s/index.ts';
import type { Json } from '../lib/index.ts';
import type {
  Application,
  ApplicationSet,
  ApplicationSource,
  AppProject,
  Condition,
  ResourceTree,
  SyncWindows,
} from '../model/index.ts';

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
  /** Whether Applications of a namespace are served at all. */
  isServed(namespace: string): boolean;
  get(namespace: string, name: string): Application | undefined;
  /** The newest resourceVersion the store has seen, '' when unknown. */
  resourceVersion(): string;
  /** Calls `handler` for each change from now on. @returns a function that stops it */
  watch(handler: (event: ApplicationEvent) => void): () => void;
}

export interface ApplicationSetEvent {
  readonly type: WatchEventType;
  /** For DELETED: the last state. */
  readonly applicationSet: ApplicationSet;
}

export interface GeneratedApplications {
  readonly applications: readonly Application[];
  /** Generated, and cannot be made as they are: by name and why. */
  readonly unusable: readonly { readonly name: string; readonly reason: string }[];
}

/**
 * ApplicationSets of the control namespace and of those in applicationsetcontroller.namespaces. Values are shared:
 * nobody changes them.
 * Writes resolve once reads show them; failures are CodedErrors with the codes of k8s.
 */
export interface ApplicationSets {
  /** False until the first complete list: the server then answers 503, never an empty list. */
  isSynced(): boolean;
  isServed(namespace: string): boolean;
  list(): readonly ApplicationSet[];
  get(namespace: string, name: string): ApplicationSet | undefined;
  /** The newest resourceVersion the store has seen, '' when unknown. */
  resourceVersion(): string;
  /** Calls `handler` for each change from now on. @returns a function that stops it */
  watch(handler: (event: ApplicationSetEvent) => void): () => void;
  create(set: ApplicationSet): Promise<ApplicationSet>;
  /** The whole object; with a `metadata.resourceVersion` that is not the newest it is refused (`CONFLICT`). */
  replace(set: ApplicationSet): Promise<ApplicationSet>;
  delete(namespace: string, name: string, preconditions: { readonly uid?: string }): Promise<void>;
  /** The applications the set would have now; nothing is written. Rejects with a CodedError that says why not. */
  generate(set: ApplicationSet, signal: AbortSignal): Promise<GeneratedApplications>;
  events(set: ApplicationSet, signal: AbortSignal): Promise<EventList>;
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
  tree(application: Application): Promise<ResourceTree | undefined>;
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
  /** The manifests that files give in place of the application's first source. @param archive a gzipped tar */
  manifestsOf(
    application: Application,
    archive: Uint8Array,
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
  /** What the chart of the given source (0-based) says of itself; undefined when the source is no chart. */
  chart(
    application: Application,
    revision: string,
    sourceIndex: number,
    signal: AbortSignal,
  ): Promise<ChartDetails | undefined>;
  /** What the artifact of the given source (0-based) says of itself; undefined when the source is no artifact of a registry. */
  ociMetadata(
    application: Application,
    revision: string,
    sourceIndex: number,
    signal: AbortSignal,
  ): Promise<OciMetadata | undefined>;
  /** What a sync of `manifests` (JSON or YAML texts; none: what the source gives) would change, by dry run. */
  serverSideDiff(
    application: Application,
    manifests: readonly string[],
    signal: AbortSignal,
  ): Promise<ServerSideDiff | undefined>;
  /** What a sync to these manifests, or to this revision, would change, deletions included. Undefined: not known yet. */
  compare(
    application: Application,
    wanted: { readonly manifests: readonly string[] } | ManifestRequest,
    signal: AbortSignal,
  ): Promise<ServerSideDiff | undefined>;
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

/** An action that was worked out; nothing is written before `perform`. */
export interface PreparedAction {
  readonly object: {
    readonly group: string;
    readonly kind: string;
    readonly namespace: string;
    readonly name: string;
    readonly cluster: string;
  };
  /** What will be written, for the record. */
  readonly writes: readonly string[];
  perform(): Promise<void>;
}

/** Actions on the objects of an application. Undefined: the application has no such object. */
export interface ResourceActions {
  list(
    application: Application,
    id: ResourceId,
    signal: AbortSignal,
  ): Promise<readonly ActionInfo[] | undefined>;
  prepare(
    application: Application,
    id: ResourceId,
    request: { readonly action: string; readonly params: Readonly<Record<string, string>> },
    signal: AbortSignal,
  ): Promise<PreparedAction | undefined>;
}

/** A write on one object of an application that was checked; nothing is written before `perform`. */
export interface PreparedWrite<T> {
  readonly object: PreparedAction['object'];
  perform(): Promise<T>;
}

/** What became of a deletion: `held` says which rule keeps the object, and what to do. */
export type DeletionResult = { readonly kind: 'done' } | { readonly kind: 'held'; readonly message: string };

/** Writes people make on single objects. Undefined: the application has no such object. */
export interface ResourceWrites {
  /** `perform` gives the object as it is now, Secrets masked. */
  preparePatch(
    application: Application,
    id: ResourceId,
    patch: { readonly type: ResourcePatchType; readonly body: unknown },
    signal: AbortSignal,
  ): Promise<PreparedWrite<KubeObject> | undefined>;
  prepareDeletion(
    application: Application,
    id: ResourceId,
    wish: {
      readonly propagation: 'Foreground' | 'Background' | 'Orphan';
      readonly gracePeriodSeconds?: number;
    },
    signal: AbortSignal,
  ): Promise<PreparedWrite<DeletionResult> | undefined>;
}

export interface EventSubject {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
}

export interface LogRequest {
  /** One pod, or every pod of the resource, or every pod of the application. */
  readonly podName?: string;
  readonly namespace?: string;
  readonly group?: string;
  readonly kind?: string;
  readonly resourceName?: string;
  readonly container?: string;
  readonly sinceSeconds?: number;
  /** RFC 3339. */
  readonly sinceTime?: string;
  /** RFC 3339; the first line after it ends the answer. */
  readonly untilTime?: string;
  readonly tailLines?: number;
  readonly follow: boolean;
  readonly previous: boolean;
  /** Who reads, for bounds on each reader. */
  readonly reader: string;
}

export interface LogReading {
  readonly lines: AsyncIterable<Omit<LogEntry, 'last'>>;
  /** Ends every connection to the cluster. */
  close(): void;
}

/** Logs of an application's pods, merged by time. */
export interface PodLogs {
  /**
   * Rejects before the first line when a pod or resource is not the application's, when they are too many, or when no
   * log can be read. Ends with the logs, with `signal`, and with `close`.
   */
  open(application: Application, request: LogRequest, signal: AbortSignal): Promise<LogReading>;
}

/** A container of an application's pod. */
export interface TerminalPlace {
  readonly pod: { readonly namespace: string; readonly name: string; readonly uid: string };
  readonly container: string;
  /** Server URL of the cluster. */
  readonly cluster: string;
}

export interface TerminalSession {
  write(text: string): void;
  resize(size: { readonly columns: number; readonly rows: number }): void;
  pause(): void;
  resume(): void;
  close(): void;
}

/** Shells in an application's pods. */
export interface PodTerminals {
  /** Rejects for a pod or container that is not the application's. */
  find(
    application: Application,
    request: { readonly podName: string; readonly namespace?: string; readonly container?: string },
    signal: AbortSignal,
  ): Promise<TerminalPlace>;
  /** Starts the first of the shells that the container has. Rejects when the cluster refuses. */
  open(
    application: Application,
    place: TerminalPlace,
    shells: readonly string[],
    handlers: {
      output(text: string): void;
      ended(end: { readonly isFailure: boolean; readonly why: string }): void;
    },
    signal: AbortSignal,
  ): Promise<TerminalSession>;
  /** False once the pod is not part of the application any more. */
  isThere(application: Application, place: TerminalPlace): boolean;
}

/** Projects, and what only the settings know of them. Writes reject with the codes of k8s, as ApplicationWriter's. */
export interface Projects {
  list(): readonly AppProject[];
  get(name: string): AppProject | undefined;
  /** The global projects that add to it. */
  globalsOf(project: AppProject): readonly AppProject[];
  /** Its windows and those of the global projects; undefined when there is no such project. */
  windows(name: string): SyncWindows | undefined;
  /** Repositories scoped to it. */
  repositoriesOf(name: string): readonly { readonly repo: string; readonly project: string }[];
  normalizeUrl(url: string): string;
  create(project: AppProject): Promise<AppProject>;
  /** Refused (`CONFLICT`) when its resourceVersion is not the stored one. */
  replace(project: AppProject): Promise<AppProject>;
  delete(name: string, preconditions: { readonly uid?: string }): Promise<void>;
  events(project: AppProject, signal: AbortSignal): Promise<EventList>;
}

/** Cluster Secrets, and the cluster that Fairlead runs against. Views have no credential in them. */
export interface Clusters {
  list(): readonly Cluster[];
  /** Tries the cluster out first. Rejects with `INVALID` when it cannot be used, and with `ALREADY_EXISTS`. */
  save(body: ClusterBody, existing: 'replace' | 'refuse', signal: AbortSignal): Promise<Cluster>;
  /** Changes members that open nothing; the credentials stay. */
  change(server: string, changes: ClusterChanges): Promise<Cluster>;
  /** A new token for the service account that is used there, and the end of the old one. */
  rotate(server: string, signal: AbortSignal): Promise<void>;
  /** Asks every replica to read what the cluster serves and everything in it anew. */
  invalidateCache(server: string): Promise<void>;
  remove(server: string): Promise<void>;
}

export type ClusterChanges = Partial<
  Pick<
    ClusterBody,
    'name' | 'namespaces' | 'clusterResources' | 'shard' | 'project' | 'labels' | 'annotations'
  >
>;

/**
 * Accounts, their tokens, the signing key and the ids of sessions that were ended early. Read on each use: changes count
 * at once. Writes resolve when reads show them.
 */
export interface Accounts {
  get(name: string): Account | undefined;
  list(): readonly Account[];
  /** Key for HS256, at least 32 bytes (`server.secretkey` of argocd-secret). */
  signingKey(): Uint8Array;
  /** How long a session lasts, in milliseconds (`users.session.duration`). */
  sessionMs(): number;
  /** Passwords must match this (`passwordPattern`). */
  passwordPattern(): string;
  /** How long a key or a token of a role may hold, in seconds (`users.token.maxDuration`); 0: for ever. */
  maxTokenSeconds(): number;
  /** The password that was made at the first start is still kept, for everybody to read who may read Secrets. */
  hasInitialPassword(): boolean;
  /** That of admin ends the one of the first start and removes its Secret. */
  setPassword(name: string, hash: string): Promise<void>;
  addToken(name: string, token: TokenFacts): Promise<void>;
  removeToken(name: string, id: string): Promise<void>;
  projectTokens(project: string, role: string): readonly TokenFacts[] | undefined;
  addProjectToken(project: string, role: string, token: TokenFacts): Promise<void>;
  removeProjectToken(project: string, role: string, iat: number): Promise<void>;
  /** Remembers that a session id is over until `expiresAt` (milliseconds); shared by all replicas. */
  revoke(id: string, expiresAt: number): Promise<void>;
  isRevoked(id: string): boolean;
  /** Lets nobody sign in under a name, known or not, until then (milliseconds); shared by all replicas. */
  lockSignIn(name: string, until: number): Promise<void>;
  /** Milliseconds since the epoch; 0: not locked. */
  signInLockedUntil(name: string): number;
  /** Leaves a sealed note for whichever replica is asked for it until `expiresAt` (milliseconds). */
  leaveNote(key: string, text: string, expiresAt: number): Promise<void>;
  /** Gives a note, once. */
  takeNote(key: string): Promise<string | undefined>;
}

/** The policies in force. */
export interface Policies {
  may: Rbac['may'];
  /** True: who is not signed in has the rights of the default role (`users.anonymous.enabled`). */
  admitsGuests(): boolean;
}

/** Identity providers, as src/access has them. */
export type SingleSignOn = Sso;

/** What the server reads of the journal and writes to it; src/journal's Journal fits. */
export interface AuditJournal {
  fact(entry: AuditFact): Promise<unknown>;
  intent(entry: AuditIntent): Promise<{ readonly seq: number }>;
  outcome(
    intent: number,
    end: {
      readonly outcome: 'succeeded' | 'failed' | 'unknown';
      readonly reason?: string;
      readonly detail?: Json;
    },
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
    readonly cluster?: string;
  };
  readonly sourceAddress?: string;
  readonly revision?: string;
  /** Why, in one sentence. */
  readonly reason?: string;
  readonly detail?: Json;
}

export interface AuditFact extends AuditIntent {
  readonly outcome?: 'succeeded' | 'failed';
}

export interface VerifyRequest {
  readonly from?: number;
  readonly head?: { readonly seq?: number; readonly hash: string };
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

/** Repository Secrets and credential templates, all for reading or all for writing. Views have no credential in them. */
export interface RepositorySecrets {
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
}

/** The repositories that sources are read from, and what is trusted. */
export interface Repositories extends RepositorySecrets {
  /** The charts of a Helm repository. Rejects when it cannot be read, or is none. */
  charts(view: RepositoryView, signal: AbortSignal): Promise<ChartList['items']>;
  /** The tags of an artifact in a registry. Rejects when they cannot be read, or it is none. */
  tags(view: RepositoryView, signal: AbortSignal): Promise<readonly string[]>;
  certificates(filter: CertificateFilter): readonly CertificateView[];
  addCertificates(body: CertificateBody, replace: boolean): Promise<readonly CertificateView[]>;
  /** What was removed. */
  removeCertificates(filter: CertificateFilter): Promise<readonly CertificateView[]>;
}

/** What is in repositories. All reject with what reading rejects, and where the project does not permit the source. */
export interface RepositoryContents {
  refs(view: RepositoryView, signal: AbortSignal): Promise<RepositoryRefs>;
  /** @param project the one that the source is to be used in */
  apps(
    view: RepositoryView,
    project: string,
    revision: string,
    signal: AbortSignal,
  ): Promise<readonly AppInfo[]>;
  details(source: ApplicationSource, project: string, signal: AbortSignal): Promise<AppDetails>;
}

/** OpenPGP keys that signatures of commits are verified with. */
export interface SigningKeys {
  list(): Promise<readonly SigningKey[]>;
  /** With the armoured key. */
  get(id: string): Promise<SigningKey | undefined>;
  /** Rejects with `INVALID` for what is no public key. */
  add(
    armored: string,
    existing: 'replace' | 'refuse',
  ): Promise<{ readonly created: readonly SigningKey[]; readonly skipped: readonly string[] }>;
  /** Rejects with `NOT_FOUND`. */
  remove(id: string): Promise<void>;
}

export interface CertificateFilter {
  /** `*` stands for any characters. */
  readonly hostNamePattern?: string | undefined;
  readonly certType?: string | undefined;
  readonly certSubType?: string | undefined;
}

/** The notifications controller as the API shows it. Failures are CodedErrors without secrets. */
export interface NotificationsPort {
  services(): readonly string[];
  triggers(): NotificationTriggers['items'];
  templates(): NotificationTemplates['items'];
  problems(): NotificationTemplates['problems'];
  run(trigger: string, application: Application): Promise<TriggerRunResult['items']>;
  /** Without a service the text is only rendered. */
  notify(
    template: string,
    application: Application,
    destination: { readonly service: string; readonly recipient: string },
    actor: { readonly kind: 'user'; readonly name: string },
    signal: AbortSignal,
  ): Promise<TemplateNotifyResult>;
}

export interface ServerInformation {
  version(): VersionInfo;
  settings(): Omit<Settings, 'authDisabled'>;
  /** A member of argocd-cm, '' when absent. */
  config(key: string): string;
  /** Why the server cannot do its work now; undefined: it is well. */
  problem(): string | undefined;
}
