// Answers to paths that are no resource: health, version, discovery, OpenAPI, token keys.
import type { IncomingMessage } from 'node:http';
import { apiVersionOf } from '../../k8s/index.ts';
import { ISSUER } from '../auth/tokens.ts';
import {
  aggregatedDiscovery,
  apiGroup,
  apiGroupList,
  apiResourceList,
  apiVersions,
  groupsOf,
} from '../discovery/groups.ts';
import { openApiAnswer } from '../discovery/openapi.ts';
import { serverVersion } from '../discovery/version.ts';
import { ApiError, PageNotFound } from '../errors.ts';
import { methodNotAllowed } from '../failures.ts';
import type { ServerContext } from '../server-context.ts';
import { negotiate } from './negotiate.ts';
import type { RequestInfo } from './request-info.ts';
import { type Answer, jsonAnswer, textAnswer } from './respond.ts';

/** @throws ApiError 404 for paths nothing is at */
export function answerPath(context: ServerContext, info: RequestInfo, request: IncomingMessage): Answer {
  const method = request.method ?? 'GET';
  if (info.path.includes('//')) throw unknownPath(context, info.path);
  const path = info.path.length > 1 && info.path.endsWith('/') ? info.path.slice(0, -1) : info.path;
  const known = pathAnswer(context, path, info, request);
  if (known === undefined) throw unknownPath(context, info.path);
  if (method !== 'GET' && method !== 'HEAD') throw methodNotAllowed();
  return known;
}

// Below the core group and below built-in groups the answer is a Status; elsewhere it is a bare page.
function unknownPath({ registry }: ServerContext, path: string): ApiError {
  const [, root, group = ''] = path.split('/');
  const builtin =
    (root === 'api' && path !== '/api') ||
    (root === 'apis' &&
      registry.all().some((type) => !type.custom && type.group !== '' && type.group === group));
  return builtin ? resourceNotFound() : new PageNotFound();
}

function resourceNotFound(): ApiError {
  return new ApiError(404, 'NotFound', 'the server could not find the requested resource', {});
}

function pathAnswer(
  context: ServerContext,
  path: string,
  info: RequestInfo,
  request: IncomingMessage,
): Answer | undefined {
  switch (path) {
    case '/':
      return jsonAnswer({ paths: rootPaths(context) });
    case '/version':
      return jsonAnswer(serverVersion());
    case '/openid/v1/jwks':
      return { ...jsonAnswer(context.issuer.keySet()), contentType: 'application/jwk-set+json' };
    case '/.well-known/openid-configuration':
      return jsonAnswer({
        issuer: ISSUER,
        jwks_uri: `${ISSUER}/openid/v1/jwks`,
        response_types_supported: ['id_token'],
        subject_types_supported: ['public'],
        id_token_signing_alg_values_supported: ['ES256'],
      });
    default:
  }
  if (/^\/(healthz|livez|readyz)(\/(ping|log|etcd))?$/.test(path)) return healthAnswer(path, info.query);
  if (path.startsWith('/openapi/')) return openApiAnswer(context, path, request);
  return discoveryAnswer(context, path, request);
}

function healthAnswer(path: string, query: URLSearchParams): Answer {
  if (!query.has('verbose')) return textAnswer('ok');
  const check = path.slice(1).split('/', 1)[0] ?? '';
  return textAnswer(`[+]ping ok\n[+]log ok\n[+]etcd ok\n${check} check passed\n`);
}

function discoveryAnswer(context: ServerContext, path: string, request: IncomingMessage): Answer | undefined {
  const { documents, registry, address } = context;
  const parts = path.split('/').slice(1);
  const core = parts[0] === 'api';
  if (!core && parts[0] !== 'apis') return undefined;
  if (parts.length === 1) {
    const { discovery } = negotiate(request.headers.accept);
    if (discovery !== undefined) {
      const document = documents.get(`${path} ${discovery}`, () =>
        aggregatedDiscovery(registry, core, discovery),
      );
      const type = `application/json;g=apidiscovery.k8s.io;v=${discovery};as=APIGroupDiscoveryList`;
      return tagged(document, request, type);
    }
    if (core) return jsonAnswer(apiVersions(address));
    return tagged(
      documents.get(path, () => apiGroupList(registry)),
      request,
    );
  }
  const [, first = '', second = '', more] = parts;
  if (more !== undefined || (core && second !== '')) return undefined;
  if (!core && second === '')
    return tagged(
      documents.get(path, () => apiGroup(registry, first)),
      request,
    );
  const [group, version] = core ? ['', first] : [first, second];
  return tagged(
    documents.get(path, () => apiResourceList(registry, group, version)),
    request,
  );
}

/** The document, or 304 when the client has it. */
export function tagged(
  document: { readonly text: string; readonly etag: string } | undefined,
  request: IncomingMessage,
  contentType = 'application/json',
): Answer | undefined {
  if (document === undefined) return undefined;
  const headers = { ETag: document.etag, Vary: 'Accept' };
  if (request.headers['if-none-match'] === document.etag)
    return { status: 304, body: '', contentType, headers };
  return { status: 200, body: document.text, contentType, headers };
}

function rootPaths({ registry }: ServerContext): string[] {
  const groups = groupsOf(registry).flatMap(({ group, versions }) =>
    group === ''
      ? ['/api', ...versions.map((version) => `/api/${version}`)]
      : [`/apis/${group}`, ...versions.map((version) => `/apis/${group}/${version}`)],
  );
  const others = [
    '/.well-known/openid-configuration',
    '/apis',
    '/healthz',
    '/livez',
    '/openapi/v2',
    '/openapi/v3',
  ];
  return [...groups, ...others, '/openid/v1/jwks', '/readyz', '/version'].sort();
}

/** The answer to a resource its group version does not have; groups that are not served at all are no path. */
export function notServed({ registry }: ServerContext, groupVersion: string): ApiError {
  const builtin = registry
    .all()
    .some(
      ({ custom, group, versions }) =>
        !custom && versions.some(({ version }) => apiVersionOf({ group, version }) === groupVersion),
    );
  return builtin ? resourceNotFound() : new PageNotFound();
}
