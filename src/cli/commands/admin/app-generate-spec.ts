import { writeFile } from 'node:fs/promises';
import { stringify } from 'yaml';
import { applicationsIn, manifestOptions, read, withManifestFlags } from '../../application/manifest.ts';
import { defineCommand } from '../../command.ts';
import { CliError } from '../../errors.ts';
import { ExitCode } from '../../exit-codes.ts';
import { formatOption } from '../../result.ts';

export const adminAppGenerateSpec = defineCommand({
  words: 'admin app generate-spec',
  describe: 'Print the manifest of an application, without a server',
  positionals: ['[APPNAME]'],
  isClient: false,
  options: {
    ...manifestOptions,
    inline: { type: 'boolean', short: 'i', describe: 'Write it to --file instead of printing it' },
    output: formatOption('yaml', 'json'),
  },
  examples: [
    'fairlead admin app generate-spec web --repo https://git.example.com/apps.git --path web --dest-namespace web --dest-server https://kubernetes.default.svc > web.yaml',
    'fairlead admin app generate-spec --file web.yaml --inline --revision v2',
  ],
  async run({ environment, options, out, positionals }) {
    const { file, inline, output } = options;
    if (inline === true && (file === undefined || file === '-'))
      throw new CliError('USAGE', '--inline needs a file to write to, with --file', 1);
    const bases = file === undefined ? [undefined] : applicationsIn(await read(file, environment.readStdin));
    const apps = bases.map((base) => withManifestFlags(base, positionals[0], options));
    for (const { metadata, spec } of apps) {
      if ((metadata.name ?? '') === '')
        throw new CliError('USAGE', 'Name the application: fairlead admin app generate-spec NAME …', 1);
      if (spec.source === undefined && (spec.sources ?? []).length === 0)
        throw new CliError('USAGE', `${metadata.name}: name its repository with --repo`, 1);
    }
    if (inline === true) {
      const texts = apps.map((app) =>
        output === 'json' ? JSON.stringify(app, undefined, 2) : stringify(app, { lineWidth: 0 }),
      );
      await writeFile(file ?? '', texts.join('---\n'));
      out.note(`${file} written`);
      return ExitCode.Ok;
    }
    for (const [index, app] of apps.entries()) {
      if (output === 'json') out.json(app);
      else {
        if (index > 0) out.line('---');
        out.yaml(app);
      }
    }
    return ExitCode.Ok;
  },
});
