import { stringify } from 'yaml';
import type { ManagedResource } from '../../../contract/index.ts';
import { applicationId, identityOptions } from '../../application/identity.ts';
import { lineDiff } from '../../application/line-diff.ts';
import { defineCommand } from '../../command.ts';
import { ExitCode } from '../../exit-codes.ts';

export const appDiff = defineCommand({
  words: 'app diff',
  describe: 'Show what a sync would change. Exits 1 when there is a difference. Secrets are masked',
  positionals: ['APPNAME'],
  options: {
    ...identityOptions,
    refresh: { type: 'boolean', describe: 'Look at the source and the cluster again first' },
    'hard-refresh': { type: 'boolean', describe: 'The same, and render again even if nothing changed' },
    'exit-code': {
      type: 'boolean',
      default: true,
      describe: 'Exit with --diff-exit-code when there is a difference',
    },
    'diff-exit-code': { type: 'number', default: 1, value: 'code', describe: 'Exit code of a difference' },
    output: {
      type: 'string',
      short: 'o',
      default: '',
      value: 'format',
      choices: ['', 'json', 'yaml'],
      describe: 'Fields that differ, with their owners, for programs',
    },
  },
  examples: ['fairlead app diff web', 'fairlead app diff web --refresh --exit-code=false'],
  async run({ client, options, positionals, out, signal }) {
    const api = await client();
    const id = applicationId(positionals[0], options);
    const level = options['hard-refresh'] === true ? 'hard' : options.refresh === true ? 'normal' : undefined;
    if (level !== undefined) await api.applications.get(id, level, { signal });
    const { items } = await api.applications.managedResources(id, { signal });
    const different = items
      .map((item) => ({ item, text: resourceDiff(item) }))
      .filter(({ text }) => text !== '');
    const changes = different.map(({ item: { group, kind, namespace, name, fields = [] } }) => ({
      group,
      kind,
      namespace,
      name,
      fields,
    }));
    if (options.output === 'json') out.json(changes);
    else if (options.output === 'yaml') out.yaml(changes);
    else {
      for (const { item, text } of different) {
        out.line(`\n===== ${item.group}/${item.kind} ${item.namespace}/${item.name} ======`);
        out.line(text);
        for (const owner of owners(item)) out.line(owner);
      }
    }
    return different.length > 0 && options['exit-code'] ? options['diff-exit-code'] : ExitCode.Ok;
  },
});

/** Live against what a sync would make of it, as YAML lines; hooks are no difference. */
function resourceDiff(item: ManagedResource): string {
  if (item.hook === true) return '';
  return lineDiff(yamlOf(item.normalizedLiveState), yamlOf(item.predictedLiveState));
}

function yamlOf(json: string): string {
  const value: unknown = json === '' ? null : JSON.parse(json);
  return value === null
    ? ''
    : stringify(value, { lineWidth: 0, sortMapEntries: true, aliasDuplicateObjects: false });
}

/** Who wrote the live value of each field that differs. */
function owners({ fields = [] }: ManagedResource): string[] {
  return fields
    .filter((field) => field.owners.length > 0)
    .map(({ path, owners: known }) => {
      const who = known
        .map(({ manager, time }) => (time === undefined ? manager : `${manager} at ${time}`))
        .join(', ');
      return `# ${path} was last written by ${who}`;
    });
}
