// Writing one object of an application by hand, links people configured, and answers about charts and local manifests.
import { z } from 'zod';
import { ApplicationScope } from './applications.ts';
import { count, flag, text, texts } from './query.ts';
import { type ManagedResource, ResourceQuery } from './views.ts';

/** How a patch of an object is written: the content types of the Kubernetes API, or their short names. */
const PATCH_TYPES = {
  '': 'merge',
  merge: 'merge',
  json: 'json',
  strategic: 'strategic',
  'application/merge-patch+json': 'merge',
  'application/json-patch+json': 'json',
  'application/strategic-merge-patch+json': 'strategic',
} as const;
export type ResourcePatchType = (typeof PATCH_TYPES)[keyof typeof PATCH_TYPES];

export const ResourcePatchQuery = ResourceQuery.extend({
  patchType: text.transform((value, context) => {
    const known: string[] = Object.keys(PATCH_TYPES);
    const given = value ?? '';
    if (!known.includes(given)) {
      context.addIssue(
        `"${given.slice(0, 60)}" is no kind of patch; use ${known.filter((name) => name.includes('/')).join(', ')}`,
      );
    }
    return PATCH_TYPES[given as keyof typeof PATCH_TYPES] ?? 'merge';
  }),
});
/** The patch itself, as a JSON string. */
export const ResourcePatchBody = z.string().max(4_000_000);

export const ResourceDeleteQuery = ResourceQuery.extend({
  /** At once, without the grace period of its kind. */
  force: flag,
  /** What it owns stays. */
  orphan: flag,
});

/** A link of `application.links`, `project.links` or `resource.links` of argocd-cm, filled in. */
export interface LinkInfo {
  readonly title: string;
  readonly url: string;
  readonly description?: string;
  readonly iconClass?: string;
}

export interface LinkList {
  readonly items: readonly LinkInfo[];
}

/** `targetManifests`: one JSON or YAML text per object; none: what the source gives. */
export const ServerSideDiffQuery = ApplicationScope.extend({ targetManifests: texts });

export interface ServerSideDiff {
  readonly items: readonly ManagedResource[];
  /** True when a sync of these manifests would change anything. */
  readonly modified: boolean;
}

/** Manifests that are too many for a query, or a revision to hold against the cluster before anybody syncs to it. */
export const CompareRequest = z.object({
  /** One JSON or YAML text each; they stand for everything the source would give. */
  manifests: z.array(z.string()).max(5_000).optional(),
  revision: z.string().max(1_000).optional(),
  /** By source, in step with `sourcePositions` (from 1). */
  revisions: z.array(z.string().max(1_000)).max(50).optional(),
  sourcePositions: z.array(z.number().int().min(1)).max(50).optional(),
});
export type CompareRequest = z.input<typeof CompareRequest>;

/** The lines of an upload: one with `query`, then chunks of a gzipped tar, in order. */
export const UploadLines = z
  .array(
    z.object({
      query: z
        .object({
          name: z.string().max(253),
          /** SHA-256 of the archive, hexadecimal. */
          checksum: z.string().max(128).optional(),
          appNamespace: z.string().max(253).optional(),
          project: z.string().max(253).optional(),
        })
        .nullish(),
      chunk: z.object({ chunk: z.base64() }).nullish(),
    }),
  )
  .min(1)
  .max(100_000);

export const ChartQuery = ApplicationScope.extend({ sourceIndex: count, versionId: count });

/** What a chart says of itself. */
export interface ChartDetails {
  readonly description: string;
  /** `Name <address>`. */
  readonly maintainers: readonly string[];
  readonly home: string;
}

/** What an artifact of a registry says of itself; '' for what it does not say. */
export interface OciMetadata {
  readonly createdAt: string;
  readonly authors: string;
  readonly imageUrl: string;
  readonly docsUrl: string;
  readonly sourceUrl: string;
  readonly version: string;
  readonly description: string;
}

export const BadgeQuery = z.object({
  name: text,
  namespace: text,
  project: texts,
  /** Show the commit, too. */
  revision: flag,
  keepFullRevision: flag,
  showAppName: flag,
  width: count,
});
