import type { Summary } from './summaries.ts';

/** A state as a sign and its word. Sign and colour repeat the word; what is well stays calm. */
export function StatusBadge({ summary, title }: { summary: Summary; title?: string | undefined }) {
  return (
    <span className={`badge ${summary.tone}`} title={title}>
      <span className="sign" aria-hidden="true" />
      {summary.label}
    </span>
  );
}
