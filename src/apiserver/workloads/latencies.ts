// How long simulated steps take. Small by default so that a deployment is ready in about 300 ms.

/** Milliseconds throughout. */
export interface WorkloadLatencies {
  /** From a pod's creation to its binding to the node. */
  readonly scheduleMs: number;
  /** From binding until containers run: pulling the image, mounting, starting. */
  readonly startMs: number;
  /** How long each init container runs. */
  readonly initMs: number;
  /** From running to ready, for containers with a readiness or startup probe. */
  readonly readyMs: number;
  /** The same for pods that simulate `slow`. */
  readonly slowMs: number;
  /** How long a container of a Job (or any pod that does not restart on success) runs. */
  readonly jobMs: number;
  /** How long a crashing container runs before it exits. */
  readonly crashMs: number;
  /** First wait before a crashed container or a failed Job pod is started again; doubles each time. */
  readonly backoffMs: number;
  readonly backoffMaxMs: number;
  /** From the deletion of a pod to its end. */
  readonly terminateMs: number;
  /** Until a volume is provisioned for a claim. */
  readonly provisionMs: number;
  /** Until a load balancer or ingress address appears. */
  readonly loadBalancerMs: number;
}

export const defaultLatencies: WorkloadLatencies = {
  scheduleMs: 20,
  startMs: 180,
  initMs: 100,
  readyMs: 100,
  slowMs: 10_000,
  jobMs: 500,
  crashMs: 300,
  backoffMs: 2_000,
  backoffMaxMs: 300_000,
  terminateMs: 100,
  provisionMs: 50,
  loadBalancerMs: 200,
};
