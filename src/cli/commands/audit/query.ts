import { auditFilters, filterQuery } from '../../audit/filters.ts';
import { defineCommand } from '../../command.ts';
import { ExitCode } from '../../exit-codes.ts';
import { table } from '../../output.ts';
import { formatOption } from '../../result.ts';

export const auditQuery = defineCommand({
  words: 'audit query',
  describe: 'Search the record of what happened, newest first',
  options: {
    ...auditFilters,
    limit: { type: 'number', default: 50, describe: 'At most so many records' },
    before: { type: 'number', value: 'seq', describe: 'Only records before this one: the next page' },
    output: formatOption('', 'json', 'yaml'),
  },
  examples: [
    'fairlead audit query --name web --action "application.*"',
    'fairlead audit query --since 2026-01-01T00:00:00Z -o json',
  ],
  async run({ client, options, out }) {
    const { output, limit, before, ...filters } = options;
    const page = await (await client()).audit.query({ ...filterQuery(filters), limit, before });
    if (output === 'json') out.json(page);
    else if (output === 'yaml') out.yaml(page);
    else {
      const rows = page.items.map(({ seq, time, actor, action, object, outcome, kind, reason }) => {
        const what = [object.kind, [object.namespace, object.name].filter(Boolean).join('/')].join(' ');
        return [
          String(seq),
          time,
          `${actor.kind}:${actor.name}`,
          action,
          what,
          outcome ?? kind,
          reason ?? '',
        ];
      });
      out.line(table(['SEQ', 'TIME', 'ACTOR', 'ACTION', 'OBJECT', 'STATE', 'REASON'], rows));
      if (page.next !== undefined) out.note(`There is more: --before ${page.next}`);
    }
    return ExitCode.Ok;
  },
});
