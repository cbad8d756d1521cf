import { applicationId, identityOptions } from '../../application/identity.ts';
import { defineCommand } from '../../command.ts';
import { ExitCode } from '../../exit-codes.ts';

export const appConfirmDeletion = defineCommand({
  words: 'app confirm-deletion',
  describe: 'Approve the deletions that an operation, or the deletion of the application, waits for',
  positionals: ['APPNAME'],
  options: { ...identityOptions },
  examples: ['fairlead app confirm-deletion web'],
  async run({ client, options, positionals, out }) {
    const id = applicationId(positionals[0], options);
    await (await client()).applications.confirmDeletion(id);
    out.line(`Application '${id.name}' updated successfully`);
    return ExitCode.Ok;
  },
});
