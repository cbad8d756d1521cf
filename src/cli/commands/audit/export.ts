import { CSV_HEADINGS, csvLine } from '../../audit/csv.ts';
import { auditFilters, filterQuery } from '../../audit/filters.ts';
import { defineCommand } from '../../command.ts';
import { ExitCode } from '../../exit-codes.ts';

const PAGE = 1_000;

export const auditExport = defineCommand({
  words: 'audit export',
  describe: 'Print the record, oldest first, as JSON lines or CSV',
  options: {
    ...auditFilters,
    format: { type: 'string', default: 'jsonl', choices: ['jsonl', 'csv'], describe: 'Format of the lines' },
    after: {
      type: 'number',
      value: 'seq',
      default: 0,
      describe: 'Only records after this one: goes on where an export ended',
    },
  },
  examples: [
    'fairlead audit export > audit.jsonl',
    'fairlead audit export --format csv --since 2026-01-01T00:00:00Z',
  ],
  async run({ client, options, out, signal }) {
    const { format, after, ...filters } = options;
    const query = filterQuery(filters);
    const audit = (await client()).audit;
    if (format === 'csv') out.text(`${CSV_HEADINGS}\n`);
    let records = 0;
    for (let next: number | undefined = after; next !== undefined; ) {
      signal.throwIfAborted();
      const page: Awaited<ReturnType<typeof audit.query>> = await audit.query({
        ...query,
        after: next,
        limit: PAGE,
      });
      for (const record of page.items)
        out.text(`${format === 'csv' ? csvLine(record) : JSON.stringify(record)}\n`);
      records += page.items.length;
      next = page.next;
    }
    out.note(`${records} records`);
    return ExitCode.Ok;
  },
});
