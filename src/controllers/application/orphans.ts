// Objects in an application's namespace that belong to nobody: shown, and warned of, when the project asks for it.
// Told only when everything in the cluster was listed; a part that could not be seen would make a wrong list.
import { describeKey } from '../../k8s/index.ts';
import {
  type Application,
  globMatches,
  instanceName,
  isKindPermitted,
  type ProjectSpec,
} from '../../model/index.ts';
import type { LiveCluster, LiveObject } from '../cluster/index.ts';
import type { Finding } from './conditions.ts';
import type { ApplicationDeps } from './deps.ts';

export type Orphans =
  /** The project does not ask. */
  | { readonly kind: 'off' }
  | { readonly kind: 'unknown'; readonly reason: string }
  | { readonly kind: 'known'; readonly objects: readonly LiveObject[] };

const NAMED = 10;
/** What every namespace has by itself. */
const ALWAYS: readonly { kind: string; name: string; namespace?: string }[] = [
  { kind: 'ServiceAccount', name: 'default' },
  { kind: 'ConfigMap', name: 'kube-root-ca.crt' },
  { kind: 'Service', name: 'kubernetes', namespace: 'default' },
];

export function orphansOf(
  deps: Pick<ApplicationDeps, 'project' | 'controlNamespace' | 'isApplication'>,
  app: Application,
  cluster: LiveCluster,
): Orphans {
  const namespace = app.spec.destination.namespace ?? '';
  const spec = deps.project(app.spec.project)?.spec;
  if (spec?.orphanedResources === undefined || namespace === '') return { kind: 'off' };
  const listed = cluster.everythingListed();
  if (listed.kind === 'incomplete') return { kind: 'unknown', reason: listed.reason };
  const own = instanceName(app, deps.controlNamespace);
  const objects = cluster.store.ownerlessIn(namespace).filter(({ instance, key }) => {
    if (instance !== undefined && (instance === own || deps.isApplication(instance))) return false;
    return !isIgnored(spec, key) && isKindPermitted(spec, key, true, key.name);
  });
  return { kind: 'known', objects };
}

/** What to say of them; an answer that is not complete changes nothing of what was said before. */
export function orphanFindings(
  app: Application,
  spec: ProjectSpec | undefined,
  orphans: Orphans,
): readonly Finding[] {
  if (orphans.kind === 'off' || spec?.orphanedResources?.warn === false) return [];
  if (orphans.kind === 'unknown') {
    return (app.status?.conditions ?? []).flatMap(({ type, message }) =>
      type === 'OrphanedResourceWarning' ? [{ type, message }] : [],
    );
  }
  const { length } = orphans.objects;
  if (length === 0) return [];
  const names = orphans.objects
    .map(({ key }) => describeKey(key))
    .sort()
    .slice(0, NAMED);
  const more = length > NAMED ? ` and ${length - NAMED} more` : '';
  return [
    {
      type: 'OrphanedResourceWarning',
      message: `Application has ${length} orphaned resources: ${names.join(', ')}${more}; add them to a source, delete them, or list them in orphanedResources.ignore of project ${app.spec.project}`,
    },
  ];
}

function isIgnored(
  { orphanedResources }: ProjectSpec,
  key: { group: string; kind: string; namespace: string; name: string },
): boolean {
  const isDefault = ALWAYS.some(
    ({ kind, name, namespace = key.namespace }) =>
      key.group === '' && kind === key.kind && name === key.name && namespace === key.namespace,
  );
  if (isDefault) return true;
  return (orphanedResources?.ignore ?? []).some(
    ({ group = '', kind = '', name = '' }) =>
      globMatches(group, key.group) &&
      (kind === '' || globMatches(kind, key.kind)) &&
      (name === '' || globMatches(name, key.name)),
  );
}
