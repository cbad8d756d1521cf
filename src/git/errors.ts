// What can go wrong with Git, as a closed set, and the one table that reads git's own words.
import { CodedError, type ExecResult, type Retry } from '../lib/index.ts';

export type GitErrorCode =
  | 'GIT_REF_NOT_FOUND'
  | 'GIT_AUTH'
  | 'GIT_REPOSITORY_NOT_FOUND'
  | 'GIT_UNREACHABLE'
  | 'GIT_REDIRECTED'
  | 'GIT_TLS'
  | 'GIT_HOST_KEY'
  | 'GIT_PATH_NOT_FOUND'
  | 'GIT_LINK_OUT_OF_BOUNDS'
  | 'GIT_SUBMODULE'
  | 'GIT_TREE_REFUSED'
  | 'GIT_URL_REFUSED'
  | 'GIT_CORRUPT'
  | 'GIT_LOCKED'
  | 'GIT_DISK'
  | 'GIT_TIMEOUT'
  | 'GIT_LIMIT'
  | 'GIT_FAILED';

export class GitError extends CodedError<GitErrorCode> {}

interface ErrorClass {
  readonly pattern: RegExp;
  readonly code: GitErrorCode;
  readonly retry: Retry;
  /** What the reader can do about it. */
  readonly remedy: string;
}

/** First match wins; each row is tested with text git really printed. */
const CLASSES: readonly ErrorClass[] = [
  {
    pattern: /couldn't find remote ref|Remote branch .* not found|not our ref|no such remote ref/i,
    code: 'GIT_REF_NOT_FOUND',
    retry: 'on-change',
    remedy: 'the server has no such ref; check targetRevision',
  },
  {
    pattern: /No space left on device|Disk quota exceeded|Read-only file system|cannot create directory/i,
    code: 'GIT_DISK',
    retry: 'backoff',
    remedy: 'the data directory cannot be written; free space or mount it writable',
  },
  {
    pattern: /Unable to create '[^']*\.lock'|cannot lock ref|Another git process/i,
    code: 'GIT_LOCKED',
    retry: 'backoff',
    remedy: 'another process holds a lock in the mirror',
  },
  {
    pattern: /REMOTE HOST IDENTIFICATION HAS CHANGED|Host key for .* has changed/i,
    code: 'GIT_HOST_KEY',
    retry: 'on-change',
    remedy:
      'it shows another host key than argocd-ssh-known-hosts-cm has; find out why before you replace it there',
  },
  {
    pattern: /Host key verification failed/i,
    code: 'GIT_HOST_KEY',
    retry: 'on-change',
    remedy: "add the server's host key to argocd-ssh-known-hosts-cm",
  },
  {
    pattern:
      /Authentication failed|could not read (?:Username|Password)|Permission denied|returned error: (?:401|403)|HTTP Basic: Access denied|terminal prompts disabled/i,
    code: 'GIT_AUTH',
    retry: 'on-change',
    remedy: 'the server refused the credential; check the repository Secret and its permissions',
  },
  {
    pattern:
      /SSL certificate problem|server certificate verification failed|SSL_ERROR|SSL: |gnutls_handshake|unable to get local issuer/i,
    code: 'GIT_TLS',
    retry: 'on-change',
    remedy: "the server's certificate is not trusted; add it to argocd-tls-certs-cm",
  },
  {
    pattern: /returned error: 30\d|unable to update url base from redirection/i,
    code: 'GIT_REDIRECTED',
    retry: 'on-change',
    remedy: 'the server redirects and credentials are never carried along; set repoURL to the new address',
  },
  {
    pattern:
      /repository '[^']*' not found|returned error: 404|does not appear to be a git repository|not valid: is this a git repository|Repository not found|Project not found/i,
    code: 'GIT_REPOSITORY_NOT_FOUND',
    retry: 'on-change',
    remedy: 'check repoURL, and that the credential may read it',
  },
  {
    pattern:
      /Could not resolve host|Failed to connect|Connection (?:refused|reset|timed out)|Operation timed out|Couldn't connect|Network is unreachable|No route to host|returned error: (?:429|5\d\d)|Received HTTP code \d+ from proxy|Could not resolve proxy|hung up unexpectedly|Empty reply from server|early EOF|RPC failed|unexpected disconnect|Name or service not known|transfer closed/i,
    code: 'GIT_UNREACHABLE',
    retry: 'backoff',
    remedy: 'the server did not answer properly; it is asked again',
  },
  {
    pattern:
      /object file .* is empty|loose object .* is corrupt|bad object|not a git repository|packfile .* (?:is corrupt|cannot be accessed|does not match index)|index file .* is (?:too small|corrupt)|unable to read (?:tree|sha1 file)|missing (?:blob|tree|commit)|invalid sha1 pointer|inflate: data stream error|fatal: bad config|did not send all necessary objects/i,
    code: 'GIT_CORRUPT',
    retry: 'backoff',
    remedy: 'the local mirror is damaged; it is cloned anew',
  },
  {
    pattern: /fsck error|fsck: error|hasDotgit|error in (?:tree|commit|tag|blob) /i,
    code: 'GIT_TREE_REFUSED',
    retry: 'on-change',
    remedy: 'the repository holds an object git calls malformed or dangerous; remove it from history',
  },
];

/**
 * The failure of one git command. `action` reads like "fetch https://host/r.git"; git's last telling line is quoted
 * with anything that looks like a credential removed.
 */
export function gitError(action: string, result: Pick<ExecResult, 'exitCode' | 'stderr'>): GitError {
  const known = CLASSES.find(({ pattern }) => pattern.test(result.stderr));
  const said = tellingLine(result.stderr);
  const detail = said === '' ? `git exited with ${result.exitCode}` : said;
  if (known === undefined) return new GitError('GIT_FAILED', 'backoff', `Cannot ${action}: ${detail}`);
  return new GitError(known.code, known.retry, `Cannot ${action}: ${detail}; ${known.remedy}`);
}

function tellingLine(stderr: string): string {
  const lines = stderr
    .split(/[\r\n]+/)
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const fatal =
    lines.find((line) => /^(?:ssh: |fatal|error|remote: |ERROR)|Permission denied|Host key/.test(line)) ??
    lines.at(-1) ??
    '';
  return fatal
    .replace(/^(?:fatal|error): /, '')
    .replace(/:\/\/[^/@\s]*@/g, '://')
    .replace(/[.\s]+$/, '')
    .slice(0, 400);
}
