// What the page says about an application: pure functions over the API's objects.
import type { Application } from '../../../../src/contract/index.ts';

/** One of five tones that the style sheet turns into colour; the word beside it always says the same. */
export type Tone = 'good' | 'busy' | 'bad' | 'off' | 'unknown';

export interface Summary {
  readonly tone: Tone;
  readonly label: string;
}

export function syncSummary(app: Application): Summary {
  const status = app.status?.sync?.status;
  const phase = app.status?.operationState?.phase;
  if (phase === 'Running' || phase === 'Terminating')
    return { tone: 'busy', label: phase === 'Running' ? 'Syncing' : phase };
  switch (status) {
    case 'Synced':
      return { tone: 'good', label: 'Synced' };
    case 'OutOfSync':
      return { tone: 'busy', label: 'OutOfSync' };
    default:
      return { tone: 'unknown', label: 'Unknown' };
  }
}

const HEALTH_TONES: Record<string, Tone> = {
  Healthy: 'good',
  Progressing: 'busy',
  Suspended: 'off',
  Missing: 'busy',
  Degraded: 'bad',
};

export function healthSummary(status: string | undefined): Summary {
  return { tone: HEALTH_TONES[status ?? ''] ?? 'unknown', label: status ?? 'Unknown' };
}

export function shortRevision(revision: string | undefined): string {
  if (revision === undefined) return '';
  return /^[0-9a-f]{40}$/.test(revision) ? revision.slice(0, 7) : revision;
}

/** Who or what started the last operation, in words. */
export function initiator(app: Application): string {
  const by = app.status?.operationState?.operation.initiatedBy;
  if (by?.automated === true) return 'by automated sync';
  return by?.username === undefined ? '' : `by ${by.username}`;
}

/** `web-dev` of `argocd` → its place in the API. */
export function applicationPath(namespace: string, name: string): string {
  return `/api/v1/applications/${encodeURIComponent(name)}?appNamespace=${encodeURIComponent(namespace)}`;
}
