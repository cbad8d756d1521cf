// Splits a stream of bytes into lines without copying what it can leave in place.

const NEWLINE = 10;

/** Thrown by `push` for a line longer than the limit. */
export class LineTooLong extends Error {}

/** Calls `onLine` for each line, without its newline; empty lines are skipped. */
export class LineSplitter {
  readonly #onLine: (line: string) => void;
  readonly #maxBytes: number;
  /** Pieces of a line that has not ended yet; joined once, when it does. */
  #pieces: Buffer[] = [];
  #bytes = 0;

  constructor(onLine: (line: string) => void, maxBytes: number) {
    this.#onLine = onLine;
    this.#maxBytes = maxBytes;
  }

  push(chunk: Buffer): void {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      const line =
        this.#pieces.length === 0 ? chunk.toString('utf8', start, end) : this.#join(chunk, start, end);
      start = end + 1;
      if (line !== '') this.#onLine(line);
    }
    if (start === chunk.length) return;
    const rest = start === 0 ? chunk : chunk.subarray(start);
    this.#bytes += rest.length;
    if (this.#bytes > this.#maxBytes) throw new LineTooLong(`a line is longer than ${this.#maxBytes} bytes`);
    this.#pieces.push(rest);
  }

  #join(chunk: Buffer, start: number, end: number): string {
    const line = Buffer.concat([...this.#pieces, chunk.subarray(start, end)]).toString('utf8');
    this.#pieces = [];
    this.#bytes = 0;
    return line;
  }
}
