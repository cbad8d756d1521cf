// What a sync cannot do, in words with a remedy. Reads the errors of the cluster port, throws none itself.
import { describeKey } from '../k8s/index.ts';
import { messageOf } from '../lib/index.ts';
import { codeOf } from './port.ts';
import type { SyncTask } from './task.ts';

const IMMUTABLE = /field is immutable|may not be (changed|updated)|updates to .* are forbidden|is immutable/i;
const NO_NAMESPACE = /namespaces? "([^"]+)" not found/;
const UNKNOWN_FIELD = /field not declared in schema|unknown field/;

/** True when the server refuses because the field can only be set at creation. */
export function isImmutable(error: unknown): boolean {
  return codeOf(error) === 'INVALID' && IMMUTABLE.test(messageOf(error));
}

/** One sentence for a task's result. */
export function taskFailure(task: SyncTask, error: unknown): string {
  const text = messageOf(error);
  const remedy = remedyFor(task, error, text);
  return remedy === '' ? text : `${text}. ${remedy}`;
}

function remedyFor(task: SyncTask, error: unknown, text: string): string {
  if (isImmutable(error)) {
    return (
      `To change it, delete ${describeKey(task.key)}, or annotate it with ` +
      'argocd.argoproj.io/sync-options: Force=true,Replace=true to have it deleted and created anew'
    );
  }
  if (NO_NAMESPACE.test(text)) {
    return 'Create the namespace, add it to the source, or set the sync option CreateNamespace=true';
  }
  if (UNKNOWN_FIELD.test(text)) {
    return 'Correct the manifest, or set the sync option Validate=false to send it as it is';
  }
  return '';
}
