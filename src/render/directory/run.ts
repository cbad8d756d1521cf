// Files → manifests, straight from git objects: no checkout, no process (but for jsonnet).
import { isRecord, parseYamlDocuments, YamlError } from '../../lib/index.ts';
import type { Manifest } from '../../model/index.ts';
import { RenderError, sourceError } from '../errors.ts';
import { manifestsOf } from '../manifests.ts';
import type { RenderContext } from '../request.ts';
import type { DirectoryFile } from './inputs.ts';
import { renderJsonnet } from './jsonnet.ts';

const SKIP_MARKER = '+argocd:skip-file-rendering';

export async function renderFiles(
  context: RenderContext,
  files: readonly DirectoryFile[],
  signal: AbortSignal | undefined,
): Promise<Manifest[]> {
  const { tree, settings } = context;
  const texts = await Promise.all(
    files.map(async ({ path }) => decode(await tree.read(path, settings.maxManifestBytes))),
  );
  const total = texts.reduce((sum, text) => sum + text.length, 0);
  if (total > settings.maxManifestBytes) {
    throw sourceError(
      'RENDER_LIMIT',
      `The manifests of ${context.path === '' ? 'the repository root' : context.path} have ${total} bytes in all and ${settings.maxManifestBytes} are allowed; split the application or exclude files`,
    );
  }
  const manifests: Manifest[] = [];
  for (const [index, file] of files.entries()) {
    const text = texts[index] as string;
    if (text.includes(SKIP_MARKER)) continue;
    for (const manifest of await renderFile(context, file.path, text, signal)) manifests.push(manifest);
  }
  return manifests;
}

async function renderFile(
  context: RenderContext,
  path: string,
  text: string,
  signal: AbortSignal | undefined,
): Promise<Manifest[]> {
  const { sourceIndex } = context.request;
  if (path.endsWith('.jsonnet')) return await renderJsonnet(context, path, signal);
  if (path.endsWith('.json')) return parseJson(path, text, sourceIndex);
  try {
    return manifestsOf(text, path, sourceIndex, ({ line }) => ({ file: path, line }));
  } catch (error) {
    if (isUnrelated(text, error)) return [];
    throw error;
  }
}

/**
 * A YAML file that is not about Kubernetes (values, configuration) may lie among manifests: it is passed over unless
 * it looks like a manifest or some of it is one.
 */
function isUnrelated(text: string, error: unknown): boolean {
  if (!(error instanceof YamlError || error instanceof RenderError) || error.code.endsWith('LIMIT'))
    return false;
  if (text.includes('apiVersion:') && text.includes('kind:') && text.includes('metadata:')) return false;
  return !hasObject(text);
}

function hasObject(text: string): boolean {
  try {
    return parseYamlDocuments(text).some(({ value }) => isRecord(value) && typeof value['kind'] === 'string');
  } catch {
    return false;
  }
}

/** A .json file holds one object (or one list of objects). */
function parseJson(path: string, text: string, sourceIndex: number): Manifest[] {
  try {
    JSON.parse(text);
  } catch (error) {
    throw sourceError('RENDER_MANIFEST_INVALID', `${path} is not JSON: ${(error as Error).message}`, error);
  }
  return manifestsOf(text, path, sourceIndex, ({ line }) => ({ file: path, line }));
}

/** UTF-8, or UTF-16 when a byte order mark says so. */
function decode(bytes: Uint8Array): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return new TextDecoder('utf-16le').decode(bytes);
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return new TextDecoder('utf-16be').decode(bytes);
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}
