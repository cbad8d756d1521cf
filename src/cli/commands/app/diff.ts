import { stringify } from 'yaml';
import type { ApplicationId, Client } from '../../../client/index.ts';
import type { CompareRequest, ManagedResource } from '../../../contract/index.ts';
import { applicationId, identityOptions } from '../../application/identity.ts';
import { lineDiff } from '../../application/line-diff.ts';
import { revisionsByPosition, revisionsOptions } from '../../application/source-position.ts';
import { defineCommand, type OptionsOf } from '../../command.ts';
import type { CliEnvironment } from '../../environment.ts';
import { CliError } from '../../errors.ts';
import { ExitCode } from '../../exit-codes.ts';

const options = {
  ...identityOptions,
  refresh: { type: 'boolean', describe: 'Look at the source and the cluster again first' },
  'hard-refresh': { type: 'boolean', describe: 'The same, and render again even if nothing changed' },
  revision: { type: 'string', value: 'ref', describe: 'What a sync to this revision would change' },
  ...revisionsOptions,
  local: { type: 'string', value: 'directory', describe: 'What a sync of this directory would change' },
  'local-repo-root': {
    type: 'string',
    value: 'directory',
    describe: 'Nothing outside is read (default: --local itself)',
  },
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
} as const;

export const appDiff = defineCommand({
  words: 'app diff',
  describe: 'Show what a sync would change. Exits 1 when there is a difference. Secrets are masked',
  positionals: ['APPNAME'],
  options,
  examples: [
    'fairlead app diff web',
    'fairlead app diff web --revision v1.3.0',
    'fairlead app diff web --local ./deploy/web',
  ],
  async run({ client, options: given, positionals, out, signal, environment }) {
    const api = await client();
    const id = applicationId(positionals[0], given);
    const level = given['hard-refresh'] === true ? 'hard' : given.refresh === true ? 'normal' : undefined;
    if (level !== undefined) await api.applications.get(id, level, { signal });
    const wanted = await request(api, id, given, environment);
    const { items } =
      wanted === undefined
        ? await api.applications.managedResources(id, { signal })
        : await api.applications.compare(id, wanted, { signal });
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
    if (given.output === 'json') out.json(changes);
    else if (given.output === 'yaml') out.yaml(changes);
    else {
      for (const { item, text } of different) {
        out.line(`\n===== ${item.group}/${item.kind} ${item.namespace}/${item.name} ======`);
        out.line(text);
        for (const owner of owners(item)) out.line(owner);
      }
    }
    return different.length > 0 && given['exit-code'] ? given['diff-exit-code'] : ExitCode.Ok;
  },
});

/** What to hold against the cluster instead of what the source says now. */
async function request(
  api: Client,
  id: ApplicationId,
  given: OptionsOf<typeof options>,
  environment: CliEnvironment,
): Promise<CompareRequest | undefined> {
  const { local, revision, revisions } = given;
  if (local !== undefined) {
    if (revision !== undefined || revisions.length > 0)
      throw new CliError('USAGE', 'Give --local or --revision, not both', 1);
    const app = await api.applications.get(id);
    const { items } = await api.clusters.list();
    const { server, name } = app.spec.destination;
    const cluster = items.find((item) => (server ? item.server === server : item.name === name));
    const root = given['local-repo-root'];
    const source = { directory: local, ...(root === undefined ? {} : { root }) };
    const { renderLocally } = await import('../../application/local-render.ts');
    return { manifests: await renderLocally(environment, app, cluster?.serverVersion ?? '', source) };
  }
  if (revision === undefined && revisions.length === 0) return undefined;
  const bySource = revisions.length === 0 ? {} : revisionsByPosition(await api.applications.get(id), given);
  return { ...(revision === undefined ? {} : { revision }), ...bySource };
}

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
