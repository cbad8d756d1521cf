// A running API server over in-memory parts: real sockets, real sessions, a real journal, no controller. What a
// controller would know is given by `views`.
import { Registry } from 'prom-client';
import type { Account } from '../../src/access/index.ts';
import { openJournal } from '../../src/journal/index.ts';
import { CodedError, silentLogger, systemClock, systemRandom } from '../../src/lib/index.ts';
import type { Application, ApplicationSet, ResourceTree } from '../../src/model/index.ts';
import {
  type ApplicationViews,
  hashPassword,
  type LogReading,
  type LogRequest,
  type PodTerminals,
  type RunningServer,
  type ServerOptions,
  type ServerPorts,
  startServer,
} from '../../src/server/index.ts';
import { account, memoryAccounts, memoryPolicies, noProviders } from './access.ts';
import { MemoryApplicationSets } from './memory-application-sets.ts';
import { MemoryApplications } from './memory-applications.ts';
import { memoryProjects } from './memory-projects.ts';

export const PASSWORD = 'correct horse battery';
/** Making a hash costs 80 ms; one is enough for all tests of a file. */
const passwordHash = hashPassword(PASSWORD);

export interface TestServer extends AsyncDisposable {
  readonly url: string;
  readonly applications: MemoryApplications;
  readonly sets: MemoryApplicationSets;
  readonly accounts: Map<string, Account>;
  /** Requests for refresh so far, as `namespace/name level`. */
  readonly refreshes: string[];
  readonly ports: ServerPorts;
  readonly server: RunningServer;
  /** A token of the admin account. */
  signIn(): Promise<string>;
  /** Calls the API as admin and gives status and parsed body. */
  call(method: string, path: string, body?: unknown): Promise<{ status: number; body: unknown }>;
}

export interface TestServerOptions {
  readonly views?: Partial<ApplicationViews>;
  readonly ports?: Partial<ServerPorts>;
  readonly options?: Partial<ServerOptions>;
}

export async function startTestServer(given: TestServerOptions = {}): Promise<TestServer> {
  const applications = new MemoryApplications();
  const sets = new MemoryApplicationSets();
  const accounts = new Map<string, Account>([
    ['admin', account('admin', { passwordHash: await passwordHash })],
  ]);
  const refreshes: string[] = [];
  const journal = await openJournal({ clock: systemClock }, { url: 'sqlite::memory:' });
  const ports: ServerPorts = {
    applications,
    writer: applications,
    applicationSets: sets,
    views: { ...viewsOf(refreshes), ...given.views },
    actions: { list: async () => undefined, prepare: async () => undefined },
    resources: { preparePatch: async () => undefined, prepareDeletion: async () => undefined },
    logs: { open: openTestLog },
    terminals: testTerminals(),
    projects: memoryProjects(),
    clusters: {
      list: () => [
        {
          server: 'https://kubernetes.default.svc',
          name: 'in-cluster',
          connectionState: { status: 'Successful', message: '' },
        },
      ],
      save: async ({ server }) => ({
        server,
        name: server,
        connectionState: { status: 'Successful', message: '' },
      }),
      change: async (server) => ({
        server,
        name: server,
        connectionState: { status: 'Unknown', message: '' },
      }),
      rotate: async () => undefined,
      invalidateCache: async () => undefined,
      remove: async () => undefined,
    },
    repositories: noRepositories,
    writeRepositories: noRepositories,
    repositoryContents: {
      refs: async () => ({ branches: [], tags: [] }),
      apps: async () => [],
      details: async () => ({ type: 'Directory', directory: {} }),
    },
    signingKeys: {
      list: async () => [],
      get: async () => undefined,
      add: async () => ({ created: [], skipped: [] }),
      remove: async () => undefined,
    },
    accounts: memoryAccounts(accounts),
    policies: memoryPolicies(),
    sso: noProviders,
    journal,
    notifications: noNotifications,
    webhook: async ({ body }) => ({ status: 200, body: `${body.byteLength} bytes` }),
    information: {
      version: () => ({ Version: 'v0.1.0' }),
      settings: () => ({ userLoginsDisabled: false, execEnabled: false, statusBadgeEnabled: false }),
      config: () => '',
      problem: () => undefined,
    },
    metrics: new Registry(),
    clock: systemClock,
    random: systemRandom,
    log: silentLogger,
    ...given.ports,
  };
  const server = await startServer(ports, {
    host: '127.0.0.1',
    port: 0,
    auth: 'on',
    controlNamespace: 'argocd',
    uiDirectory: '/nonexistent',
    ...given.options,
  });
  let token: Promise<string> | undefined;
  const signIn = async (): Promise<string> => {
    const answer = await request(server.url, 'POST', '/api/v1/session', undefined, {
      username: 'admin',
      password: PASSWORD,
    });
    return (answer.body as { token: string }).token;
  };
  return {
    url: server.url,
    applications,
    sets,
    accounts,
    refreshes,
    ports,
    server,
    signIn,
    async call(method, path, body) {
      token ??= signIn();
      return await request(server.url, method, path, await token, body);
    },
    async [Symbol.asyncDispose]() {
      await server.close();
      await journal.close();
    },
  };
}

const noNotifications: ServerPorts['notifications'] = {
  services: () => ['slack'],
  triggers: () => [{ name: 'on-created', conditions: [] }],
  templates: () => [{ name: 'app-created', members: ['message'] }],
  problems: () => [],
  run: async () => [],
  notify: async () => ({ text: '', sent: false }),
};

/** An ApplicationSet with the members most tests need. */
export function applicationSet(name: string, project = 'default'): ApplicationSet {
  const { spec } = application('{{name}}');
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'ApplicationSet',
    metadata: { name, namespace: 'argocd' },
    spec: {
      generators: [{ list: { elements: [{ name: 'web' }] } }],
      template: { metadata: { name: '{{name}}' }, spec: { ...spec, project } },
    },
  };
}

/** An Application with the members most tests need. */
export function application(name: string, overrides: Partial<Application> = {}): Application {
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Application',
    metadata: { name, namespace: 'argocd' },
    spec: {
      project: 'default',
      source: { repoURL: 'https://git.example.com/apps.git', path: name, targetRevision: 'main' },
      destination: { server: 'https://kubernetes.default.svc', namespace: name },
    },
    ...overrides,
  };
}

export async function request(
  url: string,
  method: string,
  path: string,
  token?: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<{ status: number; headers: Headers; body: unknown }> {
  const response = await fetch(`${url}${path}`, {
    method,
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(method === 'GET' ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: parsed(text) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function viewsOf(refreshes: string[]): ApplicationViews {
  const tree: ResourceTree = {
    nodes: [{ version: 'v1', kind: 'ConfigMap', namespace: 'web', name: 'settings', uid: '1' }],
    orphanedNodes: [],
  };
  return {
    tree: async () => tree,
    watchTree: () => () => {},
    managedResources: async () => [],
    manifests: async () => ({ revision: 'a'.repeat(40), manifests: [] }),
    liveObject: async () => undefined,
    commit: async () => undefined,
    chart: async () => undefined,
    ociMetadata: async () => undefined,
    serverSideDiff: async () => ({ items: [], modified: false }),
    manifestsOf: async () => ({ revision: 'local', manifests: [] }),
    compare: async () => ({ items: [], modified: false }),
    events: async () => ({ metadata: {}, items: [] }),
    contains: async () => false,
    explain: async () => ({
      application: { namespace: 'argocd', name: 'web' },
      at: '2026-01-01T00:00:00Z',
      sync: 'Synced',
      health: 'Healthy',
      summary: 'Synced and Healthy',
      causes: [],
      moreCauses: 0,
      history: [],
      next: [],
    }),
    async requestRefresh({ metadata }, level) {
      refreshes.push(`${metadata.namespace}/${metadata.name} ${level}`);
    },
    validate: async () => [],
  };
}

/** Three lines, then the end; with `follow`, it ends with the signal or when it is closed. */
async function openTestLog(_app: Application, request: LogRequest, signal: AbortSignal): Promise<LogReading> {
  const closed = new AbortController();
  async function* lines() {
    const timeStamp = '2026-01-02T03:04:05Z';
    for (const content of ['starting', 'ready', 'GET /']) {
      yield { content, timeStamp, timeStampStr: timeStamp, podName: request.podName ?? 'web-1' };
    }
    if (!request.follow || signal.aborted || closed.signal.aborted) return;
    await new Promise<void>((resolve) => {
      signal.addEventListener('abort', () => resolve());
      closed.signal.addEventListener('abort', () => resolve());
    });
  }
  return { lines: lines(), close: () => closed.abort() };
}

/** No repository is configured, and nothing can be written. */
const noRepositories: ServerPorts['repositories'] = {
  list: async () => [],
  read: async (view) => view,
  find: () => undefined,
  save: async ({ repo }) => ({ repo, type: 'git' }),
  remove: async () => undefined,
  check: async () => ({ status: 'Unknown', message: '' }),
  charts: async () => [],
  tags: async () => [],
  templates: () => [],
  saveTemplate: async ({ url }) => ({ url, type: 'git' }),
  removeTemplate: async () => undefined,
  certificates: () => [],
  addCertificates: async () => [],
  removeCertificates: async () => [],
};

/** A shell that says back what is typed, until `exit`. */
function testTerminals(): PodTerminals {
  return {
    async find(_app, { podName, namespace = 'web', container = 'app' }) {
      if (podName === 'foreign')
        throw new CodedError('NOT_FOUND', 'on-change', 'Application web has no pod foreign');
      return {
        pod: { namespace, name: podName, uid: '1' },
        container,
        cluster: 'https://kubernetes.default.svc',
      };
    },
    async open(_app, { pod }, shells, handlers) {
      if (pod.name === 'broken') throw new CodedError('FORBIDDEN', 'on-change', 'pods "broken" is forbidden');
      handlers.output(`${shells[0]}$ `);
      return {
        write: (text) =>
          text === 'exit'
            ? handlers.ended({ isFailure: false, why: 'exit code 0' })
            : handlers.output(`[${text}]`),
        resize: ({ columns, rows }) => handlers.output(`${columns}x${rows}`),
        pause: () => {},
        resume: () => {},
        close: () => {},
      };
    },
    isThere: () => true,
  };
}
