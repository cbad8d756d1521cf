// What is told about the control plane's work, beside the page: events, audit of the configuration, notifications,
// metrics, traces. Nothing here decides or changes anything about applications.
import type { Registry } from 'prom-client';
import {
  type ApplicationController,
  type ApplicationDeps,
  type ApplicationSetController,
  EventRecorder,
  type LiveClusters,
  type RepositoryTracker,
  type Settings,
} from '../../controllers/index.ts';
import type { Journal } from '../../journal/index.ts';
import type { KubeClient } from '../../k8s/index.ts';
import { registerObservedMetrics } from './measures.ts';
import { type NotificationParts, type RunningNotifications, startNotifications } from './notifications.ts';
import { type Taps, tapOperations } from './taps.ts';
import { watchApplications } from './watch-applications.ts';

export interface ObservabilityParts {
  readonly home: KubeClient;
  readonly journal: Journal;
  readonly settings: Settings;
  readonly clusters: LiveClusters;
  readonly repositories: RepositoryTracker;
  readonly controller: ApplicationController;
  readonly application: ApplicationDeps;
  readonly applicationSets: ApplicationSetController;
  readonly registry: Registry;
}

export interface RunningObservability {
  readonly notifications: RunningNotifications['port'];
  stop(): Promise<void>;
}

export function startObservability(
  deps: Pick<NotificationParts, 'clock' | 'random' | 'log' | 'guard'>,
  taps: Taps,
  parts: ObservabilityParts,
): RunningObservability {
  const { measures, specManagers } = taps;
  const { application, home, registry } = parts;
  const events = new EventRecorder({ ...deps, client: home });
  const { leadership } = application;
  const keyOf = (url: string): string => application.repositoryKey(url);
  const onOperation = tapOperations(taps, { repositories: parts.repositories, keyOf });
  const onRecord = watchApplications({ ...deps, ...parts, events, leadership, specManagers, onOperation });
  const notifications = startNotifications({ ...deps, ...parts, events, metrics: measures });
  registerObservedMetrics(registry, { ...parts, events, measures, notifications: notifications.controller });
  taps.onRecord = (record) => {
    onRecord(record);
    measures.recorded(record);
  };
  return {
    notifications: notifications.port,
    async stop() {
      taps.onRecord = undefined;
      await notifications.stop();
      await events.stop();
    },
  };
}
