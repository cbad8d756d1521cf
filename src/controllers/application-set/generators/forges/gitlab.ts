// GitLab, REST v4.
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
import { byLink } from './pages.ts';
import { type ConfigMapKeyRef, openServer, type SecretRef } from './server.ts';

const Projects = z.array(
  z.object({
    id: z.int(),
    path: z.string(),
    namespace: z.object({ full_path: z.string() }),
    ssh_url_to_repo: z.string(),
    http_url_to_repo: z.string(),
    /** Absent where nothing was pushed, and where the token may not read code. */
    default_branch: z.string().nullish(),
    /** `disabled`: a project without any repository. */
    repository_access_level: z.string().optional(),
    topics: z.array(z.string()).optional(),
    /** What topics were called before GitLab 14.5. */
    tag_list: z.array(z.string()).optional(),
  }),
);
const Branch = z.object({ name: z.string(), commit: z.object({ id: z.string().min(1) }) });
const MergeRequests = z.array(
  z.object({
    iid: z.int(),
    title: z.string(),
    source_branch: z.string(),
    target_branch: z.string(),
    sha: z.string().min(1),
    labels: z.array(z.string()),
    author: z.object({ username: z.string() }).nullish(),
  }),
);
const Entries = z.array(z.object({ path: z.string() }));

interface GitLab {
  readonly api?: string | undefined;
  readonly tokenRef?: SecretRef | undefined;
  readonly insecure?: boolean | undefined;
  readonly caRef?: ConfigMapKeyRef | undefined;
}

export interface GitLabGroup extends GitLab {
  /** Its id or its path. */
  readonly group: string;
  readonly includeSubgroups?: boolean | undefined;
  /** Default: true, as GitLab's own. */
  readonly includeSharedProjects?: boolean | undefined;
  readonly includeArchivedRepos?: boolean | undefined;
  readonly topic?: string | undefined;
  readonly allBranches?: boolean | undefined;
}

export interface GitLabProject extends GitLab {
  /** Its id or its path. */
  readonly project: string;
  readonly labels?: readonly string[] | undefined;
  /** Undefined or empty: every state. */
  readonly pullRequestState?: string | undefined;
}

export async function gitLabGroup(
  configuration: GitLabGroup,
  protocol: CloneProtocol,
  context: GeneratorContext,
): Promise<RepositoryForge> {
  const client = await clientOf(configuration, context);
  const { group, topic = '', allBranches = false, includeArchivedRepos = false } = configuration;
  return {
    async repositories(): Promise<readonly ForgeRepository[]> {
      const found = await client.all(
        {
          what: `list the projects of group ${group}`,
          path: ['groups', group, 'projects'],
          query: {
            include_subgroups: configuration.includeSubgroups ?? false,
            with_shared: configuration.includeSharedProjects ?? true,
            archived: includeArchivedRepos ? undefined : false,
            topic: topic === '' ? undefined : topic,
            // The oldest first: what is made meanwhile comes at the end.
            order_by: 'id',
            sort: 'asc',
            per_page: 100,
          },
          shape: Projects,
          remedy: 'check group of the generator, and that its token may see it',
        },
        byLink,
        ({ id }) => id,
      );
      return found
        .filter((project) => project.repository_access_level !== 'disabled')
        .map(({ id, path, namespace, topics = [], tag_list: tags = [], ...project }) => ({
          organization: namespace.full_path,
          repository: path,
          repositoryId: String(id),
          key: String(id),
          url: protocol === 'ssh' ? project.ssh_url_to_repo : project.http_url_to_repo,
          defaultBranch: project.default_branch ?? undefined,
          labels: topics.length === 0 ? tags : topics,
        }));
    },
    async branches({ organization, repository, key, defaultBranch }): Promise<readonly ForgeBranch[]> {
      const list = {
        what: `list the branches of ${organization}/${repository}`,
        path: ['projects', key, 'repository', 'branches'],
        query: { per_page: 100 },
        page: z.array(Branch),
        one: Branch,
        turn: byLink<z.infer<typeof Branch>>,
        remedy: 'check that the token of the generator may read the code of the project',
      };
      const found = await branchesOf(client, list, allBranches, defaultBranch);
      return found.map(({ name, commit }) => ({ branch: name, sha: commit.id }));
    },
    async hasPath({ organization, repository, key }, { sha }, path): Promise<boolean> {
      const what = `look for ${path} in ${organization}/${repository}`;
      const of = ['projects', key, 'repository'];
      if (await client.exists({ what, path: [...of, 'files', path], query: { ref: sha } }, 'HEAD'))
        return true;
      // Files alone answer there. Of a folder that is not there, GitLab says nothing or 404, by its version.
      const query = { path, ref: sha, per_page: 1 };
      const folder = await client.find({ what, path: [...of, 'tree'], query, shape: Entries, remedy: '' });
      return folder !== undefined && folder.value.length > 0;
    },
  };
}

export async function gitLabProject(
  configuration: GitLabProject,
  context: GeneratorContext,
): Promise<PullRequestForge> {
  const client = await clientOf(configuration, context);
  const { project, labels = [], pullRequestState = '' } = configuration;
  return {
    async pullRequests(): Promise<readonly ForgePullRequest[]> {
      const found = await client.all(
        {
          what: `list the merge requests of project ${project}`,
          path: ['projects', project, 'merge_requests'],
          query: {
            state: pullRequestState === '' ? undefined : pullRequestState,
            labels: labels.length === 0 ? undefined : labels.join(','),
            order_by: 'created_at',
            sort: 'asc',
            per_page: 100,
          },
          shape: MergeRequests,
          remedy: 'check project of the generator, and that its token may read the merge requests',
        },
        byLink,
        ({ iid }) => iid,
      );
      return found.map((merge) => ({
        number: merge.iid,
        title: merge.title,
        branch: merge.source_branch,
        targetBranch: merge.target_branch,
        headSha: merge.sha,
        labels: merge.labels,
        author: merge.author?.username ?? '',
      }));
    },
  };
}

async function clientOf(
  { api, insecure, caRef, tokenRef }: GitLab,
  context: GeneratorContext,
): Promise<ForgeClient> {
  const server = await openServer(
    {
      api,
      fallback: 'https://gitlab.com/api/v4',
      apiPath,
      insecure,
      caRef,
      credential: [{ scheme: 'Bearer', ref: tokenRef }],
    },
    context,
  );
  return new ForgeClient(server, context);
}

function apiPath({ pathname }: URL): string {
  const path = pathname.replace(/\/+$/, '');
  return path.endsWith('/api/v4') ? path : `${path}/api/v4`;
}
