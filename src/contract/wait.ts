// Waiting for an application: `GET /api/v1/fairlead/applications/{name}/wait`.
import { z } from 'zod';
import { ApplicationScope } from './applications.ts';
import { count, text } from './query.ts';

/** Longest wait of one request, seconds: proxies in between end what takes longer. A client asks again. */
export const MAX_WAIT_SECONDS = 170;
const DEFAULT_WAIT_SECONDS = 120;

export const waitGoals = ['synced', 'healthy', 'operation', 'deleted'] as const;
export type WaitGoal = (typeof waitGoals)[number];

export const WaitQuery = ApplicationScope.extend({
  /** A full commit id (or chart version, or digest) that has to be in the cluster; absent: whatever the source says. */
  revision: text,
  /** Comma-separated: `synced`, `healthy`, `operation` (no sync runs), `deleted`. Default `synced,healthy`. */
  for: text.transform((value, context): readonly WaitGoal[] => {
    const words = (value === undefined || value === '' ? 'synced,healthy' : value)
      .split(',')
      .map((word) => word.trim());
    const known = words.filter((word): word is WaitGoal => (waitGoals as readonly string[]).includes(word));
    if (known.length !== words.length)
      context.addIssue(`"${(value ?? '').slice(0, 60)}" is not a list of ${waitGoals.join(', ')}`);
    return known;
  }),
  timeoutSeconds: count.transform((value) => Math.min(value ?? DEFAULT_WAIT_SECONDS, MAX_WAIT_SECONDS)),
});

export interface WaitAnswer {
  /**
   * - `reached`: all of it is so.
   * - `superseded`: a later commit, which contains the revision, took its place.
   * - `failed`: it will not be so without somebody doing something.
   * - `timeout`: it is not so yet.
   */
  readonly result: z.output<typeof WaitResult>;
  /** A sentence without a period. */
  readonly reason: string;
  readonly sync: string;
  readonly health: string;
  /** The revision the cluster is compared with. */
  readonly revision: string;
}

const WaitResult = z.enum(['reached', 'superseded', 'failed', 'timeout']);
