// argoproj.io/v1alpha1 AppProject as Argo CD 3.6 defines it: the zod model, its types, and from it the CRD.
import { z } from 'zod';

const int64 = z.int().meta({ format: 'int64' });

export const GroupKindName = z.object({ group: z.string(), kind: z.string(), name: z.string().optional() });
export type GroupKindName = z.infer<typeof GroupKindName>;

const GroupKindPattern = z.object({ group: z.string(), kind: z.string() });

/** A token that was issued for a project role; the token itself is never stored. Times are Unix seconds. */
export const ProjectToken = z.object({ iat: int64, exp: int64.optional(), id: z.string().optional() });
export type ProjectToken = z.infer<typeof ProjectToken>;

export const ProjectRole = z.object({
  name: z.string(),
  description: z.string().optional(),
  policies: z.array(z.string()).optional(),
  groups: z.array(z.string()).optional(),
  jwtTokens: z.array(ProjectToken).optional(),
});
export type ProjectRole = z.infer<typeof ProjectRole>;

/** `schedule` is a five-field cron line, `duration` a Go duration. */
export const SyncWindow = z.object({
  kind: z.string().optional(),
  schedule: z.string().optional(),
  duration: z.string().optional(),
  applications: z.array(z.string()).optional(),
  namespaces: z.array(z.string()).optional(),
  clusters: z.array(z.string()).optional(),
  manualSync: z.boolean().optional(),
  timeZone: z.string().optional(),
  andOperator: z.boolean().optional(),
  description: z.string().max(255).optional(),
  syncOverrun: z.boolean().optional(),
});
export type SyncWindow = z.infer<typeof SyncWindow>;

export const ProjectDestination = z.object({
  server: z.string().optional(),
  name: z.string().optional(),
  namespace: z.string().optional(),
});
export type ProjectDestination = z.infer<typeof ProjectDestination>;

export const DestinationServiceAccount = z.object({
  server: z.string(),
  namespace: z.string().optional(),
  defaultServiceAccount: z.string(),
});
export type DestinationServiceAccount = z.infer<typeof DestinationServiceAccount>;

// Fairlead: commits signed without keys of their own, by identities that a Sigstore certifies.
const SigstorePolicy = z.object({
  mode: z.string(),
  trustedRoot: z.string().optional(),
  identities: z.array(z.object({ issuer: z.string(), subject: z.string() })).optional(),
});
export type SigstorePolicy = z.infer<typeof SigstorePolicy>;

export const SourceIntegrity = z.object({
  git: z
    .object({
      policies: z.array(
        z.object({
          repos: z.array(z.object({ url: z.string() })),
          gpg: z.object({ mode: z.string(), keys: z.array(z.string()).optional() }).optional(),
          // Fairlead: the same for SSH keys, by fingerprint or principal.
          ssh: z.object({ mode: z.string(), keys: z.array(z.string()).optional() }).optional(),
          sigstore: SigstorePolicy.optional(),
        }),
      ),
    })
    .optional(),
});
export type SourceIntegrity = z.infer<typeof SourceIntegrity>;

export const ProjectSpec = z.object({
  sourceRepos: z.array(z.string()).optional(),
  destinations: z.array(ProjectDestination).optional(),
  description: z.string().optional(),
  roles: z.array(ProjectRole).optional(),
  clusterResourceWhitelist: z.array(GroupKindName).optional(),
  clusterResourceBlacklist: z.array(GroupKindName).optional(),
  namespaceResourceWhitelist: z.array(GroupKindPattern).optional(),
  namespaceResourceBlacklist: z.array(GroupKindPattern).optional(),
  orphanedResources: z
    .object({
      warn: z.boolean().optional(),
      ignore: z
        .array(
          z.object({
            group: z.string().optional(),
            kind: z.string().optional(),
            name: z.string().optional(),
          }),
        )
        .optional(),
    })
    .optional(),
  syncWindows: z.array(SyncWindow).optional(),
  signatureKeys: z.array(z.object({ keyID: z.string() })).optional(),
  sourceIntegrity: SourceIntegrity.optional(),
  sourceNamespaces: z.array(z.string()).optional(),
  permitOnlyProjectScopedClusters: z.boolean().optional(),
  destinationServiceAccounts: z.array(DestinationServiceAccount).optional(),
});
export type ProjectSpec = z.infer<typeof ProjectSpec>;

export const ProjectStatus = z.object({
  jwtTokensByRole: z.record(z.string(), z.object({ items: z.array(ProjectToken).optional() })).optional(),
});
export type ProjectStatus = z.infer<typeof ProjectStatus>;

/** The members beside apiVersion, kind and metadata. */
export const ProjectBody = z.object({ spec: ProjectSpec, status: ProjectStatus.optional() });
