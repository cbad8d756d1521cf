// Reads the binary form SSH uses for keys and signatures: numbers and byte strings with their length in front.
import { SignatureError } from './errors.ts';

export class WireReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  uint32(): number {
    return this.#take(4).readUInt32BE(0);
  }

  byte(): number {
    return this.#take(1).readUInt8(0);
  }

  bytes(): Buffer {
    return this.#take(this.uint32());
  }

  text(): string {
    return this.bytes().toString('latin1');
  }

  literal(length: number): Buffer {
    return this.#take(length);
  }

  /** Nothing may follow. */
  end(): void {
    if (this.#at !== this.#bytes.length)
      throw new SignatureError('MALFORMED', 'its SSH signature is too long');
  }

  #take(length: number): Buffer {
    if (length < 0 || this.#at + length > this.#bytes.length) {
      throw new SignatureError('MALFORMED', 'its SSH signature is cut off');
    }
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }
}

/** A byte string with its length in front. */
export function wireString(value: string | Buffer): Buffer {
  const bytes = typeof value === 'string' ? Buffer.from(value, 'latin1') : value;
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/** A number without the zero that keeps it positive, filled up to `length` bytes. */
export function unsigned(bytes: Buffer, length: number): Buffer {
  const start = bytes.findIndex((byte) => byte !== 0);
  const digits = start < 0 ? Buffer.alloc(0) : bytes.subarray(start);
  if (digits.length > length)
    throw new SignatureError('MALFORMED', 'a number of its SSH signature is too long');
  return Buffer.concat([Buffer.alloc(length - digits.length), digits]);
}
