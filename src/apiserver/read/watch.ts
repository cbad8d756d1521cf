// WATCH: what a watcher is told first, which changes concern it, bookmarks, and the bound on how far it may fall
// behind. Writes lines of JSON to a sink; the HTTP connection is the sink's business.

import { apiVersionOf } from '../../k8s/index.ts';
import type { Core, Target } from '../core.ts';
import { ApiError } from '../errors.ts';
import type { View } from '../http/negotiate.ts';
import { type Change, namespaceOf, StoredObject } from '../storage/stored-object.ts';
import { readSelector, type Selector } from './list.ts';
import { assertNotAhead, assertNotCompacted, checkListOptions, parseRevision } from './resource-version.ts';

/** Takes lines; false when the watcher is too far behind and has been dropped. */
export interface WatchSink {
  write(line: string): boolean;
  /** Ends the answer regularly. */
  end(): void;
}

export interface WatchRequest {
  readonly target: Target;
  /** '' for all. */
  readonly namespace: string;
  readonly query: URLSearchParams;
  readonly view: View;
  /** Text of the object part of an event. */
  readonly encode: (stored: StoredObject) => string;
}

const BOOKMARK_EVERY_MS = 60_000;
/** kube-apiserver chooses between 30 and 60 minutes when the client names no timeout. */
const DEFAULT_TIMEOUT_MS = 1_800_000;
const LONGEST_TIMEOUT_SECONDS = 86_400;
const INITIAL_EVENTS_END = 'k8s.io/initial-events-end';

interface WatchPlan {
  /** Send the current objects as ADDED first. */
  readonly initial: boolean;
  /** Close the initial events with the marked bookmark (WatchList). */
  readonly endMark: boolean;
  readonly from: number;
  readonly bookmarks: boolean;
  readonly timeoutMs: number;
}

/**
 * Checks the request and returns a function that starts delivery into a sink; that returns the stop.
 * @throws ApiError for options or a revision that cannot be served (before anything is sent).
 */
export function prepareWatch(core: Core, request: WatchRequest): (sink: WatchSink) => () => void {
  const { target, query } = request;
  checkListOptions(query, true);
  const selector = readSelector(target, query);
  const plan = planWatch(core, query);
  const collection = core.store.collection(target.type.typeKey);
  return (sink) => {
    const watcher = new Watcher(core, request, selector, plan, sink);
    if (!plan.initial && plan.from < collection.floor) {
      watcher.refuse(plan.from, collection.floor);
      return () => {};
    }
    watcher.start();
    return () => watcher.stop();
  };
}

function planWatch(core: Core, query: URLSearchParams): WatchPlan {
  const revision = parseRevision(query.get('resourceVersion'));
  const streaming = isTrue(query.get('sendInitialEvents'));
  const bookmarks = isTrue(query.get('allowWatchBookmarks'));
  const seconds = Number(query.get('timeoutSeconds') ?? 0);
  const timeoutMs =
    Number.isFinite(seconds) && seconds > 0
      ? Math.min(seconds, LONGEST_TIMEOUT_SECONDS) * 1000
      : DEFAULT_TIMEOUT_MS * (1 + core.random.next());
  if (revision !== undefined) assertNotAhead(revision, core.store.revision);
  const declined = query.get('sendInitialEvents') === 'false';
  const initial = streaming || (!declined && (revision === undefined || revision === 0));
  const from = initial || revision === undefined || revision === 0 ? core.store.revision : revision;
  return { initial, endMark: streaming && bookmarks, from, bookmarks, timeoutMs };
}

function isTrue(text: string | null): boolean {
  return text === 'true' || text === '1';
}

class Watcher {
  readonly #core: Core;
  readonly #request: WatchRequest;
  readonly #selector: Selector;
  readonly #plan: WatchPlan;
  readonly #sink: WatchSink;
  readonly #undo: (() => void)[] = [];
  #sent: number;
  #stopped = false;

  constructor(core: Core, request: WatchRequest, selector: Selector, plan: WatchPlan, sink: WatchSink) {
    this.#core = core;
    this.#request = request;
    this.#selector = selector;
    this.#plan = plan;
    this.#sink = sink;
    this.#sent = plan.from;
  }

  start(): void {
    const { type } = this.#request.target;
    const { store, clock } = this.#core;
    const collection = store.collection(type.typeKey);
    if (this.#plan.initial) this.#sendInitial();
    else for (const change of collection.changesAfter(this.#plan.from)) this.#tell(change);
    if (this.#stopped) return;
    this.#undo.push(store.listen(type.typeKey, (change) => this.#tell(change)));
    const timeout = clock.after(this.#plan.timeoutMs, () => this.#timeOut());
    this.#undo.push(() => timeout.cancel());
    if (this.#plan.bookmarks) this.#scheduleBookmark();
  }

  stop(): void {
    this.#stopped = true;
    for (const undo of this.#undo.splice(0)) undo();
  }

  /** Answers with the ERROR event of a history that no longer reaches back. */
  refuse(from: number, floor: number): void {
    try {
      assertNotCompacted(from, floor);
    } catch (error) {
      if (error instanceof ApiError) this.#write('ERROR', JSON.stringify(error.toStatus()));
    }
    this.#sink.end();
  }

  #sendInitial(): void {
    const { target, namespace, encode } = this.#request;
    const collection = this.#core.store.collection(target.type.typeKey);
    for (const stored of collection.list(namespace === '' ? undefined : namespace)) {
      if (this.#stopped) return;
      if (this.#selects(stored)) this.#write('ADDED', encode(stored));
    }
    if (this.#plan.endMark) this.#bookmark({ [INITIAL_EVENTS_END]: 'true' });
  }

  #tell(change: Change): void {
    // Changes that were queued before the initial state was read are part of it.
    if (this.#stopped || change.revision <= this.#sent) return;
    this.#sent = change.revision;
    const { namespace, encode } = this.#request;
    const { type, current, previous } = change;
    if (namespace !== '' && namespaceOf(current.object) !== namespace) return;
    if (this.#selector === undefined) {
      this.#write(type, encode(current));
      return;
    }
    const before = previous !== undefined && this.#selects(previous);
    const after = type !== 'DELETED' && this.#selects(current);
    if (after) this.#write(before ? 'MODIFIED' : 'ADDED', encode(current));
    else if (before) this.#write('DELETED', encode(stamped(previous, change.revision)));
  }

  #selects(stored: StoredObject): boolean {
    return this.#selector === undefined || this.#selector(stored);
  }

  #write(type: string, objectText: string): void {
    if (this.#stopped) return;
    if (!this.#sink.write(`{"type":"${type}","object":${objectText}}\n`)) this.stop();
  }

  #bookmark(annotations?: Record<string, string>): void {
    const { type, version } = this.#request.target;
    const { view } = this.#request;
    const revision = String(this.#core.store.revision);
    const metadata = {
      resourceVersion: revision,
      ...(annotations === undefined ? {} : { annotations }),
    };
    const identity =
      view.as === 'object'
        ? { kind: type.kind, apiVersion: apiVersionOf({ group: type.group, version }) }
        : { kind: 'PartialObjectMetadata', apiVersion: `meta.k8s.io/${view.metaVersion}` };
    if (view.as === 'Table') {
      const row = { cells: [], object: { ...identity, metadata } };
      const table = {
        kind: 'Table',
        apiVersion: identity.apiVersion,
        metadata: { resourceVersion: revision },
      };
      this.#write('BOOKMARK', JSON.stringify({ ...table, columnDefinitions: [], rows: [row] }));
      return;
    }
    this.#write('BOOKMARK', JSON.stringify({ ...identity, metadata }));
  }

  #scheduleBookmark(): void {
    const timer = this.#core.clock.after(BOOKMARK_EVERY_MS, () => {
      if (this.#stopped) return;
      this.#bookmark();
      this.#undo.splice(this.#undo.indexOf(cancel), 1);
      this.#scheduleBookmark();
    });
    const cancel = (): void => timer.cancel();
    this.#undo.push(cancel);
  }

  #timeOut(): void {
    if (this.#stopped) return;
    if (this.#plan.bookmarks) this.#bookmark();
    this.stop();
    this.#sink.end();
  }
}

// An object that left the selection is announced as it was, under the revision of the change.
function stamped(stored: StoredObject, revision: number): StoredObject {
  const { object } = stored;
  const metadata = { ...object.metadata, resourceVersion: String(revision) };
  return new StoredObject({ ...object, metadata }, revision);
}
