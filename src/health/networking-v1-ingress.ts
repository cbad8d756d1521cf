// networking.k8s.io and extensions Ingress: somebody serves it.
import type { KubeObject } from '../k8s/index.ts';
import type { Health } from '../model/index.ts';
import { healthy, listAt, progressing } from './read.ts';

export function ingressHealth(object: KubeObject): Health {
  return listAt(object, 'status', 'loadBalancer', 'ingress').length > 0
    ? healthy()
    : progressing('Waiting for an ingress controller to publish an address. Look at its ingress class');
}
