// Sync options: their spelling, where each may stand, and who wins. Reads annotations and lists, decides nothing else.
import type { KubeObject } from '../k8s/index.ts';
import { annotations } from '../model/index.ts';

export type Tristate = 'yes' | 'no' | 'confirm';
export type Propagation = 'Foreground' | 'Background' | 'Orphan';

/** What holds for one object: its annotation over the application's list. */
export interface TaskOptions {
  readonly validate: boolean;
  readonly prune: Tristate;
  readonly delete: Tristate;
  readonly pruneLast: boolean;
  /** Replace or create instead of applying. */
  readonly replace: boolean;
  /** Delete and create again when an update is refused (with `replace`: always). */
  readonly force: boolean;
  /** Kept for those who ask; every apply is server-side. */
  readonly serverSideApply: boolean;
  readonly skipDryRunOnMissingResource: boolean;
}

/** What holds for a whole operation. */
export interface OperationOptions {
  readonly propagation: Propagation;
  readonly createNamespace: boolean;
  readonly failOnSharedResource: boolean;
  readonly respectIgnoreDifferences: boolean;
  readonly applyOutOfSyncOnly: boolean;
  /** Take over the fields of client-side applies before the first server-side one. */
  readonly clientSideApplyMigration: boolean;
}

type OptionList = ReadonlyMap<string, string>;

const BOOLEAN: readonly string[] = ['true', 'false'];
const CONFIRMABLE: readonly string[] = ['true', 'false', 'confirm'];
/** Every option there is, with the values that mean something. */
const VALUES: ReadonlyMap<string, readonly string[]> = new Map([
  ['Validate', BOOLEAN],
  ['Prune', CONFIRMABLE],
  ['Delete', CONFIRMABLE],
  ['PruneLast', BOOLEAN],
  ['PrunePropagationPolicy', ['foreground', 'background', 'orphan']],
  ['SkipDryRunOnMissingResource', BOOLEAN],
  ['ApplyOutOfSyncOnly', BOOLEAN],
  ['Replace', BOOLEAN],
  ['Force', BOOLEAN],
  ['ServerSideApply', BOOLEAN],
  ['ClientSideApplyMigration', BOOLEAN],
  ['FailOnSharedResource', BOOLEAN],
  ['RespectIgnoreDifferences', BOOLEAN],
  ['CreateNamespace', BOOLEAN],
]);

/** Options that mean nothing, each as a sentence that quotes it; they count as absent. */
export function optionProblems(list: OptionList): string[] {
  return [...list].flatMap(([name, value]) => {
    const allowed = VALUES.get(name);
    if (allowed === undefined) return [`there is no sync option ${JSON.stringify(name)}`];
    return allowed.includes(value)
      ? []
      : [`${JSON.stringify(`${name}=${value}`)} has no meaning; ${name} is one of ${allowed.join(', ')}`];
  });
}

/** `['Prune=false', 'A=b']` as a map; entries may themselves be lists with commas. The last spelling wins. */
export function parseOptions(list: readonly string[] | undefined): OptionList {
  const options = new Map<string, string>();
  for (const entry of (list ?? []).flatMap((text) => text.split(','))) {
    const [name, ...value] = entry.split('=');
    if (name !== undefined && name.trim() !== '') options.set(name.trim(), value.join('=').trim());
  }
  return options;
}

/** The options in an object's own annotation. */
export function objectOptions(object: KubeObject | undefined): OptionList {
  const text = object?.metadata.annotations?.[annotations.syncOptions];
  return parseOptions(text === undefined ? [] : [text]);
}

/**
 * `object` is the desired one; for what is only live (prunes), the live one. The annotation wins over the
 * application's list, in both directions.
 */
export function taskOptions(
  object: KubeObject | undefined,
  application: OptionList,
  operationForce = false,
): TaskOptions {
  const own = objectOptions(object);
  const value = (name: string): string | undefined => own.get(name) ?? application.get(name);
  const keeps = object?.metadata.annotations?.[annotations.helmResourcePolicy] === 'keep';
  return {
    validate: value('Validate') !== 'false',
    prune: keeps ? 'no' : tristate(value('Prune')),
    delete: keeps ? 'no' : tristate(value('Delete')),
    pruneLast: value('PruneLast') === 'true',
    replace: value('Replace') === 'true',
    // Never from the application's list: it would delete everything at every sync.
    force: operationForce || own.get('Force') === 'true',
    serverSideApply: value('ServerSideApply') !== 'false',
    skipDryRunOnMissingResource: value('SkipDryRunOnMissingResource') === 'true',
  };
}

export function operationOptions(list: OptionList): OperationOptions {
  return {
    propagation: propagationOf(list.get('PrunePropagationPolicy')),
    createNamespace: list.get('CreateNamespace') === 'true',
    failOnSharedResource: list.get('FailOnSharedResource') === 'true',
    respectIgnoreDifferences: list.get('RespectIgnoreDifferences') === 'true',
    clientSideApplyMigration: list.get('ClientSideApplyMigration') !== 'false',
    applyOutOfSyncOnly: list.get('ApplyOutOfSyncOnly') === 'true',
  };
}

function tristate(value: string | undefined): Tristate {
  if (value === 'false') return 'no';
  return value === 'confirm' ? 'confirm' : 'yes';
}

function propagationOf(value: string | undefined): Propagation {
  if (value === 'background') return 'Background';
  return value === 'orphan' ? 'Orphan' : 'Foreground';
}
