// The flags by which repositories and credential templates get their credentials, in argocd's words.
import { readFile } from 'node:fs/promises';
import type { Client } from '../../client/index.ts';
import type { RepositoryBody } from '../../contract/index.ts';
import type { OptionSpecs, OptionsOf } from '../command.ts';
import type { CliEnvironment } from '../environment.ts';
import { CliError } from '../errors.ts';
import { formatOption } from '../result.ts';

export const credentialOptions = {
  type: { type: 'string', choices: ['git', 'helm', 'oci'], default: 'git', describe: 'Kind of repository' },
  username: { type: 'string', value: 'name', describe: 'User name' },
  password: { type: 'string', value: 'text', describe: 'Password; asked for when only --username is given' },
  'bearer-token': { type: 'string', value: 'text', describe: 'Token instead of user name and password' },
  'ssh-private-key-path': { type: 'string', value: 'file', describe: 'File of the private SSH key' },
  'tls-client-cert-path': { type: 'string', value: 'file', describe: 'File of the TLS client certificate' },
  'tls-client-cert-key-path': { type: 'string', value: 'file', describe: 'File of its key' },
  'github-app-id': { type: 'string', value: 'number', describe: 'Id of a GitHub App' },
  'github-app-installation-id': {
    type: 'string',
    value: 'number',
    describe: 'Its installation; without it that of the repository is looked up',
  },
  'github-app-private-key-path': { type: 'string', value: 'file', describe: 'File of its private key' },
  'github-app-enterprise-base-url': {
    type: 'string',
    value: 'url',
    describe: 'API of a GitHub Enterprise server, e.g. https://ghe.example.com/api/v3',
  },
  'enable-oci': { type: 'boolean', describe: 'The Helm repository is an OCI registry' },
  'force-http-basic-auth': { type: 'boolean', describe: 'Send the password without being asked' },
  proxy: { type: 'string', value: 'url', describe: 'Proxy for this repository' },
  'no-proxy': { type: 'string', value: 'hosts', describe: 'Hosts that are reached without the proxy' },
  upsert: { type: 'boolean', describe: 'Change it when it is there already' },
} as const satisfies OptionSpecs;

export const writeOption = {
  write: { type: 'boolean', describe: 'Credentials for pushing; sources are never read with them' },
} as const satisfies OptionSpecs;

/** The calls for what is read with, or with `--write` for what is pushed with. */
export function repositoriesOf(
  api: Client,
  { write }: OptionsOf<typeof writeOption>,
): Client['repositories'] {
  return write === true ? api.writeRepositories : api.repositories;
}

export async function credentialsOf(
  environment: CliEnvironment,
  flags: OptionsOf<typeof credentialOptions>,
): Promise<Omit<RepositoryBody, 'repo'>> {
  const { username, password, type } = flags;
  const needsPassword =
    username !== undefined && password === undefined && environment.terminal.isInteractive;
  const asked = needsPassword ? await environment.prompt.ask('Password: ', true) : password;
  const values = {
    username,
    password: asked,
    bearerToken: flags['bearer-token'],
    sshPrivateKey: await fileOf('--ssh-private-key-path', flags['ssh-private-key-path']),
    tlsClientCertData: await fileOf('--tls-client-cert-path', flags['tls-client-cert-path']),
    tlsClientCertKey: await fileOf('--tls-client-cert-key-path', flags['tls-client-cert-key-path']),
    githubAppID: flags['github-app-id'],
    githubAppInstallationID: flags['github-app-installation-id'],
    githubAppPrivateKey: await fileOf('--github-app-private-key-path', flags['github-app-private-key-path']),
    githubAppEnterpriseBaseUrl: flags['github-app-enterprise-base-url'],
    enableOCI: flags['enable-oci'],
    forceHttpBasicAuth: flags['force-http-basic-auth'],
    proxy: flags.proxy,
    noProxy: flags['no-proxy'],
  };
  return { type: type as 'git' | 'helm' | 'oci', ...values };
}

export async function fileOf(flag: string, path: string | undefined): Promise<string | undefined> {
  if (path === undefined) return undefined;
  return await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new CliError('USAGE', `${flag}: ${path} cannot be read (${error.code ?? 'unknown error'})`, 1);
  });
}

export const outputOption = {
  output: formatOption('wide', 'json', 'yaml', 'url'),
} as const satisfies OptionSpecs;
