import { clusterOptions } from '../../cluster/cluster-flags.ts';
import { defineCommand } from '../../command.ts';
import { entries } from '../../entries.ts';
import { CliError } from '../../errors.ts';
import { ExitCode } from '../../exit-codes.ts';
import { printResult, resultOption } from '../../result.ts';

const { name, namespace, label, annotation } = clusterOptions;

export const clusterSet = defineCommand({
  words: 'cluster set',
  describe: 'Change name, namespaces, labels or annotations of a cluster; how it is reached stays',
  positionals: ['NAME'],
  options: {
    name: { ...name, describe: 'New name' },
    namespace: { ...namespace, describe: "Managed namespaces; '*' stands for all (may be repeated)" },
    label,
    annotation,
    ...resultOption,
  },
  examples: ['fairlead cluster set prod --name production --namespace shop --label tier=1'],
  async run({ client, options, positionals, out }) {
    const [id = ''] = positionals;
    const api = await client();
    const { server } = await api.clusters.get(id);
    const changes = {
      ...(options.name === undefined ? {} : { name: options.name }),
      ...(options.namespace.length === 0
        ? {}
        : { namespaces: options.namespace.includes('*') ? [] : [...options.namespace] }),
      ...(options.label.length === 0 ? {} : { labels: entries(options.label, '--label') }),
      ...(options.annotation.length === 0
        ? {}
        : { annotations: entries(options.annotation, '--annotation') }),
    };
    const fields = Object.keys(changes);
    if (fields.length === 0)
      throw new CliError('USAGE', 'Say what to change: --name, --namespace, --label or --annotation', 1);
    const changed = await api.clusters.change(id, { server, ...changes }, fields);
    printResult(out, options.output, changed, `Cluster '${id}' updated`);
    return ExitCode.Ok;
  },
});

export const clusterRotateAuth = defineCommand({
  words: 'cluster rotate-auth',
  describe: 'Give the service account of a cluster a new token and end the old one',
  positionals: ['SERVER/NAME'],
  options: resultOption,
  async run({ client, options, positionals, out }) {
    const [id = ''] = positionals;
    const { clusters } = await client();
    await clusters.rotateAuth(id);
    const cluster = options.output === '' ? undefined : await clusters.get(id);
    printResult(out, options.output, cluster, `Cluster '${id}' rotated auth`);
    return ExitCode.Ok;
  },
});
