// Flags that say what a cluster is, shared by the commands that add one, change one, or print its Secret.
import type { ClusterBody } from '../../contract/index.ts';
import type { ClusterConnection } from '../../k8s/index.ts';
import type { OptionSpecs, OptionsOf } from '../command.ts';
import { entries } from '../entries.ts';

export const clusterOptions = {
  name: { type: 'string', value: 'name', describe: 'Name of the cluster; default: that of the context' },
  namespace: { type: 'list', value: 'name', describe: 'Only this namespace is managed (may be repeated)' },
  'cluster-resources': { type: 'boolean', describe: 'With --namespace: cluster-wide resources, too' },
  project: { type: 'string', value: 'name', describe: 'Project that the cluster belongs to' },
  shard: { type: 'number', value: 'number', describe: 'Kept in the Secret; Fairlead shares work by itself' },
  label: { type: 'list', value: 'key=value', describe: 'Label of the cluster' },
  annotation: { type: 'list', value: 'key=value', isWhole: true, describe: 'Annotation of the cluster' },
} as const satisfies OptionSpecs;

export function clusterMembers(
  options: OptionsOf<typeof clusterOptions>,
): Pick<ClusterBody, 'namespaces' | 'clusterResources' | 'project' | 'shard' | 'labels' | 'annotations'> {
  const { annotation, label, namespace, project, shard } = options;
  return {
    namespaces: [...namespace],
    clusterResources: options['cluster-resources'] === true,
    project,
    shard,
    labels: entries(label, '--label'),
    annotations: entries(annotation, '--annotation'),
  };
}

/** How the server is recognised, in the words of a cluster Secret; no credential. */
export function serverTrust({ tls, proxy }: ClusterConnection): NonNullable<ClusterBody['config']> {
  const { ca, insecure, serverName } = tls;
  return {
    tlsClientConfig: {
      insecure: insecure === true,
      ...(ca === undefined ? {} : { caData: Buffer.from(ca).toString('base64') }),
      ...(serverName === undefined ? {} : { serverName }),
    },
    ...(proxy === undefined ? {} : { proxyUrl: proxy }),
  };
}
