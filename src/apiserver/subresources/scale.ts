// The scale sub-resource: the replica count of a workload as an autoscaling/v1 Scale, for built-in and custom kinds.
import type { KubeObject } from '../../k8s/index.ts';
import { isRecord } from '../../lib/index.ts';
import { fromStorage } from '../conversion.ts';
import { type Core, servedVersion, type Target } from '../core.ts';
import { badRequest, invalid, methodNotAllowed, notFound } from '../failures.ts';
import { mediaType, parseObjectBody, parseValue, readBody } from '../http/body.ts';
import type { ResourceCall } from '../http/resource-call.ts';
import { jsonAnswer, send } from '../http/respond.ts';
import { applyConflictError, applyJsonPatch, applyMergePatch, applyPatch } from '../patch/index.ts';
import type { ScalePaths } from '../schema/index.ts';
import type { ServerContext } from '../server-context.ts';
import { readWriteOptions, type WriteOptions } from '../write/options.ts';
import { checkPatchOptions } from '../write/patch.ts';
import { fieldContext } from '../write/rules.ts';
import { updateObject } from '../write/update.ts';

const BUILTIN: ScalePaths = {
  specReplicasPath: '.spec.replicas',
  statusReplicasPath: '.status.replicas',
  labelSelectorPath: '',
};
const SCALE_KIND = { group: 'autoscaling', kind: 'Scale' };

export async function handleScale(context: ServerContext, target: Target, call: ResourceCall): Promise<void> {
  const current = readObject(context, target, call);
  if (call.verb === 'get') {
    send(call.request, call.response, jsonAnswer(scaleOf(target, current)));
    return;
  }
  const options = readWriteOptions(call.query, call.user, call.request.headers['user-agent']);
  const text = await readBody(call.request);
  const contentType = call.request.headers['content-type'];
  if (call.verb === 'patch' && mediaType(contentType) === 'application/apply-patch+yaml') {
    checkPatchOptions(mediaType(contentType), call.query);
    const stored = applyReplicas(context, target, call, { text, options });
    send(call.request, call.response, jsonAnswer(scaleOf(target, stored)));
    return;
  }
  const scale = proposedScale(target, current, call, text);
  const stored = setReplicas(context, target, call, { scale, options });
  send(call.request, call.response, jsonAnswer(scaleOf(target, stored)));
}

function proposedScale(
  target: Target,
  current: KubeObject,
  call: ResourceCall,
  text: string,
): Record<string, unknown> {
  const contentType = call.request.headers['content-type'];
  if (call.verb === 'update') return parseObjectBody(text, contentType);
  if (call.verb !== 'patch') throw methodNotAllowed();
  const before = scaleOf(target, current);
  const patch = parseValue(text, false);
  const type = mediaType(contentType);
  const after =
    type === 'application/json-patch+json' ? applyJsonPatch(before, patch) : applyMergePatch(before, patch);
  if (!isRecord(after)) throw badRequest('the patched document is not an object');
  return after;
}

function readObject(core: Core, target: Target, call: ResourceCall): KubeObject {
  const stored = core.store.collection(target.type.typeKey).get(call.namespace, call.name);
  if (stored === undefined) throw notFound(target.type, call.name);
  return fromStorage(stored.object, target.type, target.version);
}

function setReplicas(
  core: Core,
  target: Target,
  call: ResourceCall,
  { scale, options }: { scale: Record<string, unknown>; options: WriteOptions },
): KubeObject {
  const spec = isRecord(scale['spec']) ? scale['spec'] : {};
  const replicas = replicaCount(spec['replicas'] ?? 0, call.name);
  const metadata = isRecord(scale['metadata']) ? scale['metadata'] : {};
  const resourceVersion = typeof metadata['resourceVersion'] === 'string' ? metadata['resourceVersion'] : '';
  const { namespace, name } = call;
  const path = pathsOf(target).specReplicasPath;
  const { stored } = updateObject(core, {
    target,
    namespace,
    name,
    subresource: 'scale',
    options,
    propose: (current) => {
      const next = withValueAt(current, path, replicas);
      return { ...next, metadata: { ...current.metadata, resourceVersion } };
    },
  });
  return fromStorage(stored.object, target.type, target.version);
}

// Applying a Scale owns the replica field of the object through the scale sub-resource.
function applyReplicas(
  core: Core,
  target: Target,
  call: ResourceCall,
  { text, options }: { text: string; options: WriteOptions },
): KubeObject {
  const body = parseValue(text, true);
  const spec = isRecord(body) && isRecord(body['spec']) ? body['spec'] : {};
  const replicas = replicaCount(spec['replicas'] ?? 0, call.name);
  const { namespace, name } = call;
  const by = { manager: options.fieldManager, subresource: 'scale', nowMs: core.clock.now() };
  const { stored } = updateObject(core, {
    target,
    namespace,
    name,
    subresource: 'scale',
    options,
    ownership: 'given',
    propose: (current) => {
      const { apiVersion, kind } = current;
      const empty: KubeObject = { apiVersion, kind, metadata: { name, namespace } };
      const applied = withValueAt(empty, pathsOf(target).specReplicasPath, replicas);
      const force = call.query.get('force') === 'true';
      const { object, conflicts } = applyPatch({
        ...fieldContext(target, by),
        live: current,
        applied,
        force,
      });
      if (conflicts.length > 0) throw applyConflictError(conflicts);
      return object;
    },
  });
  return fromStorage(stored.object, target.type, target.version);
}

function replicaCount(value: unknown, name: string): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0) return value;
  throw invalid(SCALE_KIND, name, [
    {
      field: 'spec.replicas',
      reason: 'FieldValueInvalid',
      message: `Invalid value: ${JSON.stringify(value)}: must be greater than or equal to 0`,
    },
  ]);
}

function pathsOf(target: Target): ScalePaths {
  return servedVersion(target)?.scale ?? BUILTIN;
}

/** autoscaling/v1 Scale of an object. */
function scaleOf(target: Target, object: KubeObject): Record<string, unknown> {
  const paths = pathsOf(target);
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const selector =
    paths.labelSelectorPath === '' ? builtinSelector(object) : valueAt(object, paths.labelSelectorPath ?? '');
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    spec: withoutZero(valueAt(object, paths.specReplicasPath)),
    status: {
      replicas: valueAt(object, paths.statusReplicasPath) ?? 0,
      ...(typeof selector === 'string' && selector !== '' ? { selector } : {}),
    },
  };
}

// Scale leaves out a count of zero.
function withoutZero(replicas: unknown): Record<string, unknown> {
  return replicas === undefined || replicas === 0 ? {} : { replicas };
}

function builtinSelector(object: KubeObject): string {
  const spec = isRecord(object['spec']) ? object['spec'] : {};
  const selector = isRecord(spec['selector']) ? spec['selector'] : {};
  if (object.kind === 'ReplicationController') {
    return Object.entries(selector)
      .map(([key, value]) => `${key}=${String(value)}`)
      .sort()
      .join(',');
  }
  const labels = isRecord(selector['matchLabels']) ? Object.entries(selector['matchLabels']) : [];
  const terms = labels.map(([key, value]) => `${key}=${String(value)}`);
  const expressions = Array.isArray(selector['matchExpressions'])
    ? selector['matchExpressions'].filter(isRecord)
    : [];
  for (const { key, operator, values } of expressions) {
    const list = Array.isArray(values) ? values.join(',') : '';
    if (operator === 'Exists') terms.push(String(key));
    else if (operator === 'DoesNotExist') terms.push(`!${String(key)}`);
    else terms.push(`${String(key)} ${operator === 'In' ? 'in' : 'notin'} (${list})`);
  }
  return terms.sort().join(',');
}

function valueAt(object: unknown, path: string): unknown {
  let value = object;
  for (const part of partsOf(path)) value = isRecord(value) ? value[part] : undefined;
  return value;
}

function withValueAt(object: KubeObject, path: string, value: unknown): KubeObject {
  const set = (target: unknown, [first, ...rest]: readonly string[]): unknown => {
    if (first === undefined) return value;
    const record = isRecord(target) ? target : {};
    return { ...record, [first]: set(record[first], rest) };
  };
  return set(object, partsOf(path)) as KubeObject;
}

function partsOf(path: string): string[] {
  return path.split('.').filter((part) => part !== '');
}
