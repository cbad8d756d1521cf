import type { RepositoryView } from '../../../contract/index.ts';
import { defineCommand } from '../../command.ts';
import { ExitCode } from '../../exit-codes.ts';
import { type Output, table } from '../../output.ts';
import { outputOption, repositoriesOf, writeOption } from '../../repository/credential-flags.ts';
import { projectOption, repositoryBody, repositoryOptions } from '../../repository/repository-flags.ts';
import { printResult, resultOption } from '../../result.ts';

export const repoAdd = defineCommand({
  words: 'repo add',
  describe: 'Tell how to reach a repository; it is tried out first',
  positionals: ['REPOURL'],
  options: { ...repositoryOptions, ...writeOption, ...resultOption },
  examples: [
    'fairlead repo add https://git.example.com/shop.git --username ann --password …',
    'fairlead repo add https://git.example.com/rendered.git --write --username bot --password …',
  ],
  async run({ client, environment, options, positionals, out }) {
    const [repo = ''] = positionals;
    const body = await repositoryBody(environment, repo, options);
    const calls = repositoriesOf(await client(), options);
    const added = await calls.create(body, { upsert: options.upsert === true });
    printResult(out, options.output, added, `Repository '${repo}' added`);
    return ExitCode.Ok;
  },
});

export const repoGet = defineCommand({
  words: 'repo get',
  describe: 'Show a repository and whether it can be reached',
  positionals: ['REPOURL'],
  options: {
    ...outputOption,
    ...projectOption,
    ...writeOption,
    refresh: { type: 'string', choices: ['hard'], describe: 'Try the connection again' },
  },
  async run({ client, options, positionals, out, signal }) {
    const [repo = ''] = positionals;
    const query = { forceRefresh: options.refresh === 'hard', appProject: options.project };
    const calls = repositoriesOf(await client(), options);
    print(out, options.output, [await calls.get(repo, query, { signal })], false);
    return ExitCode.Ok;
  },
});

export const repoList = defineCommand({
  words: 'repo list',
  describe: 'List the repositories and whether they can be reached',
  options: {
    ...outputOption,
    ...writeOption,
    refresh: { type: 'string', choices: ['hard'], describe: 'Try all connections again' },
  },
  async run({ client, options, out, signal }) {
    const query = { forceRefresh: options.refresh === 'hard' };
    const { items } = await repositoriesOf(await client(), options).list(query, { signal });
    print(out, options.output, items, true);
    return ExitCode.Ok;
  },
});

export const repoRemove = defineCommand({
  words: 'repo rm',
  describe: 'Forget how to reach a repository',
  positionals: ['REPOURL...'],
  options: { ...projectOption, ...writeOption, ...resultOption },
  async run({ client, options, positionals, out }) {
    const calls = repositoriesOf(await client(), options);
    for (const repo of positionals) {
      await calls.delete(repo, { appProject: options.project });
      if (options.output === '') out.line(`Repository '${repo}' removed`);
    }
    printResult(
      out,
      options.output,
      positionals.map((repo) => ({ repo })),
    );
    return ExitCode.Ok;
  },
});

function print(out: Output, format: string, items: readonly RepositoryView[], isList: boolean): void {
  const value = isList ? items : items[0];
  if (format === 'json') out.json(value);
  else if (format === 'yaml') out.yaml(value);
  else if (format === 'url') for (const { repo } of items) out.line(repo);
  else out.line(repositoryTable(items));
}

function repositoryTable(items: readonly RepositoryView[]): string {
  const headings = [
    'TYPE',
    'NAME',
    'REPO',
    'INSECURE',
    'OCI',
    'LFS',
    'CREDS',
    'STATUS',
    'MESSAGE',
    'PROJECT',
  ];
  return table(headings, items.map(cells));
}

function cells(item: RepositoryView): string[] {
  const isInsecure = item.insecure === true || item.insecureIgnoreHostKey === true;
  return [
    item.type,
    item.name ?? '',
    item.repo,
    String(isInsecure),
    String(item.enableOCI === true),
    String(item.enableLfs === true),
    item.inheritedCreds === true ? 'inherited' : String(item.username !== undefined),
    item.connectionState?.status ?? 'Unknown',
    item.connectionState?.message ?? '',
    item.project ?? '',
  ];
}
