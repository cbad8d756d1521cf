// Commands in containers over the WebSocket protocol of the API server, v5.channel.k8s.io: each message begins with the
// number of its channel. Speaks the protocol; opening the connection is the client's.
import type { IncomingHttpHeaders } from 'node:http';
import type { Duplex } from 'node:stream';
import {
  type Clock,
  closeCodes,
  isRecord,
  type Random,
  WebSocketConnection,
  webSocketAccept,
} from '../lib/index.ts';
import type { KubeStatus } from './errors.ts';

export interface ExecOptions {
  /** Program and arguments; no shell splits them. */
  readonly command: readonly string[];
  readonly container?: string | undefined;
  /** A terminal: stderr comes with stdout then. */
  readonly tty: boolean;
  readonly signal?: AbortSignal | undefined;
  /** For the handshake. */
  readonly timeoutMs?: number | undefined;
}

/** How a command ended. */
export type ExecEnd =
  /** It ran and left this exit code. */
  | { readonly kind: 'exited'; readonly code: number }
  /** It did not run, or the cluster lost it; the cluster's own words. */
  | { readonly kind: 'failed'; readonly message: string }
  /** The connection ended without a word about the command. */
  | { readonly kind: 'lost'; readonly message: string };

export interface ExecHandlers {
  output(data: Buffer, stream: 'stdout' | 'stderr'): void;
  /** Once; nothing comes after it. */
  ended(end: ExecEnd): void;
}

export interface ExecSession {
  /** False when much waits to be sent. */
  write(data: Uint8Array): boolean;
  resize(size: { readonly columns: number; readonly rows: number }): void;
  /** No more input; the command sees the end of its stdin. */
  endInput(): void;
  /** Takes no output until `resume`. */
  pause(): void;
  resume(): void;
  /** Ends the connection, and with it the command's terminal. */
  close(): void;
}

export const EXEC_PROTOCOL = 'v5.channel.k8s.io';
/** Numbers of the channels. */
export const execChannels = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4, close: 255 } as const;
/** The API server cuts output into pieces of 32 KiB. */
const MAX_MESSAGE_BYTES = 1024 * 1024;
const MAX_INPUT_BYTES = 32 * 1024;

/** `?command=…&container=…`, as PodExecOptions. */
export function execQuery({ command, container, tty }: ExecOptions): string {
  const query = new URLSearchParams({
    stdin: 'true',
    stdout: 'true',
    stderr: String(!tty),
    tty: String(tty),
  });
  for (const word of command) query.append('command', word);
  if (container !== undefined && container !== '') query.set('container', container);
  return `?${query}`;
}

/** What is wrong with the server's answer to the handshake. */
export function handshakeFault(key: string, headers: IncomingHttpHeaders): string | undefined {
  if (headers['sec-websocket-accept'] !== webSocketAccept(key)) return 'the answer is no WebSocket handshake';
  const protocol = headers['sec-websocket-protocol'];
  return protocol === EXEC_PROTOCOL
    ? undefined
    : `the server does not speak ${EXEC_PROTOCOL}, which Kubernetes has since 1.29`;
}

export function openExecSession(
  deps: { readonly clock: Clock; readonly random: Random },
  socket: Duplex,
  handlers: ExecHandlers,
): ExecSession {
  let isOver = false;
  const end = (how: ExecEnd): void => {
    if (isOver) return;
    isOver = true;
    handlers.ended(how);
    connection.close();
  };
  const connection = new WebSocketConnection(
    socket,
    { ...deps, role: 'client', maxMessageBytes: MAX_MESSAGE_BYTES },
    {
      message(data) {
        const channel = data[0];
        const body = data.subarray(1);
        if (isOver) return;
        if (channel === execChannels.stdout || channel === execChannels.stderr) {
          // The first messages of each stream are empty: they only open it.
          if (body.length > 0) handlers.output(body, channel === execChannels.stdout ? 'stdout' : 'stderr');
        } else if (channel === execChannels.error) end(endOfStatus(body.toString('utf8')));
      },
      closed(code, reason) {
        const why = reason === '' ? `the connection ended (${code})` : `${reason} (${code})`;
        end({ kind: 'lost', message: why });
      },
    },
  );
  const send = (channel: number, body: Uint8Array): boolean =>
    connection.send(Buffer.concat([Buffer.from([channel]), body]));
  return {
    write(data) {
      let isRoomy = true;
      for (let at = 0; at < data.length; at += MAX_INPUT_BYTES)
        isRoomy = send(execChannels.stdin, data.subarray(at, at + MAX_INPUT_BYTES));
      return isRoomy;
    },
    resize: ({ columns, rows }) =>
      void send(execChannels.resize, Buffer.from(JSON.stringify({ Width: columns, Height: rows }))),
    endInput: () => void send(execChannels.close, Buffer.from([execChannels.stdin])),
    pause: () => connection.pause(),
    resume: () => connection.resume(),
    close() {
      isOver = true;
      connection.close(closeCodes.normal);
    },
  };
}

/** The Status object of the error channel: Success, or a Failure whose causes hold the exit code. */
function endOfStatus(text: string): ExecEnd {
  let status: unknown;
  try {
    status = JSON.parse(text);
  } catch {
    return { kind: 'failed', message: text.slice(0, 1_000) };
  }
  if (!isRecord(status)) return { kind: 'failed', message: text.slice(0, 1_000) };
  if (status['status'] === 'Success') return { kind: 'exited', code: 0 };
  const { message = 'the command failed', reason, details } = status as KubeStatus;
  const code = (details?.causes ?? []).find((cause) => cause.reason === 'ExitCode')?.message;
  if (reason === 'NonZeroExitCode' && code !== undefined) return { kind: 'exited', code: Number(code) };
  return { kind: 'failed', message };
}
