// CustomResourceDefinitions: the names a definition gets when it leaves them out. Registration is in
// controllers/custom-resources.ts.
import { isRecord } from '../../../lib/index.ts';
import type { Prepare } from '../prepare.ts';

export const prepareCrd: Prepare = (_context, object, old) => {
  const spec = isRecord(object['spec']) ? object['spec'] : {};
  const names = isRecord(spec['names']) ? spec['names'] : {};
  const kind = typeof names['kind'] === 'string' ? names['kind'] : '';
  object['spec'] = {
    ...spec,
    conversion: spec['conversion'] ?? { strategy: 'None' },
    names: {
      ...names,
      singular: names['singular'] ?? kind.toLowerCase(),
      listKind: names['listKind'] ?? `${kind}List`,
    },
  };
  if (old !== undefined) return;
  const versions = Array.isArray(spec['versions']) ? spec['versions'].filter(isRecord) : [];
  const stored = versions.filter(({ storage }) => storage === true).map(({ name }) => String(name));
  object['status'] = { acceptedNames: { kind: '', plural: '' }, conditions: null, storedVersions: stored };
};
