// The whole configuration of an installation as one file, and back; and the first password.
import { readFile, writeFile } from 'node:fs/promises';
import { isKubeError, type KubeObject, wellKnown } from '../../../k8s/index.ts';
import { isRecord, parseYamlDocuments } from '../../../lib/index.ts';
import { type ImportStep, importBackup } from '../../backup/import.ts';
import { backupKinds, portable } from '../../backup/kinds.ts';
import { clusterOptions, openChosen } from '../../cluster-flags.ts';
import { type Command, defineCommand } from '../../command.ts';
import { CliError } from '../../errors.ts';
import { ExitCode } from '../../exit-codes.ts';
import { yamlText } from '../../output.ts';
import { formatOption } from '../../result.ts';

const INITIAL_PASSWORD = 'argocd-initial-admin-secret';

const exportBackup = defineCommand({
  words: 'admin export',
  describe:
    'Print configuration, projects and applications as YAML. It holds credentials: keep it like a password',
  isClient: false,
  options: {
    ...clusterOptions,
    out: { type: 'string', short: 'o', default: '-', value: 'file', describe: 'Where to; -: stdout' },
    'application-namespaces': {
      type: 'list',
      value: 'namespace',
      describe: 'Further namespaces whose applications are part of it',
    },
  },
  examples: ['fairlead admin export -n argocd > backup.yaml'],
  async run({ environment, options, out }) {
    await using cluster = await openChosen({ environment }, options);
    const { client, namespace } = cluster;
    const documents: KubeObject[] = [];
    for (const kind of backupKinds) {
      const isApplication = kind.type.group === 'argoproj.io' && kind.type.kind !== 'AppProject';
      const namespaces = [namespace, ...(isApplication ? options['application-namespaces'] : [])];
      for (const each of new Set(namespaces)) {
        const answer = await client.listAll(kind.type, { namespace: each });
        if (answer.kind === 'incomplete') {
          // Not every installation has application sets.
          if (isKubeError(answer.error, 'NOT_FOUND', 'UNKNOWN_KIND')) continue;
          throw answer.error;
        }
        const { group, version, kind: name } = kind.type;
        const apiVersion = group === '' ? version : `${group}/${version}`;
        for (const item of answer.items) {
          const object = { ...item, apiVersion, kind: name };
          if (kind.isOurs(object)) documents.push(portable(object));
        }
      }
    }
    const text = documents.map((document) => `---\n${yamlText(document)}`).join('');
    if (options.out === '-') out.text(text);
    else {
      await writeFile(options.out, text, { mode: 0o600 });
      out.note(`${documents.length} objects written to ${options.out}`);
    }
    return ExitCode.Ok;
  },
});

const importCommand = defineCommand({
  words: 'admin import',
  describe: 'Write what admin export printed; -: stdin',
  positionals: ['SOURCE'],
  isClient: false,
  options: {
    ...clusterOptions,
    prune: {
      type: 'boolean',
      describe: 'Delete projects, application sets and applications that it does not have',
    },
    'dry-run': { type: 'boolean', describe: 'Only say what would be done' },
    'stop-operation': { type: 'boolean', describe: 'Take running operations away' },
    verbose: { type: 'boolean', describe: 'Name what is unchanged, too' },
    output: formatOption('', 'json', 'yaml'),
  },
  examples: [
    'fairlead admin import -n argocd --dry-run backup.yaml',
    'fairlead admin import - < backup.yaml',
  ],
  async run({ environment, options, out, positionals }) {
    const [file = '-'] = positionals;
    const text = file === '-' ? await environment.readStdin() : await read(file);
    const documents = parseYamlDocuments(text, { name: file }).flatMap(({ value }) => objectOf(value));
    await using cluster = await openChosen({ environment }, options);
    const steps: ImportStep[] = [];
    const suffix = options['dry-run'] === true ? ' (dry run)' : '';
    await importBackup(
      cluster.client,
      documents,
      {
        namespace: cluster.namespace,
        isPruning: options.prune === true,
        isDryRun: options['dry-run'] === true,
        isStoppingOperations: options['stop-operation'] === true,
      },
      (step) => {
        steps.push(step);
        if (options.output === '' && (step.action !== 'unchanged' || options.verbose === true))
          out.line(`${step.object} ${step.action}${suffix}`);
      },
    );
    if (options.output === 'json') out.json(steps);
    if (options.output === 'yaml') out.yaml(steps);
    return ExitCode.Ok;
  },
});

const initialPassword = defineCommand({
  words: 'admin initial-password',
  describe: 'Print the password of admin that was made at the first start',
  isClient: false,
  options: {
    ...clusterOptions,
    output: formatOption('', 'json'),
  },
  async run({ environment, options, out }) {
    await using cluster = await openChosen({ environment }, options);
    const ref = { namespace: cluster.namespace, name: INITIAL_PASSWORD };
    const secret = await cluster.client.find(wellKnown.secrets, ref);
    const data = isRecord(secret?.['data']) ? secret['data'] : {};
    if (typeof data['password'] !== 'string') {
      throw new CliError(
        'FAILED',
        `There is no Secret ${INITIAL_PASSWORD} in namespace ${cluster.namespace}; whoever deleted it set another password`,
      );
    }
    const password = Buffer.from(data['password'], 'base64').toString();
    if (options.output === 'json') out.json({ password });
    else {
      out.line(password);
      out.note('Change it after the first sign-in, then delete the Secret.');
    }
    return ExitCode.Ok;
  },
});

export const backupCommands: readonly Command[] = [exportBackup, importCommand, initialPassword];

async function read(file: string): Promise<string> {
  return await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new CliError('USAGE', `Cannot read ${file}: ${error.message}`, 1, { cause: error });
  });
}

function objectOf(value: unknown): KubeObject[] {
  if (value === null || value === undefined) return [];
  const isObject =
    isRecord(value) &&
    typeof value['apiVersion'] === 'string' &&
    typeof value['kind'] === 'string' &&
    isRecord(value['metadata']);
  if (isObject) return [value as unknown as KubeObject];
  throw new CliError('USAGE', 'The backup holds a document that is no object; nothing was changed', 1);
}
