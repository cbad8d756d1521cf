import { useEffect, useRef, useState } from 'react';
import type { LogEntry } from '../../../../src/contract/index.ts';
import { appended, type LogRows, noRows } from './log-lines.ts';
import { readLogs } from './read-logs.ts';

/** Lines of a burst are shown together. */
const SHOW_MS = 100;

export interface ShownLogs {
  readonly logs: LogRows;
  readonly state: 'reading' | 'ended' | 'failed';
  /** Why it failed. */
  readonly problem: string;
}

/** The lines at `path`, read again when it changes or `round` does. */
export function useLogs(path: string, round: number): ShownLogs {
  const [shown, setShown] = useState<ShownLogs>({ logs: noRows, state: 'reading', problem: '' });
  const waiting = useRef<LogEntry[]>([]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another round reads the same again
  useEffect(() => {
    const gone = new AbortController();
    waiting.current = [];
    setShown({ logs: noRows, state: 'reading', problem: '' });
    const flush = (end: Partial<ShownLogs> = {}): void => {
      const entries = waiting.current;
      waiting.current = [];
      if (entries.length === 0 && end.state === undefined) return;
      setShown((before) => ({ ...before, ...end, logs: appended(before.logs, entries) }));
    };
    const timer = setInterval(flush, SHOW_MS);
    readLogs(path, (entries) => void waiting.current.push(...entries), gone.signal).then(
      () => flush({ state: 'ended' }),
      (error: unknown) => {
        if (!gone.signal.aborted) flush({ state: 'failed', problem: (error as Error).message });
      },
    );
    return () => {
      clearInterval(timer);
      gone.abort();
    };
  }, [path, round]);
  return shown;
}
