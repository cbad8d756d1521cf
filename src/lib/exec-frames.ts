// Frames between a process and its exec helper: a JSON header and raw bytes, each with its length in front. No I/O.

export interface Frame {
  readonly header: unknown;
  readonly body: Buffer;
}

const PREFIX_BYTES = 8;
/** Longer headers are a bug: they hold arguments and environments. */
const MAX_HEADER_BYTES = 16 * 1024 * 1024;

export function encodeFrame(header: unknown, body: Uint8Array = new Uint8Array()): Buffer[] {
  const text = Buffer.from(JSON.stringify(header));
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix.writeUInt32LE(text.length, 0);
  prefix.writeUInt32LE(body.length, 4);
  return body.length === 0 ? [prefix, text] : [prefix, text, Buffer.from(body)];
}

/** Puts frames together from chunks of any size. */
export class FrameReader {
  #chunks: Buffer[] = [];
  #size = 0;

  /** The frames that are whole now. Throws a RangeError when the stream is not one of frames. */
  push(chunk: Buffer): Frame[] {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    const frames: Frame[] = [];
    for (let frame = this.#next(); frame !== undefined; frame = this.#next()) frames.push(frame);
    return frames;
  }

  #next(): Frame | undefined {
    if (this.#size < PREFIX_BYTES) return undefined;
    if ((this.#chunks[0]?.length ?? 0) < PREFIX_BYTES) this.#chunks = [Buffer.concat(this.#chunks)];
    const first = this.#chunks[0] as Buffer;
    const headerBytes = first.readUInt32LE(0);
    if (headerBytes > MAX_HEADER_BYTES) throw new RangeError(`a frame header of ${headerBytes} bytes`);
    const total = PREFIX_BYTES + headerBytes + first.readUInt32LE(4);
    if (this.#size < total) return undefined;
    const all = this.#chunks.length === 1 ? first : Buffer.concat(this.#chunks);
    const rest = all.subarray(total);
    this.#chunks = rest.length === 0 ? [] : [rest];
    this.#size = rest.length;
    const header: unknown = JSON.parse(all.toString('utf8', PREFIX_BYTES, PREFIX_BYTES + headerBytes));
    return { header, body: all.subarray(PREFIX_BYTES + headerBytes, total) };
  }
}
