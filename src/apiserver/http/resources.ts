// Requests on resources: finds the type, then reads, watches or writes. Sub-resources with a body of their own kind
// are in ../subresources.
import { stringify as toYaml } from 'yaml';
import { isRecord } from '../../lib/index.ts';
import { isReview, reviewAnswer } from '../auth/reviews.ts';
import { fromStorage } from '../conversion.ts';
import type { Target } from '../core.ts';
import { servedSubresources } from '../discovery/groups.ts';
import { badRequest, methodNotAllowed, notFound } from '../failures.ts';
import { encodeObject } from '../read/encode.ts';
import { encodePage, listPage } from '../read/list.ts';
import { assertNotAhead, parseRevision } from '../read/resource-version.ts';
import { prepareWatch } from '../read/watch.ts';
import type { ServerContext } from '../server-context.ts';
import type { StoredObject } from '../storage/stored-object.ts';
import { subresourceHandler } from '../subresources/index.ts';
import { tableOfPage, tableOfWatched } from '../tables/table.ts';
import { createObject } from '../write/create.ts';
import { deleteObject, readDeleteOptions } from '../write/delete.ts';
import { readWriteOptions, type WriteOptions } from '../write/options.ts';
import { checkPatchOptions, patchObject } from '../write/patch.ts';
import { createsOnUpdate } from '../write/strategies.ts';
import { updateObject } from '../write/update.ts';
import { mediaType, parseObjectBody, readBody } from './body.ts';
import { duplicateFields } from './duplicate-fields.ts';
import { negotiate, type View } from './negotiate.ts';
import { notServed } from './paths.ts';
import type { ResourceCall } from './resource-call.ts';
import { type Answer, send } from './respond.ts';
import { streamSink } from './stream.ts';

/** Sub-resources whose body is the object itself. */
const OBJECT_SUBRESOURCES: ReadonlySet<string> = new Set([
  'status',
  'finalize',
  'approval',
  'ephemeralcontainers',
  'resize',
]);

export async function handleResource(context: ServerContext, call: ResourceCall): Promise<void> {
  const type = context.registry.byPath(call.groupVersion, call.resource);
  if (type === undefined) throw notServed(context, call.groupVersion);
  const target: Target = { type, version: call.version };
  checkScope(context, target, call);
  if (isReview(type)) {
    if (call.verb !== 'create') throw methodNotAllowed();
    send(call.request, call.response, reviewAnswer(context, target, call, await readCallBody(call)));
    return;
  }
  if (call.subresource !== '' && !OBJECT_SUBRESOURCES.has(call.subresource)) {
    await subresourceHandler(call.subresource)(context, target, call);
    return;
  }
  if (call.verb === 'watch') {
    startWatch(context, target, call);
    return;
  }
  send(call.request, call.response, await answerFor(context, target, call));
}

function checkScope(context: ServerContext, { type, version }: Target, call: ResourceCall): void {
  const { namespace, name, verb, subresource } = call;
  if (!type.namespaced && namespace !== '') throw notServed(context, call.groupVersion);
  if (subresource !== '' && !servedSubresources(type, version).some((sub) => sub.name === subresource)) {
    throw notServed(context, call.groupVersion);
  }
  const allNamespaces = type.namespaced && namespace === '';
  if (allNamespaces && name !== '') throw notServed(context, call.groupVersion);
  if (allNamespaces && verb !== 'list' && verb !== 'watch') throw methodNotAllowed();
  if (subresource === '' && !type.verbs.includes(verb)) throw methodNotAllowed();
  if (name === '' && (verb === 'update' || verb === 'patch')) throw methodNotAllowed();
  if (verb === 'create' && name !== '' && subresource === '') throw methodNotAllowed();
}

async function answerFor(context: ServerContext, target: Target, call: ResourceCall): Promise<Answer> {
  const view = negotiate(call.request.headers.accept);
  switch (call.verb) {
    case 'get':
      return getAnswer(context, target, call, view);
    case 'list':
      return listAnswer(context, target, call, view);
    case 'create':
      return createAnswer(context, target, call, view);
    case 'update':
      return updateAnswer(context, target, call, view);
    case 'patch':
      return patchAnswer(context, target, call, view);
    case 'delete':
      return deleteAnswer(context, target, call, view);
    case 'deletecollection':
      return deleteCollectionAnswer(context, target, call);
    default:
      throw methodNotAllowed();
  }
}

function getAnswer(context: ServerContext, target: Target, call: ResourceCall, view: View): Answer {
  const wanted = parseRevision(call.query.get('resourceVersion'));
  if (wanted !== undefined) assertNotAhead(wanted, context.store.revision);
  const stored = context.store.collection(target.type.typeKey).get(call.namespace, call.name);
  if (stored === undefined) throw notFound(target.type, call.name);
  return objectAnswer(context, target, stored, view, call);
}

function objectAnswer(
  context: ServerContext,
  target: Target,
  stored: StoredObject,
  view: View,
  call: ResourceCall,
  more: { status?: number; warnings?: readonly string[] } = {},
): Answer {
  const warnings = [...deprecations(target), ...(more.warnings ?? [])];
  const base = { status: more.status ?? 200, ...(warnings.length === 0 ? {} : { warnings }) };
  if (view.as === 'Table') {
    const page = {
      items: [stored],
      revision: stored.revision,
      continueToken: undefined,
      remaining: undefined,
    };
    return { ...base, body: tableOfPage(context, target, page, view, call.query) };
  }
  if (view.yaml) {
    const object = fromStorage(stored.object, target.type, target.version);
    return { ...base, body: toYaml(object), contentType: 'application/yaml' };
  }
  return { ...base, body: encodeObject(stored, { ...target, view }) };
}

function deprecations({ type, version }: Target): string[] {
  const warning = type.versions.find((served) => served.version === version)?.deprecationWarning;
  return warning === undefined ? [] : [warning];
}

function listAnswer(context: ServerContext, target: Target, call: ResourceCall, view: View): Answer {
  const query = call.query;
  if (call.name !== '') query.set('fieldSelector', `metadata.name=${call.name}`);
  const page = listPage(context, target, call.namespace, query);
  const warnings = deprecations(target);
  const base = { status: 200, ...(warnings.length === 0 ? {} : { warnings }) };
  if (view.as === 'Table') return { ...base, body: tableOfPage(context, target, page, view, query) };
  const text = encodePage(page, target, view);
  return view.yaml
    ? { ...base, body: toYaml(JSON.parse(text)), contentType: 'application/yaml' }
    : { ...base, body: text };
}

function startWatch(context: ServerContext, target: Target, call: ResourceCall): void {
  const view = negotiate(call.request.headers.accept);
  const { query, namespace } = call;
  if (call.name !== '') query.set('fieldSelector', `metadata.name=${call.name}`);
  const encode =
    view.as === 'Table'
      ? tableOfWatched(context, target, view, query)
      : (stored: StoredObject) => encodeObject(stored, { ...target, view });
  const start = prepareWatch(context, { target, namespace, query, view, encode });
  streamSink(call.response, start);
}

async function readCallBody(call: ResourceCall): Promise<Record<string, unknown>> {
  return parseObjectBody(await readBody(call.request), call.request.headers['content-type']);
}

function writeOptions(call: ResourceCall, text: string): WriteOptions {
  const options = readWriteOptions(call.query, call.user, call.request.headers['user-agent']);
  if (options.fieldValidation === 'Ignore') return options;
  const duplicates = duplicateFields(text);
  return duplicates.length === 0 ? options : { ...options, duplicateFields: duplicates };
}

async function createAnswer(
  context: ServerContext,
  target: Target,
  call: ResourceCall,
  view: View,
): Promise<Answer> {
  const text = await readBody(call.request);
  const body = parseObjectBody(text, call.request.headers['content-type'], target.type.kind);
  const { namespace } = call;
  const { stored, warnings } = createObject(context, {
    target,
    namespace,
    body,
    options: writeOptions(call, text),
  });
  return objectAnswer(context, target, stored, view, call, { status: 201, warnings });
}

async function updateAnswer(
  context: ServerContext,
  target: Target,
  call: ResourceCall,
  view: View,
): Promise<Answer> {
  const text = await readBody(call.request);
  const body = parseObjectBody(text, call.request.headers['content-type'], target.type.kind);
  const options = writeOptions(call, text);
  const { namespace, name, subresource } = call;
  const { type } = target;
  const absent = context.store.collection(type.typeKey).get(namespace, name) === undefined;
  if (absent && subresource === '' && createsOnUpdate(type)) {
    const { stored, warnings } = createObject(context, { target, namespace, name, body, options });
    return objectAnswer(context, target, stored, view, call, { status: 201, warnings });
  }
  const metadata = body['metadata'];
  if (!isRecord(metadata) || (metadata['name'] ?? '') === '') {
    throw badRequest(
      `the name of the object (${name} based on URL) was undeterminable: name must be provided`,
    );
  }
  const propose = (): Record<string, unknown> => body;
  const needsRevision = type.custom;
  const input = { target, namespace, name, subresource, options, propose, needsRevision, replaces: true };
  const { stored, warnings } = updateObject(context, input);
  return objectAnswer(context, target, stored, view, call, { warnings });
}

async function patchAnswer(
  context: ServerContext,
  target: Target,
  call: ResourceCall,
  view: View,
): Promise<Answer> {
  const text = await readBody(call.request);
  const patchType = mediaType(call.request.headers['content-type']);
  checkPatchOptions(patchType, call.query);
  const { namespace, name, subresource, query } = call;
  const result = patchObject(context, {
    target,
    namespace,
    name,
    subresource,
    patchType,
    text,
    force: query.get('force') === 'true' || query.get('force') === '1',
    options: writeOptions(call, text),
  });
  const status = result.created ? 201 : 200;
  return objectAnswer(context, target, result.stored, view, call, { status, warnings: result.warnings });
}

async function deleteAnswer(
  context: ServerContext,
  target: Target,
  call: ResourceCall,
  view: View,
): Promise<Answer> {
  const text = await readBody(call.request);
  const body =
    text === '' ? {} : parseObjectBody(text, call.request.headers['content-type'], 'DeleteOptions');
  const { namespace, name } = call;
  const { type } = target;
  const options = readDeleteOptions(call.query, body);
  const { stored, uid } = deleteObject(context, type, { namespace, name }, options);
  if (stored !== undefined) return objectAnswer(context, target, stored, view, call);
  const details = { name, ...(type.group === '' ? {} : { group: type.group }), kind: type.resource, uid };
  return {
    status: 200,
    body: JSON.stringify({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details }),
  };
}

async function deleteCollectionAnswer(
  context: ServerContext,
  target: Target,
  call: ResourceCall,
): Promise<Answer> {
  const text = await readBody(call.request);
  const body =
    text === '' ? {} : parseObjectBody(text, call.request.headers['content-type'], 'DeleteOptions');
  const options = readDeleteOptions(call.query, body);
  const view = negotiate(undefined);
  const page = listPage(context, target, call.namespace, call.query);
  for (const { object } of page.items) {
    const { namespace = '', name = '' } = object.metadata;
    if (context.store.collection(target.type.typeKey).get(namespace, name) === undefined) continue;
    deleteObject(context, target.type, { namespace, name }, options);
  }
  return { status: 200, body: encodePage(page, target, view) };
}
