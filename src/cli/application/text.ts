// Small words about applications that several commands print. Pure.
import type { Application } from '../../contract/index.ts';

/** `argocd/web`. */
export function qualifiedName(app: Application): string {
  return `${app.metadata.namespace ?? ''}/${app.metadata.name ?? ''}`;
}

export function shortRevision(revision: string | undefined): string {
  if (revision === undefined) return '';
  return /^[0-9a-f]{40}$/.test(revision) ? revision.slice(0, 7) : revision;
}

/** `3m`, `2h`, `5d`; empty without a time. */
export function age(time: string | null | undefined, now: number): string {
  const seconds = Math.floor((now - Date.parse(time ?? '')) / 1000);
  if (Number.isNaN(seconds)) return '';
  if (seconds < 60) return `${Math.max(0, seconds)}s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)}m`;
  return seconds < 172_800 ? `${Math.floor(seconds / 3_600)}h` : `${Math.floor(seconds / 86_400)}d`;
}

export function firstLine(text: string | undefined): string {
  return (text ?? '').split('\n', 1)[0]?.trim() ?? '';
}

/** `Auto-Prune`, `Auto`, `Manual`. */
export function syncPolicyText({ spec }: Application): string {
  const automated = spec.syncPolicy?.automated;
  if (automated === undefined || automated === null || automated.enabled === false) return 'Manual';
  return automated.prune === true ? 'Auto-Prune' : 'Auto';
}

export function destinationText({ spec: { destination } }: Application): string {
  return destination.name || destination.server || '';
}
