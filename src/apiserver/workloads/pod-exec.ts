// Commands in simulated containers: finds the container, says what it has not, and runs a shell in it.
import { type Clock, isRecord } from '../../lib/index.ts';
import { ApiError } from '../errors.ts';
import type { InternalApi } from '../internal-api.ts';
import { type ContainerStatus, nameOf, type Pod, types, uidOf } from './kinds.ts';
import { missingProgram, Shell, type ShellHandlers } from './shell/shell.ts';

export interface PodExecRequest {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string | undefined;
  readonly command: readonly string[];
  readonly tty: boolean;
}

export interface PodExec {
  /** The program that the container does not have; then nothing is started. */
  readonly missing: string | undefined;
  start(handlers: ShellHandlers): Shell;
}

interface ExecDeps {
  readonly api: InternalApi;
  readonly clock: Clock;
}

/** Exit code of what is killed with its container. */
const KILLED = 137;
/** How soon a command notices that its container is gone. */
const LOOK_MS = 1_000;

/** @throws ApiError 404 for an unknown pod, 400 for an unknown or ambiguous container, 500 for one that does not run. */
export function podExec(deps: ExecDeps, request: PodExecRequest): PodExec {
  const pod = deps.api.get(types.pods, request.namespace, request.pod) as Pod | undefined;
  if (pod === undefined) {
    const details = { name: request.pod, kind: 'pods' };
    throw new ApiError(404, 'NotFound', `pods "${request.pod}" not found`, details);
  }
  const container = containerOf(pod, request.container);
  const restarts = runningRestarts(pod, container);
  if (restarts === undefined) {
    const message = `unable to upgrade connection: container not found ("${container}")`;
    throw new ApiError(500, 'InternalError', `Internal error occurred: ${message}`);
  }
  return {
    missing: missingProgram(request.command),
    start: (handlers) => startShell(deps, request, { pod, container, restarts }, handlers),
  };
}

function startShell(
  deps: ExecDeps,
  { command, tty, namespace }: PodExecRequest,
  { pod, container, restarts }: { pod: Pod; container: string; restarts: number },
  handlers: ShellHandlers,
): Shell {
  const spec = pod.spec.containers.find(({ name }) => name === container);
  const status = isRecord(pod.status) ? pod.status : {};
  const world = {
    pod: nameOf(pod),
    namespace,
    container,
    image: spec?.image ?? '',
    node: pod.spec.nodeName ?? '',
    ip: String(status['podIP'] ?? ''),
    now: () => new Date(deps.clock.now()),
  };
  const { clock } = deps;
  let timer = clock.after(LOOK_MS, look);
  const shell = new Shell(
    { world, variables: variablesOf(pod, container, tty), command, tty, clock },
    {
      output: (data, stream) => handlers.output(data, stream),
      exited(code) {
        timer.cancel();
        handlers.exited(code);
      },
    },
  );
  function look(): void {
    const now = deps.api.get(types.pods, namespace, nameOf(pod)) as Pod | undefined;
    const isSame = now !== undefined && uidOf(now) === uidOf(pod);
    if (!isSame || runningRestarts(now, container) !== restarts) shell.kill(KILLED);
    else timer = clock.after(LOOK_MS, look);
  }
  return shell;
}

function containerOf(pod: Pod, wanted: string | undefined): string {
  const names = pod.spec.containers.map(({ name }) => name);
  const [first = ''] = names;
  if (wanted === undefined && names.length > 1) {
    const message = `a container name must be specified for pod ${nameOf(pod)}, choose one of: [${names.join(' ')}]`;
    throw new ApiError(400, 'BadRequest', message);
  }
  const name = wanted ?? first;
  if (names.includes(name)) return name;
  throw new ApiError(400, 'BadRequest', `container ${name} is not valid for pod ${nameOf(pod)}`);
}

/** How often the container restarted; undefined when it does not run. */
function runningRestarts(pod: Pod, container: string): number | undefined {
  const statuses: readonly ContainerStatus[] = pod.status?.containerStatuses ?? [];
  const status = statuses.find(({ name }) => name === container);
  return status?.state?.running === undefined ? undefined : status.restartCount;
}

function variablesOf(pod: Pod, container: string, tty: boolean): Map<string, string> {
  const variables = new Map([
    ['PATH', '/usr/local/bin:/usr/bin:/bin'],
    ['HOSTNAME', nameOf(pod)],
    ['HOME', '/root'],
    ['KUBERNETES_SERVICE_HOST', '10.0.0.1'],
    ['KUBERNETES_SERVICE_PORT', '443'],
    ...(tty ? ([['TERM', 'xterm']] as const) : []),
  ]);
  const spec = pod.spec.containers.find(({ name }) => name === container);
  for (const entry of spec?.env ?? []) {
    const { value } = entry as { value?: string };
    if (value !== undefined) variables.set(entry.name, value);
  }
  return variables;
}
