// The scmProvider generator: an application for each repository of an organization, or each of its branches.
import type { z } from 'zod';
import { mapLimited } from '../../../lib/index.ts';
import type { ScmProviderGenerator } from '../../../model/index.ts';
import { normalizedName } from '../names.ts';
import { type Matches, matcher } from './filters.ts';
import { azureDevOpsProject } from './forges/azure-devops.ts';
import { bitbucketWorkspace } from './forges/bitbucket-cloud.ts';
import { bitbucketServerProject } from './forges/bitbucket-server.ts';
import { invalid, limit, MAX_ITEMS, PARALLEL_REQUESTS } from './forges/client.ts';
import type { CloneProtocol, ForgeBranch, ForgeRepository, RepositoryForge } from './forges/forge.ts';
import { giteaOwner } from './forges/gitea.ts';
import { gitHubOrganization } from './forges/github.ts';
import { gitLabGroup } from './forges/gitlab.ts';
import type { Generate, GeneratorContext, Parameters } from './generator.ts';
import { withValues } from './with-values.ts';

type Configuration = z.infer<typeof ScmProviderGenerator>;

/** One filter: all its conditions hold. Those of a repository are known before anything is asked of its branches. */
interface Filter {
  readonly isRepository: (repository: ForgeRepository) => boolean;
  readonly isBranch: Matches;
  readonly present: readonly string[];
  readonly absent: readonly string[];
}

export const generateFromScmProvider: Generate<Configuration> = async (configuration, context) => {
  const found = await scmProviderParameters(configuration, context);
  return found.map((parameters) => withValues(parameters, configuration.values, context));
};

/** The parameter sets without `values`. */
export async function scmProviderParameters(
  configuration: Configuration,
  context: GeneratorContext,
): Promise<readonly Parameters[]> {
  const protocol = protocolOf(configuration);
  const filters = (configuration.filters ?? []).map(filterOf);
  // Whatever fails ends the questions that are still to be asked of other repositories.
  const ending = new AbortController();
  const signal = AbortSignal.any([context.signal, ending.signal]);
  try {
    const forge = await forgeOf(configuration, protocol, { ...context, signal });
    const repositories = await forge.repositories();
    let branches = 0;
    const found = await mapLimited(repositories, PARALLEL_REQUESTS, async (repository) => {
      const possible = filters.filter(({ isRepository }) => isRepository(repository));
      if (filters.length > 0 && possible.length === 0) return [];
      const all = await forge.branches(repository);
      branches += all.length;
      if (branches > MAX_ITEMS)
        throw limit(`The repositories of the scmProvider generator have more than ${MAX_ITEMS} branches`);
      const wanted: ForgeBranch[] = [];
      for (const branch of all)
        if (filters.length === 0 || (await isWanted(forge, repository, branch, possible)))
          wanted.push(branch);
      return wanted.map((branch) => parametersOf(repository, branch));
    });
    return found.flat();
  } finally {
    ending.abort();
  }
}

function forgeOf(
  configuration: Configuration,
  protocol: CloneProtocol,
  context: GeneratorContext,
): Promise<RepositoryForge> {
  const { github, gitlab, gitea, bitbucket, bitbucketServer, azureDevOps, awsCodeCommit } = configuration;
  const providers = { github, gitlab, gitea, bitbucket, bitbucketServer, azureDevOps, awsCodeCommit };
  const named = Object.entries(providers).filter(([, provider]) => provider !== undefined);
  if (named.length !== 1)
    throw invalid(
      `A scmProvider generator names one of ${Object.keys(providers).join(', ')}; this one has ${named.map(([name]) => name).join(' and ') || 'none'}`,
    );
  if (github !== undefined) return gitHubOrganization(github, protocol, context);
  if (gitlab !== undefined) return gitLabGroup(gitlab, protocol, context);
  if (gitea !== undefined) return giteaOwner(gitea, protocol, context);
  if (bitbucket !== undefined) return bitbucketWorkspace(bitbucket, protocol, context);
  if (bitbucketServer !== undefined) return bitbucketServerProject(bitbucketServer, protocol, context);
  if (azureDevOps !== undefined) return azureDevOpsProject(azureDevOps, context);
  throw invalid(
    'scmProvider.awsCodeCommit is not supported: Fairlead signs no requests to AWS; use a list generator with the addresses of the repositories, or a plugin generator that asks AWS',
  );
}

function protocolOf({ cloneProtocol = '' }: Configuration): CloneProtocol {
  if (cloneProtocol === '' || cloneProtocol === 'ssh') return 'ssh';
  if (cloneProtocol === 'https') return 'https';
  throw invalid(
    `cloneProtocol of the scmProvider generator is ${JSON.stringify(cloneProtocol)}; write ssh or https`,
  );
}

function filterOf(filter: NonNullable<Configuration['filters']>[number]): Filter {
  const isName = matcher('repositoryMatch', filter.repositoryMatch);
  const isLabel = matcher('labelMatch', filter.labelMatch);
  return {
    isRepository: ({ repository, labels }) =>
      isName(repository) && (filter.labelMatch === undefined || labels.some(isLabel)),
    isBranch: matcher('branchMatch', filter.branchMatch),
    present: (filter.pathsExist ?? []).map(pathOf),
    absent: (filter.pathsDoNotExist ?? []).map(pathOf),
  };
}

/** Without slashes around. Empty: the root, which is always there. */
function pathOf(written: string): string {
  const path = written.replace(/^\/+|\/+$/g, '');
  if (path === '' || path.split('/').every((part) => part !== '' && part !== '.' && part !== '..'))
    return path;
  throw invalid(
    `Cannot look for path ${JSON.stringify(written)} of a scmProvider filter: write it from the root of the repository, without dots`,
  );
}

/** Whether one of the filters holds for the branch. */
async function isWanted(
  forge: RepositoryForge,
  repository: ForgeRepository,
  branch: ForgeBranch,
  filters: readonly Filter[],
): Promise<boolean> {
  const known = new Map<string, boolean>([['', true]]);
  const has = async (path: string): Promise<boolean> => {
    const answer = known.get(path) ?? (await forge.hasPath(repository, branch, path));
    known.set(path, answer);
    return answer;
  };
  const holds = async ({ isBranch, present, absent }: Filter): Promise<boolean> => {
    if (!isBranch(branch.branch)) return false;
    for (const path of present) if (!(await has(path))) return false;
    for (const path of absent) if (await has(path)) return false;
    return true;
  };
  for (const filter of filters) if (await holds(filter)) return true;
  return false;
}

function parametersOf(repository: ForgeRepository, { branch, sha }: ForgeBranch): Parameters {
  return {
    organization: repository.organization,
    repository: repository.repository,
    repository_id: repository.repositoryId,
    url: repository.url,
    branch,
    branchNormalized: normalizedName(branch),
    sha,
    short_sha: sha.slice(0, 8),
    short_sha_7: sha.slice(0, 7),
    labels: repository.labels.join(','),
  };
}
