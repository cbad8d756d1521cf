// Makes the store durable: each change is appended to a log before it counts, and now and then everything is written
// to a snapshot so that the log stays short.
//
// What survives: a change is handed to the operating system (write) before its request is answered, so it survives
// the end of the process at any instant, kill -9 included. The disk is told to keep it (fsync) at most `SYNC_AFTER_MS`
// later, so a power failure may take the changes of that time.
import {
  closeSync,
  fsync,
  fsyncSync,
  ftruncateSync,
  openSync,
  renameSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { open } from 'node:fs/promises';
import { type Clock, type Lock, type Logger, lockFolder, messageOf, type Timer } from '../../lib/index.ts';
import { filesIn, logPath, recover, snapshotPath } from './log-files.ts';
import { changeLine, endLine, putLine } from './record.ts';
import { StorageError } from './storage-error.ts';
import type { Journal, Store, TypeKey } from './store.ts';
import type { Change } from './stored-object.ts';

const SYNC_AFTER_MS = 50;
/** A log is replaced by a snapshot when it is longer than this and than twice the last snapshot. */
const SNAPSHOT_MIN_BYTES = 16 * 1024 * 1024;
/** Characters of a snapshot written between two turns of the event loop. */
const SNAPSHOT_CHUNK_CHARS = 1024 * 1024;

export interface PersistenceDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly snapshotMinBytes?: number;
}

export class Persistence implements Journal {
  readonly #deps: PersistenceDeps;
  readonly #folder: string;
  readonly #store: Store;
  readonly #lock: Lock;
  #file: number;
  #number: number;
  #bytes: number;
  #snapshotBytes: number;
  #sync: Timer | undefined;
  #snapshot: Promise<void> | undefined;
  #broken = false;

  /** Locks the folder, fills the store from it and goes on with its log. @throws StorageError */
  constructor(folder: string, store: Store, deps: PersistenceDeps) {
    this.#deps = deps;
    this.#folder = folder;
    this.#store = store;
    this.#lock = lockFolder(folder);
    try {
      const recovered = recover(folder, store);
      if (recovered.tornBytes > 0) {
        deps.log.info('cut off a record the last run did not finish', { bytes: recovered.tornBytes });
      }
      this.#number = recovered.log;
      this.#bytes = recovered.logBytes;
      this.#snapshotBytes = recovered.snapshotBytes;
      this.#file = openSync(logPath(folder, this.#number), 'a', 0o600);
    } catch (error) {
      this.#lock.release();
      throw error;
    }
  }

  append(type: TypeKey, change: Change): void {
    if (this.#broken) throw writeFailure(this.#folder, 'an earlier write failed; restart the server');
    const line = Buffer.from(changeLine(type, change), 'utf8');
    try {
      for (let done = 0; done < line.length; ) done += writeSync(this.#file, line, done);
    } catch (error) {
      this.#undoPartialWrite();
      throw writeFailure(this.#folder, messageOf(error));
    }
    this.#bytes += line.length;
    this.#sync ??= this.#deps.clock.after(SYNC_AFTER_MS, () => this.#syncSoon());
    if (this.#bytes > Math.max(this.#deps.snapshotMinBytes ?? SNAPSHOT_MIN_BYTES, 2 * this.#snapshotBytes)) {
      this.#startSnapshot();
    }
  }

  /** Waits for a running snapshot, brings everything to the disk and lets the folder go. */
  async close(): Promise<void> {
    this.#sync?.cancel();
    await this.#snapshot;
    fsyncSync(this.#file);
    closeSync(this.#file);
    this.#lock.release();
  }

  // A record that was written in part must not be followed by others.
  #undoPartialWrite(): void {
    try {
      ftruncateSync(this.#file, this.#bytes);
    } catch {
      this.#broken = true;
    }
  }

  #syncSoon(): void {
    this.#sync = undefined;
    fsync(this.#file, (error) => {
      // EBADF: the log was closed meanwhile, which synced it.
      if (error !== null && error.code !== 'EBADF') this.#deps.log.error('fsync failed', { error });
    });
  }

  // Called after the change was logged but before it is in place, so the new log starts with the next change.
  #startSnapshot(): void {
    if (this.#snapshot !== undefined) return;
    this.#snapshot = Promise.resolve()
      .then(() => this.#rotateAndWrite())
      .catch((error: unknown) => this.#deps.log.error('could not write a snapshot', { error }))
      .finally(() => {
        this.#snapshot = undefined;
      });
  }

  async #rotateAndWrite(): Promise<void> {
    const number = this.#number + 1;
    const file = openSync(logPath(this.#folder, number), 'a', 0o600);
    fsyncSync(this.#file);
    closeSync(this.#file);
    this.#file = file;
    this.#number = number;
    this.#bytes = 0;
    const objects = this.#store.snapshot();
    const { revision } = this.#store;
    const path = snapshotPath(this.#folder, number);
    this.#snapshotBytes = await this.#writeSnapshot(`${path}.new`, objects, revision);
    renameSync(`${path}.new`, path);
    this.#removeOlder(number);
  }

  async #writeSnapshot(
    path: string,
    objects: ReturnType<Store['snapshot']>,
    revision: number,
  ): Promise<number> {
    const file = await open(path, 'w', 0o600);
    try {
      let bytes = 0;
      let chunk = '';
      for (const { type, stored } of objects) {
        chunk += putLine(type, stored.text);
        if (chunk.length < SNAPSHOT_CHUNK_CHARS) continue;
        bytes += (await file.write(chunk)).bytesWritten;
        chunk = '';
      }
      bytes += (await file.write(chunk + endLine(objects.length, revision))).bytesWritten;
      await file.sync();
      return bytes;
    } finally {
      await file.close();
    }
  }

  #removeOlder(number: number): void {
    const { logs, snapshots } = filesIn(this.#folder);
    for (const old of logs) if (old < number) unlinkSync(logPath(this.#folder, old));
    for (const old of snapshots) if (old < number) unlinkSync(snapshotPath(this.#folder, old));
  }
}

function writeFailure(folder: string, seen: string): StorageError {
  return new StorageError('STORE_WRITE', 'backoff', `Cannot write to ${folder}: ${seen}`);
}
