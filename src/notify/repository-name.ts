// The name of a repository inside its forge, out of any spelling of its URL.
import { NotifyError } from './errors.ts';

/**
 * `https://github.com/org/app.git`, `git@github.com:org/app.git` → `org/app`.
 * @param parts leading path segments to keep; all when absent (GitLab's groups nest)
 */
export function repositoryName(url: string, parts?: number): string {
  const scp = /^[^/@]+@[^/:]+:(.+)$/.exec(url)?.[1];
  const path = scp ?? (URL.canParse(url) ? new URL(url).pathname : url);
  const segments = path
    .replace(/\.git\/?$/, '')
    .split('/')
    .filter((segment) => segment !== '');
  const kept = parts === undefined ? segments : segments.slice(0, parts);
  const isName =
    kept.length >= 2 && kept.every((segment) => /^[\w.~-]+$/.test(segment) && !/^\.+$/.test(segment));
  if (!isName)
    throw new NotifyError('NOTIFY_PROGRAM', 'Cannot notify: the repository URL names no repository');
  return kept.join('/');
}
