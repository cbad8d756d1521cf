// Cluster Secrets and kubeconfigs without a server.
import { createKubeClient, newManagerToken } from '../../../k8s/index.ts';
import { clusterMembers, clusterOptions, serverTrust } from '../../cluster/cluster-flags.ts';
import { connectionOfContext, kubeconfigOptions } from '../../cluster/kubeconfig.ts';
import { defineCommand } from '../../command.ts';
import { CliError } from '../../errors.ts';
import { ExitCode } from '../../exit-codes.ts';
import { formatOption } from '../../result.ts';
import { secretManifest } from '../../secret-manifest.ts';

export const adminClusterGenerateSpec = defineCommand({
  words: 'admin cluster generate-spec',
  describe:
    'Print the Secret of a cluster of your kubeconfig, without a server; nothing is changed in the cluster',
  positionals: ['CONTEXT'],
  isClient: false,
  options: {
    ...clusterOptions,
    ...kubeconfigOptions,
    'bearer-token': { type: 'string', value: 'text', describe: 'Token by which the cluster is used' },
    'service-account': {
      type: 'string',
      value: 'name',
      describe: 'Ask for a token of this existing account instead (makes a Secret in the cluster)',
    },
    'system-namespace': {
      type: 'string',
      value: 'name',
      default: 'kube-system',
      describe: 'Namespace of that account',
    },
    output: formatOption('yaml', 'json'),
  },
  examples: ['fairlead admin cluster generate-spec prod --bearer-token … > cluster.yaml'],
  async run({ environment, options, positionals, out, signal }) {
    const [context = ''] = positionals;
    const connection = await connectionOfContext(environment, context, options.kubeconfig);
    const account = options['service-account'];
    let token = options['bearer-token'];
    if ((token === undefined) === (account === undefined))
      throw new CliError('USAGE', 'Give one of --bearer-token and --service-account', 1);
    if (account !== undefined) {
      const kube = createKubeClient(connection, {}, environment);
      try {
        const owner = { namespace: options['system-namespace'], name: account };
        token = (await newManagerToken(kube, environment, owner, signal)).token;
      } finally {
        await kube.close();
      }
    }
    const { labels, annotations, namespaces, ...members } = clusterMembers(options);
    const secret = secretManifest('cluster', options.name ?? context, {
      name: options.name ?? context,
      server: connection.server,
      namespaces: (namespaces ?? []).join(','),
      ...members,
      config: JSON.stringify({ ...serverTrust(connection), bearerToken: token }),
    });
    const metadata = {
      ...secret.metadata,
      labels: { ...labels, ...secret.metadata.labels },
      ...(Object.keys(annotations ?? {}).length === 0 ? {} : { annotations }),
    };
    const manifest = { ...secret, metadata };
    if (options.output === 'json') out.json(manifest);
    else out.yaml(manifest);
    return ExitCode.Ok;
  },
});
