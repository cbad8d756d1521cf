// The pullRequest generator: an application for each pull request of a repository.
import type { z } from 'zod';
import type { PullRequestGenerator } from '../../../model/index.ts';
import { slug } from '../names.ts';
import { matcher } from './filters.ts';
import { azureDevOpsRepository } from './forges/azure-devops.ts';
import { bitbucketRepository } from './forges/bitbucket-cloud.ts';
import { bitbucketServerRepository } from './forges/bitbucket-server.ts';
import { ForgeNotFound, invalid } from './forges/client.ts';
import type { ForgePullRequest, PullRequestForge } from './forges/forge.ts';
import { giteaRepository } from './forges/gitea.ts';
import { gitHubRepository } from './forges/github.ts';
import { gitLabProject } from './forges/gitlab.ts';
import type { Generate, GeneratorContext, Parameters } from './generator.ts';
import { withValues } from './with-values.ts';

type Configuration = z.infer<typeof PullRequestGenerator>;

export const generateFromPullRequests: Generate<Configuration> = async (configuration, context) => {
  const found = await pullRequestParameters(configuration, context);
  return found.map((parameters) => withValues(parameters, configuration.values, context));
};

/** The parameter sets without `values`. */
export async function pullRequestParameters(
  configuration: Configuration,
  context: GeneratorContext,
): Promise<readonly Parameters[]> {
  const filters = (configuration.filters ?? []).map(filterOf);
  const forge = await forgeOf(configuration, context);
  const found = await pullRequestsOf(forge, configuration.continueOnRepoNotFoundError === true);
  return found
    .filter((pull) => filters.length === 0 || filters.some((holds) => holds(pull)))
    .map((pull) => parametersOf(pull, context));
}

/** @param isMissingAllowed the author asked for no applications where the repository is not found */
async function pullRequestsOf(
  forge: PullRequestForge,
  isMissingAllowed: boolean,
): Promise<readonly ForgePullRequest[]> {
  try {
    return await forge.pullRequests();
  } catch (error) {
    if (isMissingAllowed && error instanceof ForgeNotFound) return [];
    throw error;
  }
}

function forgeOf(configuration: Configuration, context: GeneratorContext): Promise<PullRequestForge> {
  const { github, gitlab, gitea, bitbucketServer, bitbucket, azuredevops } = configuration;
  const providers = { github, gitlab, gitea, bitbucketServer, bitbucket, azuredevops };
  const named = Object.entries(providers).filter(([, provider]) => provider !== undefined);
  if (named.length === 1) {
    if (github !== undefined) return gitHubRepository(github, context);
    if (gitlab !== undefined) return gitLabProject(gitlab, context);
    if (gitea !== undefined) return giteaRepository(gitea, context);
    if (bitbucketServer !== undefined) return bitbucketServerRepository(bitbucketServer, context);
    if (bitbucket !== undefined) return bitbucketRepository(bitbucket, context);
    if (azuredevops !== undefined) return azureDevOpsRepository(azuredevops, context);
  }
  throw invalid(
    `A pullRequest generator names one of ${Object.keys(providers).join(', ')}; this one has ${named.map(([name]) => name).join(' and ') || 'none'}`,
  );
}

function filterOf(
  filter: NonNullable<Configuration['filters']>[number],
): (pull: ForgePullRequest) => boolean {
  const isBranch = matcher('branchMatch', filter.branchMatch);
  const isTarget = matcher('targetBranchMatch', filter.targetBranchMatch);
  const isTitle = matcher('titleMatch', filter.titleMatch);
  return ({ branch, targetBranch, title }) => isBranch(branch) && isTarget(targetBranch) && isTitle(title);
}

/** Labels are a list, which only Go templates can read. */
function parametersOf(pull: ForgePullRequest, { filler }: GeneratorContext): Parameters {
  return {
    number: String(pull.number),
    title: pull.title,
    branch: pull.branch,
    branch_slug: slugOf(pull.branch),
    target_branch: pull.targetBranch,
    target_branch_slug: slugOf(pull.targetBranch),
    head_sha: pull.headSha,
    head_short_sha: pull.headSha.slice(0, 8),
    head_short_sha_7: pull.headSha.slice(0, 7),
    author: pull.author,
    ...(filler.isGoTemplate ? { labels: pull.labels } : {}),
  };
}

/** A part of a DNS label, with room for a prefix or suffix of 13 characters. */
function slugOf(branch: string): string {
  return slug(branch.replaceAll('_', '-'), undefined, true);
}
