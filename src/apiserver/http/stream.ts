// The connection of a watch: collects lines of one turn of the event loop into one write, and drops a client that
// does not read.
import type { ServerResponse } from 'node:http';
import type { WatchSink } from '../read/watch.ts';

/** Bytes a watcher may leave unread before it is dropped; it then lists again. */
const MAX_UNREAD_BYTES = 64 * 1024 * 1024;
/** Characters collected before they are written within one turn. */
const MAX_PENDING_CHARS = 256 * 1024;

export function streamSink(response: ServerResponse, start: (sink: WatchSink) => () => void): void {
  response.writeHead(200, { 'Content-Type': 'application/json', 'Cache-Control': 'no-cache, private' });
  response.flushHeaders();
  let pending = '';
  let scheduled = false;
  let ended = false;
  const flush = (): void => {
    scheduled = false;
    if (pending === '' || response.destroyed) return;
    const text = pending;
    pending = '';
    response.write(text);
  };
  const stop = start({
    write(line) {
      if (response.destroyed || ended) return false;
      if (response.writableLength > MAX_UNREAD_BYTES) {
        response.destroy();
        return false;
      }
      pending += line;
      if (pending.length > MAX_PENDING_CHARS) flush();
      else if (!scheduled) {
        scheduled = true;
        setImmediate(flush);
      }
      return true;
    },
    end() {
      if (ended) return;
      ended = true;
      flush();
      response.end();
    },
  });
  response.on('close', stop);
}
