// Names of annotations, labels and finalizers of the contract (Argo CD's, and Fairlead's own).

export const annotations = {
  /** Engine of comparisons: `ownership`, `server-side` or `three-way`. */
  diffEngine: 'fairlead.dev/diff-engine',
  /** Tells one request for a refresh from another; written and removed with `refresh`. */
  refreshId: 'fairlead.dev/refresh-id',
  refresh: 'argocd.argoproj.io/refresh',
  /** Asks an ApplicationSet to be looked at anew; taken away once that is done. */
  applicationSetRefresh: 'argocd.argoproj.io/application-set-refresh',
  trackingId: 'argocd.argoproj.io/tracking-id',
  installationId: 'argocd.argoproj.io/installation-id',
  syncWave: 'argocd.argoproj.io/sync-wave',
  syncOptions: 'argocd.argoproj.io/sync-options',
  compareOptions: 'argocd.argoproj.io/compare-options',
  hook: 'argocd.argoproj.io/hook',
  hookDeletePolicy: 'argocd.argoproj.io/hook-delete-policy',
  helmHook: 'helm.sh/hook',
  helmHookWeight: 'helm.sh/hook-weight',
  helmHookDeletePolicy: 'helm.sh/hook-delete-policy',
  helmResourcePolicy: 'helm.sh/resource-policy',
  deletionApproved: 'argocd.argoproj.io/deletion-approved',
  ignoreHealthcheck: 'argocd.argoproj.io/ignore-healthcheck',
  manifestGeneratePaths: 'argocd.argoproj.io/manifest-generate-paths',
  skipReconcile: 'argocd.argoproj.io/skip-reconcile',
  lastApplied: 'kubectl.kubernetes.io/last-applied-configuration',
  migrationManager: 'argocd.argoproj.io/client-side-apply-migration-manager',
  maxPrune: 'fairlead.dev/max-prune',
  hookTimeout: 'fairlead.dev/hook-timeout',
  waveTimeout: 'fairlead.dev/wave-timeout',
  operationTimeout: 'fairlead.dev/operation-timeout',
  hold: 'fairlead.dev/hold',
  dependsOn: 'fairlead.dev/depends-on',
  healthExprs: 'fairlead.dev/health-exprs',
  readyExpr: 'fairlead.dev/ready-expr',
} as const;

export const labels = {
  instance: 'app.kubernetes.io/instance',
  secretType: 'argocd.argoproj.io/secret-type',
} as const;

export const finalizers = {
  resources: 'resources-finalizer.argocd.argoproj.io',
  resourcesForeground: 'resources-finalizer.argocd.argoproj.io/foreground',
  resourcesBackground: 'resources-finalizer.argocd.argoproj.io/background',
  hook: 'argocd.argoproj.io/hook-finalizer',
  /** The application has such hooks; the one with `/cleanup` stays until they are cleaned up. */
  preDelete: 'pre-delete-finalizer.argocd.argoproj.io',
  preDeleteCleanup: 'pre-delete-finalizer.argocd.argoproj.io/cleanup',
  postDelete: 'post-delete-finalizer.argocd.argoproj.io',
  postDeleteCleanup: 'post-delete-finalizer.argocd.argoproj.io/cleanup',
} as const;

/** The field manager of every apply. */
export const FIELD_MANAGER = 'argocd-controller';
