// Namespaces: the finalizer that holds them until their contents are gone, the label with their name.
import { isRecord } from '../../../lib/index.ts';
import type { Prepare } from '../prepare.ts';

const NAME_LABEL = 'kubernetes.io/metadata.name';

export const prepareNamespace: Prepare = (_context, object, old) => {
  const { metadata } = object;
  object.metadata = { ...metadata, labels: { ...metadata.labels, [NAME_LABEL]: metadata.name ?? '' } };
  const spec = isRecord(object['spec']) ? object['spec'] : {};
  if (old === undefined) {
    const finalizers = Array.isArray(spec['finalizers']) ? spec['finalizers'].map(String) : [];
    object['spec'] = {
      ...spec,
      finalizers: finalizers.includes('kubernetes') ? finalizers : [...finalizers, 'kubernetes'],
    };
    object['status'] = { phase: 'Active' };
  }
};
