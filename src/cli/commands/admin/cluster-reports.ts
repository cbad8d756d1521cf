// What administrators ask of clusters: how much is deployed to each, which namespaces are used, and the way in.
import { chmod, writeFile } from 'node:fs/promises';
import { stringify } from 'yaml';
import type { Application, Cluster } from '../../../contract/index.ts';
import { wellKnown } from '../../../k8s/index.ts';
import { isRecord } from '../../../lib/index.ts';
import { labels } from '../../../model/index.ts';
import { kubeconfigOfSecret } from '../../cluster/kubeconfig-of-secret.ts';
import { clusterOptions, openChosen } from '../../cluster-flags.ts';
import { type Command, defineCommand } from '../../command.ts';
import { CliError } from '../../errors.ts';
import { ExitCode } from '../../exit-codes.ts';
import { table } from '../../output.ts';
import { formatOption, printResult } from '../../result.ts';

const output = formatOption('', 'json', 'yaml');

interface Usage {
  readonly cluster: Cluster;
  readonly applications: number;
  readonly namespaces: readonly string[];
}

const stats = defineCommand({
  words: 'admin cluster stats',
  describe: 'Print how much is deployed to each cluster and how much of it is kept in memory',
  options: { output },
  async run({ client, options, out }) {
    const used = await usage(await client());
    const items = used.map(({ cluster, applications, namespaces }) => ({
      server: cluster.server,
      name: cluster.name,
      connection: cluster.connectionState.status,
      namespaces: namespaces.length,
      applications,
      resources: cluster.info?.cacheInfo?.resourcesCount ?? 0,
      kinds: cluster.info?.cacheInfo?.apisCount ?? 0,
    }));
    const rows = items.map((item) => Object.values(item).map(String));
    const headings = ['SERVER', 'NAME', 'CONNECTION', 'NAMESPACES', 'APPS', 'RESOURCES', 'KINDS'];
    printResult(out, options.output, items, table(headings, rows));
    return ExitCode.Ok;
  },
});

const namespaces = defineCommand({
  words: 'admin cluster namespaces',
  describe: 'Print the namespaces of each cluster that applications are deployed to',
  options: { output },
  async run({ client, options, out }) {
    const used = await usage(await client());
    const items = used.map((item) => ({ server: item.cluster.server, namespaces: item.namespaces }));
    const rows = items.flatMap((item) => item.namespaces.map((namespace) => [item.server, namespace]));
    printResult(out, options.output, items, table(['CLUSTER', 'NAMESPACE'], rows));
    return ExitCode.Ok;
  },
});

const kubeconfig = defineCommand({
  words: 'admin cluster kubeconfig',
  describe: 'Write a kubeconfig with the credential that a cluster is used with. Keep it like a password',
  positionals: ['SERVER/NAME', '[FILE]'],
  isClient: false,
  options: {
    ...clusterOptions,
    output: { ...output, default: 'yaml', choices: ['json', 'yaml'], describe: 'Format without FILE' },
  },
  examples: ['fairlead admin cluster kubeconfig production ./production.kubeconfig'],
  async run({ environment, options, out, positionals: [id = '', file] }) {
    await using home = await openChosen({ environment }, options);
    const { client, namespace } = home;
    const answer = await client.listAll(wellKnown.secrets, {
      namespace,
      labelSelector: `${labels.secretType}=cluster`,
    });
    if (answer.kind === 'incomplete') throw answer.error;
    const found = answer.items.flatMap(({ data }) => (isRecord(data) ? [valuesOf(data)] : []));
    const secret = found.find(({ server, name }) => server === id || name === id);
    if (secret === undefined) {
      const known = found.map(({ name = '', server = '' }) => name || server);
      const names = known.length === 0 ? 'there is none' : `there are ${known.slice(0, 20).join(', ')}`;
      throw new CliError('FAILED', `Namespace ${namespace} has no Secret of a cluster "${id}"; ${names}`);
    }
    const config = kubeconfigOfSecret(secret);
    if (file === undefined) printResult(out, options.output, config);
    else {
      await writeFile(file, stringify(config, { lineWidth: 0 }), { mode: 0o600 });
      // A file that was there keeps its mode otherwise.
      await chmod(file, 0o600);
      out.note(`Written to ${file}`);
    }
    return ExitCode.Ok;
  },
});

export const clusterReportCommands: readonly Command[] = [stats, namespaces, kubeconfig];

async function usage(api: {
  readonly clusters: { list(): Promise<{ readonly items: readonly Cluster[] }> };
  readonly applications: { list(): Promise<{ readonly items: readonly Application[] | null }> };
}): Promise<Usage[]> {
  const [clusters, applications] = await Promise.all([api.clusters.list(), api.applications.list()]);
  return clusters.items.map((cluster) => {
    const own = (applications.items ?? []).filter(({ spec: { destination } }) =>
      destination.server ? sameServer(destination.server, cluster.server) : destination.name === cluster.name,
    );
    const used = new Set(own.map(({ spec }) => spec.destination.namespace ?? ''));
    return {
      cluster,
      applications: own.length,
      namespaces: [...used].filter((namespace) => namespace !== '').sort(),
    };
  });
}

function sameServer(a: string, b: string): boolean {
  return a.replace(/\/+$/, '') === b.replace(/\/+$/, '');
}

function valuesOf(data: Readonly<Record<string, unknown>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(data).map(([key, value]) => [key, Buffer.from(String(value), 'base64').toString()]),
  );
}
