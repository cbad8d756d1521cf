// Door of the simulated controllers: what a real cluster's controller-manager, scheduler and kubelet would do to the
// objects of the embedded server, without running anything. Failures are chosen per pod, see behaviour.ts and
// docs/guides/simulated-cluster.md.
import type { Clock, Logger, Random } from '../../lib/index.ts';
import type { InternalApi } from '../internal-api.ts';
import { controllers } from './controllers.ts';
import { EventRecorder } from './event-recorder.ts';
import { defaultLatencies, type WorkloadLatencies } from './latencies.ts';
import { type PodExec, type PodExecRequest, podExec } from './pod-exec.ts';
import { type PodLogOptions, podLog } from './pod-log.ts';
import { Runtime } from './runtime.ts';
import { createStartingObjects } from './starting-objects.ts';

export type { WorkloadLatencies } from './latencies.ts';
export type { PodExec } from './pod-exec.ts';
export type { PodLogOptions } from './pod-log.ts';

export interface WorkloadDeps {
  readonly api: InternalApi;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly latencies?: Partial<WorkloadLatencies>;
}

export interface Workloads {
  /** Stops all timers and subscriptions. Objects stay as they are; a later start continues from them. */
  close(): void;
  /**
   * Lines of a container's simulated log, without line ends.
   * @throws ApiError at once when the pod, the container or the wanted instance does not exist.
   */
  podLog(
    namespace: string,
    pod: string,
    container: string | undefined,
    options: PodLogOptions,
  ): AsyncIterable<string>;
  /** A command in a simulated container. @throws ApiError when the pod or container does not exist or run. */
  podExec(request: PodExecRequest): PodExec;
}

/** Creates the node and the default storage class when absent, then runs every controller until closed. */
export function startWorkloads(deps: WorkloadDeps): Workloads {
  const latencies: WorkloadLatencies = { ...defaultLatencies, ...deps.latencies };
  createStartingObjects(deps.api, deps.clock.now());
  const events = new EventRecorder(deps);
  const runtime = new Runtime({ ...deps, latencies, events }, controllers());
  runtime.start();
  return {
    close: () => runtime.close(),
    podLog: (namespace, pod, container, options) =>
      podLog({ api: deps.api, clock: deps.clock }, { namespace, pod, container, options }),
    podExec: (request) => podExec({ api: deps.api, clock: deps.clock }, request),
  };
}
