import { isRecord } from '../../../lib/index.ts';
import type { AppProject } from '../../../model/index.ts';
import { defineCommand } from '../../command.ts';
import { editUntilRight } from '../../editor.ts';
import { CliError } from '../../errors.ts';
import { ExitCode } from '../../exit-codes.ts';
import { printResult, resultOption } from '../../result.ts';

export const projEdit = defineCommand({
  words: 'proj edit',
  describe: 'Change the specification of a project in an editor',
  positionals: ['PROJECT'],
  options: resultOption,
  async run({ client, environment, options, out, positionals }) {
    const api = await client();
    const project = await api.projects.get(positionals[0] ?? '');
    const updated = await editUntilRight(environment, project.spec, async (value) => {
      if (!isRecord(value)) throw new CliError('USAGE', 'The text is no specification of a project', 1);
      return await api.projects.update({ ...project, spec: value as unknown as AppProject['spec'] });
    });
    if (updated === undefined) out.note('Edit cancelled, no changes made');
    else printResult(out, options.output, updated, `project '${updated.metadata.name}' changed`);
    return ExitCode.Ok;
  },
});
