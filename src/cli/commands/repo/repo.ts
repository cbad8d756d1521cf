import type { RepositoryView } from '../../../contract/index.ts';
import { defineCommand } from '../../command.ts';
import { ExitCode } from '../../exit-codes.ts';
import { type Output, table } from '../../output.ts';
import { credentialOptions, credentialsOf, outputOption } from '../../repository/credential-flags.ts';

const projectOption = {
  project: { type: 'string', value: 'name', describe: 'Project that the repository belongs to' },
} as const;

export const repoAdd = defineCommand({
  words: 'repo add',
  describe: 'Tell how to reach a repository; it is tried out first',
  positionals: ['REPOURL'],
  options: {
    ...credentialOptions,
    ...projectOption,
    name: { type: 'string', value: 'name', describe: 'Name of the repository' },
    'enable-lfs': { type: 'boolean', describe: 'Fetch large files of Git LFS' },
    'insecure-ignore-host-key': { type: 'boolean', describe: 'Do not check the SSH host key' },
    'insecure-skip-server-verification': { type: 'boolean', describe: 'Do not check the certificate' },
  },
  examples: ['fairlead repo add https://git.example.com/shop.git --username ann --password …'],
  async run({ client, environment, options, positionals, out }) {
    const [repo = ''] = positionals;
    const body = {
      repo,
      ...(await credentialsOf(environment, options)),
      name: options.name,
      project: options.project,
      enableLfs: options['enable-lfs'],
      insecureIgnoreHostKey: options['insecure-ignore-host-key'],
      insecure: options['insecure-skip-server-verification'],
    };
    await (await client()).repositories.create(body, { upsert: options.upsert === true });
    out.note(`Repository '${repo}' added`);
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
    refresh: { type: 'string', choices: ['hard'], describe: 'Try the connection again' },
  },
  async run({ client, options, positionals, out, signal }) {
    const [repo = ''] = positionals;
    const query = { forceRefresh: options.refresh === 'hard', appProject: options.project };
    print(out, options.output, [await (await client()).repositories.get(repo, query, { signal })], false);
    return ExitCode.Ok;
  },
});

export const repoList = defineCommand({
  words: 'repo list',
  describe: 'List the repositories and whether they can be reached',
  options: {
    ...outputOption,
    refresh: { type: 'string', choices: ['hard'], describe: 'Try all connections again' },
  },
  async run({ client, options, out, signal }) {
    const query = { forceRefresh: options.refresh === 'hard' };
    const { items } = await (await client()).repositories.list(query, { signal });
    print(out, options.output, items, true);
    return ExitCode.Ok;
  },
});

export const repoRemove = defineCommand({
  words: 'repo rm',
  describe: 'Forget how to reach a repository',
  positionals: ['REPOURL...'],
  options: projectOption,
  async run({ client, options, positionals, out }) {
    const api = await client();
    for (const repo of positionals) {
      await api.repositories.delete(repo, { appProject: options.project });
      out.note(`Repository '${repo}' removed`);
    }
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
