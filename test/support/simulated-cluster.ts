// A simulated cluster under a virtual clock: the real controllers over MemoryApi, and words to look at it.
import type { InternalApi, ResourceName } from '../../src/apiserver/internal-api.ts';
import {
  startWorkloads,
  type WorkloadLatencies,
  type Workloads,
} from '../../src/apiserver/workloads/index.ts';
import { types } from '../../src/apiserver/workloads/kinds.ts';
import type { KubeObject } from '../../src/k8s/index.ts';
import { type LogFields, type Logger, seededRandom, silentLogger } from '../../src/lib/index.ts';
import { MemoryApi } from './memory-api.ts';
import { VirtualClock } from './virtual-clock.ts';

export class SimulatedCluster {
  readonly clock = new VirtualClock();
  readonly api: MemoryApi;
  readonly errors: unknown[] = [];
  workloads: Workloads;
  private readonly latencies: Partial<WorkloadLatencies>;

  constructor(latencies: Partial<WorkloadLatencies> = {}) {
    this.latencies = latencies;
    this.api = new MemoryApi(this.clock);
    this.workloads = this.start();
  }

  /** Ends the controllers and starts new ones over the same objects. */
  restart(): void {
    this.workloads.close();
    this.workloads = this.start();
  }

  create(type: ResourceName, object: Partial<KubeObject> & Pick<KubeObject, 'metadata'>): KubeObject {
    return this.api.create(type, { apiVersion: 'v1', kind: kindOf(type), ...object });
  }

  change(type: ResourceName, name: string, change: (object: KubeObject) => void): void {
    this.api.update(type, 'default', name, change);
  }

  // biome-ignore lint/suspicious/noExplicitAny: tests look into objects of every kind
  get(type: ResourceName, name: string): any {
    return this.api.get(type, 'default', name);
  }

  // biome-ignore lint/suspicious/noExplicitAny: tests look into objects of every kind
  list(type: ResourceName): any[] {
    return [...this.api.list(type)];
  }

  /** `web: Running 1/1 restarts=0` for every pod, sorted. */
  podLines(): string[] {
    return this.list(types.pods)
      .map((pod) => {
        const statuses = pod.status?.containerStatuses ?? [];
        const ready = statuses.filter((status: { ready: boolean }) => status.ready).length;
        const waiting = statuses.map(
          (status: { state?: { waiting?: { reason?: string } } }) => status.state?.waiting?.reason,
        );
        const word = pod.metadata.deletionTimestamp
          ? 'Terminating'
          : (waiting.find(Boolean) ?? pod.status?.phase ?? '-');
        return `${pod.metadata.name}: ${word} ${ready}/${pod.spec.containers.length}`;
      })
      .sort();
  }

  /** Reasons of all events about an object, oldest first. */
  eventsAbout(name: string): string[] {
    return this.list(types.events)
      .filter((event) => event.involvedObject.name === name)
      .map((event) => `${event.type} ${event.reason}: ${event.message}`);
  }

  private start(): Workloads {
    const log: Logger = {
      ...silentLogger,
      error: (message: string, fields?: LogFields) => this.errors.push({ message, ...fields }),
    };
    const api: InternalApi = this.api;
    return startWorkloads({
      api,
      clock: this.clock,
      random: seededRandom(1),
      log,
      latencies: this.latencies,
    });
  }
}

/** A pod template with one container. */
export function template(
  options: { image?: string; labels?: Record<string, string>; spec?: object; annotations?: object } = {},
) {
  return {
    metadata: {
      labels: options.labels ?? { app: 'web' },
      ...(options.annotations === undefined ? {} : { annotations: options.annotations }),
    },
    spec: {
      containers: [{ name: 'app', image: options.image ?? 'shop/web:1' }],
      restartPolicy: 'Always',
      ...options.spec,
    },
  };
}

function kindOf(type: ResourceName): string {
  const kinds: Record<string, string> = {
    pods: 'Pod',
    deployments: 'Deployment',
    replicasets: 'ReplicaSet',
    statefulsets: 'StatefulSet',
    daemonsets: 'DaemonSet',
    jobs: 'Job',
    cronjobs: 'CronJob',
    services: 'Service',
    ingresses: 'Ingress',
    persistentvolumeclaims: 'PersistentVolumeClaim',
    persistentvolumes: 'PersistentVolume',
    horizontalpodautoscalers: 'HorizontalPodAutoscaler',
    poddisruptionbudgets: 'PodDisruptionBudget',
    apiservices: 'APIService',
    configmaps: 'ConfigMap',
    secrets: 'Secret',
  };
  return kinds[type.resource] ?? 'Object';
}
