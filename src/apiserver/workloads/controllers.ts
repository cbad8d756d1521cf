// Every simulated controller, in the order their keys are handled at start.
import { deploymentController } from './deployment.ts';
import { createKubelet } from './kubelet.ts';
import type { Controller } from './plan.ts';
import { replicaSetController } from './replica-set.ts';

/** Fresh controllers; some hold memory of one run. */
export function controllers(): Controller[] {
  return [createKubelet(), deploymentController, replicaSetController];
}
