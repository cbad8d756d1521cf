// Follows an application until it is as wanted, printing what changes.
import type { ApplicationId, Client } from '../../client/index.ts';
import type { Application } from '../../contract/index.ts';
import type { Clock } from '../../lib/index.ts';
import { type Followed, follow, type WaitOptions, type Wanted } from '../follow.ts';
import type { Output } from '../output.ts';
import { queryOf } from './identity.ts';

/** The application once it is as wanted; undefined when it was deleted and that is fine. */
export async function waitFor(
  deps: { readonly client: Client; readonly clock: Clock; readonly out: Output },
  id: ApplicationId,
  wanted: Wanted<Application>,
  options: WaitOptions<Application>,
): Promise<Application | undefined> {
  const { applications } = deps.client;
  const followed: Followed<Application> = {
    called: `app "${id.name}"`,
    list: async (signal) => (await applications.list(queryOf(id), { signal })).items,
    async *watch(signal, onOpen) {
      for await (const { type, application } of applications.watch(queryOf(id), signal, onOpen))
        yield { isDeleted: type === 'DELETED', object: application };
    },
  };
  return await follow(deps, followed, wanted, options);
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
