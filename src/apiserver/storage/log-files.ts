// Names and contents of the files in a data folder: numbered logs, and snapshots that hold everything before the log
// of the same number. Reads them back and finds where the last one was cut off.
import { readdirSync, readFileSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { type LogRecord, readLine } from './record.ts';
import { StorageError } from './storage-error.ts';
import type { Store } from './store.ts';

const LINE_FEED = 10;

export function logPath(folder: string, number: number): string {
  return join(folder, `log-${String(number).padStart(8, '0')}`);
}

export function snapshotPath(folder: string, number: number): string {
  return join(folder, `snapshot-${String(number).padStart(8, '0')}`);
}

export interface FolderFiles {
  readonly logs: readonly number[];
  readonly snapshots: readonly number[];
}

export function filesIn(folder: string): FolderFiles {
  const names = readdirSync(folder);
  const numbers = (prefix: string): number[] =>
    names
      .flatMap((name) => {
        const match = new RegExp(`^${prefix}-(\\d{8})$`).exec(name);
        return match === null ? [] : [Number(match[1])];
      })
      .sort((a, b) => a - b);
  return { logs: numbers('log'), snapshots: numbers('snapshot') };
}

export interface Recovered {
  /** Number of the log to go on with. */
  readonly log: number;
  readonly logBytes: number;
  readonly snapshotBytes: number;
  /** Bytes of a record that was being written when the process ended; they have been cut off. */
  readonly tornBytes: number;
}

/** Fills the store. @throws StorageError STORE_DAMAGED for anything but a torn end of the last log */
export function recover(folder: string, store: Store): Recovered {
  const { logs, snapshots } = filesIn(folder);
  const base = snapshots.at(-1) ?? 0;
  const snapshotBytes = base === 0 ? 0 : readSnapshot(snapshotPath(folder, base), store);
  const wanted = logs.filter((number) => number >= base);
  let tornBytes = 0;
  let logBytes = 0;
  for (const [index, number] of wanted.entries()) {
    const path = logPath(folder, number);
    const { good, size } = readRecords(path, (record) => apply(store, record));
    logBytes = good;
    if (good === size) continue;
    if (index < wanted.length - 1) throw damaged(path, good);
    tornBytes = size - good;
    truncateSync(path, good);
  }
  return { log: wanted.at(-1) ?? Math.max(base, 1), logBytes, snapshotBytes, tornBytes };
}

function readSnapshot(path: string, store: Store): number {
  let count = 0;
  let ended = false;
  const { good, size } = readRecords(path, (record) => {
    if (record.op === 'end') ended = record.count === count;
    else count += 1;
    apply(store, record);
  });
  if (!ended || good !== size) throw damaged(path, good);
  return size;
}

function apply(store: Store, record: LogRecord): void {
  switch (record.op) {
    case 'put': {
      const { type, object } = record;
      store.load(type, object, Number(object.metadata.resourceVersion));
      return;
    }
    case 'delete':
      store.unload(record.type, record.namespace, record.name, record.revision);
      return;
    case 'end':
      store.raiseRevision(record.revision);
  }
}

/** @returns how many bytes are good records; less than the size when the rest is not. */
function readRecords(path: string, handle: (record: LogRecord) => void): { good: number; size: number } {
  const bytes = readFileSync(path);
  let good = 0;
  while (good < bytes.length) {
    const end = bytes.indexOf(LINE_FEED, good);
    const record = end < 0 ? undefined : readLine(bytes.subarray(good, end));
    if (record === undefined) {
      // Records after a bad one mean damage, not a write that was cut off.
      if (end >= 0 && hasGoodRecord(bytes, end + 1)) throw damaged(path, good);
      break;
    }
    handle(record);
    good = end + 1;
  }
  return { good, size: bytes.length };
}

function hasGoodRecord(bytes: Buffer, from: number): boolean {
  for (let start = from; start < bytes.length; ) {
    const end = bytes.indexOf(LINE_FEED, start);
    if (end < 0) return false;
    if (readLine(bytes.subarray(start, end)) !== undefined) return true;
    start = end + 1;
  }
  return false;
}

function damaged(path: string, offset: number): StorageError {
  return new StorageError(
    'STORE_DAMAGED',
    'on-change',
    `Cannot read ${path}: the record at byte ${offset} is damaged; restore the folder from a backup or start with an empty one`,
  );
}
