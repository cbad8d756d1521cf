// What the server asks of pods, over the live state of clusters: which pods are an application's, and as whom the
// cluster is asked.
import { type ApplicationDeps, asAccount, type LiveCluster, resourceTree } from '../controllers/index.ts';
import { KubeError } from '../k8s/index.ts';
import { type Clock, rfc3339 } from '../lib/index.ts';
import { type Application, instanceName } from '../model/index.ts';
import {
  findTerminalPlace,
  type LogLine,
  openTerminal,
  PodLogReader,
  type PodSource,
} from '../pods/index.ts';
import type { PodLogs, PodTerminals } from '../server/index.ts';

interface PodsDeps {
  readonly clock: Clock;
  readonly application: ApplicationDeps;
}

/** Pods whose logs are shown at once, when argocd-cm does not say (`server.maxPodLogsToRender`). */
const DEFAULT_PODS = 10;
/** More are a flood that nobody reads. */
const MOST_PODS = 100;

export function podLogs({ clock, application }: PodsDeps): PodLogs {
  const reader = new PodLogReader({ clock });
  return {
    async open(app, request, signal) {
      const source = await podSource(application, app);
      const maxPods = maxPodsOf(application.config('server.maxPodLogsToRender'));
      const reading = await reader.open(source, { ...request, maxPods }, signal);
      return { lines: entriesOf(reading.lines), close: () => reading.close() };
    },
  };
}

export function podTerminals({ application }: PodsDeps): PodTerminals {
  return {
    async find(app, request, signal) {
      const source = await podSource(application, app);
      const place = await findTerminalPlace(source, { ...request, shells: [] }, signal);
      return { ...place, cluster: source.cluster };
    },
    async open(app, place, shells, handlers, signal) {
      return await openTerminal(await podSource(application, app), place, shells, handlers, signal);
    },
    isThere(app, { cluster: server, pod }) {
      const cluster = application.clusters.connected().find((each) => each.server === server);
      if (cluster === undefined) return false;
      const instance = instanceName(app, application.controlNamespace);
      return nodesOf(cluster, instance).some(({ uid }) => uid === pod.uid);
    },
  };
}

/** Rejects with KubeError `CONFIG` for an application whose cluster is not configured. */
async function podSource(
  application: ApplicationDeps,
  app: Application,
): Promise<PodSource & { readonly cluster: string }> {
  const cluster = await application.clusters.resolve(app.spec.destination);
  if (cluster === undefined) {
    throw new KubeError(
      'CONFIG',
      `Cannot reach the pods of ${app.metadata.name}: its destination cluster is not configured`,
    );
  }
  const instance = instanceName(app, application.controlNamespace);
  return {
    application: app.metadata.name ?? '',
    cluster: cluster.server,
    nodes: () => nodesOf(cluster, instance),
    onChange: (listener) =>
      cluster.onTree((changed) => {
        if (changed === instance) listener();
      }),
    ask: (call) => asAccount(application, app, cluster, call),
  };
}

function nodesOf(cluster: LiveCluster, instance: string) {
  return resourceTree(cluster.store, cluster.trackedBy(instance), [], () => undefined).nodes;
}

function maxPodsOf(text: string | undefined): number {
  const number = Number(text ?? '');
  return Number.isSafeInteger(number) && number > 0 ? Math.min(number, MOST_PODS) : DEFAULT_PODS;
}

async function* entriesOf(lines: AsyncIterable<LogLine>) {
  for await (const { content, time, podName } of lines) {
    yield {
      content,
      timeStamp: time === undefined ? null : rfc3339(time.seconds * 1000),
      timeStampStr: time?.text ?? '',
      podName,
    };
  }
}
