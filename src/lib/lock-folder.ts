// One writer per data folder: a lock file with the owner's process id. A lock whose owner is gone is taken over; the
// start time of the process tells an owner from another process that got its number later.
import { closeSync, mkdirSync, openSync, readFileSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { CodedError } from './errors.ts';
import { isRecord } from './json.ts';

const TRIES = 3;

export class LockError extends CodedError<'FOLDER_LOCKED'> {}

export interface Lock {
  release(): void;
}

/** Makes the folder if it is missing. @throws LockError while another process holds it */
export function lockFolder(folder: string): Lock {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, 'lock');
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    if (create(path)) return { release: () => remove(path) };
    const owner = readOwner(path);
    if (owner !== undefined && isAlive(owner)) {
      throw new LockError(
        'FOLDER_LOCKED',
        'backoff',
        `Cannot open ${folder}: process ${owner.pid} writes to it; stop that server or use another folder`,
      );
    }
    remove(path);
  }
  throw new LockError(
    'FOLDER_LOCKED',
    'backoff',
    `Cannot open ${folder}: other processes keep taking its lock`,
  );
}

interface Owner {
  readonly pid: number;
  readonly started: string;
}

function create(path: string): boolean {
  let file: number;
  try {
    file = openSync(path, 'wx', 0o600);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
  try {
    writeSync(file, JSON.stringify({ pid: process.pid, started: processFacts(process.pid).startedAt }));
  } finally {
    closeSync(file);
  }
  return true;
}

function readOwner(path: string): Owner | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'));
    if (isRecord(value) && typeof value['pid'] === 'number') {
      return { pid: value['pid'], started: String(value['started'] ?? '') };
    }
  } catch {
    // Absent by now, or cut off by a crash while it was written: nobody's.
  }
  return undefined;
}

function isAlive({ pid, started }: Owner): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  const { startedAt, state } = processFacts(pid);
  // A zombie has ended; only its parent has not looked yet. What is dead is on its way to be one.
  return !['Z', 'X'].includes(state) && (startedAt === '' || started === '' || startedAt === started);
}

/** State letter and start time (the kernel's ticks) of a process; '' where they cannot be read. */
function processFacts(pid: number): { readonly state: string; readonly startedAt: string } {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the program's name in parentheses and may hold anything.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { state: fields[0] ?? '', startedAt: fields[19] ?? '' };
  } catch {
    return { state: '', startedAt: '' };
  }
}

function remove(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
