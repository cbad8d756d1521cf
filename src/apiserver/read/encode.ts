// Objects as the text a client asked for: itself, its metadata alone, at the requested version. Reuses the stored
// text whenever that is the answer.
import { apiVersionOf, type KubeObject } from '../../k8s/index.ts';
import { fromStorage } from '../conversion.ts';
import type { View } from '../http/negotiate.ts';
import type { ResourceType } from '../resource-type.ts';
import type { StoredObject } from '../storage/stored-object.ts';

/** What is encoded and how: the type, the version the request names, the form it accepts. */
export interface Encoding {
  readonly type: ResourceType;
  readonly version: string;
  readonly view: View;
}

/** The object as JSON text with kind and apiVersion. */
export function encodeObject(stored: StoredObject, encoding: Encoding): string {
  const { type, version, view } = encoding;
  if (view.as === 'PartialObjectMetadata' || view.as === 'PartialObjectMetadataList') {
    return JSON.stringify(partialMetadata(stored.object, view.metaVersion));
  }
  const object = fromStorage(stored.object, type, version);
  return object === stored.object ? stored.text : JSON.stringify(object);
}

/**
 * The object as an item of a list. Lists of built-in kinds leave out kind and apiVersion of their items, as the
 * typed lists of kube-apiserver do; lists of custom resources keep them.
 */
export function encodeItem(stored: StoredObject, encoding: Encoding): string {
  const text = encodeObject(stored, encoding);
  if (encoding.type.custom || encoding.view.as !== 'object') return text;
  const start = text.indexOf('"metadata":');
  return start < 0 ? text : `{${text.slice(start)}`;
}

/** meta.k8s.io PartialObjectMetadata of an object. */
export function partialMetadata(object: KubeObject, metaVersion: string): Record<string, unknown> {
  return {
    kind: 'PartialObjectMetadata',
    apiVersion: `meta.k8s.io/${metaVersion}`,
    metadata: object.metadata,
  };
}

/** kind and apiVersion of a list in this encoding. */
export function listKindOf({ type, version, view }: Encoding): { kind: string; apiVersion: string } {
  if (view.as === 'object') {
    return { kind: type.listKind, apiVersion: apiVersionOf({ group: type.group, version }) };
  }
  return { kind: 'PartialObjectMetadataList', apiVersion: `meta.k8s.io/${view.metaVersion}` };
}
