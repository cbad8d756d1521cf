import type { ApplicationSetId, Client } from '../../../client/index.ts';
import type { ApplicationSet } from '../../../contract/index.ts';
import { jsonEqual } from '../../../lib/index.ts';
import { ifKnown } from '../../application/known.ts';
import { applicationSetsOf } from '../../application-set/manifest.ts';
import { timeoutOption, waitForSet } from '../../application-set/wait.ts';
import { type CommandContext, defineCommand } from '../../command.ts';
import { ExitCode } from '../../exit-codes.ts';
import { printResult, resultOption } from '../../result.ts';

export const appsetCreate = defineCommand({
  words: 'appset create',
  describe: 'Create ApplicationSets from files',
  positionals: ['FILE...'],
  options: {
    upsert: { type: 'boolean', describe: 'Change an ApplicationSet that exists and is different' },
    'dry-run': { type: 'boolean', describe: 'Write nothing; say which applications there would be' },
    wait: { type: 'boolean', describe: 'Wait until its applications are there' },
    ...timeoutOption,
    ...resultOption,
  },
  examples: ['fairlead appset create web.yaml --upsert --wait', 'fairlead appset create - --dry-run'],
  async run(call) {
    const { client, options, positionals, out, environment, signal } = call;
    const sets: ApplicationSet[] = [];
    for (const file of positionals) sets.push(...(await applicationSetsOf(file, environment)));
    const api = await client();
    const isDry = options['dry-run'] === true;
    for (const set of sets) {
      const { name = '', namespace: appsetNamespace } = set.metadata;
      const id = { name, appsetNamespace };
      const before = await ifKnown(api.applicationSets.get(id, { signal }), signal);
      const query = { upsert: options.upsert === true, dryRun: isDry };
      let created = await api.applicationSets.create(set, query);
      if (options.wait === true && !isDry)
        created = (await untilGenerated(api, id, set, options.timeout, call)) ?? created;
      const sentence = `ApplicationSet '${name}' ${changeOf(before, created)}${isDry ? ' (dry-run)' : ''}`;
      printResult(out, options.output, created, sentence);
      if (!isDry || options.output !== '') continue;
      for (const app of created.status?.resources ?? []) out.line(`  ${app.namespace}/${app.name}`);
    }
    return ExitCode.Ok;
  },
});

function changeOf(before: ApplicationSet | undefined, after: ApplicationSet): string {
  if (before === undefined) return 'created';
  const written = ({
    metadata: { labels = {}, annotations = {}, finalizers = [] },
    spec,
  }: ApplicationSet) => ({
    labels,
    annotations,
    finalizers,
    spec,
  });
  return jsonEqual(written(before), written(after)) ? 'unchanged' : 'updated';
}

/** Until the controller says that all is done, and each application that the set would have now is there. */
async function untilGenerated(
  api: Client,
  id: ApplicationSetId,
  set: ApplicationSet,
  timeoutSeconds: number,
  context: CommandContext,
): Promise<ApplicationSet | undefined> {
  const { applications } = await api.applicationSets.generate(set, context);
  const absent = (seen: ApplicationSet): string[] => {
    const names = new Set((seen.status?.resources ?? []).map(({ name }) => name));
    return applications.flatMap(({ metadata: { name = '' } }) => (names.has(name) ? [] : [name]));
  };
  const isUpToDate = (seen: ApplicationSet): boolean =>
    seen.status?.conditions?.some(({ type, status }) => type === 'ResourcesUpToDate' && status === 'True') ===
    true;
  const wanted = {
    isDone: (seen: ApplicationSet) => isUpToDate(seen) && absent(seen).length === 0,
    missing: (seen: ApplicationSet | undefined) => problemOf(seen, absent),
  };
  return await waitForSet(api, id, wanted, timeoutSeconds, context);
}

function problemOf(
  seen: ApplicationSet | undefined,
  absent: (seen: ApplicationSet) => readonly string[],
): string {
  if (seen === undefined) return 'it was not seen';
  const failed = seen.status?.conditions?.find(
    ({ type, status }) => type === 'ErrorOccurred' && status === 'True',
  );
  if (failed !== undefined) return failed.message;
  const names = absent(seen);
  return names.length === 0
    ? 'its applications are not up to date'
    : `not there: ${names.slice(0, 5).join(', ')}`;
}
