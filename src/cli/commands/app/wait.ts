import type { Application } from '../../../contract/index.ts';
import { describeApplication } from '../../application/describe.ts';
import { applicationId, identityOptions } from '../../application/identity.ts';
import { findTree } from '../../application/known.ts';
import { isSelected, parseSelectors, type Selector } from '../../application/selection.ts';
import { qualifiedName } from '../../application/text.ts';
import { isOperationOver, progressPrinter, waitFor } from '../../application/wait.ts';
import { defineCommand, type OptionsOf } from '../../command.ts';
import { ExitCode } from '../../exit-codes.ts';
import { formatOption } from '../../result.ts';

const options = {
  ...identityOptions,
  sync: { type: 'boolean', describe: 'Until it is in sync' },
  health: { type: 'boolean', describe: 'Until it is healthy' },
  operation: { type: 'boolean', describe: 'Until no operation runs' },
  suspended: { type: 'boolean', describe: 'Until it is suspended' },
  degraded: { type: 'boolean', describe: 'Until it is degraded' },
  delete: { type: 'boolean', describe: 'Until it is gone' },
  resource: {
    type: 'list',
    value: 'group:kind:name',
    isWhole: true,
    describe: 'Judge only these; ! in front leaves out',
  },
  timeout: { type: 'number', default: 0, value: 'seconds', describe: 'Give up after this long; 0: never' },
  output: formatOption('wide', 'json', 'yaml'),
} as const;

export const appWait = defineCommand({
  words: 'app wait',
  describe: 'Wait until an application is in sync, healthy and without a running operation',
  positionals: ['APPNAME...'],
  options,
  examples: ['fairlead app wait web --timeout 300', 'fairlead app wait web --health'],
  async run({ client, options: given, positionals, out, environment, signal }) {
    const api = await client();
    const { clock } = environment;
    const selectors = parseSelectors(given.resource);
    for (const name of positionals) {
      const id = applicationId(name, given);
      // Says that there is no such application, rather than that it was deleted.
      if (given.delete !== true) await api.applications.get(id, undefined, { signal });
      const app = await waitFor(
        { client: api, clock, out },
        id,
        {
          isDone: (now) => missing(now, given, selectors).length === 0,
          missing: (now) =>
            now === undefined ? 'nothing was heard of it' : missing(now, given, selectors).join(', '),
          ...(given.delete === true ? { onDeleted: () => undefined } : {}),
        },
        { timeoutMs: given.timeout * 1000, signal, progress: progressPrinter(out, clock) },
      );
      if (app === undefined) out.line(`application '${id.name}' deleted`);
      else if (given.output === 'json') out.json(app);
      else if (given.output === 'yaml') out.yaml(app);
      else {
        const tree = await findTree(api, id, signal);
        const facts = { app, url: `${api.server}/applications/${qualifiedName(app)}`, now: clock.now() };
        out.line(describeApplication(tree === undefined ? facts : { ...facts, tree }));
      }
    }
    return ExitCode.Ok;
  },
});

/** What is not yet as wanted, each in a few words. Without a flag: in sync, healthy, nothing running. */
function missing(
  app: Application,
  given: OptionsOf<typeof options>,
  selectors: readonly Selector[],
): string[] {
  if (given.delete === true) return ['it still exists'];
  const { sync, health, operation, suspended, degraded } = given;
  const isDefault = [sync, health, operation, suspended, degraded].every((flag) => flag !== true);
  const healthWords = [
    ...(health === true || isDefault ? ['Healthy'] : []),
    ...(suspended === true ? ['Suspended'] : []),
    ...(degraded === true ? ['Degraded'] : []),
  ];
  const found: string[] = [];
  if ((operation === true || isDefault) && !isOperationOver(app)) {
    found.push(`the operation is ${app.status?.operationState?.phase ?? 'not begun'}`);
  }
  if (selectors.length > 0)
    return [...found, ...missingOfResources(app, sync === true || isDefault, healthWords, selectors)];
  const { status: syncStatus = 'Unknown' } = app.status?.sync ?? {};
  if ((sync === true || isDefault) && syncStatus !== 'Synced') found.push(`sync is ${syncStatus}`);
  const healthStatus = app.status?.health?.status ?? 'Unknown';
  if (healthWords.length > 0 && !healthWords.includes(healthStatus)) found.push(`health is ${healthStatus}`);
  return found;
}

function missingOfResources(
  app: Application,
  isSyncWanted: boolean,
  healthWords: readonly string[],
  selectors: readonly Selector[],
): string[] {
  const resources = (app.status?.resources ?? []).filter((item) => isSelected(selectors, item));
  if (resources.length === 0) return ['no resource matches --resource'];
  return resources.flatMap(({ kind, name, status, health }) => [
    ...(isSyncWanted && status !== 'Synced' ? [`${kind} ${name} is ${status ?? 'unknown'}`] : []),
    // Kinds without a health of their own do not hold anybody up.
    ...(healthWords.length > 0 && health?.status !== undefined && !healthWords.includes(health.status)
      ? [`${kind} ${name} is ${health.status}`]
      : []),
  ]);
}
