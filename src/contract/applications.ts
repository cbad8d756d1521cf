// Applications in the API: what a list, a stream and a write carry. Query and body schemas parse what a client sent.
import { z } from 'zod';
import { type Application, ApplicationSpec, OperationResource, RetryStrategy } from '../model/index.ts';
import { count, flag, text, texts } from './query.ts';

/** Which application a request means, beside its name in the path. */
export const ApplicationScope = z.object({ appNamespace: text, project: texts });

export const ApplicationListQuery = z.object({
  name: text,
  projects: texts,
  project: texts,
  selector: text,
  repo: text,
  appNamespace: text,
  resourceVersion: text,
  /** Paths to keep, comma-separated (`items.metadata.name,metadata`); a leading `-` keeps everything else. */
  fields: text,
  refresh: text,
  /** Fairlead: part of name, project, repository, path, destination or labels; each word must occur. */
  search: text,
  /** Fairlead: sync and health words, repeated or comma-separated. */
  sync: texts,
  health: texts,
  cluster: texts,
  namespace: texts,
  /** Fairlead: only applications with (true) or without (false) automated sync. */
  autoSync: flag,
  /** Fairlead: `name` (default), `project`, `sync`, `health`, `created`, `synced`; a leading `-` turns the order round. */
  sort: text,
  limit: count,
  offset: count,
  /** Fairlead: `metadata.continue` of the page before; unlike `offset` it stays exact while objects come and go. */
  continue: text,
});
export type ApplicationListQuery = z.output<typeof ApplicationListQuery>;

interface ApplicationListMetadata {
  /** Where a stream may start. */
  readonly resourceVersion: string;
  /** Applications that match, on all pages. */
  readonly total: number;
  /** Pass as `continue` for the next page; absent on the last one. */
  readonly continue?: string;
}

export interface ApplicationList {
  readonly metadata: ApplicationListMetadata;
  readonly items: readonly Application[];
}

export type WatchEventType = 'ADDED' | 'MODIFIED' | 'DELETED';

/** The `result` of each line (or server-sent event) of the stream of applications. */
export interface ApplicationWatchEvent {
  readonly type: WatchEventType;
  readonly application: Application;
}

export const ApplicationGetQuery = ApplicationScope.extend({
  /** `normal` or `hard`: look again first, and answer when that is done. */
  refresh: text,
  fields: text,
});

export const ApplicationCreateQuery = z.object({ upsert: flag, validate: flag });
export const ApplicationUpdateQuery = ApplicationScope.extend({ validate: flag });
export const ApplicationDeleteQuery = ApplicationScope.extend({ cascade: flag, propagationPolicy: text });

/** Accepted and left aside: Kubernetes and the controller write it. Clients send back whole objects they have read. */
const theirs = z.unknown().optional();

/** Members of every object's metadata that clients cannot set. */
export const serverMetadata = {
  uid: theirs,
  creationTimestamp: theirs,
  deletionTimestamp: theirs,
  deletionGracePeriodSeconds: theirs,
  generation: theirs,
  generateName: theirs,
  managedFields: theirs,
  ownerReferences: theirs,
  selfLink: theirs,
};
/** Members of an object that are not its specification. */
export const serverMembers = { apiVersion: theirs, kind: theirs, status: theirs };

/** What a client may send of an object's metadata. */
export const ObjectMetadataWrite = z.object({
  ...serverMetadata,
  name: z.string().default(''),
  namespace: z.string().optional(),
  labels: z.record(z.string(), z.string()).nullish(),
  annotations: z.record(z.string(), z.string()).nullish(),
  finalizers: z.array(z.string()).nullish(),
  resourceVersion: z.string().optional(),
});

/** What a client may send of an Application; status and operation are the controller's. */
export const ApplicationWrite = z.object({
  ...serverMembers,
  operation: theirs,
  metadata: ObjectMetadataWrite,
  spec: ApplicationSpec,
});
export type ApplicationWrite = z.output<typeof ApplicationWrite>;
export const ApplicationSpecWrite = ApplicationSpec;

/** Members that gateway bodies repeat from the path. */
const bodyScope = {
  name: z.string().optional(),
  appNamespace: z.string().optional(),
  project: z.string().optional(),
};
const Info = z.object({ name: z.string(), value: z.string() });

export const SyncRequest = z.object({
  ...bodyScope,
  revision: z.string().optional(),
  dryRun: z.boolean().optional(),
  prune: z.boolean().optional(),
  strategy: z
    .object({
      apply: z.object({ force: z.boolean().optional() }).nullish(),
      hook: z.object({ force: z.boolean().optional() }).nullish(),
    })
    .nullish(),
  resources: z.array(OperationResource).nullish(),
  manifests: z.array(z.string()).nullish(),
  infos: z.array(Info).nullish(),
  retryStrategy: RetryStrategy.nullish(),
  /** Some clients send the bare list. */
  syncOptions: z
    .union([
      z.object({ items: z.array(z.string()).optional() }),
      z.array(z.string()).transform((items) => ({ items })),
    ])
    .nullish(),
  /** 1-based positions in `spec.sources`, in step with `revisions`. */
  sourcePositions: z.array(z.coerce.number().int().min(1)).nullish(),
  revisions: z.array(z.string()).nullish(),
});
export type SyncRequest = z.input<typeof SyncRequest>;

export const RollbackRequest = z.object({
  ...bodyScope,
  /** Of `status.history`; 64-bit numbers may come as text. */
  id: z.coerce.number().int(),
  dryRun: z.boolean().optional(),
  prune: z.boolean().optional(),
  /** Fairlead: why it is held there while automated sync is on, and until when (RFC 3339; absent: until released). */
  reason: z.string().max(1_000).optional(),
  until: z.string().optional(),
});
export type RollbackRequest = z.input<typeof RollbackRequest>;

export const PatchRequest = z.object({
  ...bodyScope,
  /** The patch as text. */
  patch: z.string(),
  patchType: z.enum(['json', 'merge', '']).optional(),
});
export type PatchRequest = z.input<typeof PatchRequest>;
