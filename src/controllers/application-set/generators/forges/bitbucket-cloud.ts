// Bitbucket Cloud, REST 2.0. It has no labels.
import { z } from 'zod';
import type { GeneratorContext } from '../generator.ts';
import { branchesOf } from './branches.ts';
import { ForgeClient } from './client.ts';
import {
  type CloneProtocol,
  cloneAddress,
  type ForgeBranch,
  type ForgePullRequest,
  type ForgeRepository,
  type PullRequestForge,
  type RepositoryForge,
} from './forge.ts';
import { byNext } from './pages.ts';
import { type Credential, openServer, type SecretRef } from './server.ts';

const paged = <Item>(item: z.ZodType<Item>) =>
  z.object({ values: z.array(item), next: z.string().optional() });
const Repository = z.object({
  uuid: z.string(),
  slug: z.string(),
  /** Null where nothing was pushed. */
  mainbranch: z.object({ name: z.string() }).nullish(),
  links: z.object({ clone: z.array(z.object({ name: z.string(), href: z.string() })) }),
});
const Branch = z.object({ name: z.string(), target: z.object({ hash: z.string().min(1) }) });
const PullRequest = z.object({
  id: z.int(),
  title: z.string(),
  source: z.object({
    branch: z.object({ name: z.string() }),
    commit: z.object({ hash: z.string().min(1) }),
  }),
  destination: z.object({ branch: z.object({ name: z.string() }) }),
  author: z.object({ nickname: z.string().optional() }).nullish(),
});

export interface BitbucketWorkspace {
  readonly owner: string;
  readonly user: string;
  readonly appPasswordRef?: SecretRef | undefined;
  readonly allBranches?: boolean | undefined;
}

export interface BitbucketRepository {
  readonly owner: string;
  readonly repo: string;
  readonly api?: string | undefined;
  readonly basicAuth?: { readonly username: string; readonly passwordRef: SecretRef } | undefined;
  readonly bearerToken?: { readonly tokenRef: SecretRef } | undefined;
}

export async function bitbucketWorkspace(
  { owner, user, appPasswordRef, allBranches = false }: BitbucketWorkspace,
  protocol: CloneProtocol,
  context: GeneratorContext,
): Promise<RepositoryForge> {
  const credential: Credential = [{ scheme: 'Basic', username: user, ref: appPasswordRef }];
  const client = await clientOf(undefined, credential, context);
  return {
    async repositories(): Promise<readonly ForgeRepository[]> {
      const found = await client.all(
        {
          what: `list the repositories of workspace ${owner}`,
          path: ['repositories', owner],
          query: { role: 'member', sort: 'created_on', pagelen: 100 },
          shape: paged(Repository),
          remedy: 'check owner of the generator, and that user is a member of the workspace',
        },
        byNext,
        ({ uuid }) => uuid,
      );
      return found.map(({ uuid, slug, mainbranch, links }) => ({
        organization: owner,
        repository: slug,
        repositoryId: uuid,
        key: slug,
        url: cloneAddress(`${owner}/${slug}`, links.clone, protocol, protocol),
        defaultBranch: mainbranch?.name,
        labels: [],
      }));
    },
    async branches({ key, defaultBranch }): Promise<readonly ForgeBranch[]> {
      const list = {
        what: `list the branches of ${owner}/${key}`,
        path: ['repositories', owner, key, 'refs', 'branches'],
        query: { pagelen: 100 },
        page: paged(Branch),
        one: Branch,
        turn: byNext<z.infer<typeof Branch>>,
        remedy: 'check that the app password of the generator may read the repository',
      };
      const found = await branchesOf(client, list, allBranches, defaultBranch);
      return found.map(({ name, target }) => ({ branch: name, sha: target.hash }));
    },
    hasPath({ key }, { sha }, path): Promise<boolean> {
      return client.exists(
        {
          what: `look for ${path} in ${owner}/${key}`,
          path: ['repositories', owner, key, 'src', sha, ...path.split('/')],
          query: { format: 'meta' },
        },
        'GET',
      );
    },
  };
}

export async function bitbucketRepository(
  { owner, repo, api, basicAuth, bearerToken }: BitbucketRepository,
  context: GeneratorContext,
): Promise<PullRequestForge> {
  const credential: Credential = [
    { scheme: 'Bearer', ref: bearerToken?.tokenRef },
    { scheme: 'Basic', username: basicAuth?.username ?? '', ref: basicAuth?.passwordRef },
  ];
  const client = await clientOf(api, credential, context);
  return {
    async pullRequests(): Promise<readonly ForgePullRequest[]> {
      const found = await client.all(
        {
          what: `list the pull requests of ${owner}/${repo}`,
          path: ['repositories', owner, repo, 'pullrequests'],
          // 50 is the most it gives here. The oldest first: what is opened meanwhile comes at the end.
          query: { state: 'OPEN', sort: 'created_on', pagelen: 50 },
          shape: paged(PullRequest),
          remedy: 'check owner and repo of the generator, and that its credential may read the repository',
        },
        byNext,
        ({ id }) => id,
      );
      return found.map(({ id, title, source, destination, author }) => ({
        number: id,
        title,
        branch: source.branch.name,
        targetBranch: destination.branch.name,
        headSha: source.commit.hash,
        labels: [],
        author: author?.nickname ?? '',
      }));
    },
  };
}

async function clientOf(
  api: string | undefined,
  credential: Credential,
  context: GeneratorContext,
): Promise<ForgeClient> {
  const server = await openServer(
    { api, fallback: 'https://api.bitbucket.org/2.0', apiPath: ({ pathname }) => pathname, credential },
    context,
  );
  return new ForgeClient(server, context);
}
