import { useEffect, useRef, useState } from 'react';

/**
 * Reads a server-sent stream while the component lives. The browser reconnects by itself.
 * @returns whether the stream is up, for the "live" sign
 */
export function useStream<T>(url: string, onMessage: (message: T) => void): boolean {
  const [isLive, setLive] = useState(false);
  const handler = useRef(onMessage);
  handler.current = onMessage;
  useEffect(() => {
    const source = new EventSource(url);
    source.onopen = () => setLive(true);
    source.onerror = () => setLive(false);
    source.onmessage = (event: MessageEvent<string>) => handler.current(JSON.parse(event.data) as T);
    return () => source.close();
  }, [url]);
  return isLive;
}
