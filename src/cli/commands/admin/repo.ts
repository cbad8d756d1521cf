import { defineCommand } from '../../command.ts';
import { ExitCode } from '../../exit-codes.ts';
import { writeOption } from '../../repository/credential-flags.ts';
import { repositoryBody, repositoryOptions } from '../../repository/repository-flags.ts';
import { formatOption } from '../../result.ts';
import { secretManifest } from '../../secret-manifest.ts';

export const adminRepoGenerateSpec = defineCommand({
  words: 'admin repo generate-spec',
  describe: 'Print the Secret of a repository, without a server',
  positionals: ['REPOURL'],
  isClient: false,
  options: {
    ...repositoryOptions,
    ...writeOption,
    output: formatOption('yaml', 'json'),
  },
  examples: [
    'fairlead admin repo generate-spec https://git.example.com/shop.git --username ann --password …',
  ],
  async run({ environment, options, positionals, out }) {
    const { repo, ...members } = await repositoryBody(environment, positionals[0] ?? '', options);
    const type = options.write === true ? 'repository-write' : 'repository';
    const secret = secretManifest(type, repo, { url: repo, ...members });
    if (options.output === 'json') out.json(secret);
    else out.yaml(secret);
    return ExitCode.Ok;
  },
});
