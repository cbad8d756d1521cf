// What the application controller works with. The composition root fills it; nothing here is global.

import type { ActionCatalog } from '../../actions/index.ts';
import type { CompareEngine } from '../../diff/index.ts';
import type { HealthJudge, ResourceHealth } from '../../health/index.ts';
import type { Journal } from '../../journal/index.ts';
import type { KubeClient, KubeObject, ResourceKey } from '../../k8s/index.ts';
import type { Clock, Logger } from '../../lib/index.ts';
import type {
  Application,
  ApplicationSource,
  Artifact,
  Health,
  IntegrityPolicy,
  OperationState,
  Repository,
  Revision,
} from '../../model/index.ts';
import type { Renderer } from '../../render/index.ts';
import type { Packages } from '../../source/index.ts';
import type { SyncSettings } from '../../sync/index.ts';
import type { LiveClusters } from '../cluster/index.ts';
import type { ChangedPaths, PackageTracker, RepositoryTracker } from '../repository/index.ts';
import type { EffectiveProject } from '../settings/index.ts';
import type { Dependencies } from './dependencies.ts';
import type { IgnoreRuleBook } from './ignore-rules.ts';
import type { Leadership } from './leadership.ts';
import type { Memories } from './memory.ts';

export interface ApplicationDeps {
  readonly clock: Clock;
  readonly log: Logger;
  /** The cluster that holds the Applications. */
  readonly home: KubeClient;
  readonly controlNamespace: string;
  readonly clusters: LiveClusters;
  readonly repositories: RepositoryTracker;
  /** Charts and artifacts of Helm repositories and OCI registries. */
  readonly packages: Pick<Packages, 'placeOf' | 'kept' | 'annotations'>;
  readonly packageFeeds: PackageTracker;
  readonly renderer: Renderer;
  readonly journal: Journal;
  readonly memories: Memories;
  readonly leadership: Leadership;
  /** A snapshot of refs this old is good enough for an application nobody asked to refresh, milliseconds. */
  readonly snapshotMaxAgeMs: number;
  readonly syncSettings: Partial<SyncSettings>;
  /** The project with the global ones that add to it, as it is now. Undefined: there is no such project. */
  project(name: string): EffectiveProject | undefined;
  repositoryFor(url: string, project: string): Repository;
  normalizeUrl(url: string): string;
  sameRepository(a: string, b: string): boolean;
  /** The key under which the tracker knows a repository. */
  repositoryKey(url: string): string;
  /** The files of a source at a revision that was resolved. `isFresh`: what is kept of it counts only if its server says so. */
  openArtifact(
    source: ApplicationSource,
    repository: Repository,
    revision: string,
    options: { readonly signal: AbortSignal; readonly isFresh?: boolean },
  ): Promise<Artifact>;
  /** Rejects unless the revision is signed as the policy demands. */
  verify(
    repository: Repository,
    revision: Revision,
    policy: IntegrityPolicy,
    signal: AbortSignal,
  ): Promise<void>;
  /** Undefined when the range cannot be told (a commit is gone): everything counts as touched then. */
  changedPaths(repository: Repository, from: string, to: string): Promise<ChangedPaths | undefined>;
  readonly ignoreRules: IgnoreRuleBook;
  /** The engine of the installation, where an application does not choose its own. */
  compareEngine(): CompareEngine;
  readonly health: HealthJudge;
  readonly actions: ActionCatalog;
  aggregateHealth(resources: readonly ResourceHealth[]): Health;
  /** The application as the API has it now. */
  current(app: Application): Application | undefined;
  /** Tells what a write of ours answered, ahead of the watch. */
  wrote(app: Application): void;
  /** Writes an operation that begins, so that a restart finds it; resolves when it is stored. */
  writeOperationState(app: Application, state: OperationState): Promise<void>;
  /** Whether an application of this instance name is there. */
  isApplication(instance: string): boolean;
  /** Instance names of other applications whose last render holds this object. */
  desiredBy(server: string, key: ResourceKey, except: string): readonly string[];
  /** Whether syncs act as a service account: never, where the project names one, or always. */
  impersonation(): 'off' | 'optional' | 'enforced';
  /** Sees each application as the API sent it, managers included. */
  noteManagers?(app: KubeObject): void;
  /** Runs one look at an application; for measuring. */
  aroundReconcile?<T>(app: Application, look: () => Promise<T>): Promise<T>;
  /** Which application waits for which. */
  readonly dependencies: Dependencies;
  /** A member of `argocd-cm`. */
  config(key: string): string | undefined;
  /** Somebody switched deletions off, for all clusters or this one. */
  deletesDisabled(server: string): boolean;
}
