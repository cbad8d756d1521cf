// Bitbucket Server and Data Center, REST 1.0. Its pull requests have no labels, and those of repositories are not read.
import { z } from 'zod';
import type { GeneratorContext } from '../generator.ts';
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
import { byStart } from './pages.ts';
import { type ConfigMapKeyRef, openServer, type SecretRef } from './server.ts';

const paged = <Item>(item: z.ZodType<Item>) =>
  z.object({ values: z.array(item), isLastPage: z.boolean(), nextPageStart: z.int().nullish() });
const Repository = z.object({
  id: z.int(),
  slug: z.string(),
  name: z.string(),
  project: z.object({ key: z.string() }),
  links: z.object({ clone: z.array(z.object({ name: z.string(), href: z.string() })) }),
});
const Branch = z.object({ id: z.string(), displayId: z.string(), latestCommit: z.string().min(1) });
const NamedBranch = z.object({ id: z.string(), displayId: z.string() });
const PullRequest = z.object({
  id: z.int(),
  title: z.string(),
  fromRef: z.object({ displayId: z.string(), latestCommit: z.string().min(1) }),
  toRef: z.object({ displayId: z.string() }),
  author: z.object({ user: z.object({ name: z.string() }) }).nullish(),
});

interface BitbucketServer {
  readonly project: string;
  readonly api: string;
  readonly basicAuth?: { readonly username: string; readonly passwordRef: SecretRef } | undefined;
  readonly bearerToken?: { readonly tokenRef: SecretRef } | undefined;
  readonly insecure?: boolean | undefined;
  readonly caRef?: ConfigMapKeyRef | undefined;
}

export interface BitbucketServerProject extends BitbucketServer {
  readonly allBranches?: boolean | undefined;
}

export interface BitbucketServerRepository extends BitbucketServer {
  readonly repo: string;
}

export async function bitbucketServerProject(
  configuration: BitbucketServerProject,
  protocol: CloneProtocol,
  context: GeneratorContext,
): Promise<RepositoryForge> {
  const client = await clientOf(configuration, context);
  const { project, allBranches = false } = configuration;
  return {
    async repositories(): Promise<readonly ForgeRepository[]> {
      const found = await client.all(
        {
          what: `list the repositories of project ${project}`,
          path: ['projects', project, 'repos'],
          query: { limit: 100 },
          shape: paged(Repository),
          remedy: 'check project of the generator, and that its credential may see it',
        },
        byStart,
        ({ id }) => id,
      );
      return found.map(({ id, slug, name, project: { key }, links }) => ({
        organization: key,
        repository: name,
        repositoryId: String(id),
        key: slug,
        url: cloneAddress(`${key}/${slug}`, links.clone, protocol, protocol === 'ssh' ? 'ssh' : 'http'),
        // It says so elsewhere.
        defaultBranch: undefined,
        labels: [],
      }));
    },
    branches: (repository) => branchesOf(client, repository, allBranches),
    hasPath({ organization, key }, { sha }, path): Promise<boolean> {
      return client.exists(
        {
          what: `look for ${path} in ${organization}/${key}`,
          path: ['projects', organization, 'repos', key, 'browse', ...path.split('/')],
          query: { at: sha, type: true },
        },
        'GET',
      );
    },
  };
}

export async function bitbucketServerRepository(
  configuration: BitbucketServerRepository,
  context: GeneratorContext,
): Promise<PullRequestForge> {
  const client = await clientOf(configuration, context);
  const { project, repo } = configuration;
  return {
    async pullRequests(): Promise<readonly ForgePullRequest[]> {
      const found = await client.all(
        {
          what: `list the pull requests of ${project}/${repo}`,
          path: ['projects', project, 'repos', repo, 'pull-requests'],
          // The oldest first: what is opened meanwhile comes at the end.
          query: { state: 'OPEN', order: 'OLDEST', limit: 100 },
          shape: paged(PullRequest),
          remedy: 'check project and repo of the generator, and that its credential may read the repository',
        },
        byStart,
        ({ id }) => id,
      );
      return found.map(({ id, title, fromRef, toRef, author }) => ({
        number: id,
        title,
        branch: fromRef.displayId,
        targetBranch: toRef.displayId,
        headSha: fromRef.latestCommit,
        labels: [],
        author: author?.user.name ?? '',
      }));
    },
  };
}

async function branchesOf(
  client: ForgeClient,
  { organization, key }: ForgeRepository,
  isAll: boolean,
): Promise<readonly ForgeBranch[]> {
  const what = `list the branches of ${organization}/${key}`;
  const remedy = 'check that the credential of the generator may read the repository';
  const path = ['projects', organization, 'repos', key];
  const list = { what, remedy, path: [...path, 'branches'], shape: paged(Branch) };
  const idOf = ({ id }: z.infer<typeof Branch>): string => id;
  const named = ({ displayId, latestCommit }: z.infer<typeof Branch>): ForgeBranch => ({
    branch: displayId,
    sha: latestCommit,
  });
  if (isAll) return (await client.all({ ...list, query: { limit: 100 } }, byStart, idOf)).map(named);
  // The address up to version 8 says the commit too.
  const before8 = { what, remedy, path: [...path, 'branches', 'default'], shape: Branch };
  const known = await client.find(before8);
  if (known !== undefined) return [named(known.value)];
  const since8 = { what, remedy, path: [...path, 'default-branch'], shape: NamedBranch };
  const main = await client.find(since8);
  // Nobody pushed to it yet when it answers for its branches; otherwise this is refused.
  const query = { limit: 100, filterText: main?.value.displayId };
  const found = await client.all({ ...list, query }, byStart, idOf);
  return found.filter(({ id }) => id === main?.value.id).map(named);
}

async function clientOf(
  { api, insecure, caRef, basicAuth, bearerToken }: BitbucketServer,
  context: GeneratorContext,
): Promise<ForgeClient> {
  const server = await openServer(
    {
      api,
      apiPath: ({ pathname }) => `${pathname.replace(/(\/rest)?\/*$/, '')}/rest/api/1.0`,
      insecure,
      caRef,
      credential: [
        { scheme: 'Bearer', ref: bearerToken?.tokenRef },
        { scheme: 'Basic', username: basicAuth?.username ?? '', ref: basicAuth?.passwordRef },
      ],
    },
    context,
  );
  return new ForgeClient(server, context);
}
