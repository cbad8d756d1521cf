import { applicationId, identityOptions } from '../../application/identity.ts';
import { defineCommand } from '../../command.ts';
import { ExitCode } from '../../exit-codes.ts';

export const appTerminateOp = defineCommand({
  words: 'app terminate-op',
  describe: 'Stop the running operation of an application',
  positionals: ['APPNAME'],
  options: { ...identityOptions },
  async run({ client, options, positionals, out }) {
    const id = applicationId(positionals[0], options);
    await (await client()).applications.terminate(id);
    out.line(`Application '${id.name}' operation terminating`);
    return ExitCode.Ok;
  },
});
