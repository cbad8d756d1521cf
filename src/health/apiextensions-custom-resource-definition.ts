// apiextensions.k8s.io CustomResourceDefinition: its kind is served under the names it asked for.
import type { KubeObject } from '../k8s/index.ts';
import type { Health } from '../model/index.ts';
import { conditionsOf, degraded, healthy, progressing, withRemedy } from './read.ts';

export function customResourceDefinitionHealth(object: KubeObject): Health {
  const conditions = new Map(conditionsOf(object).map((condition) => [condition.type, condition]));
  if (conditions.size === 0) return progressing('Waiting for the definition to be processed');
  if (conditions.get('Terminating')?.status === 'True') return progressing('The definition is terminating');
  const names = conditions.get('NamesAccepted');
  if (names?.status === 'False')
    return degraded(
      withRemedy(`Names have not been accepted: ${names.message}`, 'Another definition has them.'),
    );
  const schema = conditions.get('NonStructuralSchema');
  if (schema?.status === 'True')
    return degraded(withRemedy(`The schema is not structural: ${schema.message}`, 'Correct the schema.'));
  const established = conditions.get('Established');
  if (established?.status === 'True') return healthy();
  // For a moment after its creation every definition is being installed.
  if (established === undefined || established.reason === 'Installing')
    return progressing('Waiting to be established');
  return degraded(`Not established: ${established.message}`);
}
