// Where the parts are listened to: thin wrappers that count, time and trace, put around them by the composition root.
import type { ApplicationDeps, RepositoryTracker } from '../../controllers/index.ts';
import type { Mirror } from '../../git/index.ts';
import type { JournalRecord } from '../../journal/index.ts';
import type { Clock } from '../../lib/index.ts';
import { type Application, sourcesOf } from '../../model/index.ts';
import type { Renderer } from '../../render/index.ts';
import type { Webhook } from '../../server/index.ts';
import type { WebhookInbox } from '../webhooks.ts';
import { Arrivals } from './arrivals.ts';
import { createMeasures, type Measures } from './measures.ts';
import type { Tracing } from './tracing.ts';
import { SpecManagers } from './watch-applications.ts';

export interface Taps {
  readonly clock: Clock;
  readonly measures: Measures;
  readonly specManagers: SpecManagers;
  readonly arrivals: Arrivals;
  readonly tracing: Tracing | undefined;
  /** Set when the observers run: until then there is nobody to tell. */
  onRecord: ((record: JournalRecord) => void) | undefined;
}

export function createTaps(clock: Clock, tracing: Tracing | undefined): Taps {
  return {
    clock,
    measures: createMeasures(),
    specManagers: new SpecManagers(),
    arrivals: new Arrivals(),
    tracing,
    onRecord: undefined,
  };
}

/** A mirror whose requests are counted under its address (credentials are no part of that). */
export function tappedMirror({ clock, measures, tracing }: Taps, mirror: Mirror): Mirror {
  const timed = async <T>(type: 'fetch' | 'ls-remote', ask: () => Promise<T>): Promise<T> => {
    const begun = clock.monotonic();
    const count = (failed: boolean): void =>
      measures.git(mirror.repository, type, (clock.monotonic() - begun) / 1_000, failed);
    try {
      const answer = await (tracing?.span(`git ${type}`, { 'git.repository': mirror.repository }, ask) ??
        ask());
      count(false);
      return answer;
    } catch (error) {
      count(true);
      throw error;
    }
  };
  return new Proxy(mirror, {
    get(target, member) {
      if (member === 'fetch') return (signal?: AbortSignal) => timed('fetch', () => target.fetch(signal));
      if (member === 'poll') return (signal?: AbortSignal) => timed('ls-remote', () => target.poll(signal));
      const value: unknown = Reflect.get(target, member, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}

export function tappedRenderer({ tracing }: Taps, renderer: Renderer): Renderer {
  if (tracing === undefined) return renderer;
  return {
    render: (request, signal) =>
      tracing.span(
        'render',
        { 'application.name': request.app.name, 'render.path': request.source.path ?? '' },
        () => renderer.render(request, signal),
      ),
    close: () => renderer.close(),
  };
}

/** Times each look at an application; a look after a webhook belongs to its trace. */
export function aroundReconcile(
  { arrivals, clock, measures, tracing }: Taps,
  keyOf: (url: string) => string,
): NonNullable<ApplicationDeps['aroundReconcile']> {
  return async (app, look) => {
    const begun = clock.monotonic();
    try {
      if (tracing === undefined) return await look();
      const { name = '', namespace = '' } = app.metadata;
      const [source] = sourcesOf(app.spec);
      const parent = arrivals.recent(keyOf(source?.repoURL ?? ''), begun)?.context;
      const attributes = { 'application.name': name, 'application.namespace': namespace };
      return await tracing.span('application.reconcile', attributes, look, parent);
    } finally {
      measures.reconciled(app, (clock.monotonic() - begun) / 1_000);
    }
  };
}

/** Notes when a webhook came, for which repositories, and what it was answered. */
export function tappedWebhook(taps: Taps, inbox: WebhookInbox, keyOf: (url: string) => string): Webhook {
  const { arrivals, clock, measures, tracing } = taps;
  return async (request) => {
    const at = clock.monotonic();
    const accepted = (urls: readonly string[]): void =>
      arrivals.announced(urls.map(keyOf), { at, context: tracing?.context() });
    const take = (): ReturnType<Webhook> => inbox(request, accepted);
    const attributes = { 'webhook.bytes': request.body.byteLength };
    const result = await (tracing?.span('webhook', attributes, take) ?? take());
    measures.webhook(result.status);
    return result;
  };
}

/** Counts syncs as they end, and how long their change took from the webhook to the cluster. */
export function tapOperations(
  taps: Taps,
  parts: { readonly repositories: RepositoryTracker; readonly keyOf: (url: string) => string },
): (old: Application, app: Application) => void {
  const { arrivals, clock, measures, tracing } = taps;
  parts.repositories.onMoved((key, { refs }) => arrivals.moved(key, refs, clock.monotonic()));
  return (old, app) => {
    const state = app.status?.operationState;
    const before = old.status?.operationState;
    if (state?.finishedAt === undefined || state.phase === 'Running' || state.phase === 'Terminating') return;
    if (
      before?.startedAt === state.startedAt &&
      before.finishedAt !== undefined &&
      before.phase === state.phase
    )
      return;
    measures.operationEnded(app, state);
    const { name = '', namespace = '' } = app.metadata;
    if (state.phase !== 'Succeeded') return;
    const { revision: single, revisions = [single ?? ''] } = state.syncResult ?? {};
    const found = sourcesOf(app.spec).flatMap(({ repoURL }, index) => {
      const revision = revisions[index] ?? '';
      const arrival =
        revision === '' ? undefined : arrivals.take(parts.keyOf(repoURL), revision, `${namespace}/${name}`);
      return arrival === undefined ? [] : [{ arrival, revision }];
    });
    const [{ arrival, revision } = { arrival: undefined, revision: '' }] = found;
    if (arrival === undefined) return;
    const ms = clock.monotonic() - arrival.at;
    measures.applied(ms / 1_000);
    const now = clock.now();
    const attributes = {
      'application.name': name,
      'application.namespace': namespace,
      'git.revision': revision,
    };
    tracing?.past('webhook to applied', attributes, now - ms, now, arrival.context);
  };
}
