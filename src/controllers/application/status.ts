// The status of an Application, projected from facts. Pure: the same facts and the same old status give the same
// new one, so that nothing is written when nothing changed.
import { gvkOf } from '../../k8s/index.ts';
import { isRecord, jsonEqual, rfc3339 } from '../../lib/index.ts';
import type {
  Application,
  ApplicationStatus,
  Health,
  OperationState,
  ResourceStatus,
  RevisionHistory,
} from '../../model/index.ts';
import { parseOptions, taskOptions } from '../../sync/index.ts';
import { externalUrls } from '../cluster/index.ts';
import { type ConditionType, replaceConditions } from './conditions.ts';
import type { Comparison, Desired, Facts, Judged } from './facts.ts';
import { sourceListOf, statusRevision } from './sources.ts';

/** Every reconciliation evaluates these types; others (DeletionError) belong to the code that sets them. */
const EVALUATED: ReadonlySet<ConditionType> = new Set([
  'InvalidSpecError',
  'ComparisonError',
  'SyncError',
  'UnknownError',
  'SharedResourceWarning',
  'RepeatedResourceWarning',
  'ExcludedResourceWarning',
  'OrphanedResourceWarning',
  'SyncWindowWarning',
  'SyncWindowInfo',
  'DependencyWarning',
  'HoldWarning',
  'OptionWarning',
  'DeletionHeldWarning',
]);

const DEFAULT_HISTORY_LIMIT = 10;

export interface StatusInput {
  readonly facts: Facts;
  /** What the operation of this reconciliation came to, if one runs or ran. */
  readonly operationState?: OperationState | undefined;
  /** A deployment that ended just now and belongs into the history. */
  readonly deployed?: Omit<RevisionHistory, 'id'> | undefined;
  readonly controlNamespace: string;
  /** Wall clock, milliseconds. */
  readonly now: number;
}

export function projectStatus(app: Application, input: StatusInput): ApplicationStatus {
  const { facts, now } = input;
  const old = app.status ?? {};
  const { comparison, desired } = facts;
  const health: Health = comparison?.health ?? { status: 'Unknown' };
  const history = nextHistory(app, input.deployed);
  const status: ApplicationStatus = {
    ...old,
    sync: syncOf(app, facts),
    health: withTransition(old.health, health, now),
    resources: (comparison?.judged ?? [])
      .map((judged) => resourceStatus(judged, parseOptions(app.spec.syncPolicy?.syncOptions)))
      .sort(byIdentity),
    conditions: replaceConditions(old.conditions ?? [], EVALUATED, facts.findings, now),
    summary: summaryOf(comparison),
    ...(history === undefined ? {} : { history }),
    ...(input.operationState === undefined ? {} : { operationState: input.operationState }),
    resourceHealthSource: 'appTree',
    controllerNamespace: input.controlNamespace,
  };
  if (desired !== undefined) setSourceTypes(status, desired);
  for (const key of ['conditions', 'resources'] as const) if (status[key]?.length === 0) delete status[key];
  // The time of the comparison is news only together with other news; else an idle application would be written to.
  const changed = !jsonEqual({ ...old, reconciledAt: undefined }, { ...status, reconciledAt: undefined });
  if (changed && comparison !== undefined) status.reconciledAt = rfc3339(now);
  return status;
}

function syncOf(app: Application, facts: Facts): NonNullable<ApplicationStatus['sync']> {
  const { comparison, desired } = facts;
  const { destination, ignoreDifferences } = app.spec;
  const { isMulti, sources } = sourceListOf(app.spec);
  const [source] = sources;
  return {
    status: comparison?.sync ?? 'Unknown',
    comparedTo: {
      destination,
      ...(isMulti ? { sources: [...sources] } : source === undefined ? {} : { source }),
      ...(ignoreDifferences === undefined ? {} : { ignoreDifferences }),
    },
    ...(desired === undefined ? {} : statusRevision(desired)),
  };
}

function setSourceTypes(status: ApplicationStatus, { isMulti, parts, set }: Desired): void {
  delete status.sourceType;
  delete status.sourceTypes;
  if (isMulti) status.sourceTypes = parts.map((part) => part.set.input.sourceType);
  else status.sourceType = set.input.sourceType;
}

function withTransition(
  old: ApplicationStatus['health'],
  health: Health,
  now: number,
): NonNullable<ApplicationStatus['health']> {
  const since = old?.status === health.status ? old.lastTransitionTime : undefined;
  return {
    status: health.status,
    ...(health.message === undefined ? {} : { message: health.message }),
    lastTransitionTime: since ?? rfc3339(now),
  };
}

function resourceStatus(judged: Judged, options: ReturnType<typeof parseOptions>): ResourceStatus {
  const { group, kind, namespace, name } = judged.change.key;
  return {
    ...(group === '' ? {} : { group }),
    version: judged.version,
    kind,
    ...(namespace === '' ? {} : { namespace }),
    name,
    status: judged.status,
    ...(judged.requiresPruning ? { requiresPruning: true } : {}),
    ...(asksBeforeDeletion(judged, options) ? { requiresDeletionConfirmation: true } : {}),
    ...(judged.syncWave === 0 ? {} : { syncWave: judged.syncWave }),
  };
}

function asksBeforeDeletion({ change }: Judged, options: ReturnType<typeof parseOptions>): boolean {
  const own = taskOptions(change.desired ?? change.live, options);
  return own.prune === 'confirm' || own.delete === 'confirm';
}

function byIdentity(a: ResourceStatus, b: ResourceStatus): number {
  const text = (status: ResourceStatus): string =>
    [status.group, status.kind, status.namespace, status.name].map((part) => part ?? '').join('/');
  return text(a) < text(b) ? -1 : 1;
}

function summaryOf(comparison: Comparison | undefined): NonNullable<ApplicationStatus['summary']> {
  const lives = (comparison?.judged ?? []).flatMap(({ change }) => change.live ?? []);
  const urls = externalUrls(lives);
  const images = new Set(lives.flatMap((live) => containerImages(live)));
  const isAppOfApps = lives.some(
    (live) => live.kind === 'Application' && gvkOf(live).group === 'argoproj.io',
  );
  return {
    ...(urls.length === 0 ? {} : { externalURLs: urls }),
    ...(images.size === 0 ? {} : { images: [...images].sort() }),
    ...(isAppOfApps ? { isAppOfApps } : {}),
  };
}

function containerImages(object: { readonly [key: string]: unknown }): string[] {
  const spec = record(object['spec']);
  const template = record(record(record(spec['jobTemplate'])['spec'] ?? spec)['template']);
  const podSpec = object['kind'] === 'Pod' ? spec : record(template['spec']);
  const containers = [podSpec['initContainers'], podSpec['containers']].flatMap((list) =>
    Array.isArray(list) ? list : [],
  );
  return containers.flatMap((container) => {
    const image = record(container)['image'];
    return typeof image === 'string' ? [image] : [];
  });
}

/** Oldest first; ids go on from the last one; cut to the limit. Undefined when there is none and never was. */
function nextHistory(app: Application, deployed: StatusInput['deployed']): RevisionHistory[] | undefined {
  const old = app.status?.history;
  if (deployed === undefined) return old;
  const limit = app.spec.revisionHistoryLimit ?? DEFAULT_HISTORY_LIMIT;
  const id = (old?.at(-1)?.id ?? -1) + 1;
  return limit <= 0 ? [] : [...(old ?? []), { id, ...deployed }].slice(-limit);
}

function record(value: unknown): Record<string, unknown> {
  return isRecord(value) ? value : {};
}
