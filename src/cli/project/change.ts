// Changes a project as a person does it: read, change one thing, write back. Somebody else's change in between is read
// again, never written over.
import { type Client, ClientError } from '../../client/index.ts';
import type { AppProject } from '../../contract/index.ts';
import type { ProjectSpec } from '../../model/index.ts';
import { CliError } from '../errors.ts';

const MAX_TRIES = 5;
const CONFLICT = 409;

/** @param change the specification as it shall be; throws CliError where that is not possible */
export async function changeProject(
  api: Client,
  name: string,
  change: (spec: ProjectSpec) => ProjectSpec,
): Promise<AppProject> {
  for (let tries = 1; ; tries += 1) {
    const project = await api.projects.get(name);
    try {
      return await api.projects.update({ ...project, spec: change(project.spec) });
    } catch (error) {
      const isStale = error instanceof ClientError && error.httpStatus === CONFLICT;
      if (!isStale || tries >= MAX_TRIES) throw error;
    }
  }
}

/** A list with one more item; fails when it is there. */
export function withItem<T>(
  list: readonly T[] | undefined,
  item: T,
  isSame: (a: T) => boolean,
  what: string,
): T[] {
  if (list?.some(isSame) === true) throw new CliError('FAILED', `${what} is already defined in project`);
  return [...(list ?? []), item];
}

/** A list without an item; fails when it is not there. */
export function withoutItem<T>(list: readonly T[] | undefined, isSame: (a: T) => boolean, what: string): T[] {
  const rest = (list ?? []).filter((item) => !isSame(item));
  if (rest.length === (list ?? []).length) throw new CliError('FAILED', `${what} does not exist in project`);
  return rest;
}
