// The log of a simulated container: lines that follow from the pod, the container and the time alone, so that the
// same question always gets the same answer and nothing is stored.
import { type Clock, isAbort, sha256 } from '../../lib/index.ts';
import { ApiError } from '../errors.ts';
import type { InternalApi } from '../internal-api.ts';
import { behaviourOf } from './behaviour.ts';
import {
  type ContainerState,
  type ContainerStatus,
  nameOf,
  type Pod,
  timeMs,
  types,
  uidOf,
} from './kinds.ts';

export interface PodLogOptions {
  /** Go on with new lines until the container ends. */
  readonly follow?: boolean;
  /** The instance before the last restart. */
  readonly previous?: boolean;
  /** Prefix each line with its RFC 3339 time. */
  readonly timestamps?: boolean;
  readonly tailLines?: number;
  readonly sinceSeconds?: number;
  /** RFC 3339. */
  readonly sinceTime?: string;
  readonly limitBytes?: number;
  readonly signal?: AbortSignal;
}

export interface PodLogRequest {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string | undefined;
  readonly options: PodLogOptions;
}

interface LogDeps {
  readonly api: InternalApi;
  readonly clock: Clock;
}

/** Request lines come once per this time. */
const requestEveryMs = 10_000;
/** Lines of one container run that exist at any time; older request lines are gone, as with a rotated file. */
const keptLines = 5_000;

/** @throws ApiError 404 for an unknown pod, 400 for an unknown, ambiguous or not yet started container. */
export function podLog(deps: LogDeps, request: PodLogRequest): AsyncIterable<string> {
  const pod = readPod(deps, request);
  if (pod === undefined) {
    throw new ApiError(404, 'NotFound', `pods "${request.pod}" not found`, {
      name: request.pod,
      kind: 'pods',
    });
  }
  const name = containerName(pod, request.container);
  const run = runOf(pod, name, request.options.previous === true);
  return limited(lines(deps, { ...request, container: name }, pod, run), request.options.limitBytes);
}

/** One life of a container. */
export interface ContainerRun {
  readonly container: string;
  readonly image: string;
  readonly restartCount: number;
  readonly startMs: number;
  /** Undefined while it runs. */
  readonly end: { readonly atMs: number; readonly exitCode: number } | undefined;
  /** It crashes with a panic when it ends badly. */
  readonly panics: boolean;
  readonly serves: boolean;
  readonly port: number;
  readonly seed: string;
}

export interface LogLine {
  readonly atMs: number;
  readonly text: string;
}

/** The lines of a run with `fromMs` ≤ time ≤ `toMs`, oldest first. Pure. */
export function logLines(run: ContainerRun, fromMs: number, toMs: number): LogLine[] {
  const untilMs = Math.min(toMs, run.end?.atMs ?? toMs);
  const found: LogLine[] = startLines(run);
  if (run.serves) {
    const last = Math.floor((untilMs - run.startMs) / requestEveryMs);
    const wanted = Math.max(1, Math.ceil((fromMs - run.startMs) / requestEveryMs));
    for (let at = Math.max(wanted, last - keptLines + 1); at <= last; at += 1)
      found.push(requestLine(run, at));
  }
  if (run.end !== undefined) found.push(...endLines(run, run.end));
  return found.filter(({ atMs }) => atMs >= fromMs && atMs <= toMs);
}

function startLines(run: ContainerRun): LogLine[] {
  const starting = {
    atMs: run.startMs,
    text: `level=info msg="starting" container=${run.container} image=${run.image}`,
  };
  const ready = run.serves
    ? { atMs: run.startMs + 20, text: `level=info msg="listening on :${run.port}"` }
    : { atMs: run.startMs + 20, text: 'level=info msg="working"' };
  return [starting, ready];
}

function requestLine(run: ContainerRun, number: number): LogLine {
  const digits = Number.parseInt(sha256(`${run.seed}/${number}`).slice(0, 8), 16);
  const path = ['/healthz', '/', '/api/items', '/metrics'][digits % 4] ?? '/';
  const durationMs = 1 + (digits % 40);
  return {
    atMs: run.startMs + number * requestEveryMs,
    text: `level=info msg="request" method=GET path=${path} status=200 duration=${durationMs}ms`,
  };
}

function endLines(run: ContainerRun, end: { readonly atMs: number; readonly exitCode: number }): LogLine[] {
  const { atMs } = end;
  if (end.exitCode === 0) return [{ atMs, text: 'level=info msg="done"' }];
  if (!run.panics) return [{ atMs, text: `level=error msg="failed" exit=${end.exitCode}` }];
  return [
    { atMs, text: 'panic: simulated crash' },
    { atMs, text: 'goroutine 1 [running]:' },
    { atMs, text: `main.main() exit status ${end.exitCode}` },
  ];
}

async function* lines(
  deps: LogDeps,
  request: PodLogRequest & { container: string },
  pod: Pod,
  run: ContainerRun,
): AsyncGenerator<string> {
  const { options } = request;
  const show = ({ atMs, text }: LogLine): string =>
    options.timestamps === true ? `${new Date(atMs).toISOString().slice(0, -1)}000000Z ${text}` : text;
  const nowMs = deps.clock.now();
  const sinceMs =
    options.sinceSeconds === undefined ? timeMs(options.sinceTime) : nowMs - options.sinceSeconds * 1000;
  const all = logLines(run, sinceMs, nowMs);
  yield* (
    options.tailLines === undefined ? all : all.slice(all.length - Math.min(options.tailLines, all.length))
  ).map(show);
  if (options.follow !== true || options.previous === true) return;
  yield* followed(deps, request, { uid: uidOf(pod), run, seenMs: nowMs }, show);
}

async function* followed(
  deps: LogDeps,
  request: PodLogRequest & { container: string },
  from: { readonly uid: string; readonly run: ContainerRun; readonly seenMs: number },
  show: (line: LogLine) => string,
): AsyncGenerator<string> {
  let { run, seenMs } = from;
  while (run.end === undefined) {
    try {
      await deps.clock.sleep(1_000, request.options.signal);
    } catch (error) {
      if (isAbort(error) || request.options.signal?.aborted === true) return;
      throw error;
    }
    const pod = readPod(deps, request);
    const status =
      pod === undefined || uidOf(pod) !== from.uid ? undefined : statusOf(pod, request.container);
    const same = status !== undefined && status.restartCount === run.restartCount;
    if (pod === undefined || !same) return;
    run = runOf(pod, request.container, false);
    const nowMs = deps.clock.now();
    yield* logLines(run, seenMs + 1, nowMs).map(show);
    // A status tells the end in whole seconds, which may be before what was shown already.
    if (run.end !== undefined && run.end.atMs <= seenMs) yield* endLines(run, run.end).map(show);
    seenMs = nowMs;
  }
}

async function* limited(
  source: AsyncIterable<string>,
  limitBytes: number | undefined,
): AsyncGenerator<string> {
  let left = limitBytes ?? Number.POSITIVE_INFINITY;
  for await (const line of source) {
    const size = Buffer.byteLength(line) + 1;
    if (size > left) {
      if (left > 0) yield Buffer.from(line).subarray(0, left).toString();
      return;
    }
    left -= size;
    yield line;
  }
}

function readPod(deps: LogDeps, { namespace, pod }: PodLogRequest): Pod | undefined {
  return deps.api.get(types.pods, namespace, pod) as Pod | undefined;
}

function containerName(pod: Pod, wanted: string | undefined): string {
  const containers = pod.spec.containers.map(({ name }) => name);
  const inits = (pod.spec.initContainers ?? []).map(({ name }) => name);
  const annotated = pod.metadata.annotations?.['kubectl.kubernetes.io/default-container'];
  const name =
    wanted ?? (containers.length === 1 ? containers[0] : containers.find((each) => each === annotated));
  if (name === undefined) {
    const choice = inits.length === 0 ? '' : ` or one of the init containers: [${inits.join(' ')}]`;
    const message = `a container name must be specified for pod ${nameOf(pod)}, choose one of: [${containers.join(' ')}]`;
    throw new ApiError(400, 'BadRequest', `${message}${choice}`);
  }
  if (![...containers, ...inits].includes(name)) {
    throw new ApiError(400, 'BadRequest', `container ${name} is not valid for pod ${nameOf(pod)}`);
  }
  return name;
}

function runOf(pod: Pod, name: string, previous: boolean): ContainerRun {
  const status = statusOf(pod, name);
  const { waiting } = status?.state ?? {};
  const crashed = waiting !== undefined && status?.lastState?.terminated !== undefined;
  const state: ContainerState | undefined = previous || crashed ? status?.lastState : status?.state;
  const startedAt = state?.running?.startedAt ?? state?.terminated?.startedAt;
  if (status === undefined || startedAt === undefined) {
    const text = previous
      ? `previous terminated container "${name}" in pod "${nameOf(pod)}" not found`
      : `container "${name}" in pod "${nameOf(pod)}" is waiting to start: ${waitReason(waiting)}`;
    throw new ApiError(400, 'BadRequest', text);
  }
  const container = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])].find(
    (each) => each.name === name,
  );
  const ended = state?.terminated;
  const behaviour = container === undefined ? 'normal' : behaviourOf(pod, container);
  return {
    container: name,
    image: container?.image ?? '',
    restartCount: status.restartCount,
    startMs: timeMs(startedAt),
    end: ended === undefined ? undefined : { atMs: timeMs(ended.finishedAt), exitCode: ended.exitCode },
    panics: behaviour === 'crash',
    serves: (pod.spec.restartPolicy ?? 'Always') === 'Always' && !isInit(pod, name),
    port: container?.ports?.[0]?.containerPort ?? 8080,
    seed: `${uidOf(pod)}/${name}`,
  };
}

function waitReason(waiting: { reason?: string; message?: string } | undefined): string {
  if (waiting?.reason === 'ErrImagePull' || waiting?.reason === 'ImagePullBackOff')
    return 'trying and failing to pull image';
  return waiting?.reason ?? 'ContainerCreating';
}

function isInit(pod: Pod, name: string): boolean {
  return pod.spec.initContainers?.some((container) => container.name === name) === true;
}

function statusOf(pod: Pod, name: string): ContainerStatus | undefined {
  return [...(pod.status?.containerStatuses ?? []), ...(pod.status?.initContainerStatuses ?? [])].find(
    (status) => status.name === name,
  );
}
