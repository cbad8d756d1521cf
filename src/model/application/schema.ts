// argoproj.io/v1alpha1 Application as Argo CD 3.6 defines it: the zod model, its types, and from it the CRD.
// Only shapes and defaults live here; meaning lives in the stages.
import { z } from 'zod';

const stringMap = z.record(z.string(), z.string());
const time = z.string().meta({ format: 'date-time' });
const int64 = z.int().meta({ format: 'int64' });
const intOrString = z.union([z.int(), z.string()]).meta({ intOrString: true });
/** Any JSON object, kept as written. */
const anyObject = z.record(z.string(), z.unknown()).meta({ preserveUnknown: true });

export const HelmSource = z.object({
  valueFiles: z.array(z.string()).optional(),
  parameters: z
    .array(
      z.object({
        name: z.string().optional(),
        value: z.string().optional(),
        forceString: z.boolean().optional(),
      }),
    )
    .optional(),
  releaseName: z.string().optional(),
  values: z.string().optional(),
  fileParameters: z.array(z.object({ name: z.string().optional(), path: z.string().optional() })).optional(),
  version: z.string().optional(),
  passCredentials: z.boolean().optional(),
  ignoreMissingValueFiles: z.boolean().optional(),
  skipCrds: z.boolean().optional(),
  valuesObject: anyObject.optional(),
  namespace: z.string().optional(),
  kubeVersion: z.string().optional(),
  apiVersions: z.array(z.string()).optional(),
  skipTests: z.boolean().optional(),
  skipSchemaValidation: z.boolean().optional(),
});
export type HelmSource = z.infer<typeof HelmSource>;

export const KustomizeSource = z.object({
  namePrefix: z.string().optional(),
  nameSuffix: z.string().optional(),
  images: z.array(z.string()).optional(),
  commonLabels: stringMap.optional(),
  commonLabelsEnvsubst: z.boolean().optional(),
  version: z.string().optional(),
  commonAnnotations: stringMap.optional(),
  forceCommonLabels: z.boolean().optional(),
  forceCommonAnnotations: z.boolean().optional(),
  namespace: z.string().optional(),
  commonAnnotationsEnvsubst: z.boolean().optional(),
  replicas: z.array(z.object({ name: z.string(), count: intOrString })).optional(),
  patches: z
    .array(
      z.object({
        path: z.string().optional(),
        patch: z.string().optional(),
        target: z
          .object({
            group: z.string().optional(),
            version: z.string().optional(),
            kind: z.string().optional(),
            name: z.string().optional(),
            namespace: z.string().optional(),
            annotationSelector: z.string().optional(),
            labelSelector: z.string().optional(),
          })
          .optional(),
        options: z.record(z.string(), z.boolean()).optional(),
      }),
    )
    .optional(),
  components: z.array(z.string()).optional(),
  ignoreMissingComponents: z.boolean().optional(),
  labelWithoutSelector: z.boolean().optional(),
  labelIncludeTemplates: z.boolean().optional(),
  kubeVersion: z.string().optional(),
  apiVersions: z.array(z.string()).optional(),
});
export type KustomizeSource = z.infer<typeof KustomizeSource>;

const JsonnetVar = z.object({ name: z.string(), value: z.string(), code: z.boolean().optional() });

export const DirectorySource = z.object({
  recurse: z.boolean().optional(),
  jsonnet: z
    .object({
      extVars: z.array(JsonnetVar).optional(),
      tlas: z.array(JsonnetVar).optional(),
      libs: z.array(z.string()).optional(),
    })
    .optional(),
  exclude: z.string().optional(),
  include: z.string().optional(),
  disableExtensionFilter: z.boolean().optional(),
});
export type DirectorySource = z.infer<typeof DirectorySource>;

export const PluginSource = z.object({
  name: z.string().optional(),
  env: z.array(z.object({ name: z.string(), value: z.string() })).optional(),
  parameters: z
    .array(
      z.object({
        name: z.string().optional(),
        string: z.string().optional(),
        map: stringMap.optional(),
        array: z.array(z.string()).optional(),
      }),
    )
    .optional(),
});
export type PluginSource = z.infer<typeof PluginSource>;

export const ApplicationSource = z.object({
  repoURL: z.string(),
  path: z.string().optional(),
  targetRevision: z.string().optional(),
  helm: HelmSource.optional(),
  kustomize: KustomizeSource.optional(),
  directory: DirectorySource.optional(),
  plugin: PluginSource.optional(),
  chart: z.string().optional(),
  ref: z.string().optional(),
  name: z.string().optional(),
  tagPrefix: z.string().optional(),
});
export type ApplicationSource = z.infer<typeof ApplicationSource>;

export const Destination = z.object({
  server: z.string().optional(),
  namespace: z.string().optional(),
  name: z.string().optional(),
});
export type Destination = z.infer<typeof Destination>;

export const RetryStrategy = z.object({
  limit: int64.optional(),
  refresh: z.boolean().optional(),
  backoff: z
    .object({
      duration: z.string().optional(),
      factor: int64.optional(),
      maxDuration: z.string().optional(),
    })
    .optional(),
});
export type RetryStrategy = z.infer<typeof RetryStrategy>;

export const SyncPolicy = z.object({
  automated: z
    .object({
      prune: z.boolean().optional(),
      selfHeal: z.boolean().optional(),
      allowEmpty: z.boolean().optional(),
      enabled: z.boolean().optional(),
    })
    .optional(),
  syncOptions: z.array(z.string()).optional(),
  retry: RetryStrategy.optional(),
  managedNamespaceMetadata: z
    .object({ labels: stringMap.optional(), annotations: stringMap.optional() })
    .optional(),
});
export type SyncPolicy = z.infer<typeof SyncPolicy>;

export const IgnoreDifference = z.object({
  group: z.string().optional(),
  kind: z.string(),
  name: z.string().optional(),
  namespace: z.string().optional(),
  jsonPointers: z.array(z.string()).optional(),
  jqPathExpressions: z.array(z.string()).optional(),
  managedFieldsManagers: z.array(z.string()).optional(),
});
export type IgnoreDifference = z.infer<typeof IgnoreDifference>;

const Info = z.object({ name: z.string(), value: z.string() });

export const SourceHydrator = z.object({
  drySource: z.object({
    repoURL: z.string(),
    targetRevision: z.string(),
    path: z.string(),
    helm: HelmSource.optional(),
    kustomize: KustomizeSource.optional(),
    directory: DirectorySource.optional(),
    plugin: PluginSource.optional(),
  }),
  syncSource: z.object({ targetBranch: z.string(), path: z.string(), repoURL: z.string().optional() }),
  hydrateTo: z.object({ targetBranch: z.string() }).optional(),
});

export const ApplicationSpec = z.object({
  source: ApplicationSource.optional(),
  destination: Destination,
  project: z.string(),
  syncPolicy: SyncPolicy.optional(),
  ignoreDifferences: z.array(IgnoreDifference).optional(),
  info: z.array(Info).optional(),
  revisionHistoryLimit: int64.optional(),
  sources: z.array(ApplicationSource).optional(),
  sourceHydrator: SourceHydrator.optional(),
});
export type ApplicationSpec = z.infer<typeof ApplicationSpec>;

export const OperationResource = z.object({
  group: z.string().optional(),
  kind: z.string(),
  name: z.string(),
  namespace: z.string().optional(),
  exclude: z.boolean().optional(),
});
export type OperationResource = z.infer<typeof OperationResource>;

const SyncStrategy = z.object({
  apply: z.object({ force: z.boolean().optional() }).optional(),
  hook: z.object({ force: z.boolean().optional() }).optional(),
});

export const SyncOperation = z.object({
  revision: z.string().optional(),
  prune: z.boolean().optional(),
  dryRun: z.boolean().optional(),
  syncStrategy: SyncStrategy.optional(),
  resources: z.array(OperationResource).optional(),
  source: ApplicationSource.optional(),
  manifests: z.array(z.string()).optional(),
  syncOptions: z.array(z.string()).optional(),
  sources: z.array(ApplicationSource).optional(),
  revisions: z.array(z.string()).optional(),
  autoHealAttemptsCount: int64.optional(),
});
export type SyncOperation = z.infer<typeof SyncOperation>;

const InitiatedBy = z.object({ username: z.string().optional(), automated: z.boolean().optional() });

export const Operation = z.object({
  sync: SyncOperation.optional(),
  initiatedBy: InitiatedBy.optional(),
  info: z.array(Info).optional(),
  retry: RetryStrategy.optional(),
});
export type Operation = z.infer<typeof Operation>;

const HealthField = z.object({
  status: z.string().optional(),
  message: z.string().optional(),
  lastTransitionTime: time.optional(),
});

export const ResourceStatus = z.object({
  group: z.string().optional(),
  version: z.string().optional(),
  kind: z.string().optional(),
  namespace: z.string().optional(),
  name: z.string().optional(),
  status: z.string().optional(),
  health: HealthField.optional(),
  hook: z.boolean().optional(),
  requiresPruning: z.boolean().optional(),
  requiresDeletionConfirmation: z.boolean().optional(),
  syncWave: int64.optional(),
});
export type ResourceStatus = z.infer<typeof ResourceStatus>;

export const ResourceResult = z.object({
  group: z.string(),
  version: z.string(),
  kind: z.string(),
  namespace: z.string(),
  name: z.string(),
  status: z.string().optional(),
  message: z.string().optional(),
  hookType: z.string().optional(),
  hookPhase: z.string().optional(),
  syncPhase: z.string().optional(),
  images: z.array(z.string()).optional(),
});
export type ResourceResult = z.infer<typeof ResourceResult>;

export const SyncResult = z.object({
  resources: z.array(ResourceResult).optional(),
  revision: z.string(),
  source: ApplicationSource.optional(),
  sources: z.array(ApplicationSource).optional(),
  revisions: z.array(z.string()).optional(),
  managedNamespaceMetadata: z
    .object({ labels: stringMap.optional(), annotations: stringMap.optional() })
    .optional(),
});
export type SyncResult = z.infer<typeof SyncResult>;

export const OperationState = z.object({
  operation: Operation,
  phase: z.string(),
  message: z.string().optional(),
  syncResult: SyncResult.optional(),
  startedAt: time,
  finishedAt: time.optional(),
  retryCount: int64.optional(),
});
export type OperationState = z.infer<typeof OperationState>;

export const RevisionHistory = z.object({
  id: int64,
  revision: z.string().optional(),
  revisions: z.array(z.string()).optional(),
  source: ApplicationSource.optional(),
  sources: z.array(ApplicationSource).optional(),
  deployStartedAt: time.optional(),
  deployedAt: time,
  initiatedBy: InitiatedBy.optional(),
});
export type RevisionHistory = z.infer<typeof RevisionHistory>;

export const Condition = z.object({
  type: z.string(),
  message: z.string(),
  lastTransitionTime: time.optional(),
});
export type Condition = z.infer<typeof Condition>;

export const ComparedTo = z.object({
  source: ApplicationSource.optional(),
  sources: z.array(ApplicationSource).optional(),
  destination: Destination,
  ignoreDifferences: z.array(IgnoreDifference).optional(),
});
export type ComparedTo = z.infer<typeof ComparedTo>;

const HydrateOperation = z.object({
  startedAt: time.optional(),
  finishedAt: time.optional(),
  phase: z.string().optional(),
  message: z.string().optional(),
  drySHA: z.string().optional(),
  hydratedSHA: z.string().optional(),
  sourceHydrator: SourceHydrator.optional(),
});

export const ApplicationStatus = z.object({
  resources: z.array(ResourceStatus).optional(),
  sync: z
    .object({
      status: z.string(),
      comparedTo: ComparedTo.optional(),
      revision: z.string().optional(),
      revisions: z.array(z.string()).optional(),
    })
    .optional(),
  health: HealthField.optional(),
  history: z.array(RevisionHistory).optional(),
  conditions: z.array(Condition).optional(),
  reconciledAt: time.optional(),
  operationState: OperationState.optional(),
  observedAt: time.optional(),
  sourceType: z.string().optional(),
  sourceTypes: z.array(z.string()).optional(),
  summary: z
    .object({
      externalURLs: z.array(z.string()).optional(),
      images: z.array(z.string()).optional(),
      isAppOfApps: z.boolean().optional(),
    })
    .optional(),
  resourceHealthSource: z.string().optional(),
  controllerNamespace: z.string().optional(),
  sourceHydrator: z
    .object({
      lastSuccessfulOperation: HydrateOperation.optional(),
      currentOperation: HydrateOperation.optional(),
      lastComparedDryRevision: z.string().optional(),
    })
    .optional(),
});
export type ApplicationStatus = z.infer<typeof ApplicationStatus>;

/** The members beside apiVersion, kind and metadata. `operation` sits at top level, as in Argo CD. */
export const ApplicationBody = z.object({
  spec: ApplicationSpec,
  status: ApplicationStatus.optional(),
  operation: Operation.optional(),
});
