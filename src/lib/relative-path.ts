// Paths inside a repository, as text: slash-separated, relative, never climbing out. No file system is touched.

/**
 * `path` seen from directory `base`, normalised ('' is the root itself); undefined when it is absolute, climbs out of
 * the root, or holds a NUL, control character, backslash or a `.git` part of any case.
 */
export function joinInside(base: string, path: string): string | undefined {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  if (path.startsWith('/') || /[\x00-\x1f\x7f\\]/.test(path)) return undefined;
  const parts = base === '' ? [] : base.split('/');
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue;
    if (part === '..') {
      if (parts.pop() === undefined) return undefined;
    } else if (part.toLowerCase() === '.git') {
      return undefined;
    } else {
      parts.push(part);
    }
  }
  return parts.join('/');
}

/** The directory part of a path inside a repository; '' for the root's own entries. */
export function parentPath(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash < 0 ? '' : path.slice(0, slash);
}
