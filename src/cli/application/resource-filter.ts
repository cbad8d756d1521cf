// Which resources of an application the flags of `app actions` mean. Pure.
import type { ResourceNode } from '../../contract/index.ts';
import type { OptionSpecs } from '../command.ts';
import { CliError } from '../errors.ts';

export const resourceOptions = {
  group: { type: 'string', value: 'group', describe: 'API group; empty for the core group' },
  kind: { type: 'string', value: 'kind', describe: 'Kind' },
  namespace: { type: 'string', value: 'namespace', describe: 'Namespace of the resource' },
  'resource-name': { type: 'string', value: 'name', describe: 'Name of the resource' },
} as const satisfies OptionSpecs;

export interface ResourceFlags {
  readonly group?: string | undefined;
  readonly kind?: string | undefined;
  readonly namespace?: string | undefined;
  readonly 'resource-name'?: string | undefined;
}

/** Without a kind only what Git has is meant; with one also what that owns. What is not live has nothing to act on. */
export function matchingResources(
  nodes: readonly ResourceNode[],
  flags: ResourceFlags,
): readonly ResourceNode[] {
  const matches = (wanted: string | undefined, value: string): boolean =>
    wanted === undefined || wanted === value;
  return nodes.filter(
    (node) =>
      node.uid !== undefined &&
      (flags.kind !== undefined || (node.parentRefs ?? []).length === 0) &&
      matches(flags.group, node.group ?? '') &&
      matches(flags.kind, node.kind) &&
      matches(flags.namespace, node.namespace ?? '') &&
      matches(flags['resource-name'], node.name),
  );
}

/** The resources to act on; refuses to guess. */
export function chosenResources(
  nodes: readonly ResourceNode[],
  flags: ResourceFlags,
  all: boolean,
): readonly ResourceNode[] {
  const chosen = matchingResources(nodes, flags);
  if (chosen.length === 0) throw new CliError('FAILED', 'No matching resource found');
  const groups = new Set(chosen.map((node) => node.group ?? ''));
  if (groups.size > 1) {
    throw new CliError(
      'USAGE',
      `Ambiguous resource group: ${[...groups].map((group) => `"${group}"`).join(', ')}; name one with --group`,
    );
  }
  if (chosen.length > 1 && !all) {
    throw new CliError(
      'USAGE',
      `Multiple resources match (${chosen
        .map(({ name }) => name)
        .slice(0, 5)
        .join(', ')}); name one with --resource-name, or give --all`,
    );
  }
  return chosen;
}

/** `--param name=value` */
export function parametersOf(texts: readonly string[]): Record<string, string> {
  const pairs = texts.map((text) => {
    const at = text.indexOf('=');
    if (at < 1) throw new CliError('USAGE', `--param: "${text}" is not NAME=VALUE`, 1);
    return [text.slice(0, at), text.slice(at + 1)] as const;
  });
  return Object.fromEntries(pairs);
}
