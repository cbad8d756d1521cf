// Tries policies out without a server: what a subject may do, and whether the text can be read at all. They come from a
// file, or from the cluster.
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { compileRbac, idleRules, policyTexts, RESOURCES } from '../../../access/index.ts';
import { wellKnown } from '../../../k8s/index.ts';
import { isRecord, messageOf, parseYaml } from '../../../lib/index.ts';
import { clusterOptions, openChosen } from '../../cluster-flags.ts';
import { type Command, type CommandContext, defineCommand, type OptionsOf } from '../../command.ts';
import { CliError } from '../../errors.ts';
import { ExitCode } from '../../exit-codes.ts';
import { printResult, resultOption } from '../../result.ts';

const RBAC_CONFIG = 'argocd-rbac-cm';

const policyFile = {
  type: 'string',
  value: 'file',
  describe:
    'Policies as CSV, or the config map argocd-rbac-cm as YAML; -: stdin; default: that of the cluster',
} as const;

/** What people write instead of the name of a resource. */
const SHORT: Readonly<Record<string, string>> = {
  app: 'applications',
  apps: 'applications',
  application: 'applications',
  appset: 'applicationsets',
  applicationset: 'applicationsets',
  account: 'accounts',
  cert: 'certificates',
  certs: 'certificates',
  certificate: 'certificates',
  cluster: 'clusters',
  extension: 'extensions',
  gpgkey: 'gpgkeys',
  key: 'gpgkeys',
  log: 'logs',
  proj: 'projects',
  projs: 'projects',
  project: 'projects',
  repo: 'repositories',
  repos: 'repositories',
  repository: 'repositories',
};
const IN_PROJECTS = new Set(['applications', 'applicationsets', 'logs', 'exec']);
const ACTIONS =
  /^(?:get|create|update|delete|sync|override|rollback|invoke|\*|action(?:\/.+)?|update\/.+|delete\/.+)$/;

const can = defineCommand({
  words: 'admin settings rbac can',
  describe:
    'Say whether a role, account, group or person may do something by policies in a file or a cluster',
  positionals: ['SUBJECT', 'ACTION', 'RESOURCE', '[SUB-RESOURCE]'],
  isClient: false,
  options: {
    ...clusterOptions,
    'policy-file': policyFile,
    'default-role': {
      type: 'string',
      value: 'role',
      describe: 'Role of everybody, instead of policy.default',
    },
    'use-builtin-policy': {
      type: 'boolean',
      default: true,
      describe: 'Count role:readonly and role:admin in',
    },
    strict: { type: 'boolean', default: true, describe: 'Refuse resources and actions that do not exist' },
    quiet: { type: 'boolean', short: 'q', describe: 'Print nothing; the exit code says it' },
    ...resultOption,
  },
  examples: [
    "fairlead admin settings rbac can role:dev sync applications 'shop/*' --policy-file argocd-rbac-cm.yaml",
    'fairlead admin settings rbac can alice get clusters --policy-file policy.csv --default-role role:readonly',
    'fairlead admin settings rbac can alice get clusters --namespace argocd',
  ],
  async run({ environment, options, out, positionals }) {
    const [subject = '', action = '', given = '', object = ''] = positionals;
    const resource = SHORT[given] ?? given;
    if (options.strict) requireKnown(resource, action);
    const data = await readPolicies({ environment, out }, options);
    const role = options['default-role'];
    const rbac = compileRbac({
      data: role === undefined ? data : { ...data, 'policy.default': role },
      projects: [],
      accounts: [],
      inheritsFineGrained: false,
      ...(options['use-builtin-policy'] ? {} : { withoutBuiltIn: true }),
    });
    for (const problem of rbac.problems) out.note(`Warning: ${problem}`);
    // `*` for an application means any of any project, as it does on a server.
    const wanted = object === '' || object === '*' ? (IN_PROJECTS.has(resource) ? '*/*' : '*') : object;
    const isAllowed = rbac.may({ subject, groups: [], origin: 'local' }, resource, action, wanted);
    if (options.quiet !== true)
      printResult(out, options.output, { allowed: isAllowed }, isAllowed ? 'Yes' : 'No');
    return isAllowed ? ExitCode.Ok : ExitCode.CommandFailed;
  },
});

const validate = defineCommand({
  words: 'admin settings rbac validate',
  describe: 'Check that policies in a file or a cluster can be read',
  isClient: false,
  options: { ...clusterOptions, 'policy-file': policyFile, ...resultOption },
  examples: ['fairlead admin settings rbac validate --policy-file argocd-rbac-cm.yaml'],
  async run({ environment, options, out }) {
    const data = await readPolicies({ environment, out }, options);
    const { problems } = compileRbac({ data, projects: [], accounts: [], inheritsFineGrained: false });
    const mode = data['policy.matchMode'] === 'regex' ? 'regex' : 'glob';
    const idle = policyTexts(data).flatMap(([key, text]) =>
      idleRules(text, mode).map((sentence) => `${key}, ${sentence}`),
    );
    for (const sentence of idle) out.note(`Warning: ${sentence}`);
    if (options.output !== '') {
      printResult(out, options.output, { valid: problems.length === 0, problems, warnings: idle });
      return problems.length === 0 ? ExitCode.Ok : ExitCode.CommandFailed;
    }
    if (problems.length === 0) {
      out.line('Policy is valid.');
      return ExitCode.Ok;
    }
    out.line('Policy is invalid:');
    for (const problem of problems) out.line(`  ${problem}`);
    return ExitCode.CommandFailed;
  },
});

export const rbacCommands: readonly Command[] = [can, validate];

function requireKnown(resource: string, action: string): void {
  if (!(RESOURCES as readonly string[]).includes(resource) && resource !== '*')
    throw new CliError('USAGE', `'${resource}' is no resource; one of: ${RESOURCES.join(', ')}`, 1);
  if (!ACTIONS.test(action)) throw new CliError('USAGE', `'${action}' is no action that policies know`, 1);
}

async function readPolicies(
  context: Pick<CommandContext, 'environment' | 'out'>,
  options: OptionsOf<typeof clusterOptions> & { readonly 'policy-file': string | undefined },
): Promise<Readonly<Record<string, string>>> {
  const { cwd, readStdin } = context.environment;
  const file = options['policy-file'];
  if (file === undefined) return await policiesOfCluster(context, options);
  const text = await (file === '-' ? readStdin() : readFile(resolve(cwd, file), 'utf8')).catch(
    (error: unknown) => {
      throw new CliError('CONFIG', `Cannot read ${file}: ${messageOf(error)}`, 20, { cause: error });
    },
  );
  const isConfigMap = /^\s*(?:apiVersion|kind|data|metadata)\s*:/m.test(text);
  if (!isConfigMap) return { 'policy.csv': text };
  const data = configMapData(file, text);
  if (policyTexts(data).length === 0) throw new CliError('CONFIG', `${file} has no member policy.csv`);
  return data;
}

async function policiesOfCluster(
  { environment, out }: Pick<CommandContext, 'environment' | 'out'>,
  options: OptionsOf<typeof clusterOptions>,
): Promise<Readonly<Record<string, string>>> {
  await using cluster = await openChosen({ environment }, options);
  const { client, namespace } = cluster;
  const found = await client.find(wellKnown.configMaps, { namespace, name: RBAC_CONFIG });
  const data = found?.['data'];
  if (isRecord(data))
    return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, String(value)]));
  out.note(
    `Warning: namespace ${namespace} has no config map ${RBAC_CONFIG}; only what is built in counts there`,
  );
  return {};
}

function configMapData(file: string, text: string): Record<string, string> {
  try {
    const value = parseYaml(text);
    const data = isRecord(value) ? value['data'] : undefined;
    if (isRecord(data))
      return Object.fromEntries(Object.entries(data).map(([key, item]) => [key, String(item)]));
  } catch (error) {
    throw new CliError('CONFIG', `${file} is not YAML: ${messageOf(error)}`, 20, { cause: error });
  }
  throw new CliError('CONFIG', `${file} is no config map with data`);
}
