// argoproj.io Workflow: its phase.
import type { KubeObject } from '../k8s/index.ts';
import type { Health } from '../model/index.ts';
import { degraded, healthy, progressing, textAt, unknown } from './read.ts';

export function workflowHealth(object: KubeObject): Health {
  const message = textAt(object, 'status', 'message');
  switch (textAt(object, 'status', 'phase') ?? '') {
    case '':
    case 'Pending':
    case 'Running':
      return progressing(message);
    case 'Succeeded':
      return healthy(message);
    case 'Failed':
    case 'Error':
      return degraded(message);
    default:
      return unknown(message);
  }
}
