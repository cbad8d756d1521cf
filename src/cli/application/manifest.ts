// An Application as flags and a manifest describe it, for `app create` and `admin app generate-spec`.
import { readFile } from 'node:fs/promises';
import type { Application } from '../../contract/index.ts';
import { isRecord, parseYamlDocuments } from '../../lib/index.ts';
import { APPLICATION_API_VERSION, finalizers } from '../../model/index.ts';
import type { OptionSpecs, OptionsOf } from '../command.ts';
import { entries } from '../entries.ts';
import { CliError } from '../errors.ts';
import { emptySpec, specOptions, withSpecFlags } from './spec-flags.ts';

export const manifestOptions = {
  ...specOptions,
  'app-namespace': {
    type: 'string',
    short: 'N',
    value: 'namespace',
    describe: 'Namespace of the application',
  },
  project: { type: 'string', value: 'name', describe: 'Project (default "default")' },
  file: {
    type: 'string',
    short: 'f',
    value: 'file',
    describe: 'Manifest of the application, a file or - for stdin',
  },
  label: { type: 'list', short: 'l', value: 'key=value', describe: 'Label of the application' },
  annotations: { type: 'list', value: 'key=value', isWhole: true, describe: 'Annotation of the application' },
  'set-finalizer': { type: 'boolean', describe: 'Delete the resources when the application is deleted' },
} as const satisfies OptionSpecs;

/** A manifest with what the flags say on top. @param name `NAME` or `NAMESPACE/NAME` */
export function withManifestFlags(
  base: Application | undefined,
  name: string | undefined,
  given: OptionsOf<typeof manifestOptions>,
): Application {
  const [first = '', second] = (name ?? '').split('/');
  const metadata = base?.metadata ?? {};
  const project = given.project ?? base?.spec.project ?? 'default';
  const namespace = given['app-namespace'] ?? (second === undefined ? metadata.namespace : first);
  return {
    apiVersion: APPLICATION_API_VERSION,
    kind: 'Application',
    metadata: {
      ...metadata,
      name: (second ?? first) || (metadata.name ?? ''),
      ...(namespace === undefined ? {} : { namespace }),
      labels: { ...metadata.labels, ...entries(given.label, '--label') },
      annotations: { ...metadata.annotations, ...entries(given.annotations, '--annotations') },
      ...(given['set-finalizer'] === true ? { finalizers: [finalizers.resources] } : {}),
    },
    spec: withSpecFlags({ ...(base?.spec ?? emptySpec(project)), project }, given),
  };
}

/** Every Application of the text; anything else in it is refused, so that nothing is left out unseen. */
export function applicationsIn(text: string): Application[] {
  return objectsIn(text, 'Application') as unknown as Application[];
}

/** Every object of the text, all of one kind. */
export function objectsIn(text: string, kind: 'Application' | 'ApplicationSet'): Record<string, unknown>[] {
  return parseYamlDocuments(text).map(({ value }) => {
    if (!isRecord(value) || value['kind'] !== kind || !isRecord(value['spec'])) {
      throw new CliError(
        'USAGE',
        `The file holds something that is no ${kind}; create other objects with kubectl`,
        1,
      );
    }
    return value;
  });
}

/** The text of a manifest; `-` is stdin. */
export async function read(file: string, readStdin: () => Promise<string>): Promise<string> {
  if (file === '-') return await readStdin();
  return await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new CliError('USAGE', `Cannot read ${file}: ${error.message}`, 1, { cause: error });
  });
}
