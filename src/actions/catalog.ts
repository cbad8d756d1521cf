// The actions of an object: the kind's own and those users configured. Lists them, and works out what one would
// write; writes nothing itself.
import type { Evaluator } from '../evaluate/index.ts';
import { describeKey, gvkOf, type KubeObject, keyOf } from '../k8s/index.ts';
import type { Clock } from '../lib/index.ts';
import type { ActionInfo, ImpactedResource, NativeAction } from './action.ts';
import { builtinActions } from './builtin.ts';
import { type DefinitionTable, readDefinitions } from './definitions.ts';
import { ActionError } from './errors.ts';
import { discoverActions, runLuaAction } from './lua-actions.ts';

export interface ActionCatalog {
  /** Takes over the config map's texts. */
  configure(data: Readonly<Record<string, string>>): void;
  /** By name. Rejects with ActionError or EvaluateError. */
  list(object: KubeObject): Promise<readonly ActionInfo[]>;
  /** What the action would write. Rejects with ActionError or EvaluateError. */
  run(
    object: KubeObject,
    action: string,
    params: Readonly<Record<string, string>>,
  ): Promise<readonly ImpactedResource[]>;
}

export interface ActionCatalogDeps {
  readonly evaluator: Evaluator;
  readonly clock: Clock;
}

export function createActionCatalog({ evaluator, clock }: ActionCatalogDeps): ActionCatalog {
  let table: DefinitionTable = readDefinitions({});
  let last: Readonly<Record<string, string>> | undefined;
  const listed = async (
    object: KubeObject,
  ): Promise<{ infos: ActionInfo[]; natives: readonly NativeAction[] }> => {
    const own = table.find(gvkOf(object));
    if (own === undefined) {
      const natives = builtinActions(object);
      return { infos: natives.map(infoOf), natives };
    }
    const discovered = await discoverActions(evaluator, own, object);
    // A user's action of the same name comes before the kind's own.
    const natives = own.mergeBuiltin
      ? builtinActions(object).filter(({ name }) => !discovered.some((info) => info.name === name))
      : [];
    return { infos: [...natives.map(infoOf), ...discovered], natives };
  };
  return {
    configure(data) {
      if (data === last) return;
      last = data;
      table = readDefinitions(data);
    },
    async list(object) {
      const { infos } = await listed(object);
      return infos.sort((a, b) => (a.name < b.name ? -1 : 1));
    },
    async run(object, action, params) {
      const { infos, natives } = await listed(object);
      const info = infos.find(({ name }) => name === action);
      const subject = describeKey(keyOf(object));
      if (info === undefined) {
        const there = infos.map(({ name }) => name).join(', ') || 'none';
        throw new ActionError(
          'UNKNOWN_ACTION',
          `${subject} has no action "${action.slice(0, 80)}"; there are: ${there}`,
        );
      }
      if (info.disabled) {
        throw new ActionError(
          'DISABLED',
          `The action ${action} of ${subject} is disabled while it is as it is now`,
        );
      }
      checkParameters(info, params);
      const native = natives.find(({ name }) => name === action);
      if (native !== undefined) return impacted(native.run({ object, params, now: clock.now() }));
      const own = table.find(gvkOf(object));
      if (own === undefined || !own.scripts.has(action)) {
        throw new ActionError(
          'INVALID_DEFINITION',
          `${own?.source ?? action} has no definition of the action ${action}`,
        );
      }
      return await runLuaAction(evaluator, own, { object, name: action, params });
    },
  };
}

function infoOf({ name, displayName, iconClass, disabled = false, params }: NativeAction): ActionInfo {
  return {
    name,
    disabled,
    ...(displayName === undefined ? {} : { displayName }),
    ...(iconClass === undefined ? {} : { iconClass }),
    ...(params === undefined ? {} : { params }),
  };
}

function impacted(result: KubeObject | readonly ImpactedResource[]): readonly ImpactedResource[] {
  return 'kind' in result ? [{ operation: 'patch', resource: result }] : result;
}

/** A name nobody asked for is a slip of the caller; scripts without declared parameters take anything. */
function checkParameters({ name, params = [] }: ActionInfo, given: Readonly<Record<string, string>>): void {
  if (params.length === 0) return;
  const known = params.map((parameter) => parameter.name);
  const unknown = Object.keys(given).find((key) => !known.includes(key));
  if (unknown === undefined) return;
  throw new ActionError(
    'INVALID_PARAMETER',
    `The action ${name} has no parameter "${unknown.slice(0, 80)}"; there is: ${known.join(', ')}`,
  );
}
