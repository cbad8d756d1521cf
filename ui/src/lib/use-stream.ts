import { useEffect, useRef } from 'react';
import { turnsNamed } from './plain-text.ts';
import { openStream, type StreamDeps } from './stream.ts';

interface Options<T> {
  /** Must stay the same between renders unless the stream is another one. */
  readonly path: string;
  /** Version of what is on the page already; read when the stream opens. */
  readonly since?: string | undefined;
  readonly isEnabled?: boolean;
  readonly onMessage: (message: T) => void;
  readonly onGap: () => void;
  readonly onLive: (isLive: boolean) => void;
}

const browser: StreamDeps = {
  document,
  open: (url) => new EventSource(url),
  after(ms, task) {
    const timer = setTimeout(task, ms);
    return () => clearTimeout(timer);
  },
};

/** Reads a server-sent stream while the component lives. */
export function useStream<T>(options: Options<T>): void {
  const { path, isEnabled = true } = options;
  const latest = useRef(options);
  useEffect(() => {
    latest.current = options;
  });
  useEffect(() => {
    if (!isEnabled) return;
    return openStream(browser, {
      url: (since) => withVersion(path, since || (latest.current.since ?? '')),
      onMessage: (data) => latest.current.onMessage(JSON.parse(turnsNamed(data)) as T),
      onGap: () => latest.current.onGap(),
      onLive: (isLive) => latest.current.onLive(isLive),
    });
  }, [path, isEnabled]);
}

function withVersion(path: string, version: string): string {
  return version === '' ? path : `${path}&resourceVersion=${encodeURIComponent(version)}`;
}
