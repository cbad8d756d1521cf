import { readFile } from 'node:fs/promises';
import type { Application } from '../../../contract/index.ts';
import { isRecord, parseYamlDocuments } from '../../../lib/index.ts';
import { APPLICATION_API_VERSION, finalizers } from '../../../model/index.ts';
import { emptySpec, specOptions, withSpecFlags } from '../../application/spec-flags.ts';
import { qualifiedName } from '../../application/text.ts';
import { defineCommand, type OptionsOf } from '../../command.ts';
import { entries } from '../../entries.ts';
import { CliError } from '../../errors.ts';
import { ExitCode } from '../../exit-codes.ts';

const options = {
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
  upsert: { type: 'boolean', describe: 'Change the application if it exists and is different' },
  validate: {
    type: 'boolean',
    default: true,
    describe: 'Check source and project first (--validate=false: do not)',
  },
  label: { type: 'list', short: 'l', value: 'key=value', describe: 'Label of the application' },
  annotations: { type: 'list', value: 'key=value', isWhole: true, describe: 'Annotation of the application' },
  'set-finalizer': { type: 'boolean', describe: 'Delete the resources when the application is deleted' },
} as const;

export const appCreate = defineCommand({
  words: 'app create',
  describe: 'Create an application',
  positionals: ['[APPNAME]'],
  options,
  examples: [
    'fairlead app create web --repo https://git.example.com/apps.git --path web --dest-namespace web --dest-server https://kubernetes.default.svc --sync-policy auto',
    'fairlead app create -f application.yaml --upsert',
  ],
  async run({ client, options: given, positionals, out, environment }) {
    const text = given.file === undefined ? undefined : await read(given.file, environment.readStdin);
    const wanted = text === undefined ? [withFlags(undefined, positionals[0], given)] : manifests(text);
    const apps = text === undefined ? wanted : wanted.map((app) => withFlags(app, positionals[0], given));
    for (const app of apps) {
      if ((app.metadata.name ?? '') === '')
        throw new CliError('USAGE', 'Name the application: fairlead app create NAME …', 1);
      const query = {
        validate: given.validate,
        ...(given.upsert === undefined ? {} : { upsert: given.upsert }),
      };
      const created = await (await client()).applications.create(app, query);
      out.line(`application '${qualifiedName(created)}' created`);
    }
    return ExitCode.Ok;
  },
});

/** A manifest with what the flags say on top. */
function withFlags(
  base: Application | undefined,
  name: string | undefined,
  given: OptionsOf<typeof options>,
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

async function read(file: string, readStdin: () => Promise<string>): Promise<string> {
  if (file === '-') return await readStdin();
  return await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new CliError('USAGE', `Cannot read ${file}: ${error.message}`, 1, { cause: error });
  });
}

/** Every Application of the text; anything else in it is refused, so that nothing is left out unseen. */
function manifests(text: string): Application[] {
  return parseYamlDocuments(text).map(({ value }) => {
    if (!isRecord(value) || value['kind'] !== 'Application' || !isRecord(value['spec'])) {
      throw new CliError(
        'USAGE',
        'The file holds something that is no Application; create other objects with kubectl',
        1,
      );
    }
    return value as unknown as Application;
  });
}
