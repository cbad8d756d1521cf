// What the page says about an application: pure functions over the API's objects.
import type { Application } from '../../../../src/contract/index.ts';
import { type PageLink, titledLink } from '../../lib/links.ts';
import { turnsBack } from '../../lib/plain-text.ts';

/** One of six tones that the style sheet turns into colour and shape; the word beside it always says the same. */
export type Tone = 'good' | 'moving' | 'attention' | 'bad' | 'off' | 'unknown';

/** What a person does from the page. */
export type ApplicationAction = 'refresh' | 'sync' | 'sync-and-delete' | 'stop' | 'release' | 'approve';

export interface Summary {
  readonly tone: Tone;
  readonly label: string;
}

type Source = NonNullable<Application['spec']['source']>;

const SYNC = new Map<string, Tone>([
  ['Synced', 'good'],
  ['OutOfSync', 'attention'],
]);
const HEALTH = new Map<string, Tone>([
  ['Healthy', 'good'],
  ['Progressing', 'moving'],
  ['Suspended', 'off'],
  ['Missing', 'attention'],
  ['Degraded', 'bad'],
]);

/** Whether Git and the cluster agree; a sync that runs now is the better answer. */
export function syncSummary(app: Application): Summary {
  const operation = app.status?.operationState;
  if (operation?.phase === 'Terminating') return { tone: 'moving', label: 'Stopping' };
  if (operation?.phase === 'Running')
    return operation.finishedAt === undefined
      ? { tone: 'moving', label: 'Syncing' }
      : { tone: 'attention', label: 'Retrying' };
  return syncStatus(app.status?.sync?.status);
}

export function syncStatus(status: string | undefined): Summary {
  return { tone: SYNC.get(status ?? '') ?? 'unknown', label: status || 'Unknown' };
}

export function healthSummary(status: string | undefined): Summary {
  return { tone: HEALTH.get(status ?? '') ?? 'unknown', label: status || 'Unknown' };
}

/** Seven characters of a commit id, twelve of a digest; versions of charts and images stay whole. */
export function shortRevision(revision: string | undefined): string {
  if (revision === undefined) return '';
  if (/^sha256:[0-9a-f]{64}$/.test(revision)) return revision.slice(0, 'sha256:'.length + 12);
  return /^[0-9a-f]{40}$/.test(revision) ? revision.slice(0, 7) : revision;
}

/** What the sources are, in one word. */
export function sourceKind(sources: readonly Source[]): string {
  if (sources.length > 0 && sources.every(({ chart }) => Boolean(chart))) return 'Chart';
  const isElsewhere = ({ chart, repoURL }: Source): boolean => Boolean(chart) || repoURL.startsWith('oci://');
  return sources.some(isElsewhere) ? 'Sources' : 'Git';
}

/** What is followed, and what of it. @param at the revision that is there now, where that is not what runs */
export function sourceText(
  { targetRevision, path, chart, ref, repoURL }: Source,
  at?: string | undefined,
): string {
  const now = at === undefined ? '' : ` (at ${at})`;
  if (chart) return `${chart} ${targetRevision || 'newest release'}${now}`;
  const followed = targetRevision || (repoURL.startsWith('oci://') ? 'newest release' : 'HEAD');
  return `${followed}${now} · ${path ?? ref ?? '.'}`;
}

/** `Ada <ada@example.com>` → `Ada`. */
export function authorName(author: string): string {
  return author.replace(/\s*<[^<>]*>$/, '') || author;
}

/** Who or what started an operation, in words. */
export function initiator(
  by: { readonly automated?: boolean | undefined; readonly username?: string | undefined } | undefined,
): string {
  if (by?.automated === true) return 'by automated sync';
  return by?.username === undefined ? '' : `by ${by.username}`;
}

/** Where the manifests come from: every source that counts. */
export function sourcesOf({ spec }: Application): readonly Source[] {
  if (spec.sourceHydrator !== undefined) {
    const { drySource } = spec.sourceHydrator;
    return [{ repoURL: drySource.repoURL, path: drySource.path, targetRevision: drySource.targetRevision }];
  }
  if (spec.sources !== undefined && spec.sources.length > 0) return spec.sources;
  return spec.source === undefined ? [] : [spec.source];
}

/** What the sync policy does by itself. */
export function policySummary({ spec }: Application): string {
  const automated = spec.syncPolicy?.automated;
  if (automated === undefined || automated === null || automated.enabled === false)
    return 'Waits for a person to sync';
  return [
    'Automatic',
    automated.prune === true ? 'deletes what left Git' : 'keeps what left Git',
    automated.selfHeal === true ? 'repairs drift' : 'leaves drift',
  ].join(', ');
}

export function isPruneAutomatic({ spec }: Application): boolean {
  const automated = spec.syncPolicy?.automated;
  return automated?.prune === true && automated.enabled !== false;
}

/** Objects that left Git and are still in the cluster. */
export function objectsToDelete(app: Application): number {
  return (app.status?.resources ?? []).filter(({ requiresPruning }) => requiresPruning === true).length;
}

/** `1 object`, `1,200 objects`. */
export function objectsText(count: number): string {
  return count === 1 ? '1 object' : `${count.toLocaleString('en')} objects`;
}

/** The cluster and namespace it goes to, in few words. */
export function destinationText({ spec: { destination } }: Application): string {
  const { name, server = '', namespace } = destination;
  const own = server === 'https://kubernetes.default.svc' ? 'in-cluster' : server;
  return [name || own, namespace].filter(Boolean).join(' / ');
}

/** Links that the application carries: what it serves, what its owner noted. Only safe schemes. */
export function applicationLinks(app: Application): readonly PageLink[] {
  const noted = Object.entries(app.metadata.annotations ?? {})
    .filter(([key]) => key.startsWith('link.argocd.argoproj.io/'))
    .map(([, value]) => value);
  const texts = [
    ...(app.status?.summary?.externalURLs ?? []),
    ...noted,
    ...(app.spec.info ?? []).map(({ name, value }) => `${name}|${value}`),
  ];
  const links = texts.map(titledLink).filter((link) => link !== undefined);
  return [...new Map(links.map((link) => [link.url, link])).values()];
}

/** `web-dev` of `argocd` → its place in the API; `rest` goes below it. */
export function applicationPath(
  { namespace, name }: { readonly namespace: string; readonly name: string },
  rest = '',
  query: Readonly<Record<string, string>> = {},
): string {
  const params = new URLSearchParams({ appNamespace: namespace });
  for (const [key, value] of Object.entries(query)) params.set(key, turnsBack(value));
  return `/api/v1/applications/${encodeURIComponent(name)}${rest}?${params}`;
}
