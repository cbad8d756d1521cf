// What a person should read first: why the application is not as it should be, and what keeps it from moving. Pure.
import type { Application } from '../../../../src/contract/index.ts';

export interface Notice {
  readonly key: string;
  readonly tone: 'bad' | 'attention' | 'off';
  readonly title: string;
  readonly message: string;
  /** RFC 3339. */
  readonly since?: string | undefined;
}

const SKIP = 'argocd.argoproj.io/skip-reconcile';

export function noticesOf(app: Application): readonly Notice[] {
  const { metadata, status } = app;
  const notices: Notice[] = (status?.conditions ?? []).map(({ type, message, lastTransitionTime }) => ({
    key: `${type}/${message}`,
    tone: type.endsWith('Error') ? 'bad' : 'attention',
    title: words(type),
    message,
    since: lastTransitionTime,
  }));
  const { health } = status ?? {};
  if (health?.message && health.status !== 'Healthy')
    notices.push({
      key: 'health',
      tone: health.status === 'Degraded' ? 'bad' : 'attention',
      title: health.status ?? 'Health',
      message: health.message,
      since: health.lastTransitionTime,
    });
  if (metadata.deletionTimestamp !== undefined)
    notices.push({
      key: 'deletion',
      tone: 'attention',
      title: 'Being deleted',
      message: 'Its objects are deleted first; then the application goes.',
      since: metadata.deletionTimestamp,
    });
  if (isPaused(app))
    notices.push({
      key: 'skip',
      tone: 'off',
      title: 'Paused',
      message: `Nothing is compared or synced while the annotation ${SKIP} is "true". Remove it to go on.`,
    });
  return notices;
}

/** Nobody looks at the application, so that a sync would wait for ever. */
export function isPaused({ metadata }: Application): boolean {
  return metadata.annotations?.[SKIP] === 'true';
}

/** The one line that a list has room for. */
export function worstProblem(app: Application): string | undefined {
  return noticesOf(app).find(({ tone }) => tone === 'bad')?.message;
}

/** `InvalidSpecError` → "Invalid spec error". */
function words(type: string): string {
  const text = type.replace(/(?<=[a-z])(?=[A-Z])/g, ' ').toLowerCase();
  return text.charAt(0).toUpperCase() + text.slice(1);
}
