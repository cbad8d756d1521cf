// One entry more or less in a list of a project: sources, destinations, kinds, keys, accounts.
import type { GroupKindName, ProjectSpec } from '../../../model/index.ts';
import { type Command, defineCommand } from '../../command.ts';
import { ExitCode } from '../../exit-codes.ts';
import { changeProject, withItem, withoutItem } from '../../project/change.ts';
import { destination } from '../../project/spec-flags.ts';
import { printResult, resultOption } from '../../result.ts';

/** What one call does to a specification: the words after the project's name in, the new specification out. */
type Change = (spec: ProjectSpec, words: readonly string[]) => ProjectSpec;

function entryCommand(
  words: string,
  describe: string,
  positionals: readonly string[],
  change: Change,
): Command {
  return defineCommand({
    words,
    describe,
    positionals: ['PROJECT', ...positionals],
    options: resultOption,
    async run({ client, options, out, positionals: [project = '', ...rest] }) {
      const changed = await changeProject(await client(), project, (spec) => change(spec, rest));
      printResult(out, options.output, changed);
      return ExitCode.Ok;
    },
  });
}

const sources: readonly Command[] = [
  entryCommand('proj add-source', 'Permit a source repository', ['URL'], (spec, [url = '']) => ({
    ...spec,
    sourceRepos: withItem(spec.sourceRepos, url, (item) => item === url, 'Specified source repository'),
  })),
  entryCommand('proj remove-source', 'Take back a source repository', ['URL'], (spec, [url = '']) => ({
    ...spec,
    sourceRepos: withoutItem(spec.sourceRepos, (item) => item === url, 'Specified source repository'),
  })),
  entryCommand(
    'proj add-source-namespace',
    'Permit applications of a namespace',
    ['NAMESPACE'],
    (spec, [name = '']) => ({
      ...spec,
      sourceNamespaces: withItem(
        spec.sourceNamespaces,
        name,
        (item) => item === name,
        'Specified source namespace',
      ),
    }),
  ),
  entryCommand(
    'proj remove-source-namespace',
    'Take back a namespace of applications',
    ['NAMESPACE'],
    (spec, [name = '']) => ({
      ...spec,
      sourceNamespaces: withoutItem(
        spec.sourceNamespaces,
        (item) => item === name,
        'Specified source namespace',
      ),
    }),
  ),
  entryCommand(
    'proj add-signature-key',
    'Accept commits signed with a key',
    ['KEY-ID'],
    (spec, [keyID = '']) => ({
      ...spec,
      signatureKeys: withItem(
        spec.signatureKeys,
        { keyID },
        (item) => item.keyID === keyID,
        'Specified signature key',
      ),
    }),
  ),
  entryCommand(
    'proj remove-signature-key',
    'Accept commits signed with a key no longer',
    ['KEY-ID'],
    (spec, [keyID = '']) => ({
      ...spec,
      signatureKeys: withoutItem(
        spec.signatureKeys,
        (item) => item.keyID === keyID,
        'Specified signature key',
      ),
    }),
  ),
];

const isPlace =
  (cluster: string, namespace: string) =>
  (item: {
    server?: string | undefined;
    name?: string | undefined;
    namespace?: string | undefined;
  }): boolean =>
    (item.server === cluster || item.name === cluster) && (item.namespace ?? '') === namespace;

const destinations: readonly Command[] = [
  defineCommand({
    words: 'proj add-destination',
    describe: 'Permit a destination',
    positionals: ['PROJECT', 'SERVER', 'NAMESPACE'],
    options: { name: { type: 'boolean', describe: 'SERVER is the name of a cluster' }, ...resultOption },
    async run({ client, options, out, positionals: [project = '', cluster = '', namespace = ''] }) {
      const place = options.name === true ? { name: cluster, namespace } : destination(cluster, namespace);
      const changed = await changeProject(await client(), project, (spec) => ({
        ...spec,
        destinations: withItem(
          spec.destinations,
          place,
          isPlace(cluster, namespace),
          'Specified destination',
        ),
      }));
      printResult(out, options.output, changed);
      return ExitCode.Ok;
    },
  }),
  entryCommand(
    'proj remove-destination',
    'Take back a destination',
    ['SERVER', 'NAMESPACE'],
    (spec, [cluster = '', namespace = '']) => ({
      ...spec,
      destinations: withoutItem(spec.destinations, isPlace(cluster, namespace), 'Specified destination'),
    }),
  ),
  defineCommand({
    words: 'proj add-destination-service-account',
    describe: 'Sync to a destination as a service account',
    positionals: ['PROJECT', 'SERVER', 'NAMESPACE', 'SERVICE-ACCOUNT'],
    options: {
      'service-account-namespace': {
        type: 'string',
        value: 'namespace',
        describe: 'Namespace of the account (default: that of the destination)',
      },
      ...resultOption,
    },
    async run({ client, options, out, positionals }) {
      const [project = '', server = '', namespace = '', account = ''] = positionals;
      const place = options['service-account-namespace'];
      const defaultServiceAccount = place === undefined ? account : `${place}:${account}`;
      const changed = await changeProject(await client(), project, (spec) => ({
        ...spec,
        destinationServiceAccounts: withItem(
          spec.destinationServiceAccounts,
          { server, namespace, defaultServiceAccount },
          (item) => item.server === server && item.namespace === namespace,
          'Specified service account for destination',
        ),
      }));
      printResult(out, options.output, changed);
      return ExitCode.Ok;
    },
  }),
  entryCommand(
    'proj remove-destination-service-account',
    'Sync to a destination as a service account no longer',
    ['SERVER', 'NAMESPACE', 'SERVICE-ACCOUNT'],
    (spec, [server = '', namespace = '', account = '']) => ({
      ...spec,
      destinationServiceAccounts: withoutItem(
        spec.destinationServiceAccounts,
        (item) =>
          item.server === server &&
          item.namespace === namespace &&
          (item.defaultServiceAccount === account || item.defaultServiceAccount.endsWith(`:${account}`)),
        'Specified service account for destination',
      ),
    }),
  ),
];

type KindList = `${'cluster' | 'namespace'}Resource${'Whitelist' | 'Blacklist'}`;

/** Allowing adds to the allow list or takes from the deny list, whichever `--list` says; denying the other way round. */
function kindCommand(
  verb: 'allow' | 'deny',
  scope: 'cluster' | 'namespace',
  standard: 'allow' | 'deny',
): Command {
  return defineCommand({
    words: `proj ${verb}-${scope}-resource`,
    describe: `${verb === 'allow' ? 'Allow' : 'Deny'} a kind of ${scope === 'cluster' ? 'cluster-scoped' : 'namespaced'} resources`,
    positionals: ['PROJECT', 'GROUP', 'KIND', ...(scope === 'cluster' ? ['[NAME]'] : [])],
    options: {
      list: {
        type: 'string',
        short: 'l',
        default: standard,
        choices: ['allow', 'deny'],
        describe: 'List that is changed',
      },
      ...resultOption,
    },
    async run({ client, options, out, positionals: [project = '', group = '', kind = '', name] }) {
      const member: KindList = `${scope}Resource${options.list === 'allow' ? 'Whitelist' : 'Blacklist'}`;
      const entry: GroupKindName = { group, kind, ...(name === undefined ? {} : { name }) };
      const isSame = (item: GroupKindName): boolean =>
        item.group === group && item.kind === kind && item.name === name;
      const what = `Group '${group}' and kind '${kind}'`;
      const changed = await changeProject(await client(), project, (spec) => ({
        ...spec,
        [member]:
          options.list === verb
            ? withItem(spec[member], entry, isSame, what)
            : withoutItem(spec[member], isSame, what),
      }));
      printResult(out, options.output, changed);
      return ExitCode.Ok;
    },
  });
}

const kinds: readonly Command[] = [
  kindCommand('allow', 'cluster', 'allow'),
  kindCommand('deny', 'cluster', 'allow'),
  kindCommand('allow', 'namespace', 'deny'),
  kindCommand('deny', 'namespace', 'deny'),
];

function ignoreCommand(verb: 'add' | 'remove'): Command {
  return defineCommand({
    words: `proj ${verb}-orphaned-ignore`,
    describe: verb === 'add' ? 'Leave a kind out of orphaned resources' : 'Leave a kind out no longer',
    positionals: ['PROJECT', 'GROUP', 'KIND'],
    options: {
      name: { type: 'string', value: 'pattern', describe: 'Only resources of this name' },
      ...resultOption,
    },
    async run({ client, options, out, positionals: [project = '', group = '', kind = ''] }) {
      const { name } = options;
      const isSame = (item: {
        group?: string | undefined;
        kind?: string | undefined;
        name?: string | undefined;
      }) => (item.group ?? '') === group && item.kind === kind && (item.name ?? '') === (name ?? '');
      const entry = { group, kind, ...(name === undefined ? {} : { name }) };
      const changed = await changeProject(await client(), project, (spec) => {
        const list = spec.orphanedResources?.ignore;
        const ignore =
          verb === 'add'
            ? withItem(list, entry, isSame, 'Specified resource')
            : withoutItem(list, isSame, 'Specified resource');
        return { ...spec, orphanedResources: { ...spec.orphanedResources, ignore } };
      });
      printResult(out, options.output, changed);
      return ExitCode.Ok;
    },
  });
}

export const projectListCommands: readonly Command[] = [
  ...sources,
  ...destinations,
  ...kinds,
  ignoreCommand('add'),
  ignoreCommand('remove'),
];
