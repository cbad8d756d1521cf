import { applicationId, identityOptions } from '../../application/identity.ts';
import { defineCommand } from '../../command.ts';
import { ExitCode } from '../../exit-codes.ts';
import { printResult, resultOption } from '../../result.ts';

export const appTerminateOp = defineCommand({
  words: 'app terminate-op',
  describe: 'Stop the running operation of an application',
  positionals: ['APPNAME'],
  options: { ...identityOptions, ...resultOption },
  async run({ client, options, positionals, out }) {
    const id = applicationId(positionals[0], options);
    const { applications } = await client();
    await applications.terminate(id);
    const app = options.output === '' ? undefined : await applications.get(id);
    printResult(out, options.output, app, `Application '${id.name}' operation terminating`);
    return ExitCode.Ok;
  },
});
