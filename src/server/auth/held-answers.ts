// Answers of providers that came by POST from another site, kept for the moment until the browser asks with its cookie.
// Bounded in number, size and time; one use each.
import type { Clock, Random } from '../../lib/index.ts';

const MAX_HELD = 200;
const HELD_MS = 60_000;

export type FormAnswer = Readonly<Record<string, string | undefined>>;

export interface HeldAnswers {
  put(answer: FormAnswer): string;
  take(key: string): FormAnswer | undefined;
}

export function heldAnswers(clock: Clock, random: Random): HeldAnswers {
  const held = new Map<string, { readonly answer: FormAnswer; readonly until: number }>();
  return {
    put(answer) {
      const now = clock.monotonic();
      for (const [key, { until }] of held) {
        if (until > now && held.size < MAX_HELD) break;
        held.delete(key);
      }
      const key = Buffer.from(random.bytes(24)).toString('base64url');
      held.set(key, { answer, until: now + HELD_MS });
      return key;
    },
    take(key) {
      const found = held.get(key);
      held.delete(key);
      return found !== undefined && found.until > clock.monotonic() ? found.answer : undefined;
    },
  };
}
