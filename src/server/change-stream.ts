// An endless answer of the changes of a store: the present state first, or what is newer than the reader has seen.
import type { WatchEventType } from '../contract/index.ts';
import type { KubeObject } from '../k8s/index.ts';
import { type ChangeFeed, versionOf } from './change-feed.ts';
import { below, parseFields, project } from './fields.ts';
import { LatestQueue } from './latest-queue.ts';
import type { StreamSink } from './route.ts';

/** What is streamed, to one reader. */
export interface StreamedChanges<E, T> {
  readonly feed: ChangeFeed<E, T>;
  present(): readonly T[];
  objectOf(event: E): T;
  eventOf(type: WatchEventType, object: T): E;
  /** Whether the reader asked for it and may see it. */
  isWanted(object: T): boolean;
  /** What the reader gets of an event, before the projection. */
  shown(event: E): unknown;
}

/** Where a reader begins, and what is kept of each event. */
export interface StreamRequest {
  /** A resourceVersion that the reader has seen; '' for none. */
  readonly since: string;
  /** One object is asked for by its name: its present state always comes first. */
  readonly isNamed: boolean;
  readonly fields: string | undefined;
}

export async function streamChanges<E extends { readonly type: WatchEventType }, T extends KubeObject>(
  changes: StreamedChanges<E, T>,
  request: StreamRequest,
  sink: StreamSink,
): Promise<void> {
  const { feed } = changes;
  const queue = new LatestQueue<E>();
  const put = (event: E): void => {
    const object = changes.objectOf(event);
    if (!changes.isWanted(object)) return;
    const { namespace = '', name = '' } = object.metadata;
    const key = `${namespace}/${name}`;
    // To a reader who has not heard of it yet, a changed object is still a new one.
    const isNew = event.type === 'MODIFIED' && queue.get(key)?.type === 'ADDED';
    queue.put(key, isNew ? changes.eventOf('ADDED', object) : event);
  };
  // Subscribed before the present state is read, so that no change falls between the two.
  const stop = feed.subscribe(put);
  try {
    await putPresent(changes, request, put, sink);
    const wanted = below(parseFields(request.fields), 'result');
    const projection = wanted === 'nothing' ? undefined : wanted;
    for await (const event of queue.drain(sink.signal)) {
      const line = JSON.stringify(project(changes.shown(event), projection));
      // Only when nothing waits may the reader say later that it has seen everything up to here.
      await sink.sendText(line, queue.isEmpty ? String(feed.version()) : undefined);
    }
  } finally {
    stop();
  }
}

/** Everything for a new reader; for one who comes back, what is newer than `since`, and what went. */
async function putPresent<E, T extends KubeObject>(
  changes: StreamedChanges<E, T>,
  { since, isNamed }: StreamRequest,
  put: (event: E) => void,
  sink: StreamSink,
): Promise<void> {
  const version = versionOf(since);
  if (version > 0) {
    const deletions = changes.feed.deletionsSince(version);
    // Too long ago to know what was deleted: a page lists again when it hears this.
    if (deletions === undefined) await sink.notify('relist');
    for (const event of deletions ?? []) put(event);
  }
  const type = version > 0 ? 'MODIFIED' : 'ADDED';
  const isAll = version === 0 || isNamed;
  for (const object of changes.present()) {
    if (isAll || versionOf(object.metadata.resourceVersion) > version) put(changes.eventOf(type, object));
  }
}
