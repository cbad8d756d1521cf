// The web terminal: what opens it and what is said over its WebSocket, as Argo CD's page speaks.
import { z } from 'zod';
import { text } from './query.ts';

export const TerminalQuery = z.object({
  pod: text,
  container: text,
  appName: text,
  appNamespace: text,
  projectName: text,
  namespace: text,
  /** One of `exec.shells`; all of them in turn when absent. */
  shell: text,
});

/** What the page says. */
export const TerminalInput = z.discriminatedUnion('operation', [
  z.object({ operation: z.literal('stdin'), data: z.string() }),
  z.object({
    operation: z.literal('resize'),
    rows: z.number().int().min(1).max(1_000),
    cols: z.number().int().min(1).max(1_000),
  }),
  z.object({ operation: z.literal('ping') }),
]);

/** What the server says. `exit` ends it: a sentence why. */
export interface TerminalOutput {
  readonly operation: 'stdout' | 'pong' | 'exit';
  readonly data?: string;
}
