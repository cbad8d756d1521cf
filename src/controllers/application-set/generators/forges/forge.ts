// What generators ask a forge for, whichever it is. Each forge is a file of its own beside this one.
import { invalid } from './client.ts';

export interface ForgeRepository {
  readonly organization: string;
  readonly repository: string;
  readonly repositoryId: string;
  /** How the API of the forge names it in paths. */
  readonly key: string;
  /** By the clone protocol that the author chose. */
  readonly url: string;
  /** Undefined: nothing was ever pushed to it. */
  readonly defaultBranch: string | undefined;
  readonly labels: readonly string[];
}

export interface ForgeBranch {
  readonly branch: string;
  readonly sha: string;
}

export interface ForgePullRequest {
  readonly number: number;
  readonly title: string;
  readonly branch: string;
  readonly targetBranch: string;
  readonly headSha: string;
  readonly labels: readonly string[];
  /** Empty when the forge does not know them any more. */
  readonly author: string;
}

/** Everything is complete or rejects with ApplicationSetError. */
export interface RepositoryForge {
  repositories(): Promise<readonly ForgeRepository[]>;
  /** The default branch, or all when the author wants all. */
  branches(repository: ForgeRepository): Promise<readonly ForgeBranch[]>;
  /** @param path of a file or folder, relative to the root of the repository, without slashes around */
  hasPath(repository: ForgeRepository, branch: ForgeBranch, path: string): Promise<boolean>;
}

export interface PullRequestForge {
  /** Rejects with ForgeNotFound when the forge knows no such repository. */
  pullRequests(): Promise<readonly ForgePullRequest[]>;
}

/** What an author may write as `cloneProtocol`; undefined: ssh. */
export type CloneProtocol = 'ssh' | 'https';

/** @param links as both kinds of Bitbucket have them: an address for each protocol the server offers */
export function cloneAddress(
  repository: string,
  links: readonly { readonly name: string; readonly href: string }[],
  protocol: CloneProtocol,
  name: string,
): string {
  const link = links.find((each) => each.name === name);
  if (link !== undefined) return link.href;
  const other = protocol === 'ssh' ? 'https' : 'ssh';
  throw invalid(
    `${repository} cannot be cloned by ${protocol}; write cloneProtocol: ${other} in the generator`,
  );
}
