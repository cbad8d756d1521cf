import { applicationId, identityOptions } from '../../application/identity.ts';
import { defineCommand } from '../../command.ts';
import { ExitCode } from '../../exit-codes.ts';
import { printResult, resultOption } from '../../result.ts';

export const appConfirmDeletion = defineCommand({
  words: 'app confirm-deletion',
  describe: 'Approve the deletions that an operation, or the deletion of the application, waits for',
  positionals: ['APPNAME'],
  options: { ...identityOptions, ...resultOption },
  examples: ['fairlead app confirm-deletion web'],
  async run({ client, options, positionals, out }) {
    const id = applicationId(positionals[0], options);
    const app = await (await client()).applications.confirmDeletion(id);
    printResult(out, options.output, app, `Application '${id.name}' updated successfully`);
    return ExitCode.Ok;
  },
});
