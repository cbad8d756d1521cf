import type { ApplicationSetId } from '../../../client/index.ts';
import { applicationSetId, namespaceOption } from '../../application-set/identity.ts';
import { timeoutOption, waitForSet } from '../../application-set/wait.ts';
import { defineCommand } from '../../command.ts';
import type { CliEnvironment } from '../../environment.ts';
import { CliError } from '../../errors.ts';
import { ExitCode } from '../../exit-codes.ts';
import { printResult, resultOption } from '../../result.ts';

export const appsetDelete = defineCommand({
  words: 'appset delete',
  describe: 'Delete ApplicationSets and the applications they have generated',
  positionals: ['APPSETNAME...'],
  options: {
    ...namespaceOption,
    wait: { type: 'boolean', describe: 'Wait until it is gone' },
    ...timeoutOption,
    yes: { type: 'boolean', short: 'y', describe: 'Do not ask' },
    ...resultOption,
  },
  examples: ['fairlead appset delete web --yes'],
  async run(call) {
    const { client, options, positionals, out, environment } = call;
    const api = await client();
    const deleted: ApplicationSetId[] = [];
    let isAsking = options.yes !== true;
    for (const name of positionals) {
      const id = applicationSetId(name, options);
      const answer = isAsking ? await asked(name, positionals.length > 1, environment) : 'yes';
      if (answer === 'no') {
        out.note(`The command to delete '${name}' was cancelled`);
        continue;
      }
      if (answer === 'all') isAsking = false;
      await api.applicationSets.delete(id);
      if (options.wait === true) {
        const gone = { isDone: () => false, missing: () => 'it still exists', onDeleted: () => undefined };
        await waitForSet(api, id, gone, options.timeout, call);
      }
      deleted.push(id);
      if (options.output === '') out.line(`applicationset '${name}' deleted`);
    }
    printResult(out, options.output, deleted);
    return ExitCode.Ok;
  },
});

async function asked(
  name: string,
  isOneOfMany: boolean,
  { prompt, terminal }: CliEnvironment,
): Promise<'yes' | 'no' | 'all'> {
  if (!terminal.isInteractive) {
    throw new CliError(
      'NO_TERMINAL',
      `Deleting ${name} needs a confirmation; without a terminal say --yes`,
      1,
    );
  }
  const choices = isOneOfMany ? '[y/n/A], A: this and all others' : '[y/n]';
  const question = `Delete ApplicationSet '${name}' and all its applications? ${choices} `;
  const answer = (await prompt.ask(question, false)).trim().toLowerCase();
  if (isOneOfMany && /^a(ll)?$/.test(answer)) return 'all';
  return /^y(es)?$/.test(answer) ? 'yes' : 'no';
}
