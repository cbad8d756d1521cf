import type { ApplicationId, Client } from '../../../client/index.ts';
import type { Application, ResourceTree, SyncRequest } from '../../../contract/index.ts';
import { describeOperation, resourceTable } from '../../application/describe.ts';
import { applicationId, identityOptions } from '../../application/identity.ts';
import { findTree } from '../../application/known.ts';
import { parseSelectors, selectedResources } from '../../application/selection.ts';
import { revisionsByPosition, revisionsOptions } from '../../application/source-position.ts';
import { isOperationOver, progressPrinter, waitFor } from '../../application/wait.ts';
import { type CommandContext, defineCommand, type OptionsOf } from '../../command.ts';
import { CliError } from '../../errors.ts';
import { ExitCode } from '../../exit-codes.ts';
import { formatOption } from '../../result.ts';

const options = {
  ...identityOptions,
  revision: { type: 'string', value: 'ref', describe: 'Sync to this revision instead of the one it follows' },
  ...revisionsOptions,
  prune: { type: 'boolean', describe: 'Delete what left the source' },
  'dry-run': { type: 'boolean', describe: 'Say what would happen, change nothing' },
  force: { type: 'boolean', describe: 'Delete and create again what cannot be changed' },
  replace: { type: 'boolean', describe: 'Replace instead of apply' },
  'server-side': { type: 'boolean', describe: 'Apply on the server (always so)' },
  'apply-out-of-sync-only': { type: 'boolean', describe: 'Leave out what is in sync already' },
  resource: {
    type: 'list',
    value: 'group:kind:name',
    isWhole: true,
    describe: 'Only these; ! in front leaves out, * matches anything',
  },
  selector: { type: 'string', short: 'l', value: 'labels', describe: 'Every application with these labels' },
  strategy: { type: 'string', choices: ['apply', 'hook'], describe: 'apply leaves hooks out' },
  local: {
    type: 'string',
    value: 'directory',
    describe: 'Apply what this directory renders to here instead of the source',
  },
  'local-repo-root': {
    type: 'string',
    value: 'directory',
    describe: 'Root of the repository that --local is part of; default: the directory itself',
  },
  info: { type: 'list', value: 'name=value', isWhole: true, describe: 'Note to keep with the operation' },
  async: { type: 'boolean', describe: 'Do not wait for the end' },
  timeout: {
    type: 'number',
    default: 0,
    value: 'seconds',
    describe: 'Give up waiting after this long; 0: never',
  },
  'retry-limit': { type: 'number', describe: 'How often to try again' },
  'retry-backoff-duration': { type: 'string', value: 'duration', describe: 'Wait before the first retry' },
  'retry-backoff-factor': { type: 'number', describe: 'By how much the wait grows' },
  'retry-backoff-max-duration': { type: 'string', value: 'duration', describe: 'Longest wait' },
  output: formatOption('wide', 'json', 'yaml'),
} as const;
type Options = OptionsOf<typeof options>;

export const appSync = defineCommand({
  words: 'app sync',
  describe: 'Bring the cluster to what the source says, and wait for the end',
  positionals: ['[APPNAME...]'],
  options,
  examples: ['fairlead app sync web', 'fairlead app sync web --resource apps:Deployment:web --prune'],
  async run(context) {
    const api = await context.client();
    const ids = await targets(api, context.positionals, context.options);
    let code: number = ExitCode.Ok;
    for (const id of ids) code = Math.max(code, await syncOne(context, api, id));
    return code;
  },
});

async function targets(
  api: Client,
  names: readonly string[],
  given: Options,
): Promise<readonly ApplicationId[]> {
  if (names.length > 0) return names.map((name) => applicationId(name, given));
  if (given.selector === undefined)
    throw new CliError('USAGE', 'Name an application, or choose some with --selector', 1);
  const { items } = await api.applications.list({
    selector: given.selector,
    appNamespace: given['app-namespace'],
  });
  if (items.length === 0) throw new CliError('FAILED', `No application has the labels ${given.selector}`);
  return items.map(({ metadata }) => ({ name: metadata.name ?? '', appNamespace: metadata.namespace }));
}

async function syncOne(
  context: CommandContext & { readonly options: Options },
  api: Client,
  id: ApplicationId,
): Promise<number> {
  const { options: given, out, environment, signal } = context;
  const { clock } = environment;
  const app = await api.applications.get(id, undefined, { signal });
  const manifests = await localManifests(context, api, app);
  const started = await api.applications.sync(id, { ...requestOf(app, given), ...manifests });
  if (given.async === true) {
    out.note(`Sync of ${id.name} started; follow it with: fairlead app wait ${id.name} --operation`);
    return ExitCode.Ok;
  }
  const startVersion = Number(started.metadata.resourceVersion ?? 0);
  const ended = await waitFor(
    { client: api, clock, out },
    id,
    {
      // The state of an older operation is not the end of this one.
      isDone: (now) =>
        Number(now.metadata.resourceVersion ?? 0) > startVersion &&
        isOperationOver(now) &&
        now.status?.operationState?.finishedAt !== undefined,
      missing: (now) => `the operation is ${now?.status?.operationState?.phase ?? 'not begun'}`,
    },
    { timeoutMs: given.timeout * 1000, signal, progress: progressPrinter(out, clock) },
  );
  if (ended === undefined) return ExitCode.CommandFailed;
  return reportEnd(context, ended, await findTree(api, id, signal));
}

async function localManifests(
  { options: given, environment }: CommandContext & { readonly options: Options },
  api: Client,
  app: Application,
): Promise<Pick<SyncRequest, 'manifests'>> {
  if (given.local === undefined) return {};
  const { server, name } = app.spec.destination;
  const { items } = await api.clusters.list();
  const cluster = items.find((item) => item.server === server || item.name === name);
  const local = { directory: given.local, root: given['local-repo-root'] };
  const { renderLocally } = await import('../../application/local-render.ts');
  return { manifests: await renderLocally(environment, app, cluster?.serverVersion ?? '', local) };
}

function reportEnd(
  { options: given, out }: CommandContext & { readonly options: Options },
  app: Application,
  tree: ResourceTree | undefined,
): number {
  if (given.output === 'json') out.json(app);
  else if (given.output === 'yaml') out.yaml(app);
  else {
    out.line(describeOperation(app));
    const resources = resourceTable(app, tree);
    if (resources !== '') out.line(`\n${resources}`);
  }
  const state = app.status?.operationState;
  if (state?.phase !== 'Succeeded') {
    out.note(`Operation has completed with phase: ${state?.phase ?? 'Unknown'}`);
    return ExitCode.CommandFailed;
  }
  const unpruned = (state.syncResult?.resources ?? []).filter(
    ({ status }) => status === 'PruneSkipped',
  ).length;
  if (unpruned > 0 && given.resource.length === 0 && app.status?.sync?.status !== 'Synced') {
    out.note(`${unpruned} resources require pruning; repeat with --prune to delete them`);
    return ExitCode.CommandFailed;
  }
  return ExitCode.Ok;
}

function requestOf(app: Application, given: Options): SyncRequest {
  const resources = selectedResources(app, parseSelectors(given.resource));
  const syncOptions = [
    ...(given['apply-out-of-sync-only'] === true ? ['ApplyOutOfSyncOnly=true'] : []),
    ...(given.replace === true ? ['Replace=true'] : []),
    ...(given['server-side'] === true ? ['ServerSideApply=true'] : []),
  ];
  const force = { force: given.force === true };
  return {
    prune: given.prune === true,
    dryRun: given['dry-run'] === true,
    strategy: given.strategy === 'apply' ? { apply: force } : { hook: force },
    infos: given.info.map(infoOf),
    ...(given.revision === undefined ? {} : { revision: given.revision }),
    ...revisionsByPosition(app, given),
    ...(resources.length === 0 ? {} : { resources }),
    // Given options add to those of the application; sent alone they would replace them.
    ...(syncOptions.length === 0
      ? {}
      : { syncOptions: { items: [...(app.spec.syncPolicy?.syncOptions ?? []), ...syncOptions] } }),
    ...retryOf(given),
  };
}

function retryOf(given: Options): Pick<SyncRequest, 'retryStrategy'> {
  const limit = given['retry-limit'];
  if (limit === undefined) return {};
  const duration = given['retry-backoff-duration'];
  const factor = given['retry-backoff-factor'];
  const maxDuration = given['retry-backoff-max-duration'];
  return { retryStrategy: { limit, backoff: { duration, factor, maxDuration } } };
}

function infoOf(text: string): { name: string; value: string } {
  const at = text.indexOf('=');
  if (at <= 0) throw new CliError('USAGE', `--info: "${text}" is not NAME=VALUE`, 1);
  return { name: text.slice(0, at), value: text.slice(at + 1) };
}
