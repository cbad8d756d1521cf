// Every simulated controller, in the order their keys are handled at start.
import { apiServiceController } from './api-service.ts';
import { autoscalerController } from './autoscaler.ts';
import { cronJobController } from './cron-job.ts';
import { daemonSetController } from './daemon-set.ts';
import { deploymentController } from './deployment.ts';
import { disruptionBudgetController } from './disruption-budget.ts';
import { endpointsController } from './endpoints.ts';
import { createIngressController } from './ingress.ts';
import { jobController } from './job.ts';
import { createKubelet } from './kubelet.ts';
import type { Controller } from './plan.ts';
import { replicaSetController } from './replica-set.ts';
import { createServiceController } from './service.ts';
import { statefulSetController } from './stateful-set.ts';
import { createVolumeClaimController, volumeController } from './volume-claim.ts';

/** Fresh controllers; some hold memory of one run. Pods come first: they claim the addresses they hold. */
export function controllers(): Controller[] {
  return [
    createKubelet(),
    createServiceController(),
    deploymentController,
    replicaSetController,
    statefulSetController,
    daemonSetController,
    jobController,
    cronJobController,
    endpointsController,
    createIngressController(),
    createVolumeClaimController(),
    volumeController,
    autoscalerController,
    disruptionBudgetController,
    apiServiceController,
  ];
}
