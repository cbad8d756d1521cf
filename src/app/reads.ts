// What several ports of the server need of the objects that controllers hold: changes as the API names them, writes that
// resolve once they are shown, and the events about an object.
import type { EventList, WatchEventType } from '../contract/index.ts';
import type { ServedObjects } from '../controllers/index.ts';
import { isNewerVersion, type KubeClient, type KubeObject, wellKnown } from '../k8s/index.ts';
import type { Clock } from '../lib/index.ts';

/** Calls `handle` for each change from now on. @returns a function that stops it */
export function watchChanges<T extends KubeObject>(
  objects: ServedObjects<T>,
  handle: (type: WatchEventType, object: T) => void,
): () => void {
  let isReplay = true;
  const off = objects.subscribe((change) => {
    // A subscription begins with what is there already; the store shows that by itself.
    if (isReplay) return;
    const type = change.kind === 'add' ? 'ADDED' : change.kind === 'update' ? 'MODIFIED' : 'DELETED';
    handle(type, change.object);
  });
  isReplay = false;
  return off;
}

/** Reads that lag behind longer than this are somebody else's trouble. */
const OBSERVE_MS = 3_000;
const POLL_MS = 10;

/** Resolves once reads show it, or when they lag too far behind. */
export async function whenShown(clock: Clock, isShown: () => boolean): Promise<void> {
  const until = clock.monotonic() + OBSERVE_MS;
  while (!isShown() && clock.monotonic() < until) await clock.sleep(POLL_MS);
}

/** Whether what is read is the object that was written, or newer. */
export function shows(read: KubeObject | undefined, written: KubeObject): boolean {
  return (
    read !== undefined && !isNewerVersion(written.metadata.resourceVersion, read.metadata.resourceVersion)
  );
}

/** Every event about an object. Rejects when not all can be read. */
export async function eventsAbout(
  client: KubeClient,
  { namespace, uid }: { readonly namespace: string; readonly uid: string },
  signal: AbortSignal,
): Promise<EventList> {
  const fieldSelector = `involvedObject.uid=${uid}`;
  const answer = await client.listAll(wellKnown.events, { namespace, fieldSelector, signal });
  if (answer.kind === 'incomplete') throw answer.error;
  return {
    metadata: { resourceVersion: answer.resourceVersion },
    items: answer.items as unknown as EventList['items'],
  };
}
