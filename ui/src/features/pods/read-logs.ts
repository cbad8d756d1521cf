// Reads the lines of a log from the server until it ends or nobody wants them any more.
import type { LogEntry } from '../../../../src/contract/index.ts';
import { ApiFailure } from '../../lib/api.ts';

/** Resolves at the end of the log; rejects with ApiFailure, or with the signal's reason. */
export async function readLogs(
  path: string,
  onEntries: (entries: readonly LogEntry[]) => void,
  signal: AbortSignal,
): Promise<void> {
  const response = await fetch(path, { credentials: 'same-origin', signal }).catch((cause: unknown) => {
    throw signal.aborted ? cause : new ApiFailure(0, 'The server does not answer');
  });
  if (!response.ok || response.body === null) throw await failureOf(response);
  const decoder = new TextDecoder();
  const reader = response.body.getReader();
  let rest = '';
  let isOver = false;
  for (;;) {
    const { value, done } = await reader.read();
    if (done) break;
    const lines = `${rest}${decoder.decode(value, { stream: true })}`.split('\n');
    rest = lines.pop() ?? '';
    const entries = lines.filter((line) => line !== '').map(entryOf);
    isOver ||= entries.some(({ last }) => last);
    onEntries(entries.filter(({ last }) => !last));
  }
  if (!isOver) throw new ApiFailure(0, 'The logs broke off');
}

function entryOf(line: string): LogEntry {
  const { result, error } = JSON.parse(line) as {
    result?: LogEntry;
    error?: { http_code?: number; message?: string };
  };
  if (result !== undefined) return result;
  throw new ApiFailure(error?.http_code ?? 500, error?.message ?? 'The logs broke off');
}

async function failureOf(response: Response): Promise<ApiFailure> {
  const text = await response.text().catch(() => '');
  try {
    const { message } = JSON.parse(text) as { message?: string };
    return new ApiFailure(response.status, message ?? `The server answered ${response.status}`);
  } catch {
    return new ApiFailure(response.status, `The server answered ${response.status}`);
  }
}
