// The part of yauzl that tools.ts uses; the package ships no types.
declare module 'yauzl' {
  import type { EventEmitter } from 'node:events';
  import type { Readable } from 'node:stream';

  export interface Entry {
    readonly fileName: string;
    readonly crc32: number;
    readonly uncompressedSize: number;
  }

  export interface ZipFile extends EventEmitter {
    readEntry(): void;
    openReadStream(entry: Entry, done: (error: Error | null, stream?: Readable) => void): void;
    close(): void;
  }

  export function open(
    path: string,
    options: { lazyEntries: boolean; autoClose: boolean },
    done: (error: Error | null, file?: ZipFile) => void,
  ): void;
}
