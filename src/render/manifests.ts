// Text of a tool or file → manifests with their origin. Refuses what cannot be a Kubernetes object and says where.
import type { KubeObject } from '../k8s/index.ts';
import { canonicalJson, isRecord, parseYamlDocuments, sha256, type YamlDocument } from '../lib/index.ts';
import type { Manifest } from '../model/index.ts';
import { type RenderError, sourceError } from './errors.ts';

/** Names the file and line a document came from. */
export type OriginOf = (document: YamlDocument) => { readonly file?: string; readonly line?: number };

/** The objects of YAML text; lists are unrolled. Throws YamlError and RENDER_MANIFEST_INVALID. */
export function manifestsOf(text: string, name: string, sourceIndex: number, originOf: OriginOf): Manifest[] {
  const manifests: Manifest[] = [];
  for (const document of parseYamlDocuments(text, { name })) {
    const origin = { ...originOf(document), sourceIndex };
    addObject(manifests, document.value, origin, name);
  }
  return manifests;
}

function addObject(into: Manifest[], value: unknown, origin: Manifest['origin'], name: string): void {
  if (!isRecord(value)) throw invalid(origin, name, `holds ${describe(value)}, not an object`);
  const { apiVersion, kind } = value;
  if (typeof kind !== 'string' || kind === '') throw invalid(origin, name, 'has no kind');
  if (typeof apiVersion !== 'string' || apiVersion === '')
    throw invalid(origin, name, `${kind} has no apiVersion`);
  if (Array.isArray(value['items']) && kind.endsWith('List')) {
    for (const item of value['items']) addObject(into, inherit(item, apiVersion, kind), origin, name);
    return;
  }
  const metadata = value['metadata'];
  if (!isRecord(metadata)) throw invalid(origin, name, `${kind} has no metadata`);
  const identity = metadata['name'] ?? metadata['generateName'];
  if (typeof identity !== 'string' || identity === '') {
    throw invalid(
      origin,
      name,
      `${kind} has no metadata.name${identity === undefined ? '' : ` that is text, but ${describe(identity)}`}`,
    );
  }
  const namespace = metadata['namespace'];
  if (namespace !== undefined && namespace !== null && typeof namespace !== 'string') {
    throw invalid(
      origin,
      name,
      `${kind} ${identity} has a metadata.namespace that is ${describe(namespace)}; quote it`,
    );
  }
  into.push(Object.freeze({ object: deepFreeze(value) as KubeObject, origin: Object.freeze(origin) }));
}

/** Items of a typed list (`ConfigMapList`) may leave out what the list says. */
function inherit(item: unknown, apiVersion: string, listKind: string): unknown {
  if (!isRecord(item) || listKind === 'List') return item;
  return { apiVersion, kind: listKind.slice(0, -'List'.length), ...item };
}

/** SHA-256 over the canonical manifests in order. */
export function manifestsDigest(manifests: readonly Manifest[]): string {
  return sha256(manifests.map(({ object }) => canonicalJson(object)).join('\n'));
}

/** Results are shared between callers; a change in place would reach all of them. */
export function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const member of Object.values(value)) deepFreeze(member);
  }
  return value;
}

function invalid(origin: Manifest['origin'], name: string, what: string): RenderError {
  const file = origin.file ?? name;
  const place = origin.line === undefined ? file : `${file} line ${origin.line}`;
  return sourceError(
    'RENDER_MANIFEST_INVALID',
    `${place}: the document ${what}; it cannot be applied to a cluster`,
  );
}

function describe(value: unknown): string {
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (isRecord(value)) return 'a mapping';
  return `the ${typeof value} ${JSON.stringify(value).slice(0, 60)}`;
}
