// The OpenAPI documents: those of the built-in types as upstream publishes them, those of custom resources made
// from their definitions. Nothing is unpacked before somebody asks.
import type { IncomingMessage } from 'node:http';
import { ApiError } from '../errors.ts';
import type { Answer } from '../http/respond.ts';
import { type CustomKind, customOpenApiV3, openApiV2With, openApiV3 } from '../schema/index.ts';
import type { ServerContext } from '../server-context.ts';
import { groupsOf } from './groups.ts';

/** @throws ApiError 406 for the protobuf form alone */
export function openApiAnswer(
  context: ServerContext,
  path: string,
  request: IncomingMessage,
): Answer | undefined {
  refuseProtobuf(request);
  if (path === '/openapi/v2')
    return cached(context, request, path, () => openApiV2With(customKinds(context)));
  if (path === '/openapi/v3') return cached(context, request, path, () => index(context));
  const match = /^\/openapi\/v3\/(?:api\/([^/]+)|apis\/([^/]+\/[^/]+))$/.exec(path);
  if (match === null) return undefined;
  const groupVersion = match[1] ?? match[2] ?? '';
  return cached(context, request, path, () => groupVersionDocument(context, groupVersion));
}

function groupVersionDocument(context: ServerContext, groupVersion: string): unknown {
  const builtin = openApiV3(groupVersion);
  if (builtin !== undefined) return builtin;
  const [group = '', version = ''] = groupVersion.split('/');
  const kinds = customKinds(context).filter((kind) => kind.group === group);
  const served = kinds.some(({ versions }) => versions.some((one) => one.served && one.name === version));
  return served ? customOpenApiV3(kinds, version) : undefined;
}

function customKinds({ registry }: ServerContext): CustomKind[] {
  return registry.all().flatMap(({ definition }) => (definition === undefined ? [] : [definition]));
}

function cached(
  context: ServerContext,
  request: IncomingMessage,
  key: string,
  make: () => unknown,
): Answer | undefined {
  const document = context.documents.get(key, make);
  if (document === undefined) return undefined;
  const headers = { ETag: document.etag, Vary: 'Accept-Encoding,Accept' };
  if (request.headers['if-none-match'] === document.etag) return { status: 304, body: '', headers };
  return { status: 200, body: document.text, headers };
}

function refuseProtobuf(request: IncomingMessage): void {
  const accept = request.headers.accept ?? '';
  if (accept.includes('protobuf') && !accept.includes('json') && !accept.includes('*/*')) {
    throw new ApiError(406, 'NotAcceptable', 'only the following media types are accepted: application/json');
  }
}

// Hashes identify a state of the registry, so that clients may keep documents by URL; the documents need not be
// made to list them.
function index(context: ServerContext): Record<string, unknown> {
  const paths: Record<string, { serverRelativeURL: string }> = {};
  for (const { group, versions } of groupsOf(context.registry)) {
    for (const version of versions) {
      const path = group === '' ? `api/${version}` : `apis/${group}/${version}`;
      const hash = context.registry.hashOf(group, version);
      paths[path] = { serverRelativeURL: `/openapi/v3/${path}?hash=${hash}` };
    }
  }
  return { paths };
}
