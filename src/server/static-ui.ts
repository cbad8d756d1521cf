// Serves the built page: exact files of one folder, read once; every other path of the page gets index.html.
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import type { IncomingHttpHeaders } from 'node:http';
import { extname, join, relative, sep } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import { RawAnswer } from './route.ts';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.json': 'application/json; charset=utf-8',
  '.webmanifest': 'application/manifest+json',
  '.txt': 'text/plain; charset=utf-8',
  '.woff2': 'font/woff2',
  '.wasm': 'application/wasm',
};
const COMPRESSIBLE = new Set(['.html', '.js', '.css', '.svg', '.json', '.txt', '.wasm']);
const MIN_COMPRESSED_BYTES = 1_024;
/** The bundle is a few MB; a folder past this is not our bundle. */
const MAX_FILES = 2_000;
const MAX_BYTES = 64 * 1024 * 1024;

type Encoding = 'br' | 'gzip' | 'identity';

interface Asset {
  readonly type: string;
  readonly etag: string;
  readonly isHashed: boolean;
  readonly isCompressible: boolean;
  readonly bodies: Map<Encoding, Uint8Array>;
}

export interface StaticUi {
  /** The answer for a GET of `path` (decoded, with a leading slash); HEAD drops the body later. */
  serve(path: string, headers: IncomingHttpHeaders): Promise<RawAnswer>;
}

/** @param directory the folder with index.html; it may appear later */
export function staticUi(directory: string): StaticUi {
  let assets: ReadonlyMap<string, Asset> | undefined;
  return {
    async serve(path, headers) {
      assets ??= await readAssets(directory);
      if (assets === undefined) return notBuilt(directory);
      const asset = assets.get(path === '/' ? '/index.html' : path);
      if (asset !== undefined) return await answer(asset, headers);
      const index = assets.get('/index.html');
      // A missing script must not be answered with a page: the browser would report nonsense.
      const isPagePath = extname(path) === '' || !path.startsWith('/assets/');
      if (index === undefined || !isPagePath) return new RawAnswer(404, textType, 'Not found\n');
      return await answer(index, headers);
    },
  };
}

const textType = { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' };

function notBuilt(directory: string): RawAnswer {
  const text = `The page is not built: ${join(directory, 'index.html')} is missing.\nBuild it with: npm run prepare\nThe API and the command line work without it.\n`;
  return new RawAnswer(503, textType, text);
}

async function readAssets(directory: string): Promise<ReadonlyMap<string, Asset> | undefined> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = entries.filter((entry) => entry.isFile()).slice(0, MAX_FILES);
  const assets = new Map<string, Asset>();
  let bytes = 0;
  for (const file of files) {
    const full = join(file.parentPath, file.name);
    const body = await readFile(full);
    bytes += body.byteLength;
    if (bytes > MAX_BYTES) break;
    assets.set(`/${relative(directory, full).split(sep).join('/')}`, assetOf(full, body));
  }
  return assets.has('/index.html') ? assets : undefined;
}

function assetOf(file: string, body: Uint8Array): Asset {
  const extension = extname(file);
  return {
    type: TYPES[extension] ?? 'application/octet-stream',
    etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`,
    // Vite puts a hash of the content into these names.
    isHashed: /-[\w-]{8}\.\w+$/.test(file) && file.includes(`${sep}assets${sep}`),
    isCompressible: COMPRESSIBLE.has(extension) && body.byteLength >= MIN_COMPRESSED_BYTES,
    bodies: new Map([['identity', body]]),
  };
}

async function answer(asset: Asset, headers: IncomingHttpHeaders): Promise<RawAnswer> {
  const common = {
    'content-type': asset.type,
    'cache-control': asset.isHashed ? 'public, max-age=31536000, immutable' : 'no-cache',
    etag: asset.etag,
    vary: 'accept-encoding',
  };
  if (headers['if-none-match'] === asset.etag) return new RawAnswer(304, common, '');
  const encoding = asset.isCompressible ? encodingFor(headers['accept-encoding']) : 'identity';
  const body = await encoded(asset, encoding);
  return new RawAnswer(
    200,
    encoding === 'identity' ? common : { ...common, 'content-encoding': encoding },
    body,
  );
}

function encodingFor(accepted: string | string[] | undefined): Encoding {
  const text = String(accepted ?? '');
  return /\bbr\b/.test(text) ? 'br' : /\bgzip\b/.test(text) ? 'gzip' : 'identity';
}

const brotli = promisify(brotliCompress);
const gzipped = promisify(gzip);

/** Each file is compressed once, when the first browser wants it. */
async function encoded(asset: Asset, encoding: Encoding): Promise<Uint8Array> {
  const known = asset.bodies.get(encoding);
  if (known !== undefined) return known;
  const plain = asset.bodies.get('identity') ?? new Uint8Array();
  const body =
    encoding === 'br'
      ? await brotli(plain, { params: { [constants.BROTLI_PARAM_QUALITY]: 6 } })
      : await gzipped(plain);
  asset.bodies.set(encoding, body);
  return body;
}
