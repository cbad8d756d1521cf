// Adapts the parts to what the server asks for (server/ports.ts). Only wiring: each port is a few lines over a part.
import type { Registry } from 'prom-client';
import {
  type ApplicationController,
  type ApplicationDeps,
  type ApplicationSetController,
  applicationType,
  type LiveClusters,
  listActions,
  prepareAction,
  type Settings,
} from '../controllers/index.ts';
import type { Journal } from '../journal/index.ts';
import type { KubeClient } from '../k8s/index.ts';
import type { AddressGuard, Clock, Logger, Random } from '../lib/index.ts';
import type { Application } from '../model/index.ts';
import type {
  Accounts,
  ApplicationStore,
  ApplicationWriter,
  NotificationsPort,
  Repositories,
  RepositorySecrets,
  ServerPorts,
  Webhook,
} from '../server/index.ts';
import { watchedPolicies, watchedProviders } from './access.ts';
import { applicationSetPort } from './application-sets.ts';
import { clusterStore } from './clusters.ts';
import { registerMetrics } from './metrics.ts';

import { namesIn } from './names-in.ts';
import { podLogs, podTerminals } from './pods.ts';
import { projectPort } from './projects.ts';

import { watchChanges } from './reads.ts';
import type { LeaderRefresh } from './refresh.ts';

import { repositoryContents } from './repository-contents.ts';
import { resourceWrites } from './resource-writes.ts';
import { settingsView } from './settings-view.ts';
import { signingKeys } from './signing-keys.ts';
import { uploadRenderer } from './upload.ts';
import { VERSION } from './version.ts';
import { applicationViews } from './views.ts';

export interface ServerParts {
  readonly home: KubeClient;
  readonly journal: Journal;
  readonly settings: Settings;
  readonly clusters: LiveClusters;
  readonly controller: ApplicationController;
  readonly application: ApplicationDeps;
  readonly applicationSets: ApplicationSetController;
  readonly accounts: Accounts;
  readonly metrics: Registry;
  readonly notifications: NotificationsPort;
  readonly namespace: string;
  /** Scratch files go below it. */
  readonly dataDir: string;
  readonly webhook: Webhook;
  readonly repositoryStore: Repositories;
  readonly writeRepositories: RepositorySecrets;
  readonly refresh: LeaderRefresh;
  /** Address people use, when the process was told. */
  readonly publicUrl: string | undefined;
}

export function serverPorts(
  deps: { clock: Clock; random: Random; log: Logger; guard?: AddressGuard | undefined },
  parts: ServerParts,
): ServerPorts {
  const { accounts, application, clusters, controller, home, journal, metrics, settings, webhook } = parts;
  registerMetrics(metrics, controller, parts.applicationSets);
  const maskAnnotations = (): string[] => namesIn(settings.config('resource.sensitive.mask.annotations'));
  return {
    ...deps,
    applications: applicationStore(controller),
    applicationSets: applicationSetPort({ ...deps, home, controller: parts.applicationSets }),
    writer: applicationWriter(home, controller),
    views: applicationViews({
      application,
      requestRefresh: parts.refresh.application,
      renderUpload: uploadRenderer({
        renderer: application.renderer,
        random: deps.random,
        dataDir: parts.dataDir,
        controlNamespace: application.controlNamespace,
      }),
      maskAnnotations,
    }),
    actions: {
      list: (app, id, signal) => listActions(application, app, id, signal),
      prepare: (app, id, request, signal) => prepareAction(application, app, id, request, signal),
    },
    logs: podLogs({ ...deps, application }),
    terminals: podTerminals({ ...deps, application }),
    resources: resourceWrites(application, maskAnnotations),
    projects: projectPort({ ...deps, home, settings, namespace: parts.namespace }),
    clusters: clusterStore({ ...deps, ...parts, clusters }),
    repositories: parts.repositoryStore,
    writeRepositories: parts.writeRepositories,
    repositoryContents: repositoryContents({ application, settings, tags: parts.repositoryStore.tags }),
    signingKeys: signingKeys(parts),
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
        execEnabled: settings.config('exec.enabled') === 'true',
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
    watch: (handler) => watchChanges(informer, (type, application) => handler({ type, application })),
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
