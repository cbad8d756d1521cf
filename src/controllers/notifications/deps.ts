// What the notifications controller works with. The composition root fills it.
import type { Journal } from '../../journal/index.ts';
import type { KubeClient, ObjectChange } from '../../k8s/index.ts';
import type { Clock, Logger, Random } from '../../lib/index.ts';
import type { Application } from '../../model/index.ts';
import type { CommitFacts, NotifyConfig } from '../../notify/index.ts';
import type { Leadership } from '../application/index.ts';

export interface NotificationsDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly home: KubeClient;
  readonly journal: Journal;
  readonly leadership: Leadership;
  /** The current configuration: the same object until something of it changes. */
  config(): NotifyConfig;
  applications(): Iterable<Application>;
  /** Calls `handler` for each change; begins with what is there. @returns a function that stops it */
  subscribe(handler: (change: ObjectChange<Application>) => void): () => void;
  /** The newest state known of `namespace/name`. */
  current(key: string): Application | undefined;
  /** Takes in the answer of a write. */
  wrote(app: Application): void;
  /** Annotations of the project; empty when there is none. */
  projectAnnotations(project: string): Readonly<Record<string, string>>;
  commit(app: Application, revision: string): Promise<CommitFacts>;
  /** Tells of a notification that could not be delivered. */
  failed(app: Application, message: string): void;
  readonly metrics: NotificationMetrics;
}

export interface NotificationMetrics {
  delivered(trigger: string, service: string, succeeded: boolean): void;
  evaluated(trigger: string, triggered: boolean): void;
}
