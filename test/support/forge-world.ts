// A server that answers as one of the forges does, with the same organization behind each: pages that are not full,
// addresses of next pages, the members that matter and some that do not. Whoever comes without its token is refused.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { type Certificate, selfSigned } from '../../src/apiserver/certificate.ts';
import { systemRandom } from '../../src/lib/index.ts';

export interface ForgeAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** A text is sent as it is, anything else as JSON. */
  readonly body?: unknown;
}

/** Undefined: 404. */
export type Forge = (call: ForgeCall) => ForgeAnswer | undefined;

export interface ForgeCall {
  readonly method: string;
  readonly url: URL;
  /** Of the path, unescaped. */
  readonly segments: readonly string[];
  readonly authorization: string | undefined;
}

export interface ForgeServer {
  readonly url: string;
  readonly calls: readonly ForgeCall[];
  /** @param authorization what is asked of every call; undefined: nothing */
  serve(forge: Forge, authorization?: string): void;
  /** Answers call number `at` (from 1) in place of the forge. */
  answerAt(at: number, answer: ForgeAnswer): void;
  close(): Promise<void>;
}

/** A certificate that is its own authority. */
export function forgeCertificate(): Certificate {
  return selfSigned({ hosts: ['127.0.0.1'], nowMs: Date.now(), random: systemRandom });
}

/** @param tls the certificate to show; without one it speaks http */
export async function startForge(tls?: {
  readonly cert: string;
  readonly key: string;
}): Promise<ForgeServer> {
  let forge: Forge = () => undefined;
  let wanted: string | undefined;
  let calls: ForgeCall[] = [];
  let instead = new Map<number, ForgeAnswer>();
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    const call = callOf(request);
    calls.push(call);
    const isRefused = wanted !== undefined && call.authorization !== wanted;
    const answer =
      instead.get(calls.length) ??
      (isRefused ? { status: 401, body: { message: 'Unauthorized' } } : forge(call));
    send(response, answer ?? { status: 404, body: { message: 'Not Found' } });
  };
  const server: Server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get calls() {
      return calls;
    },
    serve(next, authorization) {
      forge = next;
      wanted = authorization;
      calls = [];
      instead = new Map();
    },
    answerAt(at, answer) {
      instead.set(at, answer);
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function callOf(request: IncomingMessage): ForgeCall {
  const url = new URL(request.url ?? '/', `http://${request.headers.host}`);
  const segments = url.pathname.split('/').slice(1).map(decodeURIComponent);
  return { method: request.method ?? '', url, segments, authorization: request.headers.authorization };
}

function send(response: ServerResponse, { status = 200, headers = {}, body = {} }: ForgeAnswer): void {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(text);
}

/** The organization behind every forge here. */
export const SHA = { main: '1'.repeat(40), login: 'abcdef0123456789'.padEnd(40, '2'), bank: '3'.repeat(40) };
const REPOSITORIES = [
  {
    id: 11,
    name: 'shop',
    topics: ['web', 'team-a'],
    archived: false,
    branches: [
      { name: 'main', sha: SHA.main },
      { name: 'feature/Login_1', sha: SHA.login },
    ],
    files: ['README.md', 'deploy/app.yaml'],
  },
  {
    id: 12,
    name: 'bank',
    topics: [],
    archived: true,
    branches: [
      { name: 'main', sha: SHA.bank },
      { name: 'mainline', sha: SHA.main },
      { name: 'old', sha: SHA.main },
    ],
    files: [],
  },
  { id: 13, name: 'empty', topics: ['web'], archived: false, branches: [], files: [] },
] as const;
const PULLS = [
  {
    number: 7,
    title: 'Log in',
    branch: 'feature/Login_1',
    target: 'main',
    sha: SHA.login,
    labels: ['preview', 'ui'],
    author: 'ann',
  },
  {
    number: 9,
    title: 'Fix: carts',
    branch: 'fix-carts',
    target: 'release/2',
    sha: SHA.bank,
    labels: ['ui'],
    author: 'bob',
  },
  { number: 12, title: 'Wait', branch: 'wait', target: 'main', sha: SHA.main, labels: [], author: 'cleo' },
] as const;

type Repository = (typeof REPOSITORIES)[number];
const named = (name: string | undefined): Repository | undefined =>
  REPOSITORIES.find((repository) => repository.name === name || String(repository.id) === name);
const sshOf = (name: string): string => `git@git.example.com:acme/${name}.git`;
const httpsOf = (name: string): string => `https://git.example.com/acme/${name}.git`;

/** The variable segments of a path, or undefined when it is another one: `repos/acme/:/branches`. */
function at({ segments }: ForgeCall, pattern: string): string[] | undefined {
  const wanted = pattern.split('/');
  const isRest = wanted.at(-1) === '*';
  if (isRest ? segments.length < wanted.length : segments.length !== wanted.length) return undefined;
  const fixed = isRest ? wanted.slice(0, -1) : wanted;
  if (!fixed.every((part, index) => part === ':' || part === segments[index])) return undefined;
  const found = fixed.flatMap((part, index) => (part === ':' ? [segments[index] ?? ''] : []));
  return isRest ? [...found, segments.slice(fixed.length).join('/')] : found;
}

const has = (repository: Repository, path: string): boolean =>
  repository.files.some((file) => file === path || file.startsWith(`${path}/`));

/** Two at a time whatever was asked for, the next page in a Link header that names a host nobody reaches. */
function linked(
  call: ForgeCall,
  items: readonly unknown[],
  headers: Record<string, string> = {},
): ForgeAnswer {
  const page = Number(call.url.searchParams.get('page') ?? 1);
  const next = new URL(`http://elsewhere.example${call.url.pathname}${call.url.search}`);
  next.searchParams.set('page', String(page + 1));
  const isLast = page * 2 >= items.length;
  const link = `<http://elsewhere.example/first?page=1>; rel="first"${isLast ? '' : `, <${next.href}>; rel="next"`}`;
  return { body: items.slice(page * 2 - 2, page * 2), headers: { link, ...headers } };
}

export const gitHub: Forge = (call) => {
  if (at(call, 'api/v3/orgs/acme/repos'))
    return linked(
      call,
      REPOSITORIES.map(({ id, name, topics, archived }) => ({
        id,
        name,
        full_name: `acme/${name}`,
        owner: { login: 'acme', id: 1, type: 'Organization' },
        ssh_url: sshOf(name),
        clone_url: httpsOf(name),
        default_branch: 'main',
        topics,
        archived,
      })),
    );
  const [name, rest = ''] = at(call, 'api/v3/repos/acme/:/*') ?? [];
  const repository = named(name);
  if (repository === undefined) return undefined;
  const branches = repository.branches.map((branch) => ({
    name: branch.name,
    commit: { sha: branch.sha, url: '' },
    protected: false,
  }));
  if (rest === 'branches') return linked({ ...call }, branches);
  if (rest === 'pulls') return linked(call, PULLS.map(gitHubPull));
  const branch = branches.find((each) => rest === `branches/${each.name}`);
  if (branch !== undefined) return { body: { ...branch, protection: {} } };
  if (rest.startsWith('contents/') && has(repository, rest.slice('contents/'.length))) return { body: '' };
  return undefined;
};

const gitHubPull = ({ number, title, branch, target, sha, labels, author }: (typeof PULLS)[number]) => ({
  number,
  state: 'open',
  title,
  head: { ref: branch, sha, repo: null },
  base: { ref: target, sha: SHA.main },
  labels: labels.map((label, id) => ({ id, name: label, color: 'ff0000' })),
  // Accounts that were deleted.
  user: author === 'cleo' ? null : { login: author, id: 5 },
});

export const gitLab: Forge = (call) => {
  const { searchParams } = call.url;
  if (
    at(call, 'api/v4/groups/parent/acme/projects') ??
    (call.segments[3] === 'parent/acme' && call.segments[4] === 'projects')
  )
    return linked(
      call,
      REPOSITORIES.filter(({ archived }) => searchParams.get('archived') !== 'false' || !archived)
        .filter(({ topics }) => {
          const topic = searchParams.get('topic');
          return topic === null || (topics as readonly string[]).includes(topic);
        })
        .map(({ id, name, topics, branches }) => ({
          id,
          path: name,
          path_with_namespace: `parent/acme/${name}`,
          namespace: { id: 3, kind: 'group', full_path: 'parent/acme' },
          ssh_url_to_repo: sshOf(name),
          http_url_to_repo: httpsOf(name),
          default_branch: branches.length === 0 ? null : 'main',
          repository_access_level: 'enabled',
          topics,
          tag_list: topics,
        })),
    );
  const [id, rest = ''] = at(call, 'api/v4/projects/:/*') ?? [];
  const repository = named(id?.replace('parent/acme/', ''));
  if (repository === undefined) return undefined;
  const branches = repository.branches.map(({ name, sha }) => ({
    name,
    commit: { id: sha, short_id: sha.slice(0, 8) },
    default: name === 'main',
  }));
  if (rest === 'repository/branches') return linked(call, branches);
  const branch = branches.find(({ name }) => rest === `repository/branches/${name}`);
  if (branch !== undefined) return { body: branch };
  if (rest.startsWith('repository/files/'))
    return (repository.files as readonly string[]).includes(rest.slice('repository/files/'.length))
      ? { body: '' }
      : undefined;
  if (rest === 'repository/tree') {
    const path = searchParams.get('path') ?? '';
    const inside = repository.files.filter((file) => file.startsWith(`${path}/`));
    return { body: inside.map((file) => ({ id: 'x', name: file, type: 'blob', path: file })) };
  }
  if (rest === 'merge_requests') {
    const wanted = searchParams.get('labels')?.split(',') ?? [];
    const found = PULLS.filter(({ labels }) =>
      wanted.every((label) => (labels as readonly string[]).includes(label)),
    );
    return linked(
      call,
      found.map(({ number, title, branch: source, target, sha, labels, author }) => ({
        id: 900 + number,
        iid: number,
        title,
        state: 'opened',
        source_branch: source,
        target_branch: target,
        sha,
        labels,
        author: author === 'cleo' ? null : { id: 5, username: author },
      })),
    );
  }
  return undefined;
};

export const gitea: Forge = (call) => {
  if (at(call, 'api/v1/orgs/acme/repos'))
    return linked(
      call,
      REPOSITORIES.map(({ id, name, archived, branches }) => ({
        id,
        name,
        full_name: `acme/${name}`,
        empty: branches.length === 0,
        ssh_url: sshOf(name),
        html_url: httpsOf(name).replace('.git', ''),
        clone_url: httpsOf(name),
        default_branch: 'main',
        archived,
      })),
    );
  const [name, rest = ''] = at(call, 'api/v1/repos/acme/:/*') ?? [];
  const repository = named(name);
  if (repository === undefined) return undefined;
  if (rest === 'labels') {
    // One at a time and no Link header, as with a server whose MAX_RESPONSE_ITEMS is small.
    const page = Number(call.url.searchParams.get('page') ?? 1);
    const found = repository.topics.map((topic, id) => ({ id, name: topic }));
    return { body: found.slice(page - 1, page), headers: { 'x-total-count': String(found.length) } };
  }
  const branches = repository.branches.map((branch) => ({
    name: branch.name,
    commit: { id: branch.sha, message: '' },
  }));
  if (rest === 'branches') return linked(call, branches, { 'x-total-count': String(branches.length) });
  const branch = branches.find((each) => rest === `branches/${each.name}`);
  if (branch !== undefined) return { body: branch };
  if (rest.startsWith('contents/') && has(repository, rest.slice('contents/'.length))) return { body: {} };
  if (rest === 'pulls') return linked(call, PULLS.map(gitHubPull));
  return undefined;
};

export const bitbucketCloud: Forge = (call) => {
  const { searchParams } = call.url;
  const paged = (items: readonly unknown[]): ForgeAnswer => {
    const page = Number(searchParams.get('page') ?? 1);
    const next = new URL(call.url);
    next.searchParams.set('page', String(page + 1));
    const isLast = page * 2 >= items.length;
    const values = items.slice(page * 2 - 2, page * 2);
    return { body: { pagelen: 2, page, size: items.length, values, ...(isLast ? {} : { next: next.href }) } };
  };
  if (at(call, '2.0/repositories/acme'))
    return paged(
      REPOSITORIES.map(({ id, name, branches }) => ({
        type: 'repository',
        uuid: `{${id}}`,
        slug: name,
        mainbranch: branches.length === 0 ? null : { type: 'branch', name: 'main' },
        links: {
          clone: [
            { name: 'https', href: httpsOf(name) },
            { name: 'ssh', href: sshOf(name) },
          ],
        },
      })),
    );
  const [name, rest = ''] = at(call, '2.0/repositories/acme/:/*') ?? [];
  const repository = named(name);
  if (repository === undefined) return undefined;
  const branches = repository.branches.map((branch) => ({
    type: 'branch',
    name: branch.name,
    target: { type: 'commit', hash: branch.sha },
  }));
  if (rest === 'refs/branches') return paged(branches);
  const branch = branches.find((each) => rest === `refs/branches/${each.name}`);
  if (branch !== undefined) return { body: branch };
  const [, sha, path = ''] = /^src\/([^/]+)\/(.*)$/.exec(rest) ?? [];
  if (repository.branches.some((each) => each.sha === sha) && has(repository, path))
    return { body: { type: 'x' } };
  if (rest === 'pullrequests')
    return paged(
      PULLS.map((pull) => ({
        id: pull.number,
        title: pull.title,
        state: 'OPEN',
        source: { branch: { name: pull.branch }, commit: { hash: pull.sha }, repository: null },
        destination: { branch: { name: pull.target }, commit: { hash: SHA.main } },
        author: pull.author === 'cleo' ? null : { nickname: pull.author, display_name: 'A Person' },
      })),
    );
  return undefined;
};

export const bitbucketServer: Forge = (call) => {
  const { searchParams } = call.url;
  const paged = (items: readonly unknown[]): ForgeAnswer => {
    const start = Number(searchParams.get('start') ?? 0);
    const isLastPage = start + 2 >= items.length;
    const values = items.slice(start, start + 2);
    return {
      body: {
        size: values.length,
        limit: 2,
        start,
        isLastPage,
        nextPageStart: isLastPage ? null : start + 2,
        values,
      },
    };
  };
  if (at(call, 'rest/api/1.0/projects/ACME/repos'))
    return paged(
      REPOSITORIES.map(({ id, name }) => ({
        id,
        slug: name,
        name,
        project: { key: 'ACME', id: 1 },
        links: {
          clone: [
            { name: 'http', href: httpsOf(name) },
            { name: 'ssh', href: sshOf(name) },
          ],
          self: [],
        },
      })),
    );
  const [name, rest = ''] = at(call, 'rest/api/1.0/projects/ACME/repos/:/*') ?? [];
  const repository = named(name);
  if (repository === undefined) return undefined;
  const branches = repository.branches.map((branch) => ({
    id: `refs/heads/${branch.name}`,
    displayId: branch.name,
    type: 'BRANCH',
    latestCommit: branch.sha,
    isDefault: branch.name === 'main',
  }));
  if (rest === 'branches')
    return paged(
      branches.filter(({ displayId }) => displayId.includes(searchParams.get('filterText') ?? '')),
    );
  const main = branches.find(({ isDefault }) => isDefault);
  // The shop's answers as a server before version 8, the bank's as one since.
  if (rest === 'branches/default' && name === 'shop') return { body: main };
  if (rest === 'branches/default' && main === undefined) return { status: 204, body: '' };
  if (rest === 'default-branch' && main !== undefined)
    return { body: { id: main.id, displayId: main.displayId, type: 'BRANCH' } };
  if (rest.startsWith('browse/') && has(repository, rest.slice('browse/'.length)))
    return { body: { type: 'FILE' } };
  if (rest === 'pull-requests')
    return paged(
      PULLS.map((pull) => ({
        id: pull.number,
        title: pull.title,
        state: 'OPEN',
        fromRef: { id: `refs/heads/${pull.branch}`, displayId: pull.branch, latestCommit: pull.sha },
        toRef: { id: `refs/heads/${pull.target}`, displayId: pull.target, latestCommit: SHA.main },
        ...(pull.author === 'cleo' ? {} : { author: { user: { name: pull.author, id: 4 }, role: 'AUTHOR' } }),
      })),
    );
  return undefined;
};

export const azureDevOps: Forge = (call) => {
  const { searchParams } = call.url;
  if (at(call, 'acme/store/_apis/git/repositories'))
    return {
      body: {
        count: 3,
        value: REPOSITORIES.map(({ id, name, branches }) => ({
          id: `guid-${id}`,
          name,
          remoteUrl: httpsOf(name),
          sshUrl: sshOf(name),
          project: { id: 'p', name: 'store' },
          ...(branches.length === 0 ? {} : { defaultBranch: 'refs/heads/main' }),
          isDisabled: false,
        })),
      },
    };
  const [id, rest = ''] = at(call, 'acme/store/_apis/git/repositories/:/*') ?? [];
  const repository = named(id?.replace('guid-', ''));
  if (repository === undefined) return undefined;
  if (rest === 'refs') {
    const filter = `refs/${searchParams.get('filter') ?? ''}`;
    const found = repository.branches
      .map(({ name, sha }) => ({ name: `refs/heads/${name}`, objectId: sha }))
      .filter(({ name }) => name.startsWith(filter));
    // One at a time.
    const from = Number(searchParams.get('continuationToken') ?? 0);
    const headers: Record<string, string> =
      from + 1 < found.length ? { 'x-ms-continuationtoken': String(from + 1) } : {};
    return { body: { count: 1, value: found.slice(from, from + 1) }, headers };
  }
  if (rest === 'items')
    return has(repository, (searchParams.get('path') ?? '').slice(1))
      ? { body: { objectId: 'x' } }
      : undefined;
  if (rest === 'pullrequests') {
    const from = Number(searchParams.get('$skip') ?? 0);
    // A hundred that are all alike before the others, so that there is a second page.
    const many = [...Array.from({ length: 98 }, () => PULLS[2]), ...PULLS];
    const value = many.slice(from, from + Number(searchParams.get('$top'))).map((pull) => ({
      pullRequestId: pull.number,
      title: pull.title,
      status: 'active',
      sourceRefName: `refs/heads/${pull.branch}`,
      targetRefName: `refs/heads/${pull.target}`,
      lastMergeSourceCommit: { commitId: pull.sha },
      ...(pull.labels.length === 0
        ? {}
        : { labels: pull.labels.map((name) => ({ id: 'x', name, active: true })) }),
      ...(pull.author === 'cleo' ? {} : { createdBy: { uniqueName: `${pull.author}@example.com` } }),
    }));
    return { body: { count: value.length, value } };
  }
  return undefined;
};
