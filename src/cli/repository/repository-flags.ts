// The flags that say what a repository is, shared by `repo add` and the command that prints its Secret.
import type { RepositoryBody } from '../../contract/index.ts';
import type { OptionSpecs, OptionsOf } from '../command.ts';
import type { CliEnvironment } from '../environment.ts';
import { credentialOptions, credentialsOf } from './credential-flags.ts';

export const projectOption = {
  project: { type: 'string', value: 'name', describe: 'Project that the repository belongs to' },
} as const satisfies OptionSpecs;

export const repositoryOptions = {
  ...credentialOptions,
  ...projectOption,
  name: { type: 'string', value: 'name', describe: 'Name of the repository' },
  'enable-lfs': { type: 'boolean', describe: 'Fetch large files of Git LFS' },
  'insecure-ignore-host-key': { type: 'boolean', describe: 'Do not check the SSH host key' },
  'insecure-skip-server-verification': { type: 'boolean', describe: 'Do not check the certificate' },
  'insecure-oci-force-http': { type: 'boolean', describe: 'Reach the OCI registry without TLS' },
} as const satisfies OptionSpecs;

export async function repositoryBody(
  environment: CliEnvironment,
  repo: string,
  options: OptionsOf<typeof repositoryOptions>,
): Promise<RepositoryBody> {
  return {
    repo,
    ...(await credentialsOf(environment, options)),
    name: options.name,
    project: options.project,
    enableLfs: options['enable-lfs'],
    insecureIgnoreHostKey: options['insecure-ignore-host-key'],
    insecure: options['insecure-skip-server-verification'],
    insecureOCIForceHttp: options['insecure-oci-force-http'],
  };
}
