// One watch request: from a resource version until the server, the network, silence or the caller ends it.
// Reconnecting and keeping what was seen is the informer's business.
import { type Clock, isRecord, limits } from '../lib/index.ts';
import type { KubeClient, WatchOptions } from './client.ts';
import { errorOfStatus, KubeError, kubeMessage } from './errors.ts';
import { LineSplitter } from './lines.ts';
import { apiVersionOf, type KubeObject } from './object.ts';
import { describeType, type ResourceType } from './resource-type.ts';

export type WatchEvent<T extends KubeObject = KubeObject> =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: T }
  | { readonly type: 'BOOKMARK'; readonly resourceVersion: string };

export interface WatchRequest extends WatchOptions {
  /** Without a byte (bookmarks included) for this long the connection counts as dead. */
  readonly idleTimeoutMs: number;
}

export interface WatchHandlers<T extends KubeObject> {
  /** The server accepted the watch. */
  opened?(): void;
  event(event: WatchEvent<T>): void;
}

/**
 * Runs one watch. Resolves when the server ends it in an orderly way or after `idleTimeoutMs` of silence; rejects
 * with KubeError (`GONE` when the resource version is too old) or with the signal's reason.
 */
export async function watch<T extends KubeObject = KubeObject>(
  deps: { readonly client: KubeClient; readonly clock: Clock },
  type: ResourceType,
  request: WatchRequest,
  handlers: WatchHandlers<T>,
): Promise<'ended' | 'idle'> {
  const stop = new AbortController();
  const onAbort = (): void => stop.abort(request.signal?.reason);
  if (request.signal?.aborted === true) throw request.signal.reason;
  request.signal?.addEventListener('abort', onAbort, { once: true });
  const guard = new IdleGuard(deps.clock, request.idleTimeoutMs, () => stop.abort(IDLE));
  const splitter = new LineSplitter((line) => {
    if (!stop.signal.aborted) deliver(type, deps.client.server, line, handlers);
  }, limits.kubeEventBytes);
  try {
    await deps.client.watchStream(
      type,
      { ...request, signal: stop.signal },
      {
        opened() {
          guard.touch();
          handlers.opened?.();
        },
        data(chunk) {
          guard.touch();
          // An exception thrown into the HTTP parser would be lost there; it ends the watch from here instead.
          try {
            splitter.push(chunk);
          } catch (error) {
            stop.abort(error);
          }
        },
      },
    );
    if (stop.signal.aborted) throw stop.signal.reason;
    return 'ended';
  } catch (error) {
    if (stop.signal.aborted && stop.signal.reason === IDLE) return 'idle';
    throw error;
  } finally {
    guard.stop();
    request.signal?.removeEventListener('abort', onAbort);
  }
}

const IDLE = new Error('no bytes for too long');

/** Calls back once when `touch` was not called for `limitMs`. One timer at a time, however many bytes come. */
class IdleGuard {
  readonly #clock: Clock;
  readonly #limitMs: number;
  readonly #onIdle: () => void;
  #last: number;
  #timer: { cancel(): void };

  constructor(clock: Clock, limitMs: number, onIdle: () => void) {
    this.#clock = clock;
    this.#limitMs = limitMs;
    this.#onIdle = onIdle;
    this.#last = clock.monotonic();
    this.#timer = clock.after(limitMs, () => this.#check());
  }

  touch(): void {
    this.#last = this.#clock.monotonic();
  }

  stop(): void {
    this.#timer.cancel();
  }

  #check(): void {
    const leftMs = this.#last + this.#limitMs - this.#clock.monotonic();
    if (leftMs <= 0) this.#onIdle();
    else this.#timer = this.#clock.after(leftMs, () => this.#check());
  }
}

function deliver<T extends KubeObject>(
  type: ResourceType,
  server: string,
  line: string,
  handlers: WatchHandlers<T>,
): void {
  const attempt = { verb: 'watch', what: describeType(type), server };
  let event: unknown;
  try {
    event = JSON.parse(line);
  } catch (cause) {
    throw new KubeError('SERVER', kubeMessage(attempt, 'an event is not JSON', 'SERVER'), { cause });
  }
  if (!isRecord(event) || !isRecord(event.object)) {
    throw new KubeError('SERVER', kubeMessage(attempt, 'an event has no object', 'SERVER'));
  }
  const { object } = event;
  switch (event.type) {
    case 'ADDED':
    case 'MODIFIED':
    case 'DELETED':
      if (object.kind === 'PartialObjectMetadata' || object.kind === undefined) {
        object.kind = type.kind;
        object.apiVersion = apiVersionOf(type);
      }
      if (!isRecord(object.metadata)) {
        throw new KubeError(
          'SERVER',
          kubeMessage(attempt, 'an event has an object without metadata', 'SERVER'),
        );
      }
      handlers.event({ type: event.type, object: object as T });
      return;
    case 'BOOKMARK': {
      const metadata = isRecord(object.metadata) ? object.metadata : {};
      handlers.event({ type: 'BOOKMARK', resourceVersion: String(metadata.resourceVersion ?? '') });
      return;
    }
    case 'ERROR':
      throw errorOfStatus(attempt, object);
    default:
      throw new KubeError(
        'SERVER',
        kubeMessage(attempt, `unknown event type ${String(event.type)}`, 'SERVER'),
      );
  }
}
