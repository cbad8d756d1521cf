// Gitea and Forgejo, REST v1.
import { z } from 'zod';
import { mapLimited } from '../../../../lib/index.ts';
import type { GeneratorContext } from '../generator.ts';
import { branchesOf } from './branches.ts';
import { ForgeClient, PARALLEL_REQUESTS } from './client.ts';
import type {
  CloneProtocol,
  ForgeBranch,
  ForgePullRequest,
  ForgeRepository,
  PullRequestForge,
  RepositoryForge,
} from './forge.ts';
import { byLinkOrTotal } from './pages.ts';
import { openServer, type SecretRef } from './server.ts';

/** As many as an unchanged server gives. */
const PAGE = 50;
const Repositories = z.array(
  z.object({
    id: z.int(),
    name: z.string(),
    ssh_url: z.string(),
    html_url: z.string(),
    default_branch: z.string(),
    empty: z.boolean().optional(),
    archived: z.boolean().optional(),
  }),
);
const Labels = z.array(z.object({ name: z.string() }));
const Branch = z.object({ name: z.string(), commit: z.object({ id: z.string().min(1) }) });
const PullRequests = z.array(
  z.object({
    number: z.int(),
    title: z.string(),
    head: z.object({ ref: z.string(), sha: z.string().min(1) }),
    base: z.object({ ref: z.string() }),
    labels: Labels.nullish(),
    user: z.object({ login: z.string() }).nullish(),
  }),
);

interface Gitea {
  readonly api: string;
  readonly owner: string;
  readonly tokenRef?: SecretRef | undefined;
  readonly insecure?: boolean | undefined;
}

export interface GiteaOwner extends Gitea {
  readonly allBranches?: boolean | undefined;
  readonly excludeArchivedRepos?: boolean | undefined;
}

export interface GiteaRepository extends Gitea {
  readonly repo: string;
  readonly labels?: readonly string[] | undefined;
}

export async function giteaOwner(
  configuration: GiteaOwner,
  protocol: CloneProtocol,
  context: GeneratorContext,
): Promise<RepositoryForge> {
  const client = await clientOf(configuration, context);
  const { owner, allBranches = false, excludeArchivedRepos = false } = configuration;
  const labelsOf = async (name: string): Promise<readonly string[]> => {
    const found = await client.all(
      {
        what: `list the labels of ${owner}/${name}`,
        path: ['repos', owner, name, 'labels'],
        query: { limit: PAGE },
        shape: Labels,
        remedy: 'check that the token of the generator may read the issues of the repository',
      },
      byLinkOrTotal,
      (label) => label.name,
    );
    return found.map((label) => label.name);
  };
  return {
    async repositories(): Promise<readonly ForgeRepository[]> {
      const found = await client.all(
        {
          what: `list the repositories of organization ${owner}`,
          path: ['orgs', owner, 'repos'],
          query: { limit: PAGE },
          shape: Repositories,
          remedy: 'check owner of the generator (a user is no organization), and that its token may see it',
        },
        byLinkOrTotal,
        ({ id }) => id,
      );
      const wanted = found.filter(({ archived }) => !excludeArchivedRepos || archived !== true);
      return mapLimited(wanted, PARALLEL_REQUESTS, async ({ id, name, empty, ...repository }) => ({
        organization: owner,
        repository: name,
        repositoryId: String(id),
        key: name,
        url: protocol === 'ssh' ? repository.ssh_url : repository.html_url,
        defaultBranch: empty === true ? undefined : repository.default_branch,
        labels: await labelsOf(name),
      }));
    },
    async branches({ key, defaultBranch }): Promise<readonly ForgeBranch[]> {
      const list = {
        what: `list the branches of ${owner}/${key}`,
        path: ['repos', owner, key, 'branches'],
        query: { limit: PAGE },
        page: z.array(Branch),
        one: Branch,
        turn: byLinkOrTotal<z.infer<typeof Branch>>,
        remedy: 'check that the token of the generator may read the code of the repository',
      };
      const found = await branchesOf(client, list, allBranches, defaultBranch);
      return found.map(({ name, commit }) => ({ branch: name, sha: commit.id }));
    },
    hasPath({ key }, { sha }, path): Promise<boolean> {
      return client.exists(
        {
          what: `look for ${path} in ${owner}/${key}`,
          path: ['repos', owner, key, 'contents', ...path.split('/')],
          query: { ref: sha },
        },
        'GET',
      );
    },
  };
}

export async function giteaRepository(
  configuration: GiteaRepository,
  context: GeneratorContext,
): Promise<PullRequestForge> {
  const client = await clientOf(configuration, context);
  const { owner, repo, labels = [] } = configuration;
  return {
    async pullRequests(): Promise<readonly ForgePullRequest[]> {
      const found = await client.all(
        {
          what: `list the pull requests of ${owner}/${repo}`,
          path: ['repos', owner, repo, 'pulls'],
          // The oldest first: what is opened meanwhile comes at the end.
          query: { state: 'open', sort: 'oldest', limit: PAGE },
          shape: PullRequests,
          remedy: 'check owner and repo of the generator, and that its token may read the pull requests',
        },
        byLinkOrTotal,
        ({ number }) => number,
      );
      return found
        .map(({ number, title, head, base, user, ...pull }) => ({
          number,
          title,
          branch: head.ref,
          targetBranch: base.ref,
          headSha: head.sha,
          labels: (pull.labels ?? []).map(({ name }) => name),
          author: user?.login ?? '',
        }))
        .filter((pull) => labels.every((label) => pull.labels.includes(label)));
    },
  };
}

async function clientOf({ api, insecure, tokenRef }: Gitea, context: GeneratorContext): Promise<ForgeClient> {
  const server = await openServer(
    {
      api,
      apiPath: ({ pathname }) => `${pathname.replace(/\/+$/, '')}/api/v1`,
      insecure,
      credential: [{ scheme: 'token', ref: tokenRef }],
    },
    context,
  );
  return new ForgeClient(server, context);
}
