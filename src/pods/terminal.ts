// A shell in a container of an application: which pod, which shell of those allowed, and its end in a sentence. Who may
// have one, for how long, and what is recorded is the server's question.
import {
  type ExecEnd,
  type ExecHandlers,
  type ExecSession,
  type KubeObject,
  wellKnown,
} from '../k8s/index.ts';
import { messageOf } from '../lib/index.ts';
import { PodsError } from './errors.ts';
import type { PodSource } from './logs.ts';
import { containersOf, defaultContainerOf } from './pod-feed.ts';
import { type PodRef, requireChosen, selectPods } from './select.ts';

export interface TerminalRequest {
  readonly podName: string;
  readonly namespace?: string;
  /** The default one of the pod when absent. */
  readonly container?: string;
  /** Tried in this order until the container has one. */
  readonly shells: readonly string[];
}

export interface TerminalHandlers {
  output(text: string): void;
  /** Once. `why` is a sentence, or what the shell left. */
  ended(end: { readonly isFailure: boolean; readonly why: string }): void;
}

export interface PodTerminal {
  write(text: string): void;
  resize(size: { readonly columns: number; readonly rows: number }): void;
  /** Takes no output until `resume`. */
  pause(): void;
  resume(): void;
  close(): void;
}

/** A pod of the application, and the container that the shell would run in. */
export interface TerminalPlace {
  readonly pod: PodRef;
  readonly container: string;
}

/** Rejects with PodsError `NOT_FOUND` for what is not the application's, `INVALID` for what is not clear. */
export async function findTerminalPlace(
  source: PodSource,
  request: TerminalRequest,
  signal: AbortSignal,
): Promise<TerminalPlace> {
  requireChosen(source.nodes(), request, source.application);
  const pods = selectPods(source.nodes(), request);
  const [pod] = pods;
  if (pod === undefined || pods.length > 1) {
    throw new PodsError('INVALID', `Several namespaces have a pod ${request.podName}; name the namespace`);
  }
  const live = await source.ask((client) => client.find(wellKnown.pods, pod, { signal }));
  if (live === undefined || live.metadata.uid !== pod.uid) {
    throw new PodsError('NOT_FOUND', `Pod ${pod.namespace}/${pod.name} does not exist any more`);
  }
  return { pod, container: containerIn(live, request.container) };
}

function containerIn(pod: KubeObject, wanted: string | undefined): string {
  const names = containersOf(pod);
  const container = wanted ?? defaultContainerOf(pod) ?? '';
  if (names.includes(container)) return container;
  throw new PodsError(
    'NOT_FOUND',
    `Pod ${pod.metadata.name} has no container ${container}; it has ${names.join(', ')}`,
  );
}

/** Starts the first shell that the container has. Rejects when the cluster refuses; later failures come as the end. */
export async function openTerminal(
  source: PodSource,
  { pod, container }: TerminalPlace,
  shells: readonly string[],
  handlers: TerminalHandlers,
  signal: AbortSignal,
): Promise<PodTerminal> {
  const terminal = new ShellAttempts(source, { pod, container }, shells, handlers, signal);
  await terminal.open();
  return terminal;
}

/** Pods keep the words of their runtime for a program that is not there. */
const NO_SUCH_PROGRAM = /executable file not found|no such file or directory|not found in \$PATH/i;
/** `env` and some runtimes say it with these exit codes before anything is printed. */
const NOT_RUN: ReadonlySet<number> = new Set([126, 127]);

class ShellAttempts implements PodTerminal {
  readonly #source: PodSource;
  readonly #place: TerminalPlace;
  readonly #shells: string[];
  readonly #handlers: TerminalHandlers;
  readonly #signal: AbortSignal;
  #session: ExecSession | undefined;
  #decoder = new TextDecoder();
  #size: { readonly columns: number; readonly rows: number } | undefined;
  #hasOutput = false;
  #isOver = false;

  constructor(
    source: PodSource,
    place: TerminalPlace,
    shells: readonly string[],
    handlers: TerminalHandlers,
    signal: AbortSignal,
  ) {
    this.#source = source;
    this.#place = place;
    this.#shells = [...shells];
    this.#handlers = handlers;
    this.#signal = signal;
  }

  async open(): Promise<void> {
    const shell = this.#shells.shift() ?? 'sh';
    const { pod, container } = this.#place;
    const handlers: ExecHandlers = {
      output: (data) => this.#output(data),
      ended: (end) => this.#ended(shell, end),
    };
    const options = { command: [shell], container, tty: true, signal: this.#signal };
    const session = await this.#source.ask((client) => client.exec(pod, options, handlers));
    if (this.#isOver || this.#signal.aborted) {
      session.close();
      return;
    }
    this.#session = session;
    if (this.#size !== undefined) session.resize(this.#size);
  }

  write(text: string): void {
    this.#session?.write(Buffer.from(text));
  }

  resize(size: { readonly columns: number; readonly rows: number }): void {
    this.#size = size;
    this.#session?.resize(size);
  }

  pause(): void {
    this.#session?.pause();
  }

  resume(): void {
    this.#session?.resume();
  }

  close(): void {
    this.#isOver = true;
    this.#session?.close();
  }

  #output(data: Buffer): void {
    if (this.#isOver) return;
    this.#hasOutput = true;
    const text = this.#decoder.decode(data, { stream: true });
    if (text !== '') this.#handlers.output(text);
  }

  #ended(shell: string, end: ExecEnd): void {
    if (this.#isOver) return;
    if (!this.#hasOutput && this.#shells.length > 0 && isMissing(end)) {
      this.#session = undefined;
      this.open().catch((error: unknown) => this.#finish(true, messageOf(error)));
      return;
    }
    if (end.kind === 'exited') this.#finish(false, `${shell} ended with exit code ${end.code}`);
    else this.#finish(true, end.message);
  }

  #finish(isFailure: boolean, why: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#handlers.ended({ isFailure, why });
  }
}

function isMissing(end: ExecEnd): boolean {
  if (end.kind === 'exited') return NOT_RUN.has(end.code);
  return end.kind === 'failed' && NO_SUCH_PROGRAM.test(end.message);
}
