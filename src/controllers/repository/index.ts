// Door of the repository controller: snapshots of refs, and what moved.
export { ChangedPaths } from './affected.ts';
export type { PackageTracker } from './packages.ts';
export { RepositoryTracker, type Snapshot } from './tracker.ts';
export { parseWebhook, type WebhookRequest, type WebhookResult, type WebhookSecrets } from './webhook.ts';
