// The web terminal at Argo CD's address. What is said over it is in ../terminal.ts.
import type { z } from 'zod';
import { TerminalQuery } from '../../contract/index.ts';
import { ApiError } from '../errors.ts';
import { applicationObject } from '../resolve-application.ts';
import { type ApplicationCall, type Route, route, SocketAnswer } from '../route.ts';
import { isTerminalOn, Terminal } from '../terminal.ts';

const MAX_MESSAGE_BYTES = 64 * 1024;
const DEFAULT_SHELLS = 'bash,sh,powershell,cmd';

export const terminalRoutes: readonly Route[] = [
  route({
    method: 'GET',
    path: '/terminal',
    // The application is named in the query, see resolve-application.ts.
    access: { resource: 'applications', action: 'get', scope: 'application' },
    query: TerminalQuery,
    handle: openTerminal,
  }),
];

async function openTerminal(
  call: ApplicationCall<z.output<typeof TerminalQuery>, undefined>,
): Promise<SocketAnswer> {
  const { deps, app, query, signal } = call;
  if (!call.may({ resource: 'exec', action: 'create' }, applicationObject(app))) {
    throw new ApiError('PermissionDenied', `permission denied: exec, create, ${applicationObject(app)}`);
  }
  if (!isTerminalOn(deps)) {
    throw new ApiError('NotFound', 'The web terminal is off; exec.enabled: "true" in argocd-cm turns it on');
  }
  const { pod = '', namespace = '', container = '', shell = '' } = query;
  if (pod === '') throw new ApiError('InvalidArgument', 'pod is missing: name the pod to open a terminal in');
  const shells = shellsOf(deps.information.config('exec.shells'), shell);
  const wanted = {
    podName: pod,
    ...(namespace === '' ? {} : { namespace }),
    ...(container === '' ? {} : { container }),
  };
  const place = await deps.terminals.find(app, wanted, signal);
  return new SocketAnswer((connection, isLive) => new Terminal(call, { place, shells }, connection, isLive), {
    maxMessageBytes: MAX_MESSAGE_BYTES,
  });
}

function shellsOf(configured: string, wanted: string): readonly string[] {
  const allowed = (configured === '' ? DEFAULT_SHELLS : configured)
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
  if (wanted === '') return allowed;
  if (allowed.includes(wanted)) return [wanted];
  throw new ApiError(
    'InvalidArgument',
    `shell is none of those allowed: ${allowed.join(', ')} (exec.shells)`,
  );
}
