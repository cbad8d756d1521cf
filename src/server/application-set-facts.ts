// ApplicationSets as the API shows them, and which of them a query means. Pure: objects in, objects out.
import type { z } from 'zod';
import type { ApplicationSetStreamQuery, ApplicationSetTree, ResourceNode } from '../contract/index.ts';
import { APPLICATION_API_VERSION, type Application, type ApplicationSet } from '../model/index.ts';
import { labelMatcher } from './label-selector.ts';
import { projectOfSet } from './resolve-application.ts';

/** Without the bookkeeping of server-side apply, which clients never want. */
export function applicationSetFacts(set: ApplicationSet): ApplicationSet {
  const { managedFields: _, ...metadata } = set.metadata;
  return { ...set, metadata };
}

/** Whether an ApplicationSet is asked for. Rejects a selector that cannot be read. */
export function applicationSetTest(
  query: Partial<z.output<typeof ApplicationSetStreamQuery>>,
): (set: ApplicationSet) => boolean {
  const { name = '', selector = '' } = query;
  const namespace = query.appsetNamespace || query.appSetNamespace || '';
  const projects = new Set([...(query.projects ?? []), ...(query.project ?? [])]);
  const matches = labelMatcher(selector);
  return (set) =>
    (name === '' || set.metadata.name === name) &&
    (namespace === '' || set.metadata.namespace === namespace) &&
    (projects.size === 0 || projects.has(projectOfSet(set))) &&
    matches(set.metadata.labels);
}

/** The applications of a set as a tree of one level. */
export function applicationSetTree(
  set: ApplicationSet,
  applications: readonly Application[],
): ApplicationSetTree {
  const { namespace = '', name = '', uid = '' } = set.metadata;
  const parent = { group: 'argoproj.io', version: 'v1alpha1', kind: 'ApplicationSet', namespace, name, uid };
  const own = applications.filter(({ metadata }) =>
    metadata.ownerReferences?.some((owner) => owner.uid === uid),
  );
  const nodes = own.map((app): ResourceNode => {
    const { creationTimestamp, resourceVersion } = app.metadata;
    const { status, message } = app.status?.health ?? {};
    return {
      group: 'argoproj.io',
      version: 'v1alpha1',
      kind: 'Application',
      namespace: app.metadata.namespace ?? '',
      name: app.metadata.name ?? '',
      ...(app.metadata.uid === undefined ? {} : { uid: app.metadata.uid }),
      parentRefs: [parent],
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
      ...(status === undefined ? {} : { health: { status, ...(message === undefined ? {} : { message }) } }),
      ...(typeof creationTimestamp === 'string' ? { createdAt: creationTimestamp } : {}),
    };
  });
  return { nodes: nodes.sort((a, b) => (a.name < b.name ? -1 : 1)) };
}

/** The set as it would be: with the applications it would have in its status. */
export function withPreview(set: ApplicationSet, applications: readonly Application[]): ApplicationSet {
  const [group = '', version = ''] = APPLICATION_API_VERSION.split('/');
  const resources = applications.map(({ metadata: { namespace = '', name = '' } }) => ({
    group,
    version,
    kind: 'Application',
    namespace,
    name,
  }));
  return { ...set, status: { ...set.status, resources, resourcesCount: resources.length } };
}
