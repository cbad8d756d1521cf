import type { Summary } from './summaries.ts';

/** A state as a coloured dot and its word. */
export function StatusBadge({ summary, title }: { summary: Summary; title?: string | undefined }) {
  return (
    <span className={`badge ${summary.tone}`} title={title}>
      <span className="dot" aria-hidden="true" />
      {summary.label}
    </span>
  );
}
