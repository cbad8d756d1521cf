// WebSockets (RFC 6455) over a connection that is already there: the handshake's answers, frames, and their bounds.
// No extensions, so nothing is compressed. Opens no connections, and knows nothing of what is said.
import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Clock } from './clock.ts';
import type { Random } from './random.ts';

export interface WebSocketHandlers {
  /** A whole message. */
  message(data: Buffer, isText: boolean): void;
  /** The end, once: by the peer, by us or by the network. Nothing comes after it. */
  closed(code: number, reason: string): void;
}

export interface WebSocketOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** Clients mask what they send, servers refuse what is not masked. */
  readonly role: 'client' | 'server';
  /** Longer messages end the connection with code 1009. */
  readonly maxMessageBytes: number;
  /** Bytes that came with the handshake. */
  readonly head?: Buffer;
}

/** Close codes that are used here. */
export const closeCodes = {
  normal: 1000,
  goingAway: 1001,
  protocol: 1002,
  /** Nothing was said; never sent. */
  none: 1005,
  /** The connection broke; never sent. */
  abnormal: 1006,
  notText: 1007,
  policy: 1008,
  tooBig: 1009,
  internal: 1011,
} as const;

const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;
/** After our close frame the peer may take so long to answer it. */
const CLOSE_MS = 2_000;
/** What may wait to be sent before `send` says that it is much. */
const HIGH_WATER_BYTES = 256 * 1024;
/** Frames of one message: a message in more pieces is an attack. */
const MAX_FRAGMENTS = 10_000;

export class WebSocketConnection {
  readonly #socket: Duplex;
  readonly #options: WebSocketOptions;
  readonly #handlers: WebSocketHandlers;
  #buffer: Buffer = Buffer.alloc(0);
  #pieces: Buffer[] = [];
  #pieceBytes = 0;
  #isText = false;
  #isInMessage = false;
  #isClosing = false;
  #isClosed = false;

  constructor(socket: Duplex, options: WebSocketOptions, handlers: WebSocketHandlers) {
    this.#socket = socket;
    this.#options = options;
    this.#handlers = handlers;
    socket.on('error', () => this.#end(closeCodes.abnormal, 'the connection broke'));
    socket.on('close', () => this.#end(closeCodes.abnormal, 'the connection was closed'));
    socket.on('end', () => socket.destroy());
    if ((options.head?.length ?? 0) > 0) socket.unshift(options.head);
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
  }

  get isOpen(): boolean {
    return !this.#isClosing && !this.#isClosed;
  }

  /** False when much waits to be sent: the caller should wait for `drained`. Nothing is sent after the end. */
  send(data: string | Uint8Array): boolean {
    if (!this.isOpen) return true;
    const isText = typeof data === 'string';
    this.#write(isText ? OPCODE.text : OPCODE.binary, Buffer.from(data as string));
    return this.#socket.writableLength < HIGH_WATER_BYTES;
  }

  /** Resolves when the peer has taken what was sent, or at the end. */
  drained(): Promise<void> {
    if (!this.#socket.writableNeedDrain) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        this.#socket.off('drain', done);
        this.#socket.off('close', done);
        resolve();
      };
      this.#socket.once('drain', done);
      this.#socket.once('close', done);
    });
  }

  /** Reads nothing until `resume`. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  ping(): void {
    if (this.isOpen) this.#write(OPCODE.ping, Buffer.alloc(0));
  }

  /** Says goodbye; the connection ends when the peer has answered, or a little later without it. */
  close(code: number = closeCodes.normal, reason = ''): void {
    if (!this.isOpen) return;
    this.#sendClose(code, reason);
    const timer = this.#options.clock.after(CLOSE_MS, () => this.#socket.destroy());
    this.#socket.once('close', () => timer.cancel());
    this.#socket.resume();
    this.#end(code, reason);
  }

  #sendClose(code: number, reason: string): void {
    this.#isClosing = true;
    const text = Buffer.from(reason).subarray(0, 120);
    const body = Buffer.alloc(2 + text.length);
    body.writeUInt16BE(code, 0);
    text.copy(body, 2);
    this.#write(OPCODE.close, body);
  }

  #end(code: number, reason: string): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#isClosing = true;
    this.#pieces = [];
    this.#handlers.closed(code, reason);
  }

  /** The peer broke the rules: it is told which, and nothing more is read. */
  #refuse(code: number, reason: string): void {
    if (this.isOpen) this.#sendClose(code, reason);
    this.#socket.end(() => this.#socket.destroy());
    this.#end(code, reason);
  }

  #write(opcode: number, payload: Buffer): void {
    if (this.#socket.destroyed || this.#socket.writableEnded) return;
    const isClient = this.#options.role === 'client';
    const mask = isClient ? Buffer.from(this.#options.random.bytes(4)) : undefined;
    this.#socket.write(frameOf(opcode, payload, mask));
  }

  #take(chunk: Buffer): void {
    if (this.#isClosed) {
      // Only the peer's own goodbye is waited for by now.
      if (chunk.length > 0) this.#socket.end(() => this.#socket.destroy());
      return;
    }
    this.#buffer = this.#buffer.length === 0 ? chunk : Buffer.concat([this.#buffer, chunk]);
    for (;;) {
      const frame = this.#nextFrame();
      if (frame === undefined) return;
      this.#onFrame(frame);
      if (this.#isClosed) return;
    }
  }

  #nextFrame(): Frame | undefined {
    const header = headerOf(this.#buffer);
    if (header === undefined) return undefined;
    const fault = this.#faultOf(header);
    if (fault !== undefined) {
      this.#refuse(fault[0], fault[1]);
      return undefined;
    }
    const end = header.bytes + header.length;
    if (this.#buffer.length < end) return undefined;
    const payload = Buffer.from(this.#buffer.subarray(header.bytes, end));
    if (header.mask !== undefined) applyMask(payload, header.mask);
    this.#buffer = this.#buffer.subarray(end);
    return { ...header, payload };
  }

  #faultOf({ opcode, isFinal, length, mask, reserved }: Header): [number, string] | undefined {
    if (reserved !== 0) return [closeCodes.protocol, 'no extension was agreed on'];
    if ((mask === undefined) !== (this.#options.role === 'client'))
      return [closeCodes.protocol, 'only clients mask'];
    if (opcode >= OPCODE.close) {
      const isKnown = opcode <= OPCODE.pong;
      return isKnown && isFinal && length <= 125 ? undefined : [closeCodes.protocol, 'a wrong control frame'];
    }
    if (opcode > OPCODE.binary) return [closeCodes.protocol, 'an unknown kind of frame'];
    if ((opcode === OPCODE.continuation) !== this.#isInMessage)
      return [closeCodes.protocol, 'a frame out of order'];
    if (this.#pieceBytes + length > this.#options.maxMessageBytes || this.#pieces.length >= MAX_FRAGMENTS)
      return [closeCodes.tooBig, 'the message is too long'];
    return undefined;
  }

  #onFrame({ opcode, isFinal, payload }: Frame): void {
    if (opcode === OPCODE.ping) {
      this.#write(OPCODE.pong, payload);
      return;
    }
    if (opcode === OPCODE.pong) return;
    if (opcode === OPCODE.close) {
      const code = payload.length >= 2 ? payload.readUInt16BE(0) : closeCodes.none;
      if (this.isOpen) this.#sendClose(code === closeCodes.none ? closeCodes.normal : code, '');
      this.#socket.end(() => this.#socket.destroy());
      this.#end(code, payload.toString('utf8', 2));
      return;
    }
    if (opcode !== OPCODE.continuation) this.#isText = opcode === OPCODE.text;
    this.#pieces.push(payload);
    this.#pieceBytes += payload.length;
    this.#isInMessage = !isFinal;
    if (!isFinal) return;
    const message = this.#pieces.length === 1 ? payload : Buffer.concat(this.#pieces);
    this.#pieces = [];
    this.#pieceBytes = 0;
    this.#handlers.message(message, this.#isText);
  }
}

interface Header {
  readonly opcode: number;
  readonly isFinal: boolean;
  readonly reserved: number;
  readonly mask: Buffer | undefined;
  readonly length: number;
  /** Bytes of the header itself. */
  readonly bytes: number;
}

interface Frame extends Header {
  readonly payload: Buffer;
}

/** Undefined while it has not come whole. */
function headerOf(buffer: Buffer): Header | undefined {
  if (buffer.length < 2) return undefined;
  const [first = 0, second = 0] = buffer;
  const short = second & 0x7f;
  const lengthBytes = short === 127 ? 8 : short === 126 ? 2 : 0;
  const isMasked = (second & 0x80) !== 0;
  const bytes = 2 + lengthBytes + (isMasked ? 4 : 0);
  if (buffer.length < bytes) return undefined;
  const length =
    lengthBytes === 0
      ? short
      : lengthBytes === 2
        ? buffer.readUInt16BE(2)
        : Number(buffer.readBigUInt64BE(2));
  return {
    opcode: first & 0x0f,
    isFinal: (first & 0x80) !== 0,
    reserved: first & 0x70,
    mask: isMasked ? buffer.subarray(bytes - 4, bytes) : undefined,
    length,
    bytes,
  };
}

function frameOf(opcode: number, payload: Buffer, mask: Buffer | undefined): Buffer {
  const { length } = payload;
  const lengthBytes = length < 126 ? 0 : length < 65_536 ? 2 : 8;
  const header = Buffer.alloc(2 + lengthBytes);
  header[0] = 0x80 | opcode;
  header[1] = (mask === undefined ? 0 : 0x80) | (lengthBytes === 0 ? length : lengthBytes === 2 ? 126 : 127);
  if (lengthBytes === 2) header.writeUInt16BE(length, 2);
  if (lengthBytes === 8) header.writeBigUInt64BE(BigInt(length), 2);
  if (mask === undefined) return Buffer.concat([header, payload]);
  const masked = Buffer.from(payload);
  applyMask(masked, mask);
  return Buffer.concat([header, mask, masked]);
}

function applyMask(data: Buffer, mask: Buffer): void {
  for (let i = 0; i < data.length; i += 1) data[i] = (data[i] ?? 0) ^ (mask[i % 4] ?? 0);
}

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** What a server answers to a client's key. */
export function webSocketAccept(key: string): string {
  return createHash('sha1').update(`${key}${GUID}`).digest('base64');
}

/** A client's key. */
export function webSocketKey(random: Random): string {
  return Buffer.from(random.bytes(16)).toString('base64');
}

/** The client's request for a WebSocket, or what is wrong with it. */
export type WebSocketOffer =
  | { readonly kind: 'offer'; readonly key: string; readonly protocols: readonly string[] }
  | { readonly kind: 'wrong'; readonly reason: string };

export function webSocketOffer(method: string | undefined, headers: IncomingHttpHeaders): WebSocketOffer {
  const wrong = (reason: string): WebSocketOffer => ({ kind: 'wrong', reason });
  if (method !== 'GET') return wrong('a WebSocket is opened with GET');
  if (headers.upgrade?.toLowerCase() !== 'websocket') return wrong('the request is no WebSocket handshake');
  if (headers['sec-websocket-version'] !== '13') return wrong('Sec-WebSocket-Version must be 13');
  const key = headers['sec-websocket-key'] ?? '';
  if (Buffer.from(key, 'base64').length !== 16) return wrong('Sec-WebSocket-Key is not 16 bytes in base64');
  const protocols = (headers['sec-websocket-protocol'] ?? '').split(',').map((item) => item.trim());
  return { kind: 'offer', key, protocols: protocols.filter((item) => item !== '') };
}

/** Writes the answer that opens a WebSocket. */
export function writeWebSocketAnswer(
  socket: Duplex,
  key: string,
  { protocol, headers = {} }: { protocol?: string | undefined; headers?: Readonly<Record<string, string>> },
): void {
  const lines = [
    'HTTP/1.1 101 Switching Protocols',
    'Upgrade: websocket',
    'Connection: Upgrade',
    `Sec-WebSocket-Accept: ${webSocketAccept(key)}`,
    ...(protocol === undefined ? [] : [`Sec-WebSocket-Protocol: ${protocol}`]),
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
  ];
  socket.write(`${lines.join('\r\n')}\r\n\r\n`);
}
