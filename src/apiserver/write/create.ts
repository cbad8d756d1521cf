// Creation: from a checked body to a stored object. Synchronous, so that nothing happens between check and write.
import type { KubeObject } from '../../k8s/index.ts';
import { isRecord, rfc3339 } from '../../lib/index.ts';
import { toStorage } from '../conversion.ts';
import type { Core, Target } from '../core.ts';
import { alreadyExists, badRequest, invalid } from '../failures.ts';
import { StoredObject } from '../storage/stored-object.ts';
import { admitIntoNamespace } from './admit-namespace.ts';
import { checkNamespace, typedBody, withKnownFields } from './check-body.ts';
import { generatedName, inOrder, metadataForCreate, newUid } from './metadata.ts';
import type { WriteOptions } from './options.ts';
import { validateObject, withDefaults, withOwnership } from './rules.ts';
import { dropsStatusOnCreate, firstGeneration, prepareFor } from './strategies.ts';

export interface CreateInput {
  readonly target: Target;
  /** '' for cluster-scoped types. */
  readonly namespace: string;
  /** Given when the URL names the object (creation by update or apply). */
  readonly name?: string;
  readonly body: Record<string, unknown>;
  readonly options: WriteOptions;
  /** `given`: the body carries managedFields already (server-side apply). */
  readonly ownership?: 'track' | 'given';
}

export interface WriteResult {
  readonly stored: StoredObject;
  readonly warnings: readonly string[];
}

const NAME_TRIES = 8;

/** @throws ApiError as the API answers: 400, 403, 404 (namespace), 409 AlreadyExists, 422 */
export function createObject(core: Core, input: CreateInput): WriteResult {
  const { target, namespace, options } = input;
  const { type } = target;
  const typed = typedBody(target, input.body);
  checkNamespace(typed, namespace);
  if ((typed.metadata.resourceVersion ?? '') !== '' && input.name === undefined) {
    throw badRequest('resourceVersion should not be set on objects to be created');
  }
  const known = withKnownFields(target, typed, options);
  if (type.namespaced) admitIntoNamespace(core, type, namespace, known.object.metadata.name ?? '');
  const name = input.name ?? chooseName(core, target, namespace, known.object);
  const nowMs = core.clock.now();
  const metadata = metadataForCreate(known.object.metadata, {
    name,
    namespace,
    uid: newUid(core.random),
    created: rfc3339(nowMs),
    generation: firstGeneration(type, known.object.metadata.generation),
  });
  let object = withInitialStatus(target, { ...known.object, metadata });
  object = withDefaults(target, object);
  // Nobody owns what admission fills in, so ownership is decided before it.
  if (input.ownership !== 'given') {
    const { fieldManager: manager } = options;
    object = withOwnership({ target, before: undefined, after: object, manager, subresource: '', nowMs });
  }
  prepareFor(type)?.({ core, type, user: options.user, dryRun: options.dryRun }, object, undefined);
  const problems = validateObject(target, object, undefined, '');
  if (problems.length > 0) throw invalid({ group: type.group, kind: type.kind }, name, problems);
  object = inOrder(toStorage(object, type), object.metadata);
  if (core.store.collection(type.typeKey).get(namespace, name) !== undefined) throw alreadyExists(type, name);
  if (options.dryRun) return { stored: new StoredObject(object, 0), warnings: known.warnings };
  return { stored: core.store.put(type.typeKey, object), warnings: known.warnings };
}

function chooseName(core: Core, target: Target, namespace: string, object: KubeObject): string {
  const { name = '', generateName = '' } = object.metadata;
  if (name !== '') return name;
  if (generateName === '') {
    throw invalid({ group: target.type.group, kind: target.type.kind }, '', [
      {
        field: 'metadata.name',
        reason: 'FieldValueRequired',
        message: 'Required value: name or generateName is required',
      },
    ]);
  }
  const collection = core.store.collection(target.type.typeKey);
  let chosen = '';
  for (let attempt = 0; attempt < NAME_TRIES; attempt += 1) {
    chosen = generatedName(generateName, core.random);
    if (collection.get(namespace, chosen) === undefined) break;
  }
  return chosen;
}

// What a client says of the status of a new object does not count where status has its own sub-resource.
function withInitialStatus({ type, version }: Target, object: KubeObject): KubeObject {
  if (!dropsStatusOnCreate(type)) return object;
  if (type.custom && type.versions.find((served) => served.version === version)?.hasStatus === false)
    return object;
  const { status, ...rest } = object;
  if (type.custom) return rest as KubeObject;
  return isRecord(status) || status === undefined
    ? { ...(rest as KubeObject), status: {} }
    : (rest as KubeObject);
}
