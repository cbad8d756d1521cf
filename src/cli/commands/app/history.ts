import type { Application } from '../../../contract/index.ts';
import { applicationId, identityOptions } from '../../application/identity.ts';
import { qualifiedName, shortRevision } from '../../application/text.ts';
import { defineCommand } from '../../command.ts';
import { ExitCode } from '../../exit-codes.ts';
import { table } from '../../output.ts';
import { formatOption } from '../../result.ts';

export const appHistory = defineCommand({
  words: 'app history',
  describe: 'Show the deployments of an application, newest last',
  positionals: ['APPNAME'],
  options: {
    ...identityOptions,
    output: formatOption('wide', 'id', 'json', 'yaml'),
  },
  async run({ client, options, positionals, out, signal }) {
    const app = await (await client()).applications.get(applicationId(positionals[0], options), undefined, {
      signal,
    });
    const history = app.status?.history ?? [];
    if (options.output === 'json') out.json(history);
    else if (options.output === 'yaml') out.yaml(history);
    else if (options.output === 'id') for (const { id } of history) out.line(String(id));
    else if (history.length === 0) out.note(`${qualifiedName(app)} was not deployed so far`);
    else out.line(historyTable(app));
    return ExitCode.Ok;
  },
});

function historyTable(app: Application): string {
  const rows = (app.status?.history ?? []).map(
    ({ id, deployedAt, revision, revisions, source, sources, initiatedBy }) => {
      const target = source?.targetRevision ?? sources?.[0]?.targetRevision ?? '';
      const at = shortRevision(revision) || (revisions ?? []).map(shortRevision).join(', ');
      const by = initiatedBy?.automated === true ? 'automated sync' : (initiatedBy?.username ?? '');
      return [String(id), deployedAt, target === '' ? at : `${target} (${at})`, by];
    },
  );
  return table(['ID', 'DATE', 'REVISION', 'BY'], rows);
}
