// What Git servers send when somebody pushed. Pure: payloads in, pushes out; a payload that says nothing useful gives
// a push without repositories.
import { distinct, list, type Payload, record, text, urls } from './webhook-values.ts';

export interface Push {
  /** Every spelling of the repository's address in the payload (https, ssh, web page). */
  readonly repositoryUrls: readonly string[];
  /** Full ref, e.g. `refs/heads/main`; empty when the provider does not say. */
  readonly ref: string;
  readonly before?: string;
  readonly after?: string;
}

/** GitHub, Gitea and Gogs. */
export function readGitHubLike(payload: Payload): Push {
  return {
    repositoryUrls: urls(record(payload['repository']), [
      'clone_url',
      'html_url',
      'ssh_url',
      'git_url',
      'url',
    ]),
    ref: text(payload['ref']),
    ...commitRange(payload['before'], payload['after']),
  };
}

export function readGitLab(payload: Payload): Push {
  return {
    repositoryUrls: urls(record(payload['project']), [
      'git_http_url',
      'web_url',
      'git_ssh_url',
      'http_url',
      'ssh_url',
    ]),
    ref: text(payload['ref']),
    ...commitRange(payload['before'], payload['after']),
  };
}

export function readBitbucketCloud(payload: Payload): Push {
  const repository = record(payload['repository']);
  const page = text(record(record(repository['links'])['html'])['href']);
  const fullName = text(repository['full_name']);
  const change = record(list(record(payload['push'])['changes'])[0]);
  const moved = record(change['new']);
  const name = text(moved['name']);
  return {
    repositoryUrls: distinct([page, fullName === '' ? '' : `git@bitbucket.org:${fullName}.git`]),
    ref: name === '' ? '' : `refs/${moved['type'] === 'tag' ? 'tags' : 'heads'}/${name}`,
    ...commitRange(record(record(change['old'])['target'])['hash'], record(moved['target'])['hash']),
  };
}

export function readBitbucketServer(payload: Payload): Push {
  const links = record(record(payload['repository'])['links']);
  const change = record(list(payload['changes'])[0]);
  return {
    repositoryUrls: distinct(
      [...list(links['clone']), ...list(links['self'])].map((link) => text(record(link)['href'])),
    ),
    ref: text(record(change['ref'])['id']),
    ...commitRange(change['fromHash'], change['toHash']),
  };
}

export function readAzureDevOps(payload: Payload): Push {
  const resource = record(payload['resource']);
  const repository = record(resource['repository']);
  const update = record(list(resource['refUpdates'])[0]);
  const remote = text(repository['remoteUrl']);
  return {
    repositoryUrls: distinct([remote, text(repository['sshUrl']), azureSshUrl(remote)]),
    ref: text(update['name']),
    ...commitRange(update['oldObjectId'], update['newObjectId']),
  };
}

/** `https://dev.azure.com/ORG/PROJECT/_git/REPO` is `git@ssh.dev.azure.com:v3/ORG/PROJECT/REPO` over SSH. */
function azureSshUrl(remote: string): string {
  const [, path] = /^https:\/\/(?:[^@/]+@)?dev\.azure\.com\/([^?#]+)$/.exec(remote) ?? [];
  const [organisation, project, marker, repository] = path?.split('/') ?? [];
  if (repository === undefined || marker !== '_git') return '';
  return `git@ssh.dev.azure.com:v3/${organisation}/${project}/${repository}`;
}

/** `{repository: URL or list of URLs, ref?, before?, after?}`: for everything that has no provider of its own. */
export function readGenericPush(payload: Payload): Push {
  const named = payload['repository'];
  return {
    repositoryUrls: distinct(Array.isArray(named) ? list(named).map(text) : [text(named)]),
    ref: text(payload['ref']),
    ...commitRange(payload['before'], payload['after']),
  };
}

function commitRange(before: unknown, after: unknown): { before?: string; after?: string } {
  const sha = /^[0-9a-f]{40}$/;
  return {
    ...(sha.test(text(before)) ? { before: text(before) } : {}),
    ...(sha.test(text(after)) ? { after: text(after) } : {}),
  };
}
