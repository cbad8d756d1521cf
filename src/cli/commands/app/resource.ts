// Single objects of an application: print, patch, delete.

import type { ApplicationId, Client } from '../../../client/index.ts';
import type { ResourceNode } from '../../../contract/index.ts';
import { isRecord } from '../../../lib/index.ts';
import { applicationId, identityOptions } from '../../application/identity.ts';
import { chosenResources, type ResourceFlags, resourceOptions } from '../../application/resource-filter.ts';
import { type Command, defineCommand } from '../../command.ts';
import { isConfirmed } from '../../confirm.ts';
import { CliError } from '../../errors.ts';
import { ExitCode } from '../../exit-codes.ts';
import type { Output } from '../../output.ts';
import { formatOption } from '../../result.ts';

const output = formatOption('yaml', 'json', 'wide');

const getResource = defineCommand({
  words: 'app get-resource',
  describe: 'Print resources of an application as they are in the cluster. Secrets are masked',
  positionals: ['APPNAME'],
  options: {
    ...identityOptions,
    ...resourceOptions,
    'filter-fields': {
      type: 'list',
      value: 'path',
      describe: 'Print only these fields, e.g. status.replicas',
    },
    output,
  },
  examples: [
    'fairlead app get-resource web --kind Deployment --resource-name front',
    'fairlead app get-resource web --kind Pod --filter-fields status.phase -o wide',
  ],
  async run({ client, options, positionals, out, signal }) {
    const api = await client();
    const id = applicationId(positionals[0], options);
    for (const { node, query } of await chosen(api, id, options, true, signal)) {
      const { manifest } = await api.applications.resource(id, query, { signal });
      const object: unknown = JSON.parse(manifest);
      const fields = options['filter-fields'];
      print(out, options.output, resourceText(node), fields.length === 0 ? object : picked(object, fields));
    }
    return ExitCode.Ok;
  },
});

const patchResource = defineCommand({
  words: 'app patch-resource',
  describe: 'Patch a resource of an application in the cluster',
  positionals: ['APPNAME'],
  options: {
    ...identityOptions,
    ...resourceOptions,
    patch: { type: 'string', value: 'json', describe: 'The patch' },
    'patch-type': {
      type: 'string',
      default: 'application/merge-patch+json',
      value: 'type',
      choices: [
        'application/merge-patch+json',
        'application/json-patch+json',
        'application/strategic-merge-patch+json',
        'merge',
        'json',
        'strategic',
      ],
      describe: 'How the patch is written',
    },
    all: { type: 'boolean', describe: 'Patch every resource that matches' },
    output,
  },
  examples: [
    `fairlead app patch-resource web --kind Deployment --resource-name front --patch '{"spec": {"replicas": 3}}'`,
  ],
  async run({ client, options, positionals, out, signal }) {
    const { patch, 'patch-type': patchType, all } = options;
    if (patch === undefined || patch === '') throw new CliError('USAGE', 'Give the patch with --patch', 1);
    const api = await client();
    const id = applicationId(positionals[0], options);
    for (const { node, query } of await chosen(api, id, options, all === true, signal)) {
      const { manifest } = await api.applications.patchResource(id, { ...query, patchType }, patch);
      out.note(`${resourceText(node)} patched`);
      print(out, options.output, resourceText(node), JSON.parse(manifest));
    }
    return ExitCode.Ok;
  },
});

const deleteResource = defineCommand({
  words: 'app delete-resource',
  describe: 'Delete a resource of an application in the cluster',
  positionals: ['APPNAME'],
  options: {
    ...identityOptions,
    ...resourceOptions,
    force: { type: 'boolean', describe: 'At once, without time to end' },
    orphan: { type: 'boolean', describe: 'Keep what the resource owns' },
    all: { type: 'boolean', describe: 'Delete every resource that matches' },
    output: formatOption('', 'json', 'yaml'),
  },
  examples: ['fairlead app delete-resource web --kind Pod --resource-name front-7c9d-x2x'],
  async run({ client, options, positionals, out, signal, ...context }) {
    const api = await client();
    const id = applicationId(positionals[0], options);
    const found = await chosen(api, id, options, options.all === true, signal);
    const { force, orphan } = options;
    const deleted: object[] = [];
    for (const { node, query } of found) {
      if (!(await isConfirmed(context, `Delete ${resourceText(node)}?`))) continue;
      await api.applications.deleteResource(id, { ...query, force, orphan });
      deleted.push(query);
      if (options.output === '') out.line(`${resourceText(node)} deleted`);
    }
    if (options.output === 'json') out.json(deleted);
    if (options.output === 'yaml') out.yaml(deleted);
    return ExitCode.Ok;
  },
});

export const appResourceCommands: readonly Command[] = [getResource, patchResource, deleteResource];

interface Chosen {
  readonly node: ResourceNode;
  /** What a call on it needs. */
  readonly query: Readonly<Record<string, string>>;
}

async function chosen(
  api: Client,
  id: ApplicationId,
  flags: ResourceFlags,
  all: boolean,
  signal: AbortSignal,
): Promise<readonly Chosen[]> {
  if (flags.kind === undefined) throw new CliError('USAGE', 'Name the kind with --kind', 1);
  const { nodes } = await api.applications.tree(id, { signal });
  return chosenResources(nodes, flags, all).map((node) => ({
    node,
    query: {
      group: node.group ?? '',
      version: node.version ?? '',
      kind: node.kind,
      namespace: node.namespace ?? '',
      resourceName: node.name,
    },
  }));
}

function resourceText({ group = '', kind, namespace = '', name }: ResourceNode): string {
  return `${group === '' ? kind : `${group}/${kind}`} ${namespace === '' ? name : `${namespace}/${name}`}`;
}

function print(out: Output, format: string, name: string, value: unknown): void {
  if (format === 'json') out.json(value);
  else if (format === 'yaml') {
    out.line('---');
    out.yaml(value);
  } else out.line(`${name}  ${JSON.stringify(value)}`);
}

/** The fields at the paths, beside what says which object it is. */
function picked(object: unknown, paths: readonly string[]): unknown {
  const { kind, metadata } = isRecord(object) ? object : {};
  const name = isRecord(metadata) ? metadata['name'] : undefined;
  return { kind, name, ...Object.fromEntries(paths.map((path) => [path, at(object, path.split('.'))])) };
}

/** Of a list, the value at the path in each of its items. */
function at(value: unknown, path: readonly string[]): unknown {
  if (Array.isArray(value)) return value.map((item) => at(item, path));
  const [name, ...rest] = path;
  if (name === undefined) return value;
  return isRecord(value) ? at(value[name], rest) : undefined;
}
