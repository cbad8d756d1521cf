// Commands that others wrote: an executable `fairlead-NAME` or `argocd-NAME` on the PATH is run by `fairlead NAME`.
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const PREFIXES = ['fairlead', 'argocd'];

/** The file of a plugin; undefined when there is none. */
export function findPlugin(path: string, name: string): string | undefined {
  // No slash, no dot: a name never leads out of the folders of the PATH.
  if (!/^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/.test(name)) return undefined;
  const folders = path.split(delimiter).filter((folder) => folder !== '');
  const files = PREFIXES.flatMap((prefix) => folders.map((folder) => join(folder, `${prefix}-${name}`)));
  return files.find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
