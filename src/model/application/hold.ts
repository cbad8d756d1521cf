// The annotation `fairlead.dev/hold`: an application stays at one revision, whatever its source says, until somebody
// releases it or the time is over. Reads and writes the annotation, decides nothing.
import { z } from 'zod';
import type { KubeObject } from '../../k8s/index.ts';
import { annotations } from '../annotations.ts';
import { ApplicationSource } from './schema.ts';

const HoldFields = z.object({
  /** The commit (or any other revision) that is kept. Of several sources: all of them, joined by commas. */
  revision: z.string().min(1).optional(),
  /** One for each source, when there are several. */
  revisions: z.array(z.string().min(1)).min(1).optional(),
  reason: z.string().max(1_000).optional(),
  /** RFC 3339; absent: until it is released. */
  until: z
    .string()
    .refine((text) => !Number.isNaN(Date.parse(text)), 'is no time; write for example 2026-01-31T18:00:00Z')
    .optional(),
  by: z.string().max(200).optional(),
  /** RFC 3339: when somebody decided it. */
  since: z.string().max(40).optional(),
  /** The source of that deployment, when it was not the present one. */
  source: ApplicationSource.optional(),
  sources: z.array(ApplicationSource).min(1).optional(),
});
const Hold = HoldFields.refine(({ revision, revisions }) => (revision ?? revisions) !== undefined, {
  path: ['revision'],
  error: 'is missing: name the commit that is kept',
}).transform((hold) => ({ ...hold, revision: hold.revision ?? hold.revisions?.join(',') ?? '' }));
export type Hold = z.infer<typeof Hold>;

export type HoldState =
  | { readonly kind: 'none' }
  /** `leftMs`: it ends by itself after this long. */
  | { readonly kind: 'active'; readonly hold: Hold; readonly leftMs?: number }
  | { readonly kind: 'expired'; readonly hold: Hold }
  | { readonly kind: 'invalid'; readonly message: string };

const SHOWN = 200;

/** @param now wall clock, milliseconds */
export function holdOf(app: KubeObject, now: number): HoldState {
  const text = app.metadata.annotations?.[annotations.hold];
  if (text === undefined || text.trim() === '') return { kind: 'none' };
  const invalid = (why: string): HoldState => ({
    kind: 'invalid',
    message: `annotation ${annotations.hold} is ${JSON.stringify(text.slice(0, SHOWN))}: ${why}; automated sync waits until it is corrected or removed`,
  });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return invalid('that is not JSON like {"revision": "<commit>", "reason": "…", "until": "<time>"}');
  }
  const parsed = Hold.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return invalid(`${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`.trim());
  }
  const { until } = parsed.data;
  if (until === undefined) return { kind: 'active', hold: parsed.data };
  const leftMs = Date.parse(until) - now;
  return leftMs > 0 ? { kind: 'active', hold: parsed.data, leftMs } : { kind: 'expired', hold: parsed.data };
}

/** `held at abc1234 by alice until …: reason`. */
export function describeHold({ revision, by, until, reason }: Hold): string {
  const who = by === undefined ? '' : ` by ${by}`;
  const end = until === undefined ? ' until it is released' : ` until ${until}`;
  return `held at ${shortRevision(revision)}${who}${end}${reason === undefined ? '' : `: ${reason}`}`;
}

function shortRevision(text: string): string {
  return text
    .split(',')
    .map((revision) => (/^[0-9a-f]{40}$/.test(revision) ? revision.slice(0, 7) : revision))
    .join(', ');
}
