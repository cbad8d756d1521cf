// Reads the text files inside a packaged subchart (.tgz) for scanning. Nothing is written to disk.
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { sourceError } from '../errors.ts';

const MAX_BYTES = 64 * 1024 * 1024;
const BLOCK = 512;

/** The regular files of a gzipped tar, as text. Throws RENDER_LIMIT, RENDER_SOURCE_INVALID. */
export async function textsOfArchive(bytes: Uint8Array, name: string): Promise<string[]> {
  let tar: Buffer;
  try {
    tar = await promisify(gunzip)(bytes, { maxOutputLength: MAX_BYTES });
  } catch (error) {
    const isTooLarge = (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE';
    throw isTooLarge
      ? sourceError('RENDER_LIMIT', `${name} unpacks to more than ${MAX_BYTES} bytes`, error)
      : sourceError('RENDER_SOURCE_INVALID', `${name} is not a gzipped chart archive`, error);
  }
  const texts: string[] = [];
  for (let at = 0; at + BLOCK <= tar.length && tar[at] !== 0; ) {
    const size = Number.parseInt(
      tar
        .toString('latin1', at + 124, at + 136)
        .replace(/\0.*$/, '')
        .trim(),
      8,
    );
    if (!Number.isFinite(size) || size < 0)
      throw sourceError('RENDER_SOURCE_INVALID', `${name} is not a tar archive`);
    const type = tar[at + 156];
    const body = at + BLOCK;
    if (type === 0 || type === 0x30)
      texts.push(tar.toString('utf8', body, Math.min(body + size, tar.length)));
    at = body + Math.ceil(size / BLOCK) * BLOCK;
  }
  return texts;
}
