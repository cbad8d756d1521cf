// Sync windows of a project. A window is named by its place in the list, as `list` prints it.
import { type ProjectSpec, type SyncWindow, SyncWindows } from '../../../model/index.ts';
import { type Command, defineCommand, type OptionSpecs, type OptionsOf } from '../../command.ts';
import { CliError } from '../../errors.ts';
import { ExitCode } from '../../exit-codes.ts';
import { changeProject } from '../../project/change.ts';
import { windowTable } from '../../project/describe.ts';
import { formatOption, printResult, resultOption } from '../../result.ts';

const windowOptions = {
  kind: { type: 'string', short: 'k', choices: ['allow', 'deny'], describe: 'What the window does' },
  schedule: { type: 'string', value: 'cron', describe: 'When it opens, as five cron fields' },
  duration: { type: 'string', value: 'duration', describe: 'How long it is open, e.g. 1h30m' },
  applications: { type: 'list', value: 'pattern', describe: 'Applications it concerns' },
  namespaces: { type: 'list', value: 'pattern', describe: 'Destination namespaces it concerns' },
  clusters: { type: 'list', value: 'pattern', describe: 'Destination clusters it concerns' },
  'manual-sync': { type: 'boolean', describe: 'Syncs by hand are allowed all the same' },
  'time-zone': { type: 'string', value: 'zone', describe: 'Zone of the schedule, e.g. Europe/Berlin' },
  'use-and-operator': { type: 'boolean', describe: 'Every list that is given has to match' },
  'sync-overrun': { type: 'boolean', describe: 'A sync that began in time may run over the end' },
  description: { type: 'string', value: 'text', describe: 'What the window is for' },
} as const satisfies OptionSpecs;

const windowsList = defineCommand({
  words: 'proj windows list',
  describe: 'List the sync windows of a project',
  positionals: ['PROJECT'],
  options: {
    output: formatOption('wide', 'json', 'yaml'),
  },
  async run({ client, environment, options, out, positionals }) {
    const { spec } = await (await client()).projects.get(positionals[0] ?? '');
    const windows = spec.syncWindows ?? [];
    if (options.output === 'json') out.json(windows);
    else if (options.output === 'yaml') out.yaml(windows);
    else {
      out.line(windowTable(windows, environment.clock.now()));
      for (const problem of new SyncWindows(windows).problems()) out.note(`cannot be used: ${problem}`);
    }
    return ExitCode.Ok;
  },
});

const windowsAdd = defineCommand({
  words: 'proj windows add',
  describe: 'Add a sync window to a project',
  positionals: ['PROJECT'],
  options: { ...windowOptions, ...resultOption },
  examples: [
    'fairlead proj windows add shop --kind deny --schedule "0 22 * * *" --duration 8h --applications "*" --time-zone Europe/Berlin',
  ],
  async run({ client, options, out, positionals }) {
    const start: SyncWindow = { kind: 'allow', schedule: '* * * * *', duration: '1h', timeZone: 'UTC' };
    const window = withFlags(start, options);
    refuseBroken(window);
    const lists = [window.applications, window.namespaces, window.clusters];
    if (lists.every((list) => (list ?? []).length === 0)) {
      throw new CliError('USAGE', 'Say what it concerns: --applications, --namespaces or --clusters', 1);
    }
    const changed = await changeProject(await client(), positionals[0] ?? '', (spec) => ({
      ...spec,
      syncWindows: [...(spec.syncWindows ?? []), window],
    }));
    printResult(out, options.output, changed);
    return ExitCode.Ok;
  },
});

const windowsUpdate = defineCommand({
  words: 'proj windows update',
  describe: 'Change a sync window of a project',
  positionals: ['PROJECT', 'ID'],
  options: { ...windowOptions, ...resultOption },
  async run({ client, options, out, positionals: [project = '', id = ''] }) {
    const changed = await changeProject(await client(), project, (spec) =>
      changeWindow(spec, id, (window) => {
        const next = withFlags(window, options);
        refuseBroken(next);
        return next;
      }),
    );
    printResult(out, options.output, changed);
    return ExitCode.Ok;
  },
});

const windowsDelete = defineCommand({
  words: 'proj windows delete',
  describe: 'Delete a sync window of a project',
  positionals: ['PROJECT', 'ID'],
  options: resultOption,
  async run({ client, options, out, positionals: [project = '', id = ''] }) {
    const changed = await changeProject(await client(), project, (spec) =>
      changeWindow(spec, id, () => undefined),
    );
    printResult(out, options.output, changed);
    return ExitCode.Ok;
  },
});

function switchCommand(words: string, describe: string, change: Partial<SyncWindow>): Command {
  return defineCommand({
    words,
    describe,
    positionals: ['PROJECT', 'ID'],
    options: resultOption,
    async run({ client, options, out, positionals: [project = '', id = ''] }) {
      const changed = await changeProject(await client(), project, (spec) =>
        changeWindow(spec, id, (window) => ({ ...window, ...change })),
      );
      printResult(out, options.output, changed);
      return ExitCode.Ok;
    },
  });
}

export const windowCommands: readonly Command[] = [
  windowsList,
  windowsAdd,
  windowsUpdate,
  windowsDelete,
  switchCommand('proj windows enable-manual-sync', 'Allow syncs by hand in a window', { manualSync: true }),
  switchCommand('proj windows disable-manual-sync', 'Allow syncs by hand in a window no longer', {
    manualSync: false,
  }),
  switchCommand('proj windows enable-sync-overrun', 'Let syncs run over the end of a window', {
    syncOverrun: true,
  }),
  switchCommand('proj windows disable-sync-overrun', 'Let syncs run over the end of a window no longer', {
    syncOverrun: false,
  }),
];

function withFlags(window: SyncWindow, given: OptionsOf<typeof windowOptions>): SyncWindow {
  const { applications, clusters, description, duration, kind, namespaces, schedule } = given;
  const { 'manual-sync': manualSync, 'sync-overrun': syncOverrun, 'time-zone': timeZone } = given;
  const andOperator = given['use-and-operator'];
  return {
    ...window,
    ...(kind === undefined ? {} : { kind }),
    ...(schedule === undefined ? {} : { schedule }),
    ...(duration === undefined ? {} : { duration }),
    ...(applications.length === 0 ? {} : { applications: [...applications] }),
    ...(namespaces.length === 0 ? {} : { namespaces: [...namespaces] }),
    ...(clusters.length === 0 ? {} : { clusters: [...clusters] }),
    ...(manualSync === undefined ? {} : { manualSync }),
    ...(timeZone === undefined ? {} : { timeZone }),
    ...(andOperator === undefined ? {} : { andOperator }),
    ...(syncOverrun === undefined ? {} : { syncOverrun }),
    ...(description === undefined ? {} : { description }),
  };
}

function changeWindow(
  spec: ProjectSpec,
  id: string,
  change: (window: SyncWindow) => SyncWindow | undefined,
): ProjectSpec {
  const windows = spec.syncWindows ?? [];
  const index = /^\d+$/.test(id) ? Number(id) : -1;
  const window = windows[index];
  if (window === undefined) {
    throw new CliError('USAGE', `There is no window ${id}; list them with: fairlead proj windows list`, 1);
  }
  const next = change(window);
  return { ...spec, syncWindows: windows.flatMap((item, at) => (at === index ? (next ?? []) : item)) };
}

function refuseBroken(window: SyncWindow): void {
  const [problem] = new SyncWindows([window]).problems();
  if (problem !== undefined) throw new CliError('USAGE', problem, 1);
}
