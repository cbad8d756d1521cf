// What turning an ApplicationSet into applications needs from outside.
import type { Evaluator } from '../../evaluate/index.ts';
import type { KubeClient } from '../../k8s/index.ts';
import type { Clock, HttpAnswer, HttpCall, HttpServerOptions, Logger } from '../../lib/index.ts';
import type { Application, ApplicationSet, AppProject, GitHubAppCredential } from '../../model/index.ts';
import type { Leadership } from '../application/index.ts';

/** A cluster as the cluster generator sees it. */
export interface GeneratedCluster {
  readonly name: string;
  readonly server: string;
  readonly project: string | undefined;
  /** The home cluster, when no Secret describes it: no selector finds it. */
  readonly isImplicit: boolean;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** One commit of a repository, complete: listed once, read by path. */
export interface RepositoryFiles {
  /** The commit everything was read at. */
  readonly revision: string;
  /** Every file of the commit, relative to its root, sorted. */
  readonly paths: readonly string[];
  read(path: string): Promise<string>;
}

/** Requests to a server that a generator names: redirects keep no credential, no link-local address is reached. */
export interface GeneratorHttp {
  /** @param server how the origin of `call.url` is reached. Rejects with HttpError; resolves for every status */
  send(call: HttpCall, server?: HttpServerOptions): Promise<HttpAnswer>;
}

export interface ApplicationSetDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly home: KubeClient;
  readonly controlNamespace: string;
  readonly leadership: Leadership;
  readonly evaluator: Evaluator;
  readonly http: GeneratorHttp;
  /**
   * A token of a GitHub App's installation.
   * @param address of the repository, by which an installation is found that the credential does not name
   * Rejects with a CodedError.
   */
  gitHubToken(credential: GitHubAppCredential, address: string): Promise<string>;
  /** Every cluster there is, the home cluster among them. */
  clusters(): readonly GeneratedCluster[];
  project(name: string): AppProject | undefined;
  /** Why the set may not be served, or may not read a repository; undefined when it may. See tenancy.ts. */
  refusal(set: ApplicationSet, repoURL?: string): string | undefined;
  /**
   * Why a set of this namespace may not ask the forge at `api`, an address its author wrote or '' for the public one;
   * undefined when it may. Asked before any token is read. See tenancy.ts.
   */
  scmProviderRefusal(api: string, namespace: string): string | undefined;
  /**
   * The files of a branch, tag or commit as it is now.
   * @param project whose rules on signed commits count; '' when only a template will tell
   * Rejects when the commit is not signed as the project demands.
   */
  files(url: string, revision: string, project: string, signal: AbortSignal): Promise<RepositoryFiles>;
  /** The applications of the namespaces served, as the API has them. */
  applications(): Iterable<Application>;
}
