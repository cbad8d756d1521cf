// The changes of a store for many readers: keeps the last deletions, so that a reader who comes back with a
// resourceVersion misses none, and lets a writer wait until the store shows what it wrote.
import type { WatchEventType } from '../contract/index.ts';
import type { KubeObject } from '../k8s/index.ts';
import type { Application, ApplicationSet } from '../model/index.ts';
import type { ApplicationEvent, ApplicationSetEvent } from './ports.ts';

/** Changes remembered for readers who come back; about what a large fleet does in a minute. */
const MAX_REMEMBERED = 5_000;

/** What the feed needs of a store of objects `T` with events `E`. */
interface ChangingStore<E, T> {
  isSynced(): boolean;
  get(namespace: string, name: string): T | undefined;
  resourceVersion(): string;
  watch(handler: (event: E) => void): () => void;
}

export interface ChangeFeed<E, T> {
  /** Calls `handler` for each change from now on. @returns a function that stops it */
  subscribe(handler: (event: E) => void): () => void;
  /** Deletions after `version`, or undefined when some may be forgotten. */
  deletionsSince(version: number): readonly E[] | undefined;
  /** The newest resourceVersion that every subscriber has been told of; 0 when unknown. */
  version(): number;
  /** Resolves when the store shows the object at `written` or newer, or after `timeoutMs`. */
  observed(written: T, timeoutMs: number): Promise<void>;
  close(): void;
}

export type ApplicationFeed = ChangeFeed<ApplicationEvent, Application>;
export type ApplicationSetFeed = ChangeFeed<ApplicationSetEvent, ApplicationSet>;

/** @param after a timer that does not keep the process alive */
export function changeFeed<E extends { readonly type: WatchEventType }, T extends KubeObject>(
  store: ChangingStore<E, T>,
  objectOf: (event: E) => T,
  after: (ms: number, run: () => void) => { cancel(): void },
): ChangeFeed<E, T> {
  const handlers = new Set<(event: E) => void>();
  const deletions: { readonly version: number; readonly event: E }[] = [];
  let told = 0;
  let horizon: number | undefined;
  // Before its first complete list the store knows of no deletion, so memory begins after that.
  const remembered = (): number | undefined => {
    if (horizon === undefined && store.isSynced()) horizon = versionOf(store.resourceVersion());
    return horizon;
  };
  remembered();
  const stop = store.watch((event) => {
    remembered();
    const own = versionOf(objectOf(event).metadata.resourceVersion);
    told = Math.max(told, own);
    if (event.type === 'DELETED') {
      // Not every source of events gives a deletion its own version; the store's newest one is never too old.
      deletions.push({ version: Math.max(own, versionOf(store.resourceVersion())), event });
      if (deletions.length > MAX_REMEMBERED) horizon = deletions.shift()?.version ?? horizon;
    }
    for (const handler of handlers) handler(event);
  });
  const subscribe = (handler: (event: E) => void): (() => void) => {
    handlers.add(handler);
    return () => handlers.delete(handler);
  };
  return {
    subscribe,
    version: () => Math.max(told, horizon ?? 0),
    deletionsSince(version) {
      const from = remembered();
      if (from === undefined || version < from) return undefined;
      return deletions.filter((deletion) => deletion.version > version).map(({ event }) => event);
    },
    observed: (written, timeoutMs) =>
      new Promise((resolve) => {
        if (shows(store, written)) return resolve();
        const done = (): void => {
          unsubscribe();
          timer.cancel();
          resolve();
        };
        const timer = after(timeoutMs, done);
        const unsubscribe = subscribe(() => {
          if (shows(store, written)) done();
        });
      }),
    close() {
      stop();
      handlers.clear();
    },
  };
}

/** resourceVersions of one API server are numbers that grow (Kubernetes 1.35 promises it); anything else counts as 0. */
export function versionOf(resourceVersion: string | undefined): number {
  const number = Number(resourceVersion ?? '');
  return Number.isSafeInteger(number) && number > 0 ? number : 0;
}

function shows<T extends KubeObject>(store: Pick<ChangingStore<unknown, T>, 'get'>, written: T): boolean {
  const { namespace = '', name = '', resourceVersion } = written.metadata;
  const seen = store.get(namespace, name);
  return seen !== undefined && versionOf(seen.metadata.resourceVersion) >= versionOf(resourceVersion);
}
