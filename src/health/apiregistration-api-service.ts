// apiregistration.k8s.io APIService: the server behind it answers.
import type { KubeObject } from '../k8s/index.ts';
import type { Health } from '../model/index.ts';
import { conditionsOf, healthy, progressing, withRemedy } from './read.ts';

export function apiServiceHealth(object: KubeObject): Health {
  const available = conditionsOf(object).find(({ type }) => type === 'Available');
  if (available === undefined) return progressing('Waiting to be processed');
  const text = [available.reason, available.message].filter((part) => part !== '').join(': ');
  return available.status === 'True'
    ? healthy(text)
    : progressing(withRemedy(text, 'Look at the service and the pods behind it.'));
}
