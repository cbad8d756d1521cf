// Service: only a load balancer has anything to wait for.
import type { KubeObject } from '../k8s/index.ts';
import type { Health } from '../model/index.ts';
import { healthy, listAt, progressing, textAt } from './read.ts';

export function serviceHealth(object: KubeObject): Health {
  if (textAt(object, 'spec', 'type') !== 'LoadBalancer') return healthy();
  return listAt(object, 'status', 'loadBalancer', 'ingress').length > 0
    ? healthy()
    : progressing(
        'Waiting for a load balancer address. Look at its events: a controller must serve its class',
      );
}
