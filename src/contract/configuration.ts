// Projects and clusters as the API shows them: no credential is part of these shapes.
import { z } from 'zod';
import type { AppProject } from '../model/index.ts';
import { flag, text, texts } from './query.ts';

export interface ProjectList {
  readonly metadata: { readonly resourceVersion?: string };
  readonly items: readonly AppProject[];
}

export interface Cluster {
  readonly server: string;
  readonly name: string;
  readonly namespaces?: readonly string[];
  readonly project?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  /** Fairlead: nobody checks the certificate it shows. */
  readonly insecure?: true;
  readonly connectionState: {
    /** `Successful`, `Failed` or `Unknown`. */
    readonly status: string;
    readonly message: string;
    readonly attemptedAt?: string | null;
  };
  readonly serverVersion?: string;
  readonly info?: {
    readonly connectionState?: Cluster['connectionState'];
    readonly serverVersion?: string;
    /** What this replica keeps of the cluster: objects, and kinds. */
    readonly cacheInfo?: { readonly resourcesCount: number; readonly apisCount: number };
    /** Applications with this destination. */
    readonly applicationsCount?: number;
  };
}

export interface ClusterList {
  readonly metadata: Readonly<Record<string, never>>;
  readonly items: readonly Cluster[];
}

const optionalText = z
  .string()
  .max(100_000)
  .refine((value) => !/\p{Surrogate}|\0/u.test(value), 'holds characters that are no text')
  .nullish();

/** Names and texts; which name has no text is not repeated, as it may be anything. */
const textMap = z
  .record(z.string(), z.unknown())
  .refine(
    (map) => Object.values(map).every((value) => typeof value === 'string'),
    'must have texts as values',
  )
  .transform((map) => map as Record<string, string>)
  .nullish();
/** What was found out about a cluster; taken and ignored, so that what was read can be sent back. */
const ignored = z.unknown().optional();

/** A cluster as it is added or changed. Programs that fetch credentials (`execProviderConfig`, `awsAuthConfig`) are refused. */
export const ClusterBody = z.object({
  server: z.url({ protocol: /^https?$/ }).max(2_000),
  name: z.string().max(253).nullish(),
  namespaces: z.array(z.string().max(63)).nullish(),
  clusterResources: z.boolean().nullish(),
  shard: z.number().int().min(0).nullish(),
  project: z.string().max(253).nullish(),
  labels: textMap,
  annotations: textMap,
  connectionState: ignored,
  serverVersion: ignored,
  insecure: ignored,
  info: ignored,
  refreshRequestedAt: ignored,
  config: z
    .object({
      username: optionalText,
      password: optionalText,
      bearerToken: optionalText,
      tlsClientConfig: z
        .object({
          insecure: z.boolean().nullish(),
          serverName: optionalText,
          caData: optionalText,
          certData: optionalText,
          keyData: optionalText,
        })
        .nullish(),
      proxyUrl: optionalText,
      disableCompression: z.boolean().nullish(),
      execProviderConfig: z.null().optional(),
      awsAuthConfig: z.null().optional(),
    })
    .nullish(),
});
export type ClusterBody = z.infer<typeof ClusterBody>;

/** `upsert`: change it when it is there already. `updatedFields`: take only these members of the body. */
export const ClusterWriteQuery = z.object({ upsert: flag, 'id.type': text, updatedFields: texts });

/** Only the cluster of this name or URL. */
export const ClusterListQuery = z.object({ name: text, server: text });

/** `id.type=name` reads the path as a name instead of a server URL. */
export const ClusterGetQuery = z.object({ 'id.type': text });
