// The flags of `proj create`, `proj set` and `admin proj generate-spec`, and what each makes of a specification. Pure; the
// names are argocd's.
import type { GroupKindName, ProjectSpec } from '../../model/index.ts';
import type { OptionSpecs, OptionsOf } from '../command.ts';
import { CliError } from '../errors.ts';

export const projectOptions = {
  description: { type: 'string', value: 'text', describe: 'Project description' },
  dest: {
    type: 'list',
    short: 'd',
    value: 'server,namespace',
    isWhole: true,
    describe: 'Permitted destination, as SERVER,NAMESPACE',
  },
  src: { type: 'list', short: 's', value: 'url', isWhole: true, describe: 'Permitted source repository URL' },
  'source-namespaces': { type: 'list', value: 'namespace', describe: 'Namespaces with applications' },
  'signature-keys': { type: 'list', value: 'key', describe: 'Keys that commits must be signed with' },
  'orphaned-resources': { type: 'boolean', describe: 'Show orphaned resources' },
  'orphaned-resources-warn': { type: 'boolean', describe: 'Warn of orphaned resources' },
  'allow-cluster-resource': {
    type: 'list',
    value: 'group/kind',
    describe: 'Cluster-scoped resource to allow, as GROUP/KIND or GROUP/KIND/NAME',
  },
  'deny-cluster-resource': { type: 'list', value: 'group/kind', describe: 'Cluster-scoped resource to deny' },
  'allow-namespaced-resource': {
    type: 'list',
    value: 'group/kind',
    describe: 'Namespaced resource to allow',
  },
  'deny-namespaced-resource': { type: 'list', value: 'group/kind', describe: 'Namespaced resource to deny' },
  'dest-service-accounts': {
    type: 'list',
    value: 'server,namespace,account',
    isWhole: true,
    describe: 'Service account to sync as, as SERVER,NAMESPACE,ACCOUNT',
  },
} as const satisfies OptionSpecs;

/** The specification with what the flags say; a flag that is not given changes nothing. */
export function withProjectFlags(spec: ProjectSpec, given: OptionsOf<typeof projectOptions>): ProjectSpec {
  const list = <K extends keyof ProjectSpec, T>(
    name: K,
    texts: readonly string[],
    read: (text: string) => T,
  ): { [P in K]?: T[] } => (texts.length === 0 ? {} : ({ [name]: texts.map(read) } as { [P in K]?: T[] }));
  return {
    ...spec,
    ...(given.description === undefined ? {} : { description: given.description }),
    ...list('destinations', given.dest, destinationOf),
    ...list('sourceRepos', given.src, (url) => url),
    ...list('sourceNamespaces', given['source-namespaces'], (name) => name),
    ...list('signatureKeys', given['signature-keys'], (keyID) => ({ keyID })),
    ...list('clusterResourceWhitelist', given['allow-cluster-resource'], kindOf),
    ...list('clusterResourceBlacklist', given['deny-cluster-resource'], kindOf),
    ...list('namespaceResourceWhitelist', given['allow-namespaced-resource'], kindOf),
    ...list('namespaceResourceBlacklist', given['deny-namespaced-resource'], kindOf),
    ...list('destinationServiceAccounts', given['dest-service-accounts'], accountOf),
    ...orphaned(spec, given),
  };
}

function orphaned(
  spec: ProjectSpec,
  given: OptionsOf<typeof projectOptions>,
): Pick<ProjectSpec, 'orphanedResources'> {
  const { 'orphaned-resources': shown, 'orphaned-resources-warn': warn } = given;
  if (shown === false) return { orphanedResources: undefined };
  if (shown === undefined && warn === undefined) return {};
  return { orphanedResources: { ...spec.orphanedResources, ...(warn === undefined ? {} : { warn }) } };
}

function destinationOf(text: string): { server?: string; name?: string; namespace: string } {
  const at = text.lastIndexOf(',');
  if (at <= 0) throw new CliError('USAGE', `--dest: "${text}" is not SERVER,NAMESPACE`, 1);
  return destination(text.slice(0, at), text.slice(at + 1));
}

/** A server is a URL or a pattern; anything else is the name of a cluster. */
export function destination(
  cluster: string,
  namespace: string,
): { server?: string; name?: string; namespace: string } {
  const isServer = cluster.includes('*') || /^!?https?:\/\//.test(cluster);
  return isServer ? { server: cluster, namespace } : { name: cluster, namespace };
}

function kindOf(text: string): GroupKindName {
  const [group = '', kind, name, ...rest] = text.split('/');
  if (kind === undefined || kind === '' || rest.length > 0) {
    throw new CliError('USAGE', `"${text}" is not GROUP/KIND; write /KIND for the core group`, 1);
  }
  return { group, kind, ...(name === undefined ? {} : { name }) };
}

function accountOf(text: string): { server: string; namespace: string; defaultServiceAccount: string } {
  const [server, namespace, account, ...rest] = text.split(',');
  if (!server || namespace === undefined || !account || rest.length > 0) {
    throw new CliError('USAGE', `--dest-service-accounts: "${text}" is not SERVER,NAMESPACE,ACCOUNT`, 1);
  }
  return { server, namespace, defaultServiceAccount: account };
}
