import type { Cluster } from '../../../contract/index.ts';
import { defineCommand } from '../../command.ts';
import { ExitCode } from '../../exit-codes.ts';
import { type Output, table } from '../../output.ts';
import { formatOption, printResult, resultOption } from '../../result.ts';

const outputOption = {
  output: formatOption('wide', 'json', 'yaml', 'server'),
} as const;

export const clusterList = defineCommand({
  words: 'cluster list',
  describe: 'List the clusters that applications can be deployed to',
  options: outputOption,
  async run({ client, options, out }) {
    const { items } = await (await client()).clusters.list();
    print(out, options.output, items, true);
    return ExitCode.Ok;
  },
});

export const clusterGet = defineCommand({
  words: 'cluster get',
  describe: 'Show one cluster, named by its server or its name',
  positionals: ['SERVER/NAME'],
  options: outputOption,
  async run({ client, options, positionals, out }) {
    print(out, options.output, [await (await client()).clusters.get(positionals[0] ?? '')], false);
    return ExitCode.Ok;
  },
});

export const clusterRemove = defineCommand({
  words: 'cluster rm',
  describe: 'Forget a cluster; nothing in it is touched',
  positionals: ['SERVER/NAME'],
  options: resultOption,
  async run({ client, options, positionals, out }) {
    const [id = ''] = positionals;
    await (await client()).clusters.delete(id);
    printResult(out, options.output, { cluster: id }, `Cluster '${id}' removed`);
    return ExitCode.Ok;
  },
});

function print(out: Output, format: string, items: readonly Cluster[], isList: boolean): void {
  const value = isList ? items : items[0];
  if (format === 'json') out.json(value);
  else if (format === 'yaml') out.yaml(value);
  else if (format === 'server') for (const { server } of items) out.line(server);
  else {
    const rows = items.map(({ server, name, serverVersion = '', connectionState, project = '' }) => [
      server,
      name,
      serverVersion,
      connectionState.status,
      connectionState.message,
      project,
    ]);
    out.line(table(['SERVER', 'NAME', 'VERSION', 'STATUS', 'MESSAGE', 'PROJECT'], rows));
  }
}
