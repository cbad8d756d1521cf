// One web terminal: input and output between a WebSocket and a shell, with limits of time, a look at the caller's
// rights again and again, and its record in the journal. Never records what is typed or shown.

import { TerminalInput, type TerminalOutput } from '../contract/index.ts';
import type { WebSocketConnection } from '../lib/index.ts';
import { closeCodes, type Timer } from '../lib/index.ts';
import { answerOf } from './errors.ts';
import type { TerminalPlace, TerminalSession } from './ports.ts';
import { applicationObject } from './resolve-application.ts';
import type { ApplicationCall, SocketHandlers } from './route.ts';

/** How often rights and session are looked at besides on each input (bar S-E4: at most 10 s). */
const CHECK_MS = 5_000;
/** Proxies close connections that are silent for a minute or less. */
const PING_EVERY = 3;
/** Nobody typed anything for so long. */
const IDLE_MS = 30 * 60_000;
/** However busy it is. */
const LONGEST_MS = 8 * 3_600_000;
/** Typed before the shell is there. */
const MAX_EARLY_CHARS = 64 * 1024;

type TerminalCall = ApplicationCall<unknown, unknown>;
const exec = { resource: 'exec', action: 'create' } as const;

/** The web terminal is on, the application the same, and the caller may still see it and run commands in it. */
function mayHaveTerminal({ deps, app, may }: TerminalCall): boolean {
  const { namespace = '', name = '', uid } = app.metadata;
  const now = deps.applications.get(namespace, name);
  if (now === undefined || now.metadata.uid !== uid || !isTerminalOn(deps)) return false;
  const object = applicationObject(now);
  return may({ resource: 'applications', action: 'get' }, object) && may(exec, object);
}

/** `exec.enabled` of argocd-cm. */
export function isTerminalOn({ information }: TerminalCall['deps']): boolean {
  return information.config('exec.enabled') === 'true';
}

export class Terminal implements SocketHandlers {
  readonly #call: TerminalCall;
  readonly #place: TerminalPlace;
  readonly #shells: readonly string[];
  readonly #isLive: () => boolean;
  readonly #connection: WebSocketConnection;
  readonly #gone = new AbortController();
  #session: TerminalSession | undefined;
  #early = '';
  #record: Promise<{ readonly seq: number }> | undefined;
  #timer: Timer | undefined;
  #beats = 0;
  #startedAt = 0;
  #usedAt = 0;
  #isOver = false;

  /** @param isLive false once the caller's session is over */
  constructor(
    call: TerminalCall,
    what: { readonly place: TerminalPlace; readonly shells: readonly string[] },
    connection: WebSocketConnection,
    isLive: () => boolean,
  ) {
    this.#call = call;
    this.#place = what.place;
    this.#shells = what.shells;
    this.#connection = connection;
    this.#isLive = isLive;
  }

  /** Writes the intent, starts the shell, and returns; failures end the terminal with their sentence. */
  async start(signal: AbortSignal): Promise<void> {
    const { deps, app, caller, address } = this.#call;
    const { clock, journal, terminals } = deps;
    this.#startedAt = clock.monotonic();
    this.#usedAt = this.#startedAt;
    signal.addEventListener('abort', () => this.#end('the server is stopping', false), { once: true });
    const { pod, container, cluster } = this.#place;
    try {
      this.#record = journal.intent({
        actor: { kind: 'user', name: caller.name },
        action: 'pod.terminal',
        object: { group: '', kind: 'Pod', namespace: pod.namespace, name: pod.name, cluster },
        sourceAddress: address,
        detail: { application: applicationObject(app), container, shells: [...this.#shells] },
      });
      await this.#record;
      this.#timer = clock.after(CHECK_MS, () => this.#beat());
      const handlers = {
        output: (data: string) => this.#show(data),
        ended: ({ why, isFailure }: { why: string; isFailure: boolean }) => this.#end(why, isFailure),
      };
      const session = await terminals.open(app, this.#place, this.#shells, handlers, this.#gone.signal);
      if (this.#isOver) {
        session.close();
        return;
      }
      this.#session = session;
      if (this.#early !== '') session.write(this.#early);
      this.#early = '';
    } catch (error) {
      const { body, unexpected } = answerOf(error);
      if (unexpected) deps.log.error('A terminal could not be opened', { error });
      this.#end(body.message, true);
    }
  }

  message(data: Buffer, isText: boolean): void {
    if (this.#isOver) return;
    const input = isText ? inputOf(data) : undefined;
    if (input === undefined) {
      this.#end('what the page sent is not understood', true, closeCodes.protocol);
      return;
    }
    if (input.operation === 'ping') {
      this.#say({ operation: 'pong' });
      return;
    }
    // Nothing that is typed after a right was taken away may reach the shell, not even for seconds.
    if (!this.#isAllowed()) return;
    if (input.operation === 'resize') {
      this.#session?.resize({ columns: input.cols, rows: input.rows });
      return;
    }
    this.#usedAt = this.#call.deps.clock.monotonic();
    if (this.#session !== undefined) this.#session.write(input.data);
    else this.#early = `${this.#early}${input.data}`.slice(0, MAX_EARLY_CHARS);
  }

  closed(): void {
    this.#end('the page closed it', false);
  }

  #isAllowed(): boolean {
    if (this.#isLive() && mayHaveTerminal(this.#call)) return true;
    this.#end('your session is over, or you may not have a terminal here any more', false, closeCodes.policy);
    return false;
  }

  #beat(): void {
    const { deps, app } = this.#call;
    const { clock, terminals } = deps;
    const now = clock.monotonic();
    this.#beats += 1;
    if (!this.#isAllowed()) return;
    if (!terminals.isThere(app, this.#place)) {
      this.#end('the pod is not part of the application any more', false);
    } else if (now - this.#usedAt >= IDLE_MS) {
      this.#end(`nothing was typed for ${IDLE_MS / 60_000} minutes`, false);
    } else if (now - this.#startedAt >= LONGEST_MS) {
      this.#end(`a terminal may be open for ${LONGEST_MS / 3_600_000} hours`, false);
    } else {
      if (this.#beats % PING_EVERY === 0) this.#connection.ping();
      this.#timer = clock.after(CHECK_MS, () => this.#beat());
    }
  }

  #show(data: string): void {
    if (this.#isOver || this.#say({ operation: 'stdout', data })) return;
    this.#session?.pause();
    void this.#connection.drained().then(() => this.#session?.resume());
  }

  #say(output: TerminalOutput): boolean {
    return this.#connection.send(JSON.stringify(output));
  }

  #end(why: string, isFailure: boolean, code: number = closeCodes.normal): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#timer?.cancel();
    this.#session?.close();
    this.#gone.abort();
    this.#say({ operation: 'exit', data: why });
    this.#connection.close(code, why);
    void this.#conclude(why, isFailure);
  }

  async #conclude(why: string, isFailure: boolean): Promise<void> {
    const { journal, log, clock } = this.#call.deps;
    try {
      const intent = await this.#record;
      if (intent === undefined) return;
      await journal.outcome(intent.seq, {
        outcome: isFailure ? 'failed' : 'succeeded',
        reason: why,
        detail: { seconds: Math.round((clock.monotonic() - this.#startedAt) / 1_000) },
      });
    } catch (error) {
      log.error('The end of a terminal is not recorded', { error });
    }
  }
}

function inputOf(data: Buffer): ReturnType<typeof TerminalInput.parse> | undefined {
  try {
    return TerminalInput.parse(JSON.parse(data.toString('utf8')));
  } catch {
    return undefined;
  }
}
