import { applicationId } from '../../application/identity.ts';
import { sourceOptions, sourcePosition } from '../../application/source-position.ts';
import { hasSpecFlags, specOptions, withSpecFlags } from '../../application/spec-flags.ts';
import { defineCommand } from '../../command.ts';
import { CliError } from '../../errors.ts';
import { ExitCode } from '../../exit-codes.ts';

export const appSet = defineCommand({
  words: 'app set',
  describe: 'Change parameters of an application',
  positionals: ['APPNAME'],
  options: {
    ...specOptions,
    'app-namespace': {
      type: 'string',
      short: 'N',
      value: 'namespace',
      describe: 'Namespace of the application',
    },
    project: { type: 'string', value: 'name', describe: 'Move the application to this project' },
    validate: {
      type: 'boolean',
      default: true,
      describe: 'Check source and project first (--validate=false: do not)',
    },
    ...sourceOptions,
  },
  examples: [
    'fairlead app set web --revision v1.2.3',
    'fairlead app set web -p image.tag=1.2.3 --sync-policy auto',
  ],
  async run({ client, options, positionals, out }) {
    const { project, validate } = options;
    if (!hasSpecFlags(options) && project === undefined) {
      throw new CliError('USAGE', 'Say what to change, e.g. --revision; see: fairlead app set --help', 1);
    }
    const api = await client();
    const id = applicationId(positionals[0], { 'app-namespace': options['app-namespace'] });
    const app = await api.applications.get(id);
    const spec = withSpecFlags(
      project === undefined ? app.spec : { ...app.spec, project },
      options,
      (sourcePosition(app, options) ?? 1) - 1,
    );
    await api.applications.update({ ...app, spec }, { validate });
    out.note(`application '${app.metadata.namespace}/${app.metadata.name}' changed`);
    return ExitCode.Ok;
  },
});
