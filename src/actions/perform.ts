// Writes what an action wants to the target cluster: besides syncs, the only thing that does.
import type { KubeObject } from '../k8s/index.ts';
import { CodedError } from '../lib/index.ts';
import type { ActionWrite } from './writes.ts';

/** Calls to one cluster; all reject with KubeError. */
export interface ActionTarget {
  create(object: KubeObject): Promise<KubeObject>;
  /** A merge patch on the object, or on its status. */
  patch(object: KubeObject, body: object, subresource?: 'status'): Promise<KubeObject>;
}

/**
 * In order; what follows a failure is not written. Patches hold only for the version of the object the action saw:
 * a change in between makes the first of them a CONFLICT.
 * @returns what the server answered, newest last
 */
export async function performWrites(
  target: ActionTarget,
  writes: readonly ActionWrite[],
): Promise<readonly KubeObject[]> {
  const answers: KubeObject[] = [];
  for (const write of writes) {
    if (write.kind === 'create') {
      answers.push(await target.create(write.object));
      continue;
    }
    let { object } = write;
    if (write.main !== undefined) object = await target.patch(object, at(object, write.main));
    if (write.status !== undefined) object = await patchStatus(target, object, write.status);
    answers.push(object);
  }
  return answers;
}

/**
 * One patch that a person wrote. It holds for the object that was looked at: for no other of the same name.
 * @returns the object as the server has it now
 */
export async function performPatch(
  target: { patch(object: KubeObject, patch: ObjectPatch): Promise<KubeObject> },
  object: KubeObject,
  patch: ObjectPatch,
): Promise<KubeObject> {
  return await target.patch(object, patch);
}

export interface ObjectPatch {
  readonly type: 'merge' | 'json' | 'strategic';
  readonly body: unknown;
}

/** A kind without the sub-resource has its status in the object itself. */
async function patchStatus(target: ActionTarget, object: KubeObject, status: object): Promise<KubeObject> {
  const body = at(object, status);
  try {
    return await target.patch(object, body, 'status');
  } catch (error) {
    if (!(error instanceof CodedError) || error.code !== 'NOT_FOUND') throw error;
    return await target.patch(object, body);
  }
}

function at(object: KubeObject, patch: object): object {
  const { resourceVersion } = object.metadata;
  if (resourceVersion === undefined) return patch;
  const { metadata, ...rest } = patch as { metadata?: object };
  return { ...rest, metadata: { ...metadata, resourceVersion } };
}
