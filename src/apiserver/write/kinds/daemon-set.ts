// DaemonSets: the annotation that counts versions of the pod template, still written for old clients.
import { isRecord, jsonEqual } from '../../../lib/index.ts';
import type { Prepare } from '../prepare.ts';

const ANNOTATION = 'deprecated.daemonset.template.generation';

export const prepareDaemonSet: Prepare = (_context, object, old) => {
  const before = Number(old?.metadata.annotations?.[ANNOTATION] ?? 0);
  const changed = old === undefined || !jsonEqual(templateOf(object), templateOf(old));
  const generation = changed ? before + 1 : before;
  object.metadata = {
    ...object.metadata,
    annotations: { ...object.metadata.annotations, [ANNOTATION]: String(Math.max(1, generation)) },
  };
};

function templateOf(object: { readonly [member: string]: unknown }): unknown {
  return isRecord(object['spec']) ? object['spec']['template'] : undefined;
}
