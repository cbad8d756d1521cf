import { applicationId, identityOptions } from '../../application/identity.ts';
import { defineCommand } from '../../command.ts';
import { ExitCode } from '../../exit-codes.ts';
import { printResult, resultOption } from '../../result.ts';

export const appRelease = defineCommand({
  words: 'app release',
  describe: 'End the hold of a rollback: automated sync follows the source again',
  positionals: ['APPNAME'],
  options: { ...identityOptions, ...resultOption },
  examples: ['fairlead app release web'],
  async run({ client, options, positionals, out }) {
    const id = applicationId(positionals[0], options);
    const app = await (await client()).applications.release(id);
    printResult(out, options.output, app, `Application '${id.name}' released`);
    return ExitCode.Ok;
  },
});
