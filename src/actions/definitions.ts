// Actions that users wrote in Lua, as they stand in argocd-cm: one discovery script per kind and one script per action.
import { type Override, type Overrides, readOverrides } from '../evaluate/index.ts';
import type { GroupVersionKind } from '../k8s/index.ts';
import { isRecord, messageOf, parseYaml } from '../lib/index.ts';
import { ActionError } from './errors.ts';

export interface ActionDefinitions {
  /** Where they stand, for messages. */
  readonly source: string;
  /** Gives the actions there are for an object; '' when there is no such script. */
  readonly discovery: string;
  /** Action scripts by name. */
  readonly scripts: ReadonlyMap<string, string>;
  /** The kind's own actions stay beside these. */
  readonly mergeBuiltin: boolean;
  readonly openLibs: boolean;
}

const MAX_DEFINITIONS = 200;

export interface DefinitionTable {
  /** Undefined: nothing is configured for the kind. Throws ActionError. */
  find(gvk: GroupVersionKind): ActionDefinitions | undefined;
}

export function readDefinitions(data: Readonly<Record<string, string>>): DefinitionTable {
  const actions: Overrides = readOverrides(data, 'actions');
  const openLibs = readOverrides(data, 'useOpenLibs');
  return {
    find({ group, kind }) {
      const found = actions.find(group, kind);
      if (found === undefined) return undefined;
      return { ...parse(found), openLibs: openLibs.find(group, kind)?.text === 'true' };
    },
  };
}

function parse({ source, text }: Override): Omit<ActionDefinitions, 'openLibs'> {
  const invalid = (why: string, cause?: unknown): ActionError =>
    new ActionError('INVALID_DEFINITION', `${source} cannot be used: ${why}`, { cause });
  let value: unknown;
  try {
    value = parseYaml(text);
  } catch (error) {
    throw invalid(messageOf(error), error);
  }
  if (!isRecord(value)) throw invalid('it is no map with discovery.lua and definitions');
  const { 'discovery.lua': discovery = '', definitions = [], mergeBuiltinActions } = value;
  if (typeof discovery !== 'string') throw invalid('discovery.lua is not a text');
  if (!Array.isArray(definitions)) throw invalid('definitions is not a list');
  if (definitions.length > MAX_DEFINITIONS) throw invalid(`it has more than ${MAX_DEFINITIONS} definitions`);
  const scripts = new Map<string, string>();
  for (const definition of definitions as readonly unknown[]) {
    const { name, 'action.lua': script } = isRecord(definition) ? definition : {};
    if (typeof name !== 'string' || typeof script !== 'string')
      throw invalid('a definition lacks name or action.lua');
    scripts.set(name, script);
  }
  return { source, discovery, scripts, mergeBuiltin: mergeBuiltinActions === true };
}
