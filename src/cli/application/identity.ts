// APPNAME on the command line: `NAME` or `NAMESPACE/NAME`.
import type { ApplicationId } from '../../client/index.ts';
import type { OptionSpecs } from '../command.ts';
import { CliError } from '../errors.ts';

/** The flags that say which application is meant. */
export const identityOptions = {
  'app-namespace': {
    type: 'string',
    short: 'N',
    value: 'namespace',
    describe: 'Namespace of the application',
  },
  project: { type: 'string', value: 'name', describe: 'Project the application must belong to' },
} as const satisfies OptionSpecs;

export function applicationId(
  positional: string | undefined,
  options: { readonly 'app-namespace'?: string | undefined; readonly project?: string | undefined },
): ApplicationId {
  const [first = '', second] = (positional ?? '').split('/');
  const name = second ?? first;
  if (name === '') throw new CliError('USAGE', 'Name the application: NAME or NAMESPACE/NAME', 1);
  const namespace = options['app-namespace'] ?? (second === undefined ? undefined : first);
  return {
    name,
    ...(namespace === undefined ? {} : { appNamespace: namespace }),
    ...(options.project === undefined || options.project === '' ? {} : { project: options.project }),
  };
}

/** The query that selects this one application in lists and streams. */
export function queryOf(id: ApplicationId): { name: string; appNamespace?: string; project?: string[] } {
  return {
    name: id.name,
    ...(id.appNamespace === undefined ? {} : { appNamespace: id.appNamespace }),
    ...(id.project === undefined ? {} : { project: [id.project] }),
  };
}
