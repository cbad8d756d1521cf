// APPSETNAME on the command line: `NAME` or `NAMESPACE/NAME`.
import type { ApplicationSetId } from '../../client/index.ts';
import type { OptionSpecs } from '../command.ts';
import { CliError } from '../errors.ts';

/** The flag that says in which namespace the ApplicationSet is. */
export const namespaceOption = {
  'appset-namespace': {
    type: 'string',
    short: 'N',
    value: 'namespace',
    describe: 'Namespace of the ApplicationSet',
  },
} as const satisfies OptionSpecs;

export function applicationSetId(
  positional: string,
  options: { readonly 'appset-namespace'?: string | undefined },
): ApplicationSetId {
  const [first = '', second] = positional.split('/');
  const name = second ?? first;
  if (name === '') throw new CliError('USAGE', 'Name the ApplicationSet: NAME or NAMESPACE/NAME', 1);
  const appsetNamespace = options['appset-namespace'] ?? (second === undefined ? undefined : first);
  return { name, ...(appsetNamespace === undefined ? {} : { appsetNamespace }) };
}
