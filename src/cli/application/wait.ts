// Follows an application until it is as wanted, printing what changes. Comes back after a lost connection.
import { type ApplicationId, type Client, ClientError } from '../../client/index.ts';
import type { Application } from '../../contract/index.ts';
import type { Clock } from '../../lib/index.ts';
import { CliError } from '../errors.ts';
import type { Output } from '../output.ts';
import { queryOf } from './identity.ts';

export interface Wanted {
  /** `isDone` is asked on every state seen; the application that answered true is returned. */
  readonly isDone: (app: Application) => boolean;
  /** What is still missing, in words, for the message when time is up. */
  readonly missing: (app: Application | undefined) => string;
  /** The application is gone: undefined means that this is no failure. */
  readonly onDeleted?: () => Application | undefined;
}

export interface WaitOptions {
  /** 0: as long as it takes. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Prints each change of a resource. */
  readonly progress?: (app: Application) => void;
}

const RETRY_MS = 1_000;

/** The application once it is as wanted; undefined when it was deleted and that is fine. */
export async function waitFor(
  deps: { readonly client: Client; readonly clock: Clock; readonly out: Output },
  id: ApplicationId,
  wanted: Wanted,
  options: WaitOptions,
): Promise<Application | undefined> {
  const late = new AbortController();
  const timer = options.timeoutMs > 0 ? deps.clock.after(options.timeoutMs, () => late.abort()) : undefined;
  const signal = AbortSignal.any([options.signal, late.signal]);
  let last: Application | undefined;
  try {
    for (;;) {
      const end = await followOnce(deps, id, wanted, signal, options, (app) => {
        last = app;
      });
      if (end !== 'lost') return end;
      await deps.clock.sleep(RETRY_MS, signal);
    }
  } catch (error) {
    if (!late.signal.aborted || options.signal.aborted) throw error;
    const seconds = options.timeoutMs / 1000;
    throw new CliError(
      'TIMED_OUT',
      `timed out (${seconds}s) waiting for app "${id.name}" match desired state: ${wanted.missing(last)}`,
    );
  } finally {
    timer?.cancel();
  }
}

/** One connection's worth: done, deleted, or `lost` when the server ended the stream. */
async function followOnce(
  deps: { readonly client: Client; readonly out: Output },
  id: ApplicationId,
  wanted: Wanted,
  signal: AbortSignal,
  options: WaitOptions,
  seen: (app: Application) => void,
): Promise<Application | undefined | 'lost'> {
  const { applications } = deps.client;
  const absent = new AbortController();
  // A stream tells what is there and what goes from now on, and nothing of an application that went before it opened.
  const look = async (): Promise<void> => {
    const { items } = await applications.list(queryOf(id), { signal });
    if (items.length === 0) absent.abort(new Absent());
  };
  const onOpen = (): void => void look().catch((error: unknown) => absent.abort(error));
  try {
    const either = AbortSignal.any([signal, absent.signal]);
    for await (const { type, application } of applications.watch(queryOf(id), either, onOpen)) {
      if (type === 'DELETED') return deleted(id, wanted);
      seen(application);
      options.progress?.(application);
      if (wanted.isDone(application)) return application;
    }
  } catch (error) {
    if (error instanceof Absent) return deleted(id, wanted);
    const isLost = error instanceof ClientError && error.code === 'UNREACHABLE';
    if (!isLost || signal.aborted) throw error;
    deps.out.note(`${error.message}; trying again`);
  }
  signal.throwIfAborted();
  return 'lost';
}

class Absent extends Error {
  override readonly name = 'Absent';
}

function deleted(id: ApplicationId, wanted: Wanted): Application | undefined {
  if (wanted.onDeleted !== undefined) return wanted.onDeleted();
  throw new CliError('FAILED', `Application ${id.name} was deleted while waiting for it`);
}

/** True when no operation waits or runs. */
export function isOperationOver(app: Application): boolean {
  const phase = app.status?.operationState?.phase;
  return app.operation === undefined && phase !== 'Running' && phase !== 'Terminating';
}

/** Prints resources whose state differs from what was printed before: time, kind, name, state, message. */
export function progressPrinter(out: Output, clock: Clock): (app: Application) => void {
  const printed = new Map<string, string>();
  const print = (key: string, what: string, state: string): void => {
    if (state === '' || printed.get(key) === state) return;
    printed.set(key, state);
    out.note(`${new Date(clock.now()).toISOString().slice(11, 19)}  ${what.padEnd(48)} ${state}`);
  };
  return (app) => {
    for (const item of app.status?.resources ?? []) {
      const what = `${item.kind} ${item.namespace ?? ''}/${item.name ?? ''}`;
      print(
        `live ${item.group}/${what}`,
        what,
        [item.status, item.health?.status].filter(Boolean).join('  '),
      );
    }
    for (const item of app.status?.operationState?.syncResult?.resources ?? []) {
      const what = `${item.kind} ${item.namespace}/${item.name}`;
      const state = [item.hookType ?? item.syncPhase, item.hookPhase ?? item.status, item.message];
      print(`sync ${item.group}/${what}/${item.syncPhase}`, what, state.filter(Boolean).join('  '));
    }
    const state = app.status?.operationState;
    if (state !== undefined)
      print('operation', 'operation', [state.phase, state.message].filter(Boolean).join('  '));
  };
}
