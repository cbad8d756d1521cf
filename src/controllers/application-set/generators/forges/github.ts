// GitHub and GitHub Enterprise, REST of 2022-11-28.
import { z } from 'zod';
import type { GeneratorContext } from '../generator.ts';
import { branchesOf } from './branches.ts';
import { ForgeClient } from './client.ts';
import type {
  CloneProtocol,
  ForgeBranch,
  ForgePullRequest,
  ForgeRepository,
  PullRequestForge,
  RepositoryForge,
} from './forge.ts';
import { gitHubAppToken } from './github-app.ts';
import { byLink } from './pages.ts';
import { openServer, type SecretRef } from './server.ts';

const Repositories = z.array(
  z.object({
    id: z.int(),
    name: z.string(),
    owner: z.object({ login: z.string() }),
    ssh_url: z.string(),
    clone_url: z.string(),
    default_branch: z.string(),
    topics: z.array(z.string()).optional(),
    archived: z.boolean().optional(),
  }),
);
const Branch = z.object({ name: z.string(), commit: z.object({ sha: z.string().min(1) }) });
const PullRequests = z.array(
  z.object({
    number: z.int(),
    title: z.string(),
    head: z.object({ ref: z.string(), sha: z.string().min(1) }),
    base: z.object({ ref: z.string() }),
    labels: z.array(z.object({ name: z.string() })),
    user: z.object({ login: z.string() }).nullish(),
  }),
);

interface GitHub {
  readonly api?: string | undefined;
  readonly tokenRef?: SecretRef | undefined;
  readonly appSecretName?: string | undefined;
}

export interface GitHubOrganization extends GitHub {
  readonly organization: string;
  readonly allBranches?: boolean | undefined;
  readonly excludeArchivedRepos?: boolean | undefined;
}

export interface GitHubRepository extends GitHub {
  readonly owner: string;
  readonly repo: string;
  readonly labels?: readonly string[] | undefined;
}

export async function gitHubOrganization(
  configuration: GitHubOrganization,
  protocol: CloneProtocol,
  context: GeneratorContext,
): Promise<RepositoryForge> {
  const client = await clientOf(configuration, { owner: configuration.organization }, context);
  const { organization, allBranches = false, excludeArchivedRepos = false } = configuration;
  return {
    async repositories(): Promise<readonly ForgeRepository[]> {
      const found = await client.all(
        {
          what: `list the repositories of organization ${organization}`,
          path: ['orgs', organization, 'repos'],
          // The oldest first: what is made meanwhile comes at the end.
          query: { sort: 'created', direction: 'asc', per_page: 100 },
          shape: Repositories,
          remedy: 'check organization of the generator (a user is none), and that its token may see it',
        },
        byLink,
        ({ id }) => id,
      );
      return found
        .filter(({ archived }) => !excludeArchivedRepos || archived !== true)
        .map(({ id, name, owner, ssh_url, clone_url, default_branch, topics = [] }) => ({
          organization: owner.login,
          repository: name,
          repositoryId: String(id),
          key: name,
          url: protocol === 'ssh' ? ssh_url : clone_url,
          defaultBranch: default_branch,
          labels: topics,
        }));
    },
    async branches(repository: ForgeRepository): Promise<readonly ForgeBranch[]> {
      const list = {
        what: `list the branches of ${repository.organization}/${repository.key}`,
        path: ['repos', repository.organization, repository.key, 'branches'],
        query: { per_page: 100 },
        page: z.array(Branch),
        one: Branch,
        turn: byLink<z.infer<typeof Branch>>,
        remedy: 'check that the token of the generator may read the contents of the repository',
      };
      const found = await branchesOf(client, list, allBranches, repository.defaultBranch);
      return found.map(({ name, commit }) => ({ branch: name, sha: commit.sha }));
    },
    hasPath(repository: ForgeRepository, { sha }: ForgeBranch, path: string): Promise<boolean> {
      const place = [repository.organization, repository.key];
      return client.exists(
        {
          what: `look for ${path} in ${place.join('/')}`,
          path: ['repos', ...place, 'contents', ...path.split('/')],
          query: { ref: sha },
        },
        'HEAD',
      );
    },
  };
}

export async function gitHubRepository(
  configuration: GitHubRepository,
  context: GeneratorContext,
): Promise<PullRequestForge> {
  const client = await clientOf(configuration, configuration, context);
  const { owner, repo, labels = [] } = configuration;
  return {
    async pullRequests(): Promise<readonly ForgePullRequest[]> {
      const found = await client.all(
        {
          what: `list the pull requests of ${owner}/${repo}`,
          path: ['repos', owner, repo, 'pulls'],
          query: { state: 'open', sort: 'created', direction: 'asc', per_page: 100 },
          shape: PullRequests,
          remedy: 'check owner and repo of the generator, and that its token may read the pull requests',
        },
        byLink,
        ({ number }) => number,
      );
      return found
        .map(({ number, title, head, base, user, ...pull }) => ({
          number,
          title,
          branch: head.ref,
          targetBranch: base.ref,
          headSha: head.sha,
          labels: pull.labels.map(({ name }) => name),
          author: user?.login ?? '',
        }))
        .filter((pull) => labels.every((label) => pull.labels.includes(label)));
    },
  };
}

async function clientOf(
  { api, tokenRef, appSecretName = '' }: GitHub,
  place: { readonly owner: string; readonly repo?: string },
  context: GeneratorContext,
): Promise<ForgeClient> {
  const server = await openServer(
    {
      api,
      fallback: 'https://api.github.com',
      apiPath,
      credential: appSecretName === '' ? [{ scheme: 'Bearer', ref: tokenRef }] : [],
    },
    context,
  );
  const authorization =
    appSecretName === ''
      ? server.authorization
      : `Bearer ${await gitHubAppToken({ secretName: appSecretName, api: server.api, repo: undefined, ...place }, context)}`;
  return new ForgeClient({ ...server, authorization }, context, {
    accept: 'application/vnd.github+json',
    'x-github-api-version': '2022-11-28',
  });
}

/** GitHub Enterprise has its API below `/api/v3`, unless the host is one of its own for it. */
function apiPath({ host, pathname }: URL): string {
  const path = pathname.replace(/\/+$/, '');
  const isApi = path.endsWith('/api/v3') || host.startsWith('api.') || host.includes('.api.');
  return isApi ? path : `${path}/api/v3`;
}
