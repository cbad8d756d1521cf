// Reads log lines from the server; while following, also past a connection that breaks, without a line twice.
import { type Client, ClientError } from '../../client/index.ts';
import type { LogEntry } from '../../contract/index.ts';
import type { Clock } from '../../lib/index.ts';

type LogQuery = Parameters<Client['applications']['logs']>[1];

export interface LogQuestion {
  readonly id: Parameters<Client['applications']['logs']>[0];
  readonly query: LogQuery;
  readonly follow: boolean;
}

const PAUSE_MS = 1_000;
/** Without a line in between; a server that restarts is back earlier. */
const MAX_TRIES = 30;

/** @param onBreak told why, before the next try */
export async function* readLogs(
  deps: { readonly client: Client; readonly clock: Clock; readonly onBreak: (reason: string) => void },
  { id, query, follow }: LogQuestion,
  signal: AbortSignal,
): AsyncGenerator<LogEntry, void> {
  let last = '';
  for (let tries = 0; ; tries += 1) {
    const seen = last;
    try {
      for await (const entry of deps.client.applications.logs(id, resumed(query, seen), signal)) {
        tries = 0;
        if (entry.last) return;
        if (isSeen(entry.timeStampStr, seen)) continue;
        if (entry.timeStampStr > last) last = entry.timeStampStr;
        yield entry;
      }
      if (!follow) throw new ClientError('MALFORMED', 'The logs broke off before their end; try again');
    } catch (error) {
      if (!follow || !isBreak(error) || tries >= MAX_TRIES) throw error;
      deps.onBreak(error.message);
    }
    await deps.clock.sleep(PAUSE_MS, signal);
  }
}

/** Times of one cluster are written alike (UTC, nine digits), so they can be compared as texts. */
function isSeen(time: string, seen: string): boolean {
  return time !== '' && time <= seen;
}

function resumed(query: LogQuery, last: string): LogQuery {
  if (last === '') return query;
  return { ...query, tailLines: undefined, sinceSeconds: undefined, sinceTime: last };
}

function isBreak(error: unknown): error is ClientError {
  return error instanceof ClientError && (error.code === 'UNREACHABLE' || error.httpStatus === 503);
}
