// Objects that this application wants and another one tracks.
import { type Application, instanceName } from '../../model/index.ts';
import type { LiveCluster } from '../cluster/index.ts';
import type { Finding } from './conditions.ts';
import type { Judged } from './facts.ts';

/** One sentence for each, as Argo CD says it. */
export function sharedResources(
  app: Application,
  cluster: LiveCluster,
  judged: readonly Judged[],
  controlNamespace: string,
): string[] {
  const own = instanceName(app, controlNamespace);
  return judged.flatMap(({ change: { key, desired } }) => {
    const other = desired === undefined ? undefined : cluster.live(key)?.instance;
    if (other === undefined || other === own) return [];
    const name = `${app.metadata.namespace}/${app.metadata.name}`;
    return [
      `${key.kind}/${key.name} is part of applications ${name} and ${qualified(other, controlNamespace)}`,
    ];
  });
}

export function sharedFindings(shared: readonly string[]): Finding[] {
  return shared.map((message) => ({ type: 'SharedResourceWarning', message }));
}

function qualified(instance: string, controlNamespace: string): string {
  const at = instance.indexOf('_');
  return at < 0 ? `${controlNamespace}/${instance}` : `${instance.slice(0, at)}/${instance.slice(at + 1)}`;
}
