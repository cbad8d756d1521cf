// A target cluster for one test file: a Kubernetes client, the sync's port over it, and plain discovery of kinds.
import {
  apiVersionOf,
  connectionOf,
  createKubeClient,
  type GroupVersionKind,
  gvkOf,
  type KubeClient,
  KubeError,
  type KubeObject,
  type ResourceType,
} from '../../src/k8s/index.ts';
import { type TargetCluster, targetCluster } from '../../src/sync/index.ts';

export interface TestTarget {
  readonly client: KubeClient;
  readonly cluster: TargetCluster;
  typeOf(kind: GroupVersionKind): Promise<ResourceType>;
  get(object: KubeObject): Promise<KubeObject | undefined>;
  /** Requests sent so far, by verb. */
  readonly calls: string[];
  close(): Promise<void>;
}

export function testTarget(server: { readonly url: string; readonly token: string }): TestTarget {
  const client = createKubeClient(
    connectionOf({ server: server.url, bearerToken: server.token, tlsClientConfig: { insecure: true } }),
  );
  let known = new Map<string, Promise<readonly ResourceType[]>>();
  const typeOf = async (kind: GroupVersionKind): Promise<ResourceType> => {
    const version = apiVersionOf(kind);
    const listed = known.get(version) ?? discover(client, kind);
    known.set(version, listed);
    const type = (await listed).find((candidate) => candidate.kind === kind.kind);
    if (type === undefined)
      throw new KubeError('UNKNOWN_KIND', `the cluster does not serve ${version} ${kind.kind}`);
    return type;
  };
  const calls: string[] = [];
  const port = targetCluster(client, typeOf, () => {
    known = new Map();
  });
  return {
    client,
    cluster: counted(port, calls),
    typeOf,
    get: async (object) => {
      const { name = '', namespace } = object.metadata;
      return client.find(await typeOf(gvkOf(object)), { name, namespace });
    },
    calls,
    close: () => client.close(),
  };
}

async function discover(client: KubeClient, kind: GroupVersionKind): Promise<readonly ResourceType[]> {
  const path = kind.group === '' ? `/api/${kind.version}` : `/apis/${kind.group}/${kind.version}`;
  try {
    const answer = JSON.parse((await client.raw({ path })).text) as {
      resources: { name: string; kind: string; namespaced: boolean }[];
    };
    return answer.resources
      .filter(({ name }) => !name.includes('/'))
      .map(({ name, kind: named, namespaced }) => ({ ...kind, kind: named, resource: name, namespaced }));
  } catch {
    return [];
  }
}

/** The same port, noting each call as `<verb> <name>`. */
function counted(port: TargetCluster, calls: string[]): TargetCluster {
  const noted = <T>(verb: string, name: string | undefined, call: () => Promise<T>): Promise<T> => {
    calls.push(`${verb} ${name ?? ''}`);
    return call();
  };
  return {
    get: (name) => noted('get', name.name, () => port.get(name)),
    apply: (object, choice) =>
      noted(choice.dryRun === true ? 'dry-run' : 'apply', object.metadata.name, () =>
        port.apply(object, choice),
      ),
    create: (object, choice) => noted('create', object.metadata.name, () => port.create(object, choice)),
    replace: (object, choice) => noted('replace', object.metadata.name, () => port.replace(object, choice)),
    patchManagedFields: (name, list, version) =>
      noted('take-over', name.name, () => port.patchManagedFields(name, list, version)),
    patchFinalizers: (name, list, version) =>
      noted('release', name.name, () => port.patchFinalizers(name, list, version)),
    delete: (name, choice) => noted('delete', name.name, () => port.delete(name, choice)),
    kindsChanged: () => port.kindsChanged?.(),
  };
}
