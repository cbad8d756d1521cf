// What can go wrong with charts and artifacts of repositories, as a closed set.
import { CodedError, HttpError, type Retry } from '../../lib/index.ts';

export type PackageErrorCode =
  | 'PACKAGE_URL_REFUSED'
  | 'PACKAGE_UNREACHABLE'
  | 'PACKAGE_TLS'
  | 'PACKAGE_TIMEOUT'
  | 'PACKAGE_REDIRECTED'
  /** The server refused the credential, or wants one. */
  | 'PACKAGE_AUTH'
  /** There is no Helm repository, registry or artifact at the address. */
  | 'PACKAGE_REPOSITORY_NOT_FOUND'
  | 'PACKAGE_CHART_NOT_FOUND'
  | 'PACKAGE_VERSION_NOT_FOUND'
  /** The server answers what no Helm repository or registry answers. */
  | 'PACKAGE_MALFORMED'
  | 'PACKAGE_TOO_LARGE'
  | 'PACKAGE_DIGEST_MISMATCH'
  | 'PACKAGE_ARCHIVE_INVALID'
  | 'PACKAGE_PATH_NOT_FOUND'
  | 'PACKAGE_DISK';

export class PackageError extends CodedError<PackageErrorCode> {}

const OF_HTTP = {
  HTTP_URL_REFUSED: 'PACKAGE_URL_REFUSED',
  HTTP_UNREACHABLE: 'PACKAGE_UNREACHABLE',
  HTTP_TLS: 'PACKAGE_TLS',
  HTTP_TIMEOUT: 'PACKAGE_TIMEOUT',
  HTTP_TOO_LARGE: 'PACKAGE_TOO_LARGE',
  HTTP_REDIRECT: 'PACKAGE_REDIRECTED',
} as const satisfies Record<HttpError['code'], PackageErrorCode>;

/** A failure of the connection as one of the package; anything else as it is. */
export function packageError(what: string, error: unknown): unknown {
  if (!(error instanceof HttpError)) return error;
  return new PackageError(OF_HTTP[error.code], error.retry, `Cannot ${what}: ${error.message}`, {
    cause: error,
  });
}

/** What an answer that is no success means; nothing of its body is repeated. */
export function refusedStatus(what: string, host: string, status: number): PackageError {
  const make = (code: PackageErrorCode, retry: Retry, remedy: string): PackageError =>
    new PackageError(code, retry, `Cannot ${what}: ${host} answered ${status}; ${remedy}`);
  if (status === 401 || status === 403)
    return make(
      'PACKAGE_AUTH',
      'on-change',
      'check the credential of the repository Secret and its permissions',
    );
  if (status === 404 || status === 410)
    return make(
      'PACKAGE_REPOSITORY_NOT_FOUND',
      'on-change',
      'check repoURL, and that the credential may read it',
    );
  if (status === 429 || status >= 500) return make('PACKAGE_UNREACHABLE', 'backoff', 'it is asked again');
  return make('PACKAGE_MALFORMED', 'on-change', 'this is no answer of a repository; check repoURL');
}
