// The filters of `audit query` and `audit export`, and what they become in a request.
import type { OptionsOf } from '../command.ts';
import { CliError } from '../errors.ts';

export const auditFilters = {
  actor: { type: 'string', value: 'name', describe: 'Done by this account, controller or field manager' },
  action: { type: 'string', value: 'verb', describe: 'This action; a * at the end matches the rest' },
  application: {
    type: 'string',
    value: 'name',
    describe: 'Concerning this application, its syncs included; [NAMESPACE/]NAME',
  },
  project: { type: 'string', value: 'name', describe: 'Concerning applications of this project' },
  object: { type: 'string', value: 'kind/name', describe: 'Done to this object' },
  kind: { type: 'string', value: 'kind', describe: 'Done to an object of this kind' },
  namespace: { type: 'string', value: 'namespace', describe: 'Done to an object in this namespace' },
  name: { type: 'string', value: 'name', describe: 'Done to an object of this name' },
  revision: { type: 'string', value: 'commit', describe: 'Concerning this commit' },
  outcome: { type: 'string', choices: ['succeeded', 'failed', 'unknown'], describe: 'Ended so' },
  since: { type: 'string', value: 'time', describe: 'Not before this time (RFC 3339)' },
  until: { type: 'string', value: 'time', describe: 'Before this time (RFC 3339)' },
  search: { type: 'string', value: 'text', describe: 'With this text anywhere' },
} as const;

/** `--object Kind/name` is short for `--kind` and `--name`. */
export function filterQuery(
  options: OptionsOf<typeof auditFilters>,
): Readonly<Record<string, string | undefined>> {
  const { object, ...filters } = options;
  if (object === undefined) return filters;
  const at = object.indexOf('/');
  if (at <= 0) throw new CliError('USAGE', `--object: "${object}" is not KIND/NAME`, 1);
  return { ...filters, kind: object.slice(0, at), name: object.slice(at + 1) };
}
