// argoproj.io Workflow: its phase.
import type { KubeObject } from '../k8s/index.ts';
import type { Health } from '../model/index.ts';
import { degraded, healthy, progressing, textAt, unknown, withRemedy } from './read.ts';

export function workflowHealth(object: KubeObject): Health {
  const message = textAt(object, 'status', 'message');
  switch (textAt(object, 'status', 'phase') ?? '') {
    case '':
    case 'Pending':
    case 'Running':
      return progressing(message ?? progressOf(object));
    case 'Succeeded':
      return healthy(message);
    case 'Failed':
    case 'Error':
      return degraded(
        withRemedy(message ?? 'The workflow has failed', 'Look at its failed steps and their logs.'),
      );
    default:
      return unknown(message ?? 'The workflow is in a phase nobody knows');
  }
}

/** `Running: 2/5`, as far as it is told. */
function progressOf(object: KubeObject): string {
  const phase = textAt(object, 'status', 'phase') || 'Waiting to start';
  const steps = textAt(object, 'status', 'progress');
  return steps === undefined ? phase : `${phase}: ${steps} steps are done`;
}
