import type { Application } from '../../../contract/index.ts';
import { applicationsIn, manifestOptions, read, withManifestFlags } from '../../application/manifest.ts';
import { qualifiedName } from '../../application/text.ts';
import { defineCommand } from '../../command.ts';
import { CliError } from '../../errors.ts';
import { ExitCode } from '../../exit-codes.ts';
import { printResult, resultOption } from '../../result.ts';

const options = {
  ...manifestOptions,
  upsert: { type: 'boolean', describe: 'Change the application if it exists and is different' },
  validate: {
    type: 'boolean',
    default: true,
    describe: 'Check source and project first (--validate=false: do not)',
  },
  ...resultOption,
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
    const bases: (Application | undefined)[] = text === undefined ? [undefined] : applicationsIn(text);
    for (const app of bases.map((base) => withManifestFlags(base, positionals[0], given))) {
      if ((app.metadata.name ?? '') === '')
        throw new CliError('USAGE', 'Name the application: fairlead app create NAME …', 1);
      const query = {
        validate: given.validate,
        ...(given.upsert === undefined ? {} : { upsert: given.upsert }),
      };
      const created = await (await client()).applications.create(app, query);
      printResult(out, given.output, created, `application '${qualifiedName(created)}' created`);
    }
    return ExitCode.Ok;
  },
});
