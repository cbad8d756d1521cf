import { readHead } from '../../audit/head.ts';
import { defineCommand } from '../../command.ts';
import { ExitCode } from '../../exit-codes.ts';
import { formatOption } from '../../result.ts';

export const auditVerify = defineCommand({
  words: 'audit verify',
  describe: 'Check that no record was changed, left out or cut off. Exits 1 when one was',
  options: {
    head: {
      type: 'string',
      value: 'file|hash',
      describe:
        'What an earlier check ended with, as SEQ:HASH or hash, or a file with it or an export: reveals a cut or rewritten record',
    },
    from: { type: 'number', value: 'seq', describe: 'First record to check; the one before is trusted' },
    output: formatOption('', 'json', 'yaml'),
  },
  examples: [
    'fairlead audit verify',
    'fairlead audit verify -o json > head.json',
    'fairlead audit verify --head head.json',
    'fairlead audit verify --head 4711:9f86d08…',
  ],
  async run({ client, options, out }) {
    const { head, from, output } = options;
    const kept = head === undefined ? {} : await readHead(head);
    const verdict = await (await client()).audit.verify({ from, ...kept });
    if (output === 'json') out.json(verdict);
    else if (output === 'yaml') out.yaml(verdict);
    else if (verdict.ok) {
      out.line(
        `The record is whole: ${verdict.records} records checked, head ${verdict.head.seq}:${verdict.head.hash}`,
      );
      if (verdict.prunedThrough !== undefined) {
        out.note(`Records up to ${verdict.prunedThrough} were pruned by the retention, as the record says`);
      }
      if (verdict.headPruned === true)
        out.note('The head kept outside is older than that and could not be compared');
    } else out.line(`The record is broken at ${verdict.seq} (${verdict.fault}): ${verdict.message}`);
    return verdict.ok ? ExitCode.Ok : ExitCode.CommandFailed;
  },
});
