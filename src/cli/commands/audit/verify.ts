import { defineCommand } from '../../command.ts';
import { CliError } from '../../errors.ts';
import { ExitCode } from '../../exit-codes.ts';

export const auditVerify = defineCommand({
  words: 'audit verify',
  describe: 'Check that no record was changed, left out or cut off. Exits 1 when one was',
  options: {
    head: {
      type: 'string',
      value: 'seq:hash',
      describe: 'What an earlier check ended with: reveals a cut or rewritten record',
    },
    from: { type: 'number', value: 'seq', describe: 'First record to check; the one before is trusted' },
    output: {
      type: 'string',
      short: 'o',
      default: '',
      value: 'format',
      choices: ['', 'json', 'yaml'],
      describe: 'Output format',
    },
  },
  examples: ['fairlead audit verify', 'fairlead audit verify --head 4711:9f86d08…'],
  async run({ client, options, out }) {
    const { head, from, output } = options;
    const [headSeq, headHash] = head === undefined ? [] : headOf(head);
    const verdict = await (await client()).audit.verify({ from, headSeq, headHash });
    if (output === 'json') out.json(verdict);
    else if (output === 'yaml') out.yaml(verdict);
    else if (verdict.ok) {
      out.line(
        `The record is whole: ${verdict.records} records checked, head ${verdict.head.seq}:${verdict.head.hash}`,
      );
    } else out.line(`The record is broken at ${verdict.seq} (${verdict.fault}): ${verdict.message}`);
    return verdict.ok ? ExitCode.Ok : ExitCode.CommandFailed;
  },
});

function headOf(text: string): readonly [string, string] {
  const match = /^(\d+):([0-9a-f]{64})$/.exec(text);
  if (match?.[1] === undefined || match[2] === undefined) {
    throw new CliError('USAGE', `--head: "${text}" is not SEQ:HASH, as an earlier check printed it`, 1);
  }
  return [match[1], match[2]];
}
