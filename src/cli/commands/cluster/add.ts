import {
  createKubeClient,
  installManager,
  type KubeconfigConnection,
  MANAGER_ACCOUNT,
  type ManagerAccount,
  newManagerToken,
} from '../../../k8s/index.ts';
import { clusterMembers, clusterOptions, serverTrust } from '../../cluster/cluster-flags.ts';
import { connectionOfContext, kubeconfigOptions } from '../../cluster/kubeconfig.ts';
import { type CommandContext, defineCommand } from '../../command.ts';
import { CliError } from '../../errors.ts';
import { ExitCode } from '../../exit-codes.ts';
import { printResult, resultOption } from '../../result.ts';

const IN_CLUSTER = 'https://kubernetes.default.svc';

export const clusterAdd = defineCommand({
  words: 'cluster add',
  describe: 'Make a service account in a cluster of your kubeconfig and let applications be deployed there',
  positionals: ['CONTEXT'],
  options: {
    ...clusterOptions,
    ...kubeconfigOptions,
    'service-account': {
      type: 'string',
      value: 'name',
      describe: 'Use this account, which may do what is needed',
    },
    'system-namespace': {
      type: 'string',
      value: 'name',
      default: 'kube-system',
      describe: 'Namespace of the account that is made',
    },
    'in-cluster': { type: 'boolean', describe: 'The server reaches it as the cluster it runs in' },
    'proxy-url': { type: 'string', value: 'url', describe: 'Proxy on the way to the cluster' },
    upsert: { type: 'boolean', describe: 'Change it when it is there already' },
    ...resultOption,
    yes: { type: 'boolean', short: 'y', describe: 'Do not ask' },
  },
  examples: ['fairlead cluster add prod --name production', 'fairlead cluster add prod --namespace shop -y'],
  async run(context) {
    const { client, environment, options, out, positionals, signal } = context;
    const [name = ''] = positionals;
    const connection = await connectionOfContext(environment, name, options.kubeconfig);
    const { namespace } = options;
    const account = accountOf(options);
    const isOwn = options['service-account'] === undefined;
    if (isOwn) await confirm(context, name, account, options);
    const kube = createKubeClient(connection, {}, environment);
    try {
      if (isOwn) await installManager(kube, account, namespace);
      const { token } = await newManagerToken(kube, environment, account, signal);
      if (isOwn) out.note(`ServiceAccount ${account.namespace}/${account.name} may do what is needed`);
      const body = {
        ...clusterMembers(options),
        server: serverOf(connection, options['in-cluster'] === true),
        name: options.name ?? name,
        config: {
          ...serverTrust(connection),
          bearerToken: token,
          ...(options['proxy-url'] === undefined ? {} : { proxyUrl: options['proxy-url'] }),
        },
      };
      const added = await (await client()).clusters.create(body, { upsert: options.upsert === true });
      printResult(out, options.output, added, `Cluster '${added.server}' added`);
    } finally {
      await kube.close();
    }
    return ExitCode.Ok;
  },
});

interface Flags {
  readonly namespace: readonly string[];
  readonly 'service-account': string | undefined;
  readonly 'system-namespace': string;
  readonly yes: boolean | undefined;
}

function accountOf(options: Flags): ManagerAccount {
  const namespace = options['system-namespace'];
  return { namespace, name: options['service-account'] ?? MANAGER_ACCOUNT };
}

/** A server in the same cluster is reached from inside, wherever the person comes from. */
function serverOf(connection: KubeconfigConnection, isInCluster: boolean): string {
  return isInCluster ? IN_CLUSTER : connection.server;
}

async function confirm(
  { environment: { prompt, terminal } }: CommandContext,
  context: string,
  account: ManagerAccount,
  { namespace, yes }: Flags,
): Promise<void> {
  if (yes === true) return;
  const where = namespace.length === 0 ? 'with full access to the cluster' : `for ${namespace.join(', ')}`;
  const what = `ServiceAccount ${account.namespace}/${account.name} ${where} in the cluster of context ${context}`;
  if (!terminal.isInteractive)
    throw new CliError('USAGE', `Making ${what} needs a confirmation; without a terminal say --yes`, 1);
  const answer = await prompt.ask(`This makes ${what}. Go on? [y/N] `, false);
  if (!/^y(es)?$/i.test(answer.trim())) throw new CliError('FAILED', 'Nothing was changed');
}
