import { defineCommand } from '../../command.ts';
import { ExitCode } from '../../exit-codes.ts';
import { table } from '../../output.ts';
import {
  credentialOptions,
  credentialsOf,
  outputOption,
  repositoriesOf,
  writeOption,
} from '../../repository/credential-flags.ts';
import { printResult, resultOption } from '../../result.ts';

export const repocredsAdd = defineCommand({
  words: 'repocreds add',
  describe: 'Lend a credential to every repository whose address begins with REPOURL',
  positionals: ['REPOURL'],
  options: { ...credentialOptions, ...writeOption, ...resultOption },
  examples: ['fairlead repocreds add https://git.example.com/shop --username bot --password …'],
  async run({ client, environment, options, positionals, out }) {
    const [url = ''] = positionals;
    const body = { url, ...(await credentialsOf(environment, options)) };
    const calls = repositoriesOf(await client(), options);
    const added = await calls.createTemplate(body, { upsert: options.upsert === true });
    printResult(out, options.output, added, `Repository credentials for '${url}' added`);
    return ExitCode.Ok;
  },
});

export const repocredsList = defineCommand({
  words: 'repocreds list',
  describe: 'List the credentials that are lent, without their secrets',
  options: { ...outputOption, ...writeOption },
  async run({ client, options, out, signal }) {
    const { items } = await repositoriesOf(await client(), options).templates({ signal });
    if (options.output === 'json') out.json(items);
    else if (options.output === 'yaml') out.yaml(items);
    else if (options.output === 'url') for (const { url } of items) out.line(url);
    else {
      const rows = items.map(({ url, username, type }) => [url, type, username ?? '-']);
      out.line(table(['URL PATTERN', 'TYPE', 'USERNAME'], rows));
    }
    return ExitCode.Ok;
  },
});

export const repocredsRemove = defineCommand({
  words: 'repocreds rm',
  describe: 'Lend a credential no longer',
  positionals: ['REPOURL...'],
  options: { ...writeOption, ...resultOption },
  async run({ client, options, positionals, out }) {
    const calls = repositoriesOf(await client(), options);
    for (const url of positionals) {
      await calls.deleteTemplate(url);
      if (options.output === '') out.line(`Repository credentials for '${url}' removed`);
    }
    printResult(
      out,
      options.output,
      positionals.map((url) => ({ url })),
    );
    return ExitCode.Ok;
  },
});
