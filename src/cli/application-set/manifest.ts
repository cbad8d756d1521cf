// ApplicationSets of a file, as `appset create` and `appset generate` take them.
import type { ApplicationSet } from '../../contract/index.ts';
import { objectsIn, read } from '../application/manifest.ts';
import type { CliEnvironment } from '../environment.ts';
import { CliError } from '../errors.ts';

/** Every ApplicationSet of the file (`-` is stdin), each with a name. */
export async function applicationSetsOf(
  file: string,
  environment: CliEnvironment,
): Promise<ApplicationSet[]> {
  const text = await read(file, environment.readStdin);
  const sets = objectsIn(text, 'ApplicationSet') as unknown as ApplicationSet[];
  if (sets.length === 0) throw new CliError('USAGE', `No ApplicationSet is in ${file}`, 1);
  for (const { metadata } of sets) {
    if ((metadata?.name ?? '') === '')
      throw new CliError('USAGE', `An ApplicationSet in ${file} has no metadata.name; give it one`, 1);
  }
  return sets;
}
