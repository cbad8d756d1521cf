import { explanationText } from '../../application/explanation.ts';
import { applicationId, identityOptions } from '../../application/identity.ts';
import { defineCommand } from '../../command.ts';
import { ExitCode } from '../../exit-codes.ts';
import { formatOption } from '../../result.ts';

export const appExplain = defineCommand({
  words: 'app explain',
  describe: 'Say why an application is in its state and what would change it',
  positionals: ['APPNAME'],
  options: {
    ...identityOptions,
    output: formatOption('text', 'json', 'yaml'),
  },
  async run({ client, environment, options, positionals, out, signal }) {
    const explanation = await (await client()).applications.explain(applicationId(positionals[0], options), {
      signal,
    });
    if (options.output === 'json') out.json(explanation);
    else if (options.output === 'yaml') out.yaml(explanation);
    else out.line(explanationText(explanation, environment.clock.now()));
    return ExitCode.Ok;
  },
});
