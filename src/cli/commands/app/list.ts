import type { Application } from '../../../contract/index.ts';
import { destinationText, qualifiedName, syncPolicyText } from '../../application/text.ts';
import { defineCommand } from '../../command.ts';
import { ExitCode } from '../../exit-codes.ts';
import { table } from '../../output.ts';
import { formatOption } from '../../result.ts';

export const appList = defineCommand({
  words: 'app list',
  describe: 'List applications',
  options: {
    output: formatOption('', 'wide', 'name', 'json', 'yaml'),
    selector: {
      type: 'string',
      short: 'l',
      value: 'labels',
      describe: 'Label selector, e.g. team=web,!legacy',
    },
    project: { type: 'list', short: 'p', value: 'name', describe: 'Only applications of these projects' },
    repo: { type: 'string', short: 'r', value: 'url', describe: 'Only applications from this repository' },
    cluster: {
      type: 'list',
      short: 'c',
      value: 'cluster',
      describe: 'Only applications on this cluster (URL or name)',
    },
    'app-namespace': {
      type: 'string',
      short: 'N',
      value: 'namespace',
      describe: 'Only applications in this namespace',
    },
    sync: { type: 'list', value: 'status', describe: 'Only with this sync status' },
    health: { type: 'list', value: 'status', describe: 'Only with this health' },
    search: {
      type: 'string',
      value: 'text',
      describe: 'Only with this in name, project, repository, path, destination or labels',
    },
    sort: {
      type: 'string',
      value: 'key',
      describe: 'name, project, sync, health, created or synced; - in front turns it round',
    },
  },
  examples: ['fairlead app list -o wide', 'fairlead app list --sync OutOfSync -o name'],
  async run({ client, options, out, signal }) {
    const { output, 'app-namespace': appNamespace, ...query } = options;
    const { items } = await (await client()).applications.list({ ...query, appNamespace }, { signal });
    if (output === 'json') out.json(items);
    else if (output === 'yaml') out.yaml(items);
    else if (output === 'name') for (const app of items) out.line(qualifiedName(app));
    else out.line(listTable(items, output === 'wide'));
    return ExitCode.Ok;
  },
});

/** One line an application. */
export function listTable(apps: readonly Application[], isWide: boolean): string {
  const headings = [
    'NAME',
    'CLUSTER',
    'NAMESPACE',
    'PROJECT',
    'STATUS',
    'HEALTH',
    'SYNCPOLICY',
    'CONDITIONS',
  ];
  const rows = apps.map((app) => [
    qualifiedName(app),
    destinationText(app),
    app.spec.destination.namespace ?? '',
    app.spec.project,
    app.status?.sync?.status ?? 'Unknown',
    app.status?.health?.status ?? 'Unknown',
    syncPolicyText(app),
    (app.status?.conditions ?? []).map(({ type }) => type).join(',') || '<none>',
    ...(isWide ? sourceCells(app) : []),
  ]);
  return table(isWide ? [...headings, 'REPO', 'PATH', 'TARGET'] : headings, rows);
}

function sourceCells({ spec }: Application): string[] {
  const [source] = spec.sources ?? [spec.source];
  return [source?.repoURL ?? '', source?.path ?? source?.chart ?? '', source?.targetRevision ?? ''];
}
