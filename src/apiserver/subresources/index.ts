// Sub-resources whose body is of another kind than the object. One file each; this is the Map from name to handler.
import type { Target } from '../core.ts';
import { ApiError } from '../errors.ts';
import type { ResourceCall } from '../http/resource-call.ts';
import type { ServerContext } from '../server-context.ts';
import { handleBinding } from './binding.ts';
import { handleEviction } from './eviction.ts';
import { handleExec } from './exec.ts';
import { handleLog } from './log.ts';
import { handleScale } from './scale.ts';
import { handleToken } from './token.ts';

export type SubresourceHandler = (
  context: ServerContext,
  target: Target,
  call: ResourceCall,
) => Promise<void> | void;

const HANDLERS: ReadonlyMap<string, SubresourceHandler> = new Map<string, SubresourceHandler>([
  ['scale', handleScale],
  ['log', handleLog],
  ['exec', handleExec],
  ['eviction', handleEviction],
  ['binding', handleBinding],
  ['token', handleToken],
]);

export function subresourceHandler(name: string): SubresourceHandler {
  return HANDLERS.get(name) ?? refuseSimulated;
}

// attach, port-forward and proxies need something that runs; nothing does here.
const refuseSimulated: SubresourceHandler = (_context, { type }, { name, subresource }) => {
  throw new ApiError(
    501,
    'MethodNotAllowed',
    `${type.resource}/${subresource} is not available: the containers of "${name}" are simulated and run nothing`,
    { name, kind: type.resource },
  );
};
