// Runs a sequence on one server and records what it answered.
import { setTimeout as sleep } from 'node:timers/promises';
import type { RawAnswer, RawClient } from '../../support/raw-http.ts';
import type { Body, RequestStep, Sequence, Step } from './sequence.ts';

export interface Recorded {
  /** `3 PATCH /api/v1/…`: number and request, the same on both servers. */
  readonly step: string;
  readonly answer: unknown;
  /** Of the object sent, when it has one. */
  readonly generateName?: string;
}

const WAIT_MS = 60_000;
const POLL_MS = 25;
const EVENTS_MS = 5_000;

type Watcher = AsyncGenerator<{ type: string; object: Record<string, unknown> }>;

interface Run {
  readonly client: RawClient;
  readonly namespace: string;
  readonly answers: Map<string, unknown>;
  readonly watchers: Map<string, { events: Watcher; first: ReturnType<Watcher['next']> }>;
}

/** Sends the steps one after the other in a namespace of their own, which must not exist yet. */
export async function runSequence(
  client: RawClient,
  sequence: Sequence,
  namespace: string,
): Promise<Recorded[]> {
  const run: Run = { client, namespace, answers: new Map(), watchers: new Map() };
  await prepareNamespace(client, namespace);
  const recorded: Recorded[] = [];
  try {
    for (const [index, step] of sequence.steps.entries()) {
      const answer = await perform(run, step);
      if (!('silent' in step && step.silent)) {
        recorded.push({ step: labelOf(step, index), answer, ...generateNameOf(step) });
      }
    }
  } finally {
    for (const { events } of run.watchers.values()) await events.return(undefined);
  }
  return recorded;
}

/** A namespace with what every namespace soon has, so that lists do not depend on when that comes. */
async function prepareNamespace(client: RawClient, name: string): Promise<void> {
  await client.send({ method: 'POST', path: '/api/v1/namespaces', body: { metadata: { name } } });
  for (const path of ['serviceaccounts/default', 'configmaps/kube-root-ca.crt']) {
    const deadline = performance.now() + WAIT_MS;
    const ask = () => client.send({ method: 'GET', path: `/api/v1/namespaces/${name}/${path}` });
    while ((await ask()).status !== 200) {
      if (performance.now() > deadline) throw new Error(`${name}/${path} did not appear`);
      await sleep(POLL_MS);
    }
  }
}

async function perform(run: Run, step: Step): Promise<unknown> {
  switch (step.type) {
    case 'request': {
      const answer = await run.client.send(fill(run, step) as RequestStep);
      if (step.id !== undefined) run.answers.set(step.id, answer.body);
      return shown(answer);
    }
    case 'wait': {
      const path = fill(run, step.path) as string;
      const deadline = performance.now() + WAIT_MS;
      for (;;) {
        const answer = await run.client.send({ method: 'GET', path });
        const done = step.until({ status: answer.status, body: (answer.body ?? {}) as Body });
        if (done || performance.now() > deadline) {
          if (step.id !== undefined) run.answers.set(step.id, answer.body);
          if (!done && step.silent === true)
            throw new Error(`${path} did not become what the sequence needs`);
          return done ? shown(answer) : { timeout: true, ...shown(answer) };
        }
        await sleep(POLL_MS);
      }
    }
    case 'watch': {
      const events = run.client.watch(fill(run, step.path) as string);
      // A watch answers its headers at once; the first event is asked for now so that the request really starts.
      const first = events.next();
      first.catch(() => {});
      run.watchers.set(step.id, { events, first });
      await sleep(100);
      return undefined;
    }
    case 'events':
      return await takeEvents(run, step.id, step.count);
  }
}

async function takeEvents(run: Run, id: string, count: number): Promise<unknown> {
  const watcher = run.watchers.get(id);
  if (watcher === undefined) throw new Error(`no watch ${id}`);
  const taken: unknown[] = [];
  let next = watcher.first;
  try {
    while (taken.length < count) {
      const result = await Promise.race([next, sleep(EVENTS_MS, 'late' as const)]);
      if (result === 'late') return [...taken, 'no further event'];
      if (result.done) return [...taken, 'end'];
      taken.push(result.value);
      next = watcher.events.next();
      next.catch(() => {});
    }
    watcher.first = next;
    return taken;
  } catch (error) {
    return [...taken, { refused: refusal(error) }];
  }
}

function shown(answer: RawAnswer): object {
  const { status, body, warnings, contentType } = answer;
  const text = typeof body === 'string' ? { contentType } : {};
  return { status, body, ...text, ...(warnings.length > 0 ? { warnings } : {}) };
}

function labelOf(step: Step, index: number): string {
  if (step.type === 'request') return `${index + 1} ${step.method} ${step.path}`;
  if (step.type === 'events') return `${index + 1} events ${step.id}`;
  return `${index + 1} ${step.type} ${step.path}`;
}

/** Replaces `{ns}`, `{id}` and `{{step:path}}` everywhere in a value. */
function fill(run: Run, value: unknown): unknown {
  if (typeof value === 'string') return fillText(run, value);
  if (Array.isArray(value)) return value.map((item) => fill(run, item));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [fillText(run, key) as string, fill(run, member)]),
  );
}

const REFERENCE = /\{\{([^:{}]+):([^{}]*)\}\}/g;

function fillText(run: Run, text: string): unknown {
  const [whole] = text.matchAll(REFERENCE);
  if (whole !== undefined && whole[0] === text) return lookUp(run, whole[1] ?? '', whole[2] ?? '');
  return text
    .replace(REFERENCE, (_, id: string, path: string) => String(lookUp(run, id, path)))
    .replaceAll('{ns}', run.namespace)
    .replaceAll('{id}', run.namespace);
}

function lookUp(run: Run, id: string, path: string): unknown {
  let value = run.answers.get(id);
  for (const key of path === '' ? [] : path.split('.')) {
    value = (value as Record<string, unknown> | undefined)?.[key];
  }
  return value;
}

function generateNameOf(step: Step): { generateName?: string } {
  const body = step.type === 'request' ? (step.body as { metadata?: { generateName?: string } }) : undefined;
  const generateName = body?.metadata?.generateName;
  return generateName === undefined ? {} : { generateName };
}

/** `422: {…}` as a value. */
function refusal(error: unknown): unknown {
  const text = error instanceof Error ? error.message : String(error);
  const [, status, body] = /^(\d+): (\{[\s\S]*\})\s*$/.exec(text) ?? [];
  return body === undefined ? text : { status: Number(status), body: JSON.parse(body) as unknown };
}
