// Admission of new objects into namespaces: they must exist and not be going away.
import type { Core } from '../core.ts';
import { forbidden, notFound } from '../failures.ts';
import type { ResourceName } from '../internal-api.ts';

/** @throws ApiError 404 for an unknown namespace, 403 for one that is terminating. */
export function admitIntoNamespace(core: Core, type: ResourceName, namespace: string, name: string): void {
  const stored = core.store.collection('namespaces').get('', namespace);
  if (stored === undefined) throw notFound({ group: '', resource: 'namespaces' }, namespace);
  if (stored.object.metadata.deletionTimestamp === undefined) return;
  throw forbidden(
    type,
    name,
    `unable to create new content in namespace ${namespace} because it is being terminated`,
    [
      {
        reason: 'NamespaceTerminating',
        message: `namespace ${namespace} is being terminated`,
        field: 'metadata.namespace',
      },
    ],
  );
}
