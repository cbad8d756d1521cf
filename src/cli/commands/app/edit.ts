// Changing an application by hand: in an editor, by a patch, or by taking settings away.
import type { Application } from '../../../contract/index.ts';
import { isRecord, jsonEqual } from '../../../lib/index.ts';
import { applicationId, identityOptions } from '../../application/identity.ts';
import { sourcePosition } from '../../application/source-position.ts';
import { qualifiedName } from '../../application/text.ts';
import { unsetOptions, withoutSettings } from '../../application/unset.ts';
import { type Command, defineCommand } from '../../command.ts';
import { editUntilRight } from '../../editor.ts';
import { CliError } from '../../errors.ts';
import { ExitCode } from '../../exit-codes.ts';
import { formatOption, printResult, resultOption } from '../../result.ts';

const edit = defineCommand({
  words: 'app edit',
  describe: 'Change the specification of an application in an editor',
  positionals: ['APPNAME'],
  options: { ...identityOptions, ...resultOption },
  examples: ['fairlead app edit web', 'EDITOR="code --wait" fairlead app edit web'],
  async run({ client, environment, options, out, positionals }) {
    const api = await client();
    const app = await api.applications.get(applicationId(positionals[0], options));
    const updated = await editUntilRight(environment, app.spec, async (value) => {
      if (!isRecord(value)) throw new CliError('USAGE', 'The text is no specification of an application', 1);
      return await api.applications.update({ ...app, spec: value as unknown as Application['spec'] });
    });
    if (updated === undefined) out.note('Edit cancelled, no changes made');
    else printResult(out, options.output, updated, `application '${qualifiedName(updated)}' changed`);
    return ExitCode.Ok;
  },
});

const patch = defineCommand({
  words: 'app patch',
  describe: 'Change an application by a patch and print it',
  positionals: ['APPNAME'],
  options: {
    ...identityOptions,
    patch: { type: 'string', value: 'json', describe: 'The patch' },
    type: {
      type: 'string',
      default: 'json',
      choices: ['json', 'merge'],
      describe: 'json: a list of steps; merge: the members as they shall be',
    },
    output: formatOption('yaml', 'json'),
  },
  examples: [
    `fairlead app patch web --patch '[{"op": "replace", "path": "/spec/source/path", "value": "v2"}]'`,
    `fairlead app patch web --type merge --patch '{"spec": {"source": {"targetRevision": "v2"}}}'`,
  ],
  async run({ client, options, positionals, out }) {
    if (options.patch === undefined) throw new CliError('USAGE', 'Give the patch with --patch', 1);
    const id = applicationId(positionals[0], options);
    const patchType = options.type === 'merge' ? 'merge' : 'json';
    const app = await (await client()).applications.patch(id, { patch: options.patch, patchType });
    if (options.output === 'json') out.json(app);
    else out.yaml(app);
    return ExitCode.Ok;
  },
});

const unset = defineCommand({
  words: 'app unset',
  describe: 'Take parameters away from an application',
  positionals: ['APPNAME'],
  options: { ...identityOptions, ...unsetOptions, ...resultOption },
  examples: [
    'fairlead app unset web -p image.tag',
    'fairlead app unset web --values values-prod.yaml --nameprefix',
  ],
  async run({ client, options, positionals, out }) {
    const api = await client();
    const app = await api.applications.get(applicationId(positionals[0], options));
    const spec = withoutSettings(app.spec, options, sourcePosition(app, options) ?? 1);
    if (jsonEqual(spec, app.spec)) {
      throw new CliError(
        'FAILED',
        `${app.metadata.name} has nothing of that set; see: fairlead app get -o yaml`,
      );
    }
    const updated = await api.applications.update({ ...app, spec });
    printResult(out, options.output, updated, `application '${qualifiedName(updated)}' changed`);
    return ExitCode.Ok;
  },
});

export const appEditCommands: readonly Command[] = [edit, patch, unset];
