// The typed caller of the REST API: one method per route, nothing in between.
import type {
  ActionRunRequest,
  Application,
  ApplicationList,
  ApplicationSet,
  ApplicationSetGenerateResponse,
  ApplicationSetList,
  ApplicationSetWatchEvent,
  ApplicationWatchEvent,
  ApplicationWindows,
  AppProject,
  AuditPage,
  AuditVerification,
  CertificateBody,
  CertificateList,
  Cluster,
  ClusterBody,
  ClusterList,
  CommitMetadata,
  CompareRequest,
  DetailedProject,
  EventList,
  Explanation,
  LogEntry,
  ManagedResourceList,
  ManifestResponse,
  NotificationTemplates,
  NotificationTriggers,
  PatchRequest,
  ProjectList,
  RepositoryBody,
  RepositoryList,
  RepositoryTemplateBody,
  RepositoryTemplateList,
  RepositoryTemplateView,
  RepositoryView,
  ResourceActionList,
  ResourceResponse,
  ResourceTree,
  RollbackRequest,
  ServerSideDiff,
  SessionResponse,
  Settings,
  SigningKey,
  SigningKeyList,
  SigningKeysCreated,
  SyncRequest,
  TemplateNotifyResult,
  TriggerRunResult,
  UserInfo,
  VersionInfo,
} from '../contract/index.ts';
import { accountCalls, projectTokenCalls, signInCalls } from './access-calls.ts';
import { type ClientConnection, type ClientDeps, type QueryValues, Transport } from './transport.ts';

/** Which application is meant. */
export interface ApplicationId {
  readonly name: string;
  /** Default: the server's control namespace. */
  readonly appNamespace?: string | undefined;
  readonly project?: string | undefined;
}

/** Which ApplicationSet is meant. */
export interface ApplicationSetId {
  readonly name: string;
  /** Default: the server's control namespace. */
  readonly appsetNamespace?: string | undefined;
}

export interface ReadOptions {
  readonly signal?: AbortSignal | undefined;
}

/** A look again first may take as long as a slow repository does. */
const REFRESH_MS = 180_000;
const NOTIFICATIONS = '/api/v1/fairlead/notifications';

export type Client = ReturnType<typeof createClient>;

/** Every method rejects with ClientError, or with the reason of the signal it was given. */
export function createClient(deps: ClientDeps, connection: ClientConnection) {
  const http = new Transport(deps, connection);
  return {
    server: http.server,
    version: () => http.call<VersionInfo>({ path: '/api/version' }),
    settings: () => http.call<Settings>({ path: '/api/v1/settings' }),
    session: {
      create: (username: string, password: string, connector?: string) =>
        http.call<SessionResponse>({
          method: 'POST',
          path: '/api/v1/session',
          body: { username, password, ...(connector === undefined ? {} : { connector }) },
        }),
      ...signInCalls(http),
      delete: () => http.call<object>({ method: 'DELETE', path: '/api/v1/session' }),
      userInfo: () => http.call<UserInfo>({ path: '/api/v1/session/userinfo' }),
    },
    accounts: accountCalls(http),
    applications: applicationCalls(http),
    applicationSets: applicationSetCalls(http),
    projects: {
      list: () => http.call<ProjectList>({ path: '/api/v1/projects' }),
      get: (name: string) => http.call<AppProject>({ path: `/api/v1/projects/${encodeURIComponent(name)}` }),
      detailed: (name: string) =>
        http.call<DetailedProject>({ path: `/api/v1/projects/${encodeURIComponent(name)}/detailed` }),
      create: (project: AppProject, upsert = false) =>
        http.call<AppProject>({ method: 'POST', path: '/api/v1/projects', body: { project, upsert } }),
      update: (project: AppProject) =>
        http.call<AppProject>({
          method: 'PUT',
          path: `/api/v1/projects/${encodeURIComponent(project.metadata.name ?? '')}`,
          body: { project },
        }),
      delete: (name: string) =>
        http.call<object>({ method: 'DELETE', path: `/api/v1/projects/${encodeURIComponent(name)}` }),
      ...projectTokenCalls(http),
    },
    repositories: repositoryCalls(http, ''),
    /** What is pushed with. */
    writeRepositories: repositoryCalls(http, 'write-'),
    certificates: {
      list: (query: QueryValues, { signal }: ReadOptions = {}) =>
        http.call<CertificateList>({ path: '/api/v1/certificates', query, signal }),
      create: (body: CertificateBody, query: { upsert?: boolean }) =>
        http.call<CertificateList>({ method: 'POST', path: '/api/v1/certificates', query, body }),
      delete: (query: QueryValues) =>
        http.call<CertificateList>({ method: 'DELETE', path: '/api/v1/certificates', query }),
    },
    clusters: {
      list: () => http.call<ClusterList>({ path: '/api/v1/clusters' }),
      get: (id: string) => http.call<Cluster>(clusterPath(id)),
      create: (body: ClusterBody, query: { upsert?: boolean }) =>
        http.call<Cluster>({ method: 'POST', path: '/api/v1/clusters', query, body, timeoutMs: REFRESH_MS }),
      change: (id: string, body: ClusterBody, updatedFields: readonly string[]) => {
        const { path, query } = clusterPath(id);
        return http.call<Cluster>({ method: 'PUT', path, query: { ...query, updatedFields }, body });
      },
      rotateAuth: (id: string) => {
        const { path, query } = clusterPath(id);
        return http.call<object>({
          method: 'POST',
          path: `${path}/rotate-auth`,
          query,
          timeoutMs: REFRESH_MS,
        });
      },
      invalidateCache: (id: string) => {
        const { path, query } = clusterPath(id);
        return http.call<Cluster>({ method: 'POST', path: `${path}/invalidate-cache`, query });
      },
      delete: (id: string) => http.call<object>({ method: 'DELETE', ...clusterPath(id) }),
    },
    signingKeys: {
      list: ({ signal }: ReadOptions = {}) => http.call<SigningKeyList>({ path: '/api/v1/gpgkeys', signal }),
      get: (id: string, { signal }: ReadOptions = {}) =>
        http.call<SigningKey>({ path: `/api/v1/gpgkeys/${encodeURIComponent(id)}`, signal }),
      create: (keyData: string, query: { upsert?: boolean }) =>
        http.call<SigningKeysCreated>({ method: 'POST', path: '/api/v1/gpgkeys', query, body: { keyData } }),
      delete: (keyID: string) =>
        http.call<object>({ method: 'DELETE', path: '/api/v1/gpgkeys', query: { keyID } }),
    },
    notifications: {
      templates: () => http.call<NotificationTemplates>({ path: `${NOTIFICATIONS}/templates` }),
      triggers: () => http.call<NotificationTriggers>({ path: `${NOTIFICATIONS}/triggers` }),
      run: (trigger: string, body: { application: string; appNamespace?: string }) =>
        http.call<TriggerRunResult>({
          method: 'POST',
          path: `${NOTIFICATIONS}/triggers/${encodeURIComponent(trigger)}/run`,
          body,
        }),
      notify: (
        template: string,
        body: { application: string; appNamespace?: string; destination?: string },
      ) =>
        http.call<TemplateNotifyResult>({
          method: 'POST',
          path: `${NOTIFICATIONS}/templates/${encodeURIComponent(template)}/notify`,
          body,
          timeoutMs: REFRESH_MS,
        }),
    },
    audit: {
      query: (query: QueryValues) => http.call<AuditPage>({ path: '/api/v1/fairlead/audit', query }),
      verify: (query: QueryValues = {}) =>
        http.call<AuditVerification>({ path: '/api/v1/fairlead/audit/verify', query, timeoutMs: REFRESH_MS }),
    },
  };
}

function applicationSetCalls(http: Transport) {
  const LIST = '/api/v1/applicationsets';
  const one = ({ name }: ApplicationSetId): string => `${LIST}/${encodeURIComponent(name)}`;
  const scope = ({ appsetNamespace }: ApplicationSetId): QueryValues => ({ appsetNamespace });
  return {
    list: (query: QueryValues = {}, { signal }: ReadOptions = {}) =>
      http.call<ApplicationSetList>({ path: LIST, query, signal }),
    get: (id: ApplicationSetId, { signal }: ReadOptions = {}) =>
      http.call<ApplicationSet>({ path: one(id), query: scope(id), signal }),
    create: (set: ApplicationSet, query: { upsert?: boolean; dryRun?: boolean } = {}) =>
      http.call<ApplicationSet>({ method: 'POST', path: LIST, query, body: set, timeoutMs: REFRESH_MS }),
    generate: (applicationSet: ApplicationSet, { signal }: ReadOptions = {}) =>
      http.call<ApplicationSetGenerateResponse>({
        method: 'POST',
        path: `${LIST}/generate`,
        body: { applicationSet },
        signal,
        timeoutMs: REFRESH_MS,
      }),
    delete: (id: ApplicationSetId) =>
      http.call<object>({ method: 'DELETE', path: one(id), query: scope(id) }),
    /** Changes as they happen; begins with the present state. @param onOpen as for applications */
    watch: (query: QueryValues, signal?: AbortSignal, onOpen?: () => void) =>
      http.lines<ApplicationSetWatchEvent>({ path: '/api/v1/stream/applicationsets', query, signal }, onOpen),
  };
}

/** What looks like a URL is a server, everything else a name. */
function clusterPath(id: string): { path: string; query: QueryValues } {
  const type = /^https?:\/\//.test(id) ? 'url' : 'name';
  return { path: `/api/v1/clusters/${encodeURIComponent(id)}`, query: { 'id.type': type } };
}

function repositoryCalls(http: Transport, of: '' | 'write-') {
  const REPOSITORIES = `/api/v1/${of}repositories`;
  const TEMPLATES = `/api/v1/${of}repocreds`;
  const at = (base: string, url: string): string => `${base}/${encodeURIComponent(url)}`;
  return {
    list: (query: QueryValues = {}, { signal }: ReadOptions = {}) =>
      http.call<RepositoryList>({ path: REPOSITORIES, query, signal }),
    get: (url: string, query: QueryValues = {}, { signal }: ReadOptions = {}) =>
      http.call<RepositoryView>({ path: at(REPOSITORIES, url), query, signal }),
    create: (body: RepositoryBody, query: { upsert?: boolean } = {}) =>
      http.call<RepositoryView>({ method: 'POST', path: REPOSITORIES, query, body }),
    delete: (url: string, query: QueryValues = {}) =>
      http.call<object>({ method: 'DELETE', path: at(REPOSITORIES, url), query }),
    templates: ({ signal }: ReadOptions = {}) =>
      http.call<RepositoryTemplateList>({ path: TEMPLATES, signal }),
    createTemplate: (body: RepositoryTemplateBody, query: { upsert?: boolean } = {}) =>
      http.call<RepositoryTemplateView>({ method: 'POST', path: TEMPLATES, query, body }),
    deleteTemplate: (url: string) => http.call<object>({ method: 'DELETE', path: at(TEMPLATES, url) }),
  };
}

function applicationCalls(http: Transport) {
  const LIST = '/api/v1/applications';
  const one = (id: ApplicationId, rest = ''): string => `${LIST}/${encodeURIComponent(id.name)}${rest}`;
  const scope = ({ appNamespace, project }: ApplicationId): QueryValues => ({ appNamespace, project });
  const read = <T>(id: ApplicationId, rest: string, query: QueryValues, { signal }: ReadOptions) =>
    http.call<T>({ path: one(id, rest), query: { ...scope(id), ...query }, signal, timeoutMs: REFRESH_MS });
  const post = (id: ApplicationId, rest: string, body: object) =>
    http.call<Application>({ method: 'POST', path: one(id, rest), body: { ...body, ...id } });
  return {
    list: (query: QueryValues = {}, { signal }: ReadOptions = {}) =>
      http.call<ApplicationList>({ path: LIST, query, signal }),
    get: (id: ApplicationId, refresh?: 'normal' | 'hard', options: ReadOptions = {}) =>
      read<Application>(id, '', { refresh }, options),
    create: (application: Application, query: { upsert?: boolean; validate?: boolean } = {}) =>
      http.call<Application>({ method: 'POST', path: LIST, query, body: application, timeoutMs: REFRESH_MS }),
    update: (application: Application, query: { validate?: boolean } = {}) => {
      const { name = '', namespace } = application.metadata;
      const id = { name, appNamespace: namespace };
      return http.call<Application>({
        method: 'PUT',
        path: one(id),
        query: { ...scope(id), ...query },
        body: application,
        timeoutMs: REFRESH_MS,
      });
    },
    patch: (id: ApplicationId, body: Pick<PatchRequest, 'patch' | 'patchType'>) =>
      http.call<Application>({
        method: 'PATCH',
        path: one(id),
        query: scope(id),
        body: { ...body, name: id.name },
      }),
    delete: (id: ApplicationId, query: { cascade?: boolean; propagationPolicy?: string } = {}) =>
      http.call<object>({ method: 'DELETE', path: one(id), query: { ...scope(id), ...query } }),
    sync: (id: ApplicationId, body: SyncRequest) => post(id, '/sync', body),
    rollback: (id: ApplicationId, body: RollbackRequest) => post(id, '/rollback', body),
    release: (id: ApplicationId) =>
      http.call<Application>({ method: 'DELETE', path: one(id, '/hold'), query: scope(id) }),
    confirmDeletion: (id: ApplicationId) => post(id, '/confirm-deletion', {}),
    terminate: (id: ApplicationId) =>
      http.call<object>({ method: 'DELETE', path: one(id, '/operation'), query: scope(id) }),
    manifests: (id: ApplicationId, query: QueryValues = {}, options: ReadOptions = {}) =>
      read<ManifestResponse>(id, '/manifests', query, options),
    managedResources: (id: ApplicationId, options: ReadOptions = {}) =>
      read<ManagedResourceList>(id, '/managed-resources', {}, options),
    explain: (id: ApplicationId, options: ReadOptions = {}) =>
      http.call<Explanation>({
        path: `/api/v1/fairlead/applications/${encodeURIComponent(id.name)}/explain`,
        query: scope(id),
        signal: options.signal,
        timeoutMs: REFRESH_MS,
      }),
    tree: (id: ApplicationId, options: ReadOptions = {}) =>
      read<ResourceTree>(id, '/resource-tree', {}, options),
    actions: (id: ApplicationId, query: QueryValues, options: ReadOptions = {}) =>
      read<ResourceActionList>(id, '/resource/actions', query, options),
    runAction: (id: ApplicationId, body: Omit<ActionRunRequest, 'name'>) =>
      http.call<object>({
        method: 'POST',
        path: one(id, '/resource/actions/v2'),
        body: { ...body, ...id },
        timeoutMs: REFRESH_MS,
      }),
    resource: (id: ApplicationId, query: QueryValues, options: ReadOptions = {}) =>
      read<ResourceResponse>(id, '/resource', query, options),
    patchResource: (id: ApplicationId, query: QueryValues, patch: string) =>
      http.call<ResourceResponse>({
        method: 'POST',
        path: one(id, '/resource'),
        query: { ...scope(id), ...query },
        body: patch,
        timeoutMs: REFRESH_MS,
      }),
    deleteResource: (id: ApplicationId, query: QueryValues) =>
      http.call<object>({
        method: 'DELETE',
        path: one(id, '/resource'),
        query: { ...scope(id), ...query },
        timeoutMs: REFRESH_MS,
      }),
    compare: (id: ApplicationId, body: CompareRequest, { signal }: ReadOptions = {}) =>
      http.call<ServerSideDiff>({
        method: 'POST',
        path: `/api/v1/fairlead/applications/${encodeURIComponent(id.name)}/compare`,
        query: scope(id),
        body,
        signal,
        timeoutMs: REFRESH_MS,
      }),
    commit: (id: ApplicationId, revision: string, options: ReadOptions = {}) =>
      read<CommitMetadata>(id, `/revisions/${encodeURIComponent(revision)}/metadata`, {}, options),
    windows: (id: ApplicationId, options: ReadOptions = {}) =>
      read<ApplicationWindows>(id, '/syncwindows', {}, options),
    events: (id: ApplicationId, query: QueryValues = {}, options: ReadOptions = {}) =>
      read<EventList>(id, '/events', query, options),
    /**
     * Changes as they happen; begins with the present state unless `resourceVersion` says where to go on.
     * @param onOpen called once no change can be missed any more: what is read from then on is older than no event
     */
    watch: (query: QueryValues, signal?: AbortSignal, onOpen?: () => void) =>
      http.lines<ApplicationWatchEvent>({ path: '/api/v1/stream/applications', query, signal }, onOpen),
    logs: (id: ApplicationId, query: QueryValues, signal?: AbortSignal) =>
      http.lines<LogEntry>({ path: one(id, '/logs'), query: { ...scope(id), ...query }, signal }),
  };
}
