// Adapts the parts to what the server asks for (server/ports.ts). Only wiring: each port is a few lines over a part.
import { createInterface } from 'node:readline';
import type { Registry } from 'prom-client';
import type { LogEntry } from '../contract/index.ts';
import {
  type ApplicationController,
  type ApplicationDeps,
  applicationType,
  type LiveClusters,
  listActions,
  prepareAction,
  resourceTree,
  type Settings,
} from '../controllers/index.ts';
import type { Journal } from '../journal/index.ts';
import { type KubeClient, KubeError } from '../k8s/index.ts';
import type { Clock, Logger, Random } from '../lib/index.ts';
import { type Application, instanceName } from '../model/index.ts';
import type {
  Accounts,
  ApplicationStore,
  ApplicationWriter,
  LogRequest,
  NotificationsPort,
  PodLogs,
  Repositories,
  ServerPorts,
  Webhook,
} from '../server/index.ts';
import { watchedPolicies, watchedProviders } from './access.ts';
import { clusterStore } from './clusters.ts';
import { registerMetrics } from './metrics.ts';

import { projectPort } from './projects.ts';

import type { LeaderRefresh } from './refresh.ts';

import { resourceWrites } from './resource-writes.ts';
import { settingsView } from './settings-view.ts';
import { VERSION } from './version.ts';
import { applicationViews } from './views.ts';

export interface ServerParts {
  readonly home: KubeClient;
  readonly journal: Journal;
  readonly settings: Settings;
  readonly clusters: LiveClusters;
  readonly controller: ApplicationController;
  readonly application: ApplicationDeps;
  readonly accounts: Accounts;
  readonly metrics: Registry;
  readonly notifications: NotificationsPort;
  readonly namespace: string;
  readonly webhook: Webhook;
  readonly repositoryStore: Repositories;
  readonly refresh: LeaderRefresh;
  /** Address people use, when the process was told. */
  readonly publicUrl: string | undefined;
}

export function serverPorts(
  deps: { clock: Clock; random: Random; log: Logger },
  parts: ServerParts,
): ServerPorts {
  const { accounts, application, clusters, controller, home, journal, metrics, settings, webhook } = parts;
  registerMetrics(metrics, controller);
  const maskAnnotations = (): string[] => namesIn(settings.config('resource.sensitive.mask.annotations'));
  return {
    ...deps,
    applications: applicationStore(controller),
    writer: applicationWriter(home, controller),
    views: applicationViews({
      application,
      requestRefresh: parts.refresh.application,
      maskAnnotations,
    }),
    actions: {
      list: (app, id, signal) => listActions(application, app, id, signal),
      prepare: (app, id, request, signal) => prepareAction(application, app, id, request, signal),
    },
    resources: resourceWrites(application, maskAnnotations),
    logs: podLogs(application),
    projects: projectPort({ ...deps, home, settings, namespace: parts.namespace }),
    clusters: clusterStore({ ...deps, ...parts, clusters }),
    repositories: parts.repositoryStore,
    accounts,
    policies: watchedPolicies(settings, deps.log),
    sso: watchedProviders(settings, { ...deps, publicUrl: parts.publicUrl }),
    journal,
    notifications: parts.notifications,
    webhook,
    information: {
      version: () => ({
        Version: `v${VERSION}`,
        BuildDate: '',
        GitCommit: '',
        GitTreeState: '',
        GoVersion: '',
        Compiler: '',
        Platform: `${process.platform}/${process.arch}`,
      }),
      settings: () => ({
        url: settings.config('url') ?? '',
        appLabelKey: 'app.kubernetes.io/instance',
        trackingMethod: 'annotation',
        controllerNamespace: parts.namespace,
        userLoginsDisabled: accounts
          .list()
          .every(({ enabled, capabilities }) => !enabled || !capabilities.includes('login')),
        execEnabled: false,
        ...settingsView(settings),
      }),
      config: (key) => settings.config(key) ?? '',
      problem() {
        const { reason } = controller.applications.state;
        return reason === undefined ? undefined : `Applications cannot be read: ${reason}`;
      },
    },
    metrics,
  };
}

function applicationStore(controller: ApplicationController): ApplicationStore {
  const informer = controller.applications;
  return {
    isSynced: () => informer.state.synced,
    list: () => [...informer.values()],
    isServed: (namespace) => informer.isServed(namespace),
    get: (namespace, name) => controller.current(`${namespace}/${name}`),
    resourceVersion: () => informer.resourceVersion,
    watch(handler) {
      let isReplay = true;
      const off = informer.subscribe((change) => {
        // A subscription begins with what is there already; the store shows that by itself.
        if (isReplay) return;
        const type = change.kind === 'add' ? 'ADDED' : change.kind === 'update' ? 'MODIFIED' : 'DELETED';
        handler({ type, application: change.object });
      });
      isReplay = false;
      return off;
    },
  };
}

const MANAGER = { fieldManager: 'fairlead-server' } as const;

function applicationWriter(home: KubeClient, controller: ApplicationController): ApplicationWriter {
  const noted = (app: Application): Application => {
    controller.wrote(app);
    return app;
  };
  return {
    create: async (app) => noted(await home.create(applicationType, app, MANAGER)),
    patch: async (namespace, name, body) =>
      noted(
        await home.patch<Application>(applicationType, { namespace, name }, { type: 'merge', body }, MANAGER),
      ),
    async delete(namespace, name, preconditions) {
      await home.delete(applicationType, { namespace, name }, preconditions);
    },
  };
}

/** Logs of more pods than this would be a flood nobody reads. */
const MAX_PODS = 20;

function podLogs(application: ApplicationDeps): PodLogs {
  return {
    async *open(app, request, signal) {
      const cluster = await application.clusters.resolve(app.spec.destination);
      if (cluster === undefined) {
        throw new KubeError(
          'CONFIG',
          `Cannot read logs of ${app.metadata.name}: its destination cluster is not configured`,
        );
      }
      const roots = cluster.trackedBy(instanceName(app, application.controlNamespace));
      const tree = resourceTree(cluster.store, roots, [], () => undefined);
      const pods = tree.nodes.filter(
        (node) => node.kind === 'Pod' && (node.group ?? '') === '' && matches(node, request),
      );
      const open = pods
        .slice(0, MAX_PODS)
        .map(({ name, namespace }) => podLines(cluster.client, { name, namespace }, request, signal));
      yield* merged(open);
    },
  };
}

type Line = Omit<LogEntry, 'last'>;

async function* podLines(
  client: KubeClient,
  pod: { readonly name: string; readonly namespace?: string | undefined },
  request: LogRequest,
  signal: AbortSignal,
): AsyncGenerator<Line> {
  const { container, follow, previous, sinceSeconds, sinceTime, tailLines } = request;
  const options = {
    container,
    follow,
    previous,
    sinceSeconds,
    sinceTime,
    tailLines,
    timestamps: true,
    signal,
  };
  const stream = await client.logs(pod, options);
  for await (const line of createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY })) {
    yield entryOf(line, pod.name);
  }
}

/** Lines of all pods as they come; one pod that says nothing does not hold the others up. */
async function* merged(sources: readonly AsyncGenerator<Line>[]): AsyncGenerator<Line> {
  const next = (index: number): Promise<{ index: number; step: IteratorResult<Line> }> =>
    (sources[index] as AsyncGenerator<Line>).next().then((step) => ({ index, step }));
  const waiting = new Map(sources.map((_, index) => [index, next(index)]));
  try {
    while (waiting.size > 0) {
      const { index, step } = await Promise.race(waiting.values());
      if (step.done === true) waiting.delete(index);
      else {
        waiting.set(index, next(index));
        yield step.value;
      }
    }
  } finally {
    await Promise.allSettled(sources.map((source) => source.return(undefined)));
  }
}

function matches(
  node: {
    readonly name: string;
    readonly namespace?: string | undefined;
    readonly parentRefs?: readonly { kind: string; name: string }[] | undefined;
  },
  request: LogRequest,
): boolean {
  if (request.namespace !== undefined && request.namespace !== '' && node.namespace !== request.namespace)
    return false;
  if (request.podName !== undefined && request.podName !== '') return node.name === request.podName;
  const { resource } = request;
  if (resource === undefined || resource.kind === '') return true;
  return node.name === resource.name || node.name.startsWith(`${resource.name}-`);
}

function entryOf(line: string, podName: string): Omit<LogEntry, 'last'> {
  const space = line.indexOf(' ');
  const time = line.slice(0, Math.max(0, space));
  const hasTime = /^\d{4}-\d{2}-\d{2}T/.test(time);
  return {
    content: hasTime ? line.slice(space + 1) : line,
    ...(hasTime ? { timeStamp: time } : {}),
    timeStampStr: hasTime ? time : '',
    podName,
  };
}

function namesIn(text = ''): string[] {
  return text.split(',').flatMap((name) => (name.trim() === '' ? [] : [name.trim()]));
}
