import { ago, exactly } from '../lib/time.ts';

/** "3 min ago", with the exact time for whoever points at it. */
export function TimeAgo({ time, now }: { time: string | undefined; now: number }) {
  const text = ago(time, now);
  if (text === '') return null;
  return (
    <time dateTime={time} title={exactly(time)}>
      {text}
    </time>
  );
}
