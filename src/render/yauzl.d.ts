// The part of yauzl that tools.ts uses; the package ships no types.
declare module 'yauzl' {
  import type { EventEmitter } from 'node:events';

  export interface Entry {
    readonly fileName: string;
    readonly crc32: number;
    readonly uncompressedSize: number;
    readonly compressedSize: number;
    /** 8 is deflate. */
    readonly compressionMethod: number;
  }

  export interface ZipFile extends EventEmitter {
    readEntry(): void;
    readLocalFileHeader(
      entry: Entry,
      options: { minimal: true },
      done: (error: Error | null, header?: { readonly fileDataStart: number }) => void,
    ): void;
    close(): void;
  }

  export function open(
    path: string,
    options: { lazyEntries: boolean; autoClose: boolean },
    done: (error: Error | null, file?: ZipFile) => void,
  ): void;
}
