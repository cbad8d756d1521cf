// What an application looks like from inside: manifests, differences, resources, commits, logs, events.
import type { FieldChange } from '../model/index.ts';
import { ApplicationScope } from './applications.ts';
import { count, flag, text, texts } from './query.ts';

export const ManifestQuery = ApplicationScope.extend({
  revision: text,
  revisions: texts,
  sourcePositions: texts,
  noCache: flag,
});

export interface ManifestResponse {
  /** One JSON text per object; Secrets masked. */
  readonly manifests: readonly string[];
  readonly namespace?: string;
  readonly server?: string;
  readonly revision: string;
  readonly sourceType?: string;
}

/** Narrows lists of resources; absent members match everything. */
export const ResourceFilter = ApplicationScope.extend({
  group: text,
  version: text,
  kind: text,
  namespace: text,
  name: text,
});

/** One object of the application in its states, each a JSON text; '' or 'null' where there is none. */
export interface ManagedResource {
  readonly group: string;
  readonly version?: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly targetState: string;
  readonly liveState: string;
  readonly normalizedLiveState: string;
  readonly predictedLiveState: string;
  readonly resourceVersion?: string;
  readonly hook?: boolean;
  readonly modified?: boolean;
  /** Fairlead: each field that differs, with who owns the live value. */
  readonly fields?: readonly FieldChange[];
}

export interface ManagedResourceList {
  readonly items: readonly ManagedResource[];
}

export const ResourceQuery = ApplicationScope.extend({
  group: text,
  version: text,
  kind: text,
  namespace: text,
  resourceName: text,
});

export interface ResourceResponse {
  /** The live object as JSON text; Secrets masked. */
  readonly manifest: string;
}

export const RevisionQuery = ApplicationScope.extend({ sourceIndex: count, versionId: count });

/** What people want to know of a commit (Argo CD's RevisionMetadata, and the id). */
export interface CommitMetadata {
  readonly author: string;
  /** RFC 3339. */
  readonly date: string;
  readonly message: string;
  readonly tags: readonly string[];
  /** Fairlead: the full commit id. */
  readonly revision: string;
}

export const EventQuery = ApplicationScope.extend({
  resourceName: text,
  resourceNamespace: text,
  resourceUID: text,
});

/** core/v1 Event, the members that are shown. */
export interface KubernetesEvent {
  readonly metadata: { readonly name?: string; readonly namespace?: string; readonly [key: string]: unknown };
  readonly type?: string;
  readonly reason?: string;
  readonly message?: string;
  readonly count?: number;
  readonly firstTimestamp?: string | null;
  readonly lastTimestamp?: string | null;
  readonly eventTime?: string | null;
  readonly [key: string]: unknown;
}

export interface EventList {
  readonly metadata: { readonly resourceVersion?: string };
  readonly items: readonly KubernetesEvent[];
}

export const LogQuery = ApplicationScope.extend({
  namespace: text,
  podName: text,
  container: text,
  group: text,
  kind: text,
  resourceName: text,
  sinceSeconds: count,
  sinceTime: text,
  /** The same as seconds since the epoch, as the gateway writes a time. */
  'sinceTime.seconds': count,
  'sinceTime.nanos': count,
  /** RFC 3339; the first line after it ends the answer. */
  untilTime: text,
  tailLines: count,
  follow: flag,
  previous: flag,
  /** Only lines with this text; a leading `!` leaves them out. */
  filter: text,
  matchCase: flag,
  /** The lines alone, as a file. */
  download: flag,
});

export interface LogEntry {
  readonly content: string;
  /** RFC 3339 with seconds; null on a line that Fairlead itself says, e.g. why a log cannot be read. */
  readonly timeStamp: string | null;
  /** RFC 3339 as the cluster wrote it, with up to nine digits of a second; '' where there is none. */
  readonly timeStampStr: string;
  readonly podName: string;
  /** True on the entry that ends the stream; its content is empty. */
  readonly last: boolean;
}
