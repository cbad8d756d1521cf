// Turns what an action wants into the smallest requests that do it, and checks that the project allows them. Pure.
import { describeKey, type KubeObject, keyOf, keyText } from '../k8s/index.ts';
import { isRecord, mergePatchBetween } from '../lib/index.ts';
import type { ImpactedResource } from './action.ts';
import { ActionError } from './errors.ts';

export type ActionWrite =
  | { readonly kind: 'create'; readonly object: KubeObject }
  /** Merge patches; `status` goes to the sub-resource where the kind has one. */
  | {
      readonly kind: 'patch';
      readonly object: KubeObject;
      readonly main: Readonly<Record<string, unknown>> | undefined;
      readonly status: Readonly<Record<string, unknown>> | undefined;
    };

/** @param before the object the action ran on. Throws ActionError */
export function writesOf(before: KubeObject, impacted: readonly ImpactedResource[]): ActionWrite[] {
  return impacted.flatMap(({ operation, resource }): ActionWrite[] => {
    if (operation === 'create') return [{ kind: 'create', object: withNamespace(resource, before) }];
    const object = withNamespace(resource, before);
    if (keyText(keyOf(object)) !== keyText(keyOf(before))) {
      throw new ActionError(
        'INVALID_RESULT',
        `The action changes ${describeKey(keyOf(object))}, but may change nothing besides ${describeKey(keyOf(before))}; let it create what is new`,
      );
    }
    const patch = mergePatchBetween(comparable(before), comparable(object));
    if (!isRecord(patch)) return [];
    const { status, ...main } = patch;
    const hasMain = Object.keys(main).length > 0;
    return [
      {
        kind: 'patch',
        object: before,
        main: hasMain ? main : undefined,
        status: status === undefined ? undefined : { status },
      },
    ];
  });
}

/** What the server counts by itself is not for an action to write. */
function comparable(object: KubeObject): KubeObject {
  const {
    managedFields: _,
    resourceVersion: __,
    uid: ___,
    generation: ____,
    creationTimestamp: _____,
    ...metadata
  } = object.metadata;
  return { ...object, metadata };
}

/** Objects of a namespace's object live there, too, unless they say otherwise. */
function withNamespace(object: KubeObject, beside: KubeObject): KubeObject {
  const { namespace } = object.metadata;
  if (namespace !== undefined || beside.metadata.namespace === undefined) return object;
  return { ...object, metadata: { ...object.metadata, namespace: beside.metadata.namespace } };
}
