import type { Application } from '../../../contract/index.ts';
import { parseDurationMs, rfc3339 } from '../../../lib/index.ts';
import { describeOperation } from '../../application/describe.ts';
import { applicationId, identityOptions } from '../../application/identity.ts';
import { isOperationOver, progressPrinter, waitFor } from '../../application/wait.ts';
import { defineCommand } from '../../command.ts';
import { CliError } from '../../errors.ts';
import { ExitCode } from '../../exit-codes.ts';
import { printResult, resultOption } from '../../result.ts';

export const appRollback = defineCommand({
  words: 'app rollback',
  describe:
    'Deploy again what was deployed before: the entry ID of the history, or the one before the newest',
  positionals: ['APPNAME', '[ID]'],
  options: {
    ...identityOptions,
    prune: { type: 'boolean', describe: 'Delete what that deployment did not have' },
    reason: { type: 'string', value: 'text', describe: 'Why it is held there, with automated sync' },
    for: {
      type: 'string',
      value: 'duration',
      describe: 'How long it is held there, with automated sync; without: until app release',
    },
    ...resultOption,
    timeout: {
      type: 'number',
      default: 0,
      value: 'seconds',
      describe: 'Give up waiting after this long; 0: never',
    },
  },
  examples: [
    'fairlead app rollback web',
    'fairlead app rollback web 3 --prune',
    'fairlead app rollback web --reason "checkout is broken" --for 12h',
  ],
  async run({ client, options, positionals, out, environment, signal }) {
    const api = await client();
    const { clock } = environment;
    const id = applicationId(positionals[0], options);
    const app = await api.applications.get(id, undefined, { signal });
    const entry = historyId(app, positionals[1]);
    const started = await api.applications.rollback(id, {
      id: entry,
      prune: options.prune === true,
      ...(options.reason === undefined ? {} : { reason: options.reason }),
      ...until(options.for, clock.now()),
    });
    const version = Number(started.metadata.resourceVersion ?? 0);
    const ended = await waitFor(
      { client: api, clock, out },
      id,
      {
        isDone: (now) =>
          Number(now.metadata.resourceVersion ?? 0) > version &&
          isOperationOver(now) &&
          now.status?.operationState?.finishedAt !== undefined,
        missing: (now) => `the operation is ${now?.status?.operationState?.phase ?? 'not begun'}`,
      },
      { timeoutMs: options.timeout * 1000, signal, progress: progressPrinter(out, clock) },
    );
    if (ended !== undefined) printResult(out, options.output, ended, describeOperation(ended));
    return ended?.status?.operationState?.phase === 'Succeeded' ? ExitCode.Ok : ExitCode.CommandFailed;
  },
});

function until(text: string | undefined, now: number): { until?: string } {
  if (text === undefined) return {};
  const durationMs = parseDurationMs(text);
  if (durationMs !== undefined && durationMs > 0) return { until: rfc3339(now + durationMs) };
  throw new CliError('USAGE', `--for: "${text}" is no duration; write for example 12h`, 1);
}

function historyId(app: Application, text: string | undefined): number {
  if (text !== undefined) {
    const id = Number(text);
    if (Number.isInteger(id) && id >= 0) return id;
    throw new CliError(
      'USAGE',
      `"${text}" is no id of the history; see: fairlead app history ${app.metadata.name}`,
      1,
    );
  }
  const previous = app.status?.history?.at(-2);
  if (previous !== undefined) return previous.id;
  throw new CliError(
    'FAILED',
    `${app.metadata.name} was deployed fewer than two times, so there is nothing to go back to`,
  );
}
