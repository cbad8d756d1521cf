// Azure DevOps, REST 5.1: the oldest version whose references come in pages, which servers of 2019 have, too.
import { z } from 'zod';
import type { GeneratorContext } from '../generator.ts';
import { ForgeClient } from './client.ts';
import type {
  ForgeBranch,
  ForgePullRequest,
  ForgeRepository,
  PullRequestForge,
  RepositoryForge,
} from './forge.ts';
import { byContinuation, bySkip } from './pages.ts';
import { openServer, type SecretRef } from './server.ts';

const VERSION = { 'api-version': '5.1' };
const HEADS = 'refs/heads/';

const listed = <Item>(item: z.ZodType<Item>) => z.object({ value: z.array(item) });
const Repository = z.object({
  id: z.string(),
  name: z.string(),
  remoteUrl: z.string(),
  /** Absent where nothing was pushed. */
  defaultBranch: z.string().optional(),
  isDisabled: z.boolean().optional(),
});
const Reference = z.object({ name: z.string(), objectId: z.string().min(1) });
const PullRequest = z.object({
  pullRequestId: z.int(),
  title: z.string(),
  sourceRefName: z.string(),
  targetRefName: z.string(),
  lastMergeSourceCommit: z.object({ commitId: z.string().min(1) }),
  labels: z.array(z.object({ name: z.string() })).nullish(),
  createdBy: z.object({ uniqueName: z.string() }).nullish(),
});

interface AzureDevOps {
  readonly organization: string;
  readonly api?: string | undefined;
}

export interface AzureDevOpsProject extends AzureDevOps {
  readonly teamProject: string;
  readonly accessTokenRef?: SecretRef | undefined;
  readonly allBranches?: boolean | undefined;
}

export interface AzureDevOpsRepository extends AzureDevOps {
  readonly project: string;
  readonly repo: string;
  readonly tokenRef?: SecretRef | undefined;
  readonly labels?: readonly string[] | undefined;
}

/** Gives https addresses whatever the clone protocol, as Argo CD does. */
export async function azureDevOpsProject(
  configuration: AzureDevOpsProject,
  context: GeneratorContext,
): Promise<RepositoryForge> {
  const { organization, teamProject, accessTokenRef, allBranches = false } = configuration;
  const client = await clientOf(configuration, accessTokenRef, context);
  const path = [organization, teamProject, '_apis', 'git', 'repositories'];
  return {
    async repositories(): Promise<readonly ForgeRepository[]> {
      const { value } = await client.get({
        what: `list the repositories of project ${organization}/${teamProject}`,
        path,
        query: VERSION,
        shape: listed(Repository),
        remedy: 'check organization and teamProject of the generator, and that its token may see them',
      });
      return value.value
        .filter(({ isDisabled }) => isDisabled !== true)
        .map(({ id, name, remoteUrl, defaultBranch }) => ({
          organization,
          repository: name,
          repositoryId: id,
          key: id,
          url: remoteUrl,
          defaultBranch: defaultBranch?.replace(HEADS, ''),
          labels: [],
        }));
    },
    async branches({ repository, key, defaultBranch }): Promise<readonly ForgeBranch[]> {
      if (!allBranches && defaultBranch === undefined) return [];
      const found = await client.all(
        {
          what: `list the branches of ${teamProject}/${repository}`,
          path: [...path, key, 'refs'],
          query: { filter: `heads/${allBranches ? '' : defaultBranch}`, $top: 1000, ...VERSION },
          shape: listed(Reference),
          remedy: 'check that the token of the generator may read the code of the repository',
        },
        byContinuation,
        (reference) => reference.name,
      );
      return found
        .map(({ name, objectId }) => ({ branch: name.replace(HEADS, ''), sha: objectId }))
        .filter(({ branch }) => allBranches || branch === defaultBranch);
    },
    hasPath({ repository, key }, { sha }, item): Promise<boolean> {
      return client.exists(
        {
          what: `look for ${item} in ${teamProject}/${repository}`,
          path: [...path, key, 'items'],
          query: {
            path: `/${item}`,
            'versionDescriptor.version': sha,
            'versionDescriptor.versionType': 'commit',
            $format: 'json',
            ...VERSION,
          },
        },
        'GET',
      );
    },
  };
}

export async function azureDevOpsRepository(
  configuration: AzureDevOpsRepository,
  context: GeneratorContext,
): Promise<PullRequestForge> {
  const { organization, project, repo, tokenRef, labels = [] } = configuration;
  const client = await clientOf(configuration, tokenRef, context);
  return {
    async pullRequests(): Promise<readonly ForgePullRequest[]> {
      const found = await client.all(
        {
          what: `list the pull requests of ${project}/${repo}`,
          path: [organization, project, '_apis', 'git', 'repositories', repo, 'pullrequests'],
          query: { 'searchCriteria.status': 'active', $top: 100, ...VERSION },
          shape: listed(PullRequest),
          remedy:
            'check organization, project and repo of the generator, and that its token may read the code',
        },
        bySkip,
        (pull) => pull.pullRequestId,
      );
      return found
        .map((pull) => ({
          number: pull.pullRequestId,
          title: pull.title,
          branch: pull.sourceRefName.replace(HEADS, ''),
          targetBranch: pull.targetRefName.replace(HEADS, ''),
          headSha: pull.lastMergeSourceCommit.commitId,
          labels: (pull.labels ?? []).map(({ name }) => name),
          // The address of a person without its host.
          author: pull.createdBy?.uniqueName.split('@')[0] ?? '',
        }))
        .filter((pull) => labels.every((label) => pull.labels.includes(label)));
    },
  };
}

async function clientOf(
  { api }: AzureDevOps,
  ref: SecretRef | undefined,
  context: GeneratorContext,
): Promise<ForgeClient> {
  const server = await openServer(
    {
      api,
      fallback: 'https://dev.azure.com',
      apiPath: ({ pathname }) => pathname,
      // A personal access token is the password of nobody.
      credential: [{ scheme: 'Basic', username: '', ref }],
    },
    context,
  );
  return new ForgeClient(server, context);
}
