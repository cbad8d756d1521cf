// Sequences of requests as data. `{ns}` in paths and bodies is the sequence's own namespace, `{id}` a text no other
// sequence has, and `{{step:metadata.uid}}` a value out of an earlier answer of the same server.

export interface RequestStep {
  readonly type: 'request';
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Name under which later steps read the answer. */
  readonly id?: string;
  /** Not compared: only brings the server into a state. */
  readonly silent?: boolean;
}

/** Asks again until the answer is as wanted, at most WAIT_MS; the last answer is compared. */
export interface WaitStep {
  readonly type: 'wait';
  readonly path: string;
  readonly until: (answer: { status: number; body: Body }) => boolean;
  readonly id?: string;
  readonly silent?: boolean;
}

/** Opens a watch; the events are taken by a later `events` step. */
export interface WatchStep {
  readonly type: 'watch';
  readonly path: string;
  readonly id: string;
}

/** Takes `count` events of the watch `id`; fewer when the server ends it before. */
export interface EventsStep {
  readonly type: 'events';
  readonly id: string;
  readonly count: number;
}

export type Step = RequestStep | WaitStep | WatchStep | EventsStep;
export type Body = Record<string, unknown> & {
  metadata?: Record<string, unknown>;
  status?: Record<string, unknown>;
  items?: Body[];
};

export interface Sequence {
  readonly name: string;
  readonly steps: readonly Step[];
  /** Controllers write to the objects too: resource versions and generations say nothing. */
  readonly async?: boolean;
  /** CRDs it needs, created once before all sequences. */
  readonly needs?: readonly string[];
}

export function sequence(name: string, ...steps: readonly Step[]): Sequence {
  return { name, steps };
}

/** A sequence on whose objects controllers work at the same time. */
export function asyncSequence(name: string, ...steps: readonly Step[]): Sequence {
  return { name, steps, async: true };
}

type Options = Partial<Pick<RequestStep, 'id' | 'headers' | 'silent'>>;

export function send(method: string, path: string, body?: unknown, options: Options = {}): RequestStep {
  return { type: 'request', method, path, ...(body === undefined ? {} : { body }), ...options };
}

export function get(path: string, options: Options = {}): RequestStep {
  return send('GET', path, undefined, options);
}

export function post(path: string, body: unknown, options: Options = {}): RequestStep {
  return send('POST', path, body, options);
}

export function put(path: string, body: unknown, options: Options = {}): RequestStep {
  return send('PUT', path, body, options);
}

export function del(path: string, body?: unknown, options: Options = {}): RequestStep {
  return send('DELETE', path, body, options);
}

const PATCH_TYPES = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
} as const;

export function patch(
  kind: keyof typeof PATCH_TYPES,
  path: string,
  body: unknown,
  options: Options = {},
): RequestStep {
  const headers = { 'content-type': PATCH_TYPES[kind], ...options.headers };
  return send('PATCH', path, body, { ...options, headers });
}

/** Server-side apply by `manager`; `more` is added to the query, e.g. `&force=true`. */
export function apply(
  path: string,
  manager: string,
  body: unknown,
  more = '',
  options: Options = {},
): RequestStep {
  return patch('apply', `${path}?fieldManager=${manager}${more}`, body, options);
}

export function waitFor(
  path: string,
  until: WaitStep['until'],
  options: Partial<Pick<WaitStep, 'id' | 'silent'>> = {},
): WaitStep {
  return { type: 'wait', path, until, ...options };
}

export function waitGone(path: string): WaitStep {
  return waitFor(path, ({ status }) => status === 404);
}

export function watch(id: string, path: string): WatchStep {
  return { type: 'watch', id, path };
}

export function events(id: string, count: number): EventsStep {
  return { type: 'events', id, count };
}

/** The same request as if it had not been compared. */
export function quietly<T extends RequestStep | WaitStep>(step: T): T {
  return { ...step, silent: true };
}
