// The generators of an ApplicationSet: one shape per source of parameters, and the two that combine others.
import { z } from 'zod';

const stringMap = z.record(z.string(), z.string());
const int64 = z.int().meta({ format: 'int64' });
const flag = z.boolean().optional();
const text = z.string().optional();
/** Any JSON value, kept as written. */
const anyValue = z.unknown().meta({ preserveUnknown: true });
/** Any JSON object, kept as written. */
const anyObject = z.record(z.string(), z.unknown()).meta({ preserveUnknown: true });

export const LabelSelector = z
  .object({
    matchLabels: stringMap.optional(),
    matchExpressions: z
      .array(z.object({ key: z.string(), operator: z.string(), values: z.array(z.string()).optional() }))
      .optional(),
  })
  .meta({ mapType: 'atomic' });
export type LabelSelector = z.infer<typeof LabelSelector>;

const SecretRef = z.object({ secretName: z.string(), key: z.string() });
const ConfigMapKeyRef = z.object({ configMapName: z.string(), key: z.string() });
const BasicAuth = z.object({ username: z.string(), passwordRef: SecretRef });
const BearerToken = z.object({ tokenRef: SecretRef });
/** Overrides of the set's template. Merged over it before anything is checked, so any part may be missing. */
const template = anyObject.optional();
const paced = { requeueAfterSeconds: int64.optional(), template, values: stringMap.optional() };

export const ListGenerator = z.object({
  elements: z.array(anyValue).optional(),
  elementsYaml: text,
  template,
});
export const ClusterGenerator = z.object({
  selector: LabelSelector.optional(),
  template,
  values: stringMap.optional(),
  flatList: flag,
});
const PathItem = z.object({ path: z.string(), exclude: flag });
export const GitGenerator = z.object({
  repoURL: z.string(),
  revision: z.string(),
  directories: z.array(PathItem).optional(),
  files: z.array(PathItem).optional(),
  pathParamPrefix: text,
  ...paced,
});
export const ClusterDecisionResourceGenerator = z.object({
  configMapRef: z.string(),
  name: text,
  labelSelector: LabelSelector.optional(),
  ...paced,
});
export const PluginGenerator = z.object({
  configMapRef: z.object({ name: z.string() }),
  input: z.object({ parameters: z.record(z.string(), anyValue).optional() }).optional(),
  ...paced,
});

const scmProviders = {
  github: z.object({
    organization: z.string(),
    api: text,
    tokenRef: SecretRef.optional(),
    appSecretName: text,
    allBranches: flag,
    excludeArchivedRepos: flag,
  }),
  gitlab: z.object({
    group: z.string(),
    includeSubgroups: flag,
    includeSharedProjects: flag,
    includeArchivedRepos: flag,
    api: text,
    tokenRef: SecretRef.optional(),
    allBranches: flag,
    insecure: flag,
    topic: text,
    caRef: ConfigMapKeyRef.optional(),
  }),
  gitea: z.object({
    owner: z.string(),
    api: z.string(),
    tokenRef: SecretRef.optional(),
    allBranches: flag,
    insecure: flag,
    excludeArchivedRepos: flag,
  }),
  bitbucket: z.object({
    owner: z.string(),
    user: z.string(),
    appPasswordRef: SecretRef.optional(),
    allBranches: flag,
  }),
  bitbucketServer: z.object({
    project: z.string(),
    api: z.string(),
    basicAuth: BasicAuth.optional(),
    bearerToken: BearerToken.optional(),
    allBranches: flag,
    insecure: flag,
    caRef: ConfigMapKeyRef.optional(),
  }),
  azureDevOps: z.object({
    organization: z.string(),
    teamProject: z.string(),
    api: text,
    accessTokenRef: SecretRef.optional(),
    allBranches: flag,
  }),
  awsCodeCommit: z.object({
    tagFilters: z.array(z.object({ key: z.string(), value: text })).optional(),
    role: text,
    region: text,
    allBranches: flag,
  }),
};

export const ScmProviderGenerator = z.object({
  ...optionalMembers(scmProviders),
  filters: z
    .array(
      z.object({
        repositoryMatch: text,
        pathsExist: z.array(z.string()).optional(),
        pathsDoNotExist: z.array(z.string()).optional(),
        labelMatch: text,
        branchMatch: text,
      }),
    )
    .optional(),
  cloneProtocol: text,
  ...paced,
});

const labels = z.array(z.string()).optional();
const pullRequestProviders = {
  github: z.object({
    owner: z.string(),
    repo: z.string(),
    api: text,
    tokenRef: SecretRef.optional(),
    appSecretName: text,
    labels,
  }),
  gitlab: z.object({
    project: z.string(),
    api: text,
    tokenRef: SecretRef.optional(),
    labels,
    pullRequestState: text,
    insecure: flag,
    caRef: ConfigMapKeyRef.optional(),
  }),
  gitea: z.object({
    owner: z.string(),
    repo: z.string(),
    api: z.string(),
    tokenRef: SecretRef.optional(),
    insecure: flag,
    labels,
  }),
  bitbucket: z.object({
    owner: z.string(),
    repo: z.string(),
    api: text,
    basicAuth: BasicAuth.optional(),
    bearerToken: BearerToken.optional(),
  }),
  bitbucketServer: z.object({
    project: z.string(),
    repo: z.string(),
    api: z.string(),
    basicAuth: BasicAuth.optional(),
    bearerToken: BearerToken.optional(),
    insecure: flag,
    caRef: ConfigMapKeyRef.optional(),
  }),
  azuredevops: z.object({
    organization: z.string(),
    project: z.string(),
    repo: z.string(),
    api: text,
    tokenRef: SecretRef.optional(),
    labels,
  }),
};

export const PullRequestGenerator = z.object({
  ...optionalMembers(pullRequestProviders),
  filters: z.array(z.object({ branchMatch: text, targetBranchMatch: text, titleMatch: text })).optional(),
  continueOnRepoNotFoundError: flag,
  ...paced,
});

const leaves = {
  list: ListGenerator.optional(),
  clusters: ClusterGenerator.optional(),
  git: GitGenerator.optional(),
  scmProvider: ScmProviderGenerator.optional(),
  pullRequest: PullRequestGenerator.optional(),
  clusterDecisionResource: ClusterDecisionResourceGenerator.optional(),
  plugin: PluginGenerator.optional(),
};

/** A generator inside `matrix` or `merge`. A further matrix or merge is read by the same shape one level down. */
export const NestedGenerator = z.object({
  ...leaves,
  matrix: anyObject.optional(),
  merge: anyObject.optional(),
  selector: LabelSelector.optional(),
});
export type NestedGenerator = z.infer<typeof NestedGenerator>;

export const MatrixGenerator = z.object({ generators: z.array(NestedGenerator), template });
export const MergeGenerator = z.object({
  generators: z.array(NestedGenerator),
  mergeKeys: z.array(z.string()),
  template,
});

export const Generator = z.object({
  ...leaves,
  matrix: MatrixGenerator.optional(),
  merge: MergeGenerator.optional(),
  /** Filters the parameter sets after they are generated. */
  selector: LabelSelector.optional(),
});
export type Generator = z.infer<typeof Generator>;

function optionalMembers<T extends Record<string, z.ZodType>>(
  members: T,
): { [K in keyof T]: z.ZodOptional<T[K]> } {
  return Object.fromEntries(Object.entries(members).map(([key, shape]) => [key, shape.optional()])) as {
    [K in keyof T]: z.ZodOptional<T[K]>;
  };
}
