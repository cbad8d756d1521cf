import { useCallback, useEffect, useRef } from 'react';

/** A function that runs `task` once, `ms` after the first of many calls. Nothing runs after the component is gone. */
export function useThrottled(task: () => void, ms: number): () => void {
  const latest = useRef(task);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  useEffect(() => {
    latest.current = task;
  });
  useEffect(() => () => clearTimeout(timer.current), []);
  return useCallback(() => {
    timer.current ??= setTimeout(() => {
      timer.current = undefined;
      latest.current();
    }, ms);
  }, [ms]);
}
