// Files that came with a request as a gzipped tar, as an artifact: kept in memory, laid out on disk only when a tool
// needs files, and gone with the request. Regular files only: nothing in an upload can point anywhere.
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { CodedError, joinInside, parentPath, type Random, randomName, sha256 } from '../lib/index.ts';
import type { Artifact, SourceEntry, SourceTree } from '../model/index.ts';

export type UploadErrorCode = 'UPLOAD_INVALID' | 'UPLOAD_TOO_LARGE' | 'UPLOAD_PATH_NOT_FOUND';

/** What was sent is no archive of files that could be rendered; sending the same again does not help. */
export class UploadError extends CodedError<UploadErrorCode> {
  constructor(code: UploadErrorCode, message: string, options?: { cause?: unknown }) {
    super(code, 'on-change', message, options);
  }
}

export interface UploadDeps {
  /** Directories that tools read go below this one. */
  readonly scratchDir: string;
  readonly random: Random;
}

const MAX_UNPACKED_BYTES = 64 * 1024 * 1024;
const MAX_FILES = 20_000;
/** As the server reads of one file elsewhere. */
const MAX_FILE_BYTES = 10 * 1024 * 1024;
const BLOCK = 512;

/** Rejects with UploadError. */
export async function uploadedArtifact(deps: UploadDeps, archive: Uint8Array): Promise<Artifact> {
  const files = filesOfTar(await unzipped(archive));
  const digest = sha256(Buffer.from(archive).toString('base64'));
  return {
    repository: `upload:${digest}`,
    revision: digest,
    digest,
    tree: new MemoryTree(files),
    async materialise() {
      const directory = join(deps.scratchDir, `upload-${randomName(deps.random, 16)}`);
      const release = (): void => {
        // What cannot be removed now goes with the scratch folder.
        rm(directory, { recursive: true, force: true }).catch(() => {});
      };
      try {
        await mkdir(directory, { recursive: true, mode: 0o700 });
        for (const [path, bytes] of files) {
          const file = join(directory, path);
          await mkdir(dirname(file), { recursive: true });
          await writeFile(file, bytes);
        }
      } catch (error) {
        release();
        throw error;
      }
      return { directory, release };
    },
  };
}

async function unzipped(archive: Uint8Array): Promise<Buffer> {
  try {
    return await promisify(gunzip)(archive, { maxOutputLength: MAX_UNPACKED_BYTES });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE')
      throw new UploadError('UPLOAD_TOO_LARGE', `The files unpack to more than ${MAX_UNPACKED_BYTES} bytes`);
    throw new UploadError('UPLOAD_INVALID', 'The files are no gzipped tar archive', { cause });
  }
}

function filesOfTar(tar: Buffer): ReadonlyMap<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  let longName: string | undefined;
  for (let at = 0; at + BLOCK <= tar.length && tar[at] !== 0; ) {
    const header = tar.subarray(at, at + BLOCK);
    const size = Number.parseInt(text(header, 124, 136).trim() || '0', 8);
    const body = at + BLOCK;
    if (!Number.isSafeInteger(size) || size < 0 || body + size > tar.length)
      throw new UploadError('UPLOAD_INVALID', 'The files are no tar archive, or it is cut off');
    const content = tar.subarray(body, body + size);
    at = body + Math.ceil(size / BLOCK) * BLOCK;
    const type = String.fromCharCode(header[156] ?? 0);
    if (type === 'L') longName = content.toString('utf8').replace(/\0.*$/s, '');
    else if (type === 'x') longName = paxPath(content) ?? longName;
    else if (type !== 'g') {
      const name = longName ?? ustarName(header);
      longName = undefined;
      if (type === '5') continue;
      addFile(files, name, type, content);
    }
  }
  return files;
}

function addFile(files: Map<string, Uint8Array>, name: string, type: string, content: Uint8Array): void {
  const shown = JSON.stringify(name.slice(0, 200));
  if (type !== '0' && type !== '\0')
    throw new UploadError('UPLOAD_INVALID', `${shown} is a link or a device; send regular files only`);
  // Version control is no part of what is rendered, and some archives bring it along.
  if (/(^|\/)\.git(\/|$)/i.test(name)) return;
  const path = joinInside('', name);
  if (path === undefined || path === '')
    throw new UploadError('UPLOAD_INVALID', `${shown} is no path inside the archive`);
  if (content.byteLength > MAX_FILE_BYTES)
    throw new UploadError('UPLOAD_TOO_LARGE', `${shown} has more than ${MAX_FILE_BYTES} bytes`);
  files.set(path, content);
  if (files.size > MAX_FILES)
    throw new UploadError('UPLOAD_TOO_LARGE', `The archive holds more than ${MAX_FILES} files`);
}

function text(header: Buffer, from: number, to: number): string {
  return header.toString('utf8', from, to).replace(/\0.*$/s, '');
}

function ustarName(header: Buffer): string {
  const prefix = text(header, 257, 262) === 'ustar' ? text(header, 345, 500) : '';
  const name = text(header, 0, 100);
  return prefix === '' ? name : `${prefix}/${name}`;
}

/** `LENGTH path=NAME\n` of an extended header. */
function paxPath(content: Buffer): string | undefined {
  return /^\d+ path=(.*)$/m.exec(content.toString('utf8'))?.[1];
}

class MemoryTree implements SourceTree {
  readonly #files: ReadonlyMap<string, Uint8Array>;
  readonly #entries = new Map<string, Map<string, 'file' | 'directory'>>([['', new Map()]]);
  readonly #ids = new Map<string, string>();

  constructor(files: ReadonlyMap<string, Uint8Array>) {
    this.#files = files;
    for (const path of files.keys()) this.#place(path, 'file');
  }

  #place(path: string, kind: 'file' | 'directory'): void {
    const parent = parentPath(path);
    const name = parent === '' ? path : path.slice(parent.length + 1);
    const siblings = this.#entries.get(parent) ?? new Map<string, 'file' | 'directory'>();
    if (!this.#entries.has(parent)) {
      this.#entries.set(parent, siblings);
      if (parent !== '') this.#place(parent, 'directory');
    }
    const known = siblings.get(name);
    if (known !== undefined && known !== kind)
      throw new UploadError(
        'UPLOAD_INVALID',
        `${JSON.stringify(path.slice(0, 200))} is a file and a directory`,
      );
    siblings.set(name, kind);
  }

  async stat(
    path: string,
  ): Promise<{ readonly kind: 'file' | 'directory'; readonly id: string } | undefined> {
    const inside = joinInside('', path);
    if (inside === undefined) return undefined;
    const kind = this.#files.has(inside) ? 'file' : this.#entries.has(inside) ? 'directory' : undefined;
    return kind === undefined ? undefined : { kind, id: this.#idOf(inside) };
  }

  async list(path: string): Promise<readonly SourceEntry[]> {
    const inside = joinInside('', path) ?? path;
    const entries = this.#entries.get(inside);
    if (entries === undefined) throw notFound(path);
    return [...entries]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, kind]) => ({ name, kind, id: this.#idOf(inside === '' ? name : `${inside}/${name}`) }));
  }

  async read(path: string, maxBytes = MAX_FILE_BYTES): Promise<Uint8Array> {
    const bytes = this.#files.get(joinInside('', path) ?? path);
    if (bytes === undefined) throw notFound(path);
    if (bytes.byteLength <= maxBytes) return bytes;
    throw new UploadError('UPLOAD_TOO_LARGE', `${path} has ${bytes.byteLength} bytes, more than ${maxBytes}`);
  }

  async closure(path: string): Promise<readonly { readonly path: string; readonly id: string }[]> {
    return [{ path, id: this.#idOf(joinInside('', path) ?? path) }];
  }

  #idOf(path: string): string {
    const known = this.#ids.get(path);
    if (known !== undefined) return known;
    const bytes = this.#files.get(path);
    const entries = [...(this.#entries.get(path) ?? [])].sort(([a], [b]) => (a < b ? -1 : 1));
    const made =
      bytes === undefined
        ? sha256(
            JSON.stringify(
              entries.map(([name]) => [name, this.#idOf(path === '' ? name : `${path}/${name}`)]),
            ),
          )
        : sha256(Buffer.from(bytes).toString('base64'));
    this.#ids.set(path, made);
    return made;
  }
}

function notFound(path: string): UploadError {
  return new UploadError(
    'UPLOAD_PATH_NOT_FOUND',
    `The files that were sent have no ${JSON.stringify(path.slice(0, 200))}`,
  );
}
