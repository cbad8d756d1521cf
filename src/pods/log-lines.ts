// Bytes of one container log, asked for with timestamps, as lines. No line is held longer than the bound.
import { type LogTime, parseLogTime } from './log-time.ts';

export interface LogLine {
  readonly content: string;
  /** Undefined for what Fairlead says itself, e.g. why a log cannot be read. */
  readonly time: LogTime | undefined;
  readonly podName: string;
}

const NEWLINE = 10;
const RETURN = 13;

/** Splits chunks into lines; of a line longer than `maxBytes` the rest is left out, and it says so. */
export class LogLineSplitter {
  readonly #podName: string;
  readonly #maxBytes: number;
  #pieces: Buffer[] = [];
  #bytes = 0;
  #dropped = 0;

  constructor(podName: string, maxBytes: number) {
    this.#podName = podName;
    this.#maxBytes = maxBytes;
  }

  push(chunk: Buffer): LogLine[] {
    const lines: LogLine[] = [];
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      this.#hold(chunk.subarray(start, end));
      lines.push(this.#take());
      start = end + 1;
    }
    if (start < chunk.length) this.#hold(chunk.subarray(start));
    return lines;
  }

  /** The last line of a log that does not end with a newline. */
  end(): LogLine[] {
    return this.#bytes === 0 && this.#dropped === 0 ? [] : [this.#take()];
  }

  #hold(piece: Buffer): void {
    const room = this.#maxBytes - this.#bytes;
    const kept = piece.length > room ? piece.subarray(0, room) : piece;
    this.#dropped += piece.length - kept.length;
    this.#bytes += kept.length;
    // A copy, as the chunk may be much larger than what is kept of it.
    if (kept.length > 0) this.#pieces.push(Buffer.from(kept));
  }

  #take(): LogLine {
    const bytes = this.#pieces.length === 1 ? (this.#pieces[0] as Buffer) : Buffer.concat(this.#pieces);
    const dropped = this.#dropped;
    this.#pieces = [];
    this.#bytes = 0;
    this.#dropped = 0;
    const isDos = dropped === 0 && bytes.at(-1) === RETURN;
    const text = bytes.toString('utf8', 0, isDos ? bytes.length - 1 : bytes.length);
    const space = text.indexOf(' ');
    const stamp = space < 0 ? text : text.slice(0, space);
    const time = parseLogTime(stamp);
    const content = time === undefined ? text : space < 0 ? '' : text.slice(space + 1);
    return {
      content: dropped === 0 ? content : `${content} … [${dropped} more bytes of this line are not shown]`,
      time,
      podName: this.#podName,
    };
  }
}
