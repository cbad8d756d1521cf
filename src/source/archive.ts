// Gzipped tar archives of files that others made: unpacked in memory within bounds, every path inside, nothing that
// points anywhere. The caller says which error is thrown.
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { joinInside, parentPath } from '../lib/index.ts';

export type ArchiveProblem = 'invalid' | 'too-large';

export interface ArchiveOptions {
  /** The error for a problem; `message` is a sentence without a subject of its own. */
  readonly fail: (problem: ArchiveProblem, message: string, cause?: unknown) => Error;
  /** What is sent, for messages: `The files`, `Chart web 1.2.3`. */
  readonly what: string;
  /**
   * `refuse`: no link at all. `inside`: a link to a file of the archive becomes that file; everything else is refused.
   */
  readonly links: 'refuse' | 'inside';
  /** The archive has one directory at its top, whose name is left out. */
  readonly stripTop?: boolean;
  /** A tar that is not zipped will do. */
  readonly mayBePlain?: boolean;
}

const MAX_UNPACKED_BYTES = 64 * 1024 * 1024;
const MAX_FILES = 20_000;
/** As the server reads of one file elsewhere. */
export const MAX_FILE_BYTES = 10 * 1024 * 1024;
const BLOCK = 512;

/** Files by path. */
export async function filesOfArchive(
  archive: Uint8Array,
  options: ArchiveOptions,
): Promise<ReadonlyMap<string, Uint8Array>> {
  const isGzip = archive[0] === 0x1f && archive[1] === 0x8b;
  if (!isGzip && options.mayBePlain === true) return filesOfTar(Buffer.from(archive), options);
  if (!isGzip) throw options.fail('invalid', `${options.what} are no gzipped tar archive`);
  return filesOfTar(await unzipped(archive, options), options);
}

async function unzipped(archive: Uint8Array, { fail, what }: ArchiveOptions): Promise<Buffer> {
  try {
    return await promisify(gunzip)(archive, { maxOutputLength: MAX_UNPACKED_BYTES });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE')
      throw fail('too-large', `${what} unpack to more than ${MAX_UNPACKED_BYTES} bytes`);
    throw fail('invalid', `${what} are no gzipped tar archive`, cause);
  }
}

interface Link {
  readonly path: string;
  readonly target: string;
}

function filesOfTar(tar: Buffer, options: ArchiveOptions): ReadonlyMap<string, Uint8Array> {
  const { fail, what } = options;
  const files = new Map<string, Uint8Array>();
  const links: Link[] = [];
  let longName: string | undefined;
  let longTarget: string | undefined;
  for (let at = 0; at + BLOCK <= tar.length && tar[at] !== 0; ) {
    const header = tar.subarray(at, at + BLOCK);
    const size = Number.parseInt(text(header, 124, 136).trim() || '0', 8);
    const body = at + BLOCK;
    if (!Number.isSafeInteger(size) || size < 0 || body + size > tar.length)
      throw fail('invalid', `${what} are no tar archive, or it is cut off`);
    const content = tar.subarray(body, body + size);
    at = body + Math.ceil(size / BLOCK) * BLOCK;
    const type = String.fromCharCode(header[156] ?? 0);
    if (type === 'L') longName = content.toString('utf8').replace(/\0.*$/s, '');
    else if (type === 'K') longTarget = content.toString('utf8').replace(/\0.*$/s, '');
    else if (type === 'x') {
      longName = paxMember(content, 'path') ?? longName;
      longTarget = paxMember(content, 'linkpath') ?? longTarget;
    } else if (type !== 'g') {
      const name = longName ?? ustarName(header);
      const target = longTarget ?? text(header, 157, 257);
      longName = undefined;
      longTarget = undefined;
      if (type === '5') continue;
      addEntry({ files, links, options }, { name, type, target, content });
    }
  }
  for (const link of links) followLink(files, link, options);
  return files;
}

interface Entry {
  readonly name: string;
  readonly type: string;
  readonly target: string;
  readonly content: Uint8Array;
}

function addEntry(
  into: { files: Map<string, Uint8Array>; links: Link[]; options: ArchiveOptions },
  { name, type, target, content }: Entry,
): void {
  const { files, links, options } = into;
  const { fail } = options;
  const shown = JSON.stringify(name.slice(0, 200));
  const isFile = type === '0' || type === '\0';
  const isLink = type === '1' || type === '2';
  if (!isFile && !(isLink && options.links === 'inside'))
    throw fail('invalid', `${shown} is a link or a device; send regular files only`);
  // Version control is no part of what is rendered, and some archives bring it along.
  if (/(^|\/)\.git(\/|$)/i.test(name)) return;
  const path = pathOf(name, options);
  if (path === undefined || path === '') throw fail('invalid', `${shown} is no path inside the archive`);
  if (isLink) {
    // A hard link names a path of the archive, a symbolic one a path beside it.
    const at = type === '1' ? pathOf(target, options) : joinInside(parentPath(path), target);
    if (at === undefined) throw fail('invalid', `${shown} is a link that leaves the archive`);
    links.push({ path, target: at });
  } else {
    if (content.byteLength > MAX_FILE_BYTES)
      throw fail('too-large', `${shown} has more than ${MAX_FILE_BYTES} bytes`);
    files.set(path, content);
  }
  if (files.size + links.length > MAX_FILES)
    throw fail('too-large', `The archive holds more than ${MAX_FILES} files`);
}

/** Undefined for what climbs out, on the way as well as in the end. */
function pathOf(name: string, { stripTop }: ArchiveOptions): string | undefined {
  if (name.split('/').includes('..')) return undefined;
  const inside = joinInside('', name);
  if (inside === undefined || stripTop !== true) return inside;
  const slash = inside.indexOf('/');
  return slash < 0 ? undefined : inside.slice(slash + 1);
}

function followLink(files: Map<string, Uint8Array>, { path, target }: Link, { fail }: ArchiveOptions): void {
  const content = files.get(target);
  if (content !== undefined) files.set(path, content);
  else
    throw fail(
      'invalid',
      `${JSON.stringify(path.slice(0, 200))} is a link to what is no file of the archive`,
    );
}

function text(header: Buffer, from: number, to: number): string {
  return header.toString('utf8', from, to).replace(/\0.*$/s, '');
}

function ustarName(header: Buffer): string {
  const prefix = text(header, 257, 262) === 'ustar' ? text(header, 345, 500) : '';
  const name = text(header, 0, 100);
  return prefix === '' ? name : `${prefix}/${name}`;
}

/** `LENGTH NAME=VALUE\n` of an extended header. */
function paxMember(content: Buffer, name: 'path' | 'linkpath'): string | undefined {
  return new RegExp(`^\\d+ ${name}=(.*)$`, 'm').exec(content.toString('utf8'))?.[1];
}
