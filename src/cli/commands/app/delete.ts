import { applicationId, identityOptions } from '../../application/identity.ts';
import { waitFor } from '../../application/wait.ts';
import { defineCommand } from '../../command.ts';
import { CliError } from '../../errors.ts';
import { ExitCode } from '../../exit-codes.ts';
import { printResult, resultOption } from '../../result.ts';

export const appDelete = defineCommand({
  words: 'app delete',
  describe: 'Delete an application and, unless --cascade=false, its resources',
  positionals: ['APPNAME...'],
  options: {
    ...identityOptions,
    cascade: { type: 'boolean', default: true, describe: 'Delete the resources, too' },
    'propagation-policy': {
      type: 'string',
      short: 'p',
      choices: ['foreground', 'background', 'orphan'],
      describe: 'How Kubernetes deletes what the resources own',
    },
    wait: { type: 'boolean', describe: 'Wait until it is gone' },
    timeout: {
      type: 'number',
      default: 0,
      value: 'seconds',
      describe: 'With --wait: give up after this long; 0: never',
    },
    yes: { type: 'boolean', short: 'y', describe: 'Do not ask' },
    ...resultOption,
  },
  examples: ['fairlead app delete web --yes', 'fairlead app delete web --cascade=false'],
  async run({ client, options, positionals, out, environment, signal }) {
    const api = await client();
    const { cascade } = options;
    const deleted: ReturnType<typeof applicationId>[] = [];
    const policy = options['propagation-policy'];
    for (const name of positionals) {
      const id = applicationId(name, options);
      if (options.yes !== true && !(await isConfirmed(name, cascade, environment))) {
        out.note(`The command to delete '${name}' was cancelled`);
        continue;
      }
      await api.applications.delete(id, {
        cascade,
        ...(policy === undefined ? {} : { propagationPolicy: policy }),
      });
      if (options.wait === true) {
        const gone = { isDone: () => false, missing: () => 'it still exists', onDeleted: () => undefined };
        const wait = { timeoutMs: options.timeout * 1000, signal };
        await waitFor({ client: api, clock: environment.clock, out }, id, gone, wait);
      }
      deleted.push(id);
      if (options.output === '') out.line(`application '${name}' deleted`);
    }
    printResult(out, options.output, deleted);
    return ExitCode.Ok;
  },
});

async function isConfirmed(
  name: string,
  cascade: boolean,
  {
    prompt,
    terminal,
  }: {
    prompt: { ask(question: string, isSecret: boolean): Promise<string> };
    terminal: { isInteractive: boolean };
  },
): Promise<boolean> {
  if (!terminal.isInteractive) {
    throw new CliError(
      'NO_TERMINAL',
      `Deleting ${name} needs a confirmation; without a terminal say --yes`,
      1,
    );
  }
  const what = cascade ? 'and all its resources' : '(its resources stay)';
  const answer = await prompt.ask(`Delete application '${name}' ${what}? [y/n] `, false);
  return /^y(es)?$/i.test(answer.trim());
}
