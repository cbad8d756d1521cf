// Runs users' action scripts: what there is for an object, and what an action makes of it, in both of Argo CD's styles.
import type { Evaluator } from '../evaluate/index.ts';
import { groupKindText, gvkOf, type KubeObject } from '../k8s/index.ts';
import { isRecord, type Json } from '../lib/index.ts';
import type { ActionInfo, ActionParameter, ImpactedResource } from './action.ts';
import type { ActionDefinitions } from './definitions.ts';
import { ActionError } from './errors.ts';

const MAX_RESOURCES = 50;

/** Rejects with ActionError or EvaluateError. */
export async function discoverActions(
  evaluator: Evaluator,
  definitions: ActionDefinitions,
  object: KubeObject,
): Promise<ActionInfo[]> {
  const { discovery, openLibs } = definitions;
  if (discovery.trim() === '') return [];
  const name = `action discovery of ${groupKindText(gvkOf(object))}`;
  const program = { language: 'lua', name, source: discovery, openLibs } as const;
  const result = await evaluator.run(program, { obj: object, actionParams: {} });
  // A table without entries: no actions.
  if (result === undefined || (Array.isArray(result) && result.length === 0)) return [];
  if (!isRecord(result)) {
    throw new ActionError('INVALID_RESULT', `The ${name} did not return a table of actions by name`);
  }
  return Object.entries(result).map(([action, value]) => infoOf(action, value));
}

function infoOf(name: string, value: unknown): ActionInfo {
  const { disabled, displayName, iconClass, params } = isRecord(value) ? value : {};
  const parameters = (Array.isArray(params) ? params : []).flatMap((item) => parameterOf(item) ?? []);
  return {
    name,
    disabled: disabled === true,
    ...(typeof displayName === 'string' ? { displayName } : {}),
    ...(typeof iconClass === 'string' ? { iconClass } : {}),
    ...(parameters.length === 0 ? {} : { params: parameters }),
  };
}

function parameterOf(item: unknown): ActionParameter | undefined {
  if (!isRecord(item) || typeof item['name'] !== 'string') return undefined;
  const { name, type, default: fallback } = item;
  return {
    name: String(name),
    ...(typeof type === 'string' ? { type } : {}),
    ...(fallback === undefined ? {} : { default: String(fallback) }),
  };
}

/** Rejects with ActionError or EvaluateError. */
export async function runLuaAction(
  evaluator: Evaluator,
  definitions: ActionDefinitions,
  call: {
    readonly object: KubeObject;
    readonly name: string;
    readonly params: Readonly<Record<string, string>>;
  },
): Promise<ImpactedResource[]> {
  const { object, params } = call;
  const source = definitions.scripts.get(call.name) ?? '';
  const name = `action ${call.name} of ${groupKindText(gvkOf(object))}`;
  const program = { language: 'lua', name, source, openLibs: definitions.openLibs } as const;
  return impactedOf(await evaluator.run(program, { obj: object, actionParams: params }), name);
}

/** The older style returns the object, the newer one a list of `{operation, resource}`. */
function impactedOf(result: Json | undefined, name: string): ImpactedResource[] {
  const invalid = (why: string): ActionError => new ActionError('INVALID_RESULT', `The ${name} ${why}`);
  if (isKubeObject(result)) return [{ operation: 'patch', resource: result }];
  if (!Array.isArray(result))
    throw invalid('returned neither an object nor a list of operations and resources');
  if (result.length > MAX_RESOURCES) throw invalid(`returned more than ${MAX_RESOURCES} resources`);
  return result.map((item: unknown) => {
    const { operation, resource } = isRecord(item) ? item : {};
    if (operation !== 'create' && operation !== 'patch')
      throw invalid(`wants the operation "${String(operation).slice(0, 40)}"; there are create and patch`);
    if (!isKubeObject(resource)) throw invalid('returned a resource without apiVersion, kind or name');
    return { operation, resource };
  });
}

function isKubeObject(value: unknown): value is KubeObject {
  if (!isRecord(value) || !isRecord(value['metadata'])) return false;
  const { apiVersion, kind, metadata } = value;
  return (
    typeof apiVersion === 'string' &&
    typeof kind === 'string' &&
    isRecord(metadata) &&
    (typeof metadata['name'] === 'string' || typeof metadata['generateName'] === 'string')
  );
}
