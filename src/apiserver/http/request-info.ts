// Reads method and URL into what is asked of which resource, by the path rules of the Kubernetes API. Pure.

export interface ResourceRequest {
  readonly group: string;
  readonly version: string;
  /** As in apiVersion: `v1`, `apps/v1`. */
  readonly groupVersion: string;
  readonly resource: string;
  /** '' when the path names none. */
  readonly namespace: string;
  readonly name: string;
  readonly subresource: string;
  /** What follows the subresource, for proxies. */
  readonly rest: string;
  /** Asked for through the old `/watch/` paths. */
  readonly oldWatch: boolean;
}

export interface RequestInfo {
  readonly path: string;
  readonly query: URLSearchParams;
  /** Absent for paths that are no resource: discovery, health, OpenAPI. */
  readonly resource: ResourceRequest | undefined;
}

const NO_QUERY = new URLSearchParams();

export function readRequestInfo(url: string): RequestInfo {
  const mark = url.indexOf('?');
  const path = mark < 0 ? url : url.slice(0, mark);
  const query = mark < 0 ? NO_QUERY : new URLSearchParams(url.slice(mark + 1));
  return { path, query, resource: readResource(path) };
}

function readResource(path: string): ResourceRequest | undefined {
  if (path.startsWith('//')) return undefined;
  const parts = path
    .split('/')
    .filter((part) => part !== '')
    .map(decode);
  if (parts[0] === 'api') {
    return resourceFrom('', parts[1], parts.slice(2));
  }
  if (parts[0] === 'apis') return resourceFrom(parts[1] ?? '', parts[2], parts.slice(3));
  return undefined;
}

function resourceFrom(
  group: string,
  version: string | undefined,
  given: string[],
): ResourceRequest | undefined {
  if (version === undefined || given.length === 0) return undefined;
  const groupVersion = group === '' ? version : `${group}/${version}`;
  const oldWatch = given[0] === 'watch' && given.length > 1;
  const rest = oldWatch ? given.slice(1) : given;
  let namespace = '';
  let tail = rest;
  const namespaceItself = rest.length === 3 && (rest[2] === 'status' || rest[2] === 'finalize');
  if (rest[0] === 'namespaces' && rest.length > 2 && !namespaceItself) {
    namespace = rest[1] ?? '';
    tail = rest.slice(2);
  }
  const [resource = '', name = '', subresource = '', ...others] = tail;
  return {
    group,
    version,
    groupVersion,
    resource,
    namespace,
    name,
    subresource,
    rest: others.join('/'),
    oldWatch,
  };
}

function decode(part: string): string {
  if (!part.includes('%')) return part;
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** RBAC verb of a request on a resource. */
export function verbOf(method: string, request: ResourceRequest, query: URLSearchParams): string {
  switch (method) {
    case 'GET':
    case 'HEAD': {
      if (request.oldWatch) return 'watch';
      if (request.name !== '') return 'get';
      const watch = query.get('watch');
      return watch === 'true' || watch === '1' ? 'watch' : 'list';
    }
    case 'POST':
      return 'create';
    case 'PUT':
      return 'update';
    case 'PATCH':
      return 'patch';
    case 'DELETE':
      return request.name === '' ? 'deletecollection' : 'delete';
    default:
      return method.toLowerCase();
  }
}
