// Which objects have logs, and which containers a manifest names. Pure.

/** Kinds whose pods' logs are shown together. */
const WORKLOADS: ReadonlySet<string> = new Set([
  'Pod',
  'Deployment',
  'ReplicaSet',
  'StatefulSet',
  'DaemonSet',
  'Job',
  'CronJob',
  'Rollout',
]);

export function hasLogs(kind: string): boolean {
  return WORKLOADS.has(kind);
}

/** Names of the containers of a pod or of a workload's pods: the ordinary ones, then those that run first. */
export function containersOf(manifest: unknown): string[] {
  const spec = member(manifest, 'spec');
  const job = member(member(spec, 'jobTemplate'), 'spec');
  const podSpec = [
    spec,
    member(member(spec, 'template'), 'spec'),
    member(member(job, 'template'), 'spec'),
  ].find((each) => Array.isArray(member(each, 'containers')));
  return ['containers', 'initContainers'].flatMap((name) => {
    const list = member(podSpec, name);
    return Array.isArray(list) ? list.map((item) => String(member(item, 'name') ?? '')) : [];
  });
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}
