// Changes members of a config map of the control namespace, making it first when there is none.
import { type KubeClient, wellKnown } from '../k8s/index.ts';

const MANAGER = { fieldManager: 'fairlead-server' } as const;

/** A member that is null goes. Rejects with `CONFLICT` when somebody else wrote meanwhile. */
export async function writeConfigMap(
  { home, namespace }: { readonly home: KubeClient; readonly namespace: string },
  name: string,
  data: Readonly<Record<string, string | null>>,
): Promise<void> {
  const existing = await home.find(wellKnown.configMaps, { namespace, name });
  if (existing === undefined) {
    const metadata = { name, namespace, labels: { 'app.kubernetes.io/part-of': 'argocd' } };
    await home.create(wellKnown.configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata, data }, MANAGER);
    return;
  }
  // The version read is named: two writers at once must not lose a key of each other.
  const { resourceVersion } = existing.metadata;
  const body = { metadata: { resourceVersion }, data };
  await home.patch(wellKnown.configMaps, { namespace, name }, { type: 'merge', body }, MANAGER);
}
