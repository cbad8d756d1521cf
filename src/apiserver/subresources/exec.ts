// GET pods/exec as a WebSocket (v5.channel.k8s.io and v4): a command in a simulated container.
import { execChannels } from '../../k8s/index.ts';
import {
  closeCodes,
  isRecord,
  WebSocketConnection,
  webSocketOffer,
  writeWebSocketAnswer,
} from '../../lib/index.ts';
import { authorizeResource } from '../auth/authorize.ts';
import type { Target } from '../core.ts';
import { ApiError } from '../errors.ts';
import { badRequest } from '../failures.ts';
import type { ResourceCall } from '../http/resource-call.ts';
import type { ServerContext } from '../server-context.ts';
import type { PodExec } from '../workloads/index.ts';

const PROTOCOLS = ['v5.channel.k8s.io', 'v4.channel.k8s.io'];
const MAX_MESSAGE_BYTES = 1024 * 1024;

export function handleExec(context: ServerContext, { type }: Target, call: ResourceCall): void {
  const { namespace, name, request, response, query, user } = call;
  // Whoever may only read must not run anything: opening a WebSocket is a GET, so that is asked for besides.
  authorizeResource(context.rbac, user, 'create', call);
  if (context.workloads === undefined) {
    const message = `pods "${name}" runs nothing: workloads are not simulated here`;
    throw new ApiError(501, 'MethodNotAllowed', message);
  }
  const command = query.getAll('command');
  if (command.length === 0) throw badRequest('you must specify at least 1 command');
  const flag = (member: string): boolean => ['true', '1'].includes(query.get(member) ?? '');
  const found = context.workloads.podExec({
    namespace,
    pod: name,
    container: query.get('container') ?? undefined,
    command,
    tty: flag('tty'),
  });
  const offer = webSocketOffer(request.method, request.headers);
  if (offer.kind === 'wrong') {
    const upgrade = request.headers.upgrade ?? '';
    if (upgrade === '') throw badRequest('Upgrade request required');
    const message = `${type.resource}/exec speaks WebSockets here, not ${upgrade}: kubectl 1.31 or newer does so`;
    throw new ApiError(501, 'MethodNotAllowed', message, { name, kind: type.resource });
  }
  const protocol = PROTOCOLS.find((each) => offer.protocols.includes(each));
  if (protocol === undefined)
    throw badRequest(`none of the protocols is known: ${offer.protocols.join(', ')}`);
  const { socket } = request;
  response.detachSocket(socket);
  writeWebSocketAnswer(socket, offer.key, { protocol });
  serveCommand(context, found, socket, flag('stdin'));
}

function serveCommand(
  { clock, random }: ServerContext,
  found: PodExec,
  socket: ResourceCall['request']['socket'],
  hasInput: boolean,
): void {
  let shell: ReturnType<PodExec['start']> | undefined;
  const options = { clock, random, role: 'server', maxMessageBytes: MAX_MESSAGE_BYTES } as const;
  const connection = new WebSocketConnection(socket, options, {
    message(data) {
      const body = data.subarray(1);
      if (data[0] === execChannels.stdin) shell?.input(body);
      else if (data[0] === execChannels.resize) shell?.resize(sizeOf(body));
      else if (data[0] === execChannels.close && body[0] === execChannels.stdin) shell?.endInput();
    },
    closed: () => shell?.kill(129),
  });
  const send = (channel: number, body: string): void =>
    void connection.send(Buffer.concat([Buffer.from([channel]), Buffer.from(body)]));
  const end = (status: object): void => {
    send(execChannels.error, JSON.stringify({ metadata: {}, ...status }));
    connection.close(closeCodes.normal);
  };
  if (found.missing !== undefined) {
    end(notStarted(found.missing));
    return;
  }
  shell = found.start({
    output: (data, stream) => send(execChannels[stream], data),
    exited: (code) => end(code === 0 ? { status: 'Success' } : exitStatus(code)),
  });
  shell.start();
  if (!hasInput) shell.endInput();
}

function sizeOf(body: Buffer): { columns: number; rows: number } {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    const size = isRecord(value) ? value : {};
    return { columns: Number(size['Width']) || 80, rows: Number(size['Height']) || 24 };
  } catch {
    return { columns: 80, rows: 24 };
  }
}

function exitStatus(code: number): object {
  return {
    status: 'Failure',
    message: `command terminated with non-zero exit code: error executing command in container: command terminated with exit code ${code}`,
    reason: 'NonZeroExitCode',
    details: { causes: [{ reason: 'ExitCode', message: String(code) }] },
  };
}

/** What containerd says of a program that the image does not hold. */
function notStarted(program: string): object {
  const message = `Internal error occurred: error executing command in container: failed to exec in container: failed to start exec: OCI runtime exec failed: exec failed: unable to start container process: exec: ${JSON.stringify(program)}: executable file not found in $PATH: unknown`;
  return {
    status: 'Failure',
    message,
    reason: 'InternalError',
    details: { causes: [{ message }] },
    code: 500,
  };
}
