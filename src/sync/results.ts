// Words and records of a sync: messages people grep for, results as the status holds them, and the way back.
import { gvkOf, type KubeObject } from '../k8s/index.ts';
import { isRecord } from '../lib/index.ts';
import type { ResourceResult } from '../model/index.ts';
import type { SyncState } from './state.ts';
import { isFailed, type OperationPhase, type SyncPlan, type SyncTask, type TaskOutcome } from './task.ts';

/** More causes than this are not read; the results hold all of them. */
const MAX_REASONS = 5;

/** `<text>, reason: <a>,<b>`. */
export function failureMessage(text: string, reasons: readonly string[]): string {
  if (reasons.length === 0) return text;
  const more = reasons.length > MAX_REASONS ? ` and ${reasons.length - MAX_REASONS} more` : '';
  return `${text}, reason: ${reasons.slice(0, MAX_REASONS).join(',')}${more}`;
}

/** What is awaited, by name, with what it still lacks. */
export function describeWait(
  plan: SyncPlan,
  kind: 'progress' | 'approval' | 'clearance',
  tasks: readonly SyncTask[],
  reasons: ReadonlyMap<string, string> = new Map(),
): string {
  if (kind === 'approval') return describeApproval(plan, tasks);
  const hooks = tasks.filter((task) => task.action === 'hook');
  const prunes = tasks.filter((task) => task.action === 'prune');
  const [first] = hooks.length > 0 ? hooks : tasks;
  if (first === undefined) return 'waiting';
  const reason = reasons.get(first.id) ?? '';
  const lacks = reason === '' ? '' : ` (${reason})`;
  if (kind === 'clearance')
    return `waiting for deletion of an older hook ${named(first, hooks.length, 'hooks')}`;
  if (hooks.length > 0)
    return `waiting for completion of hook ${named(first, hooks.length, 'hooks')}${lacks}`;
  if (prunes.length === tasks.length)
    return `waiting for deletion of ${named(first, prunes.length, 'resources')}`;
  return `waiting for healthy state of ${named(first, tasks.length, 'resources')}${lacks}`;
}

function describeApproval(plan: SyncPlan, tasks: readonly SyncTask[]): string {
  const [first] = tasks;
  const { deletions, total, limit } = plan.mass;
  const mass =
    deletions > limit ? ` (${deletions} of ${total} objects would be deleted, ${limit} are allowed)` : '';
  return first === undefined
    ? 'waiting for pruning confirmation'
    : `waiting for pruning confirmation of ${named(first, tasks.length, 'resources')}${mass}`;
}

function named(task: SyncTask, count: number, what: string): string {
  const name = `${task.key.group}/${task.key.kind}/${task.key.name}`;
  const text = task.key.group === '' ? name.slice(1) : name;
  return count > 1 ? `${text} and ${count - 1} more ${what}` : text;
}

/** `status.operationState.syncResult.resources`. */
export function finalResults(
  plan: SyncPlan,
  tasks: readonly SyncTask[],
  outcomes: ReadonlyMap<string, TaskOutcome>,
  earlier: readonly ResourceResult[],
): ResourceResult[] {
  const results: ResourceResult[] = [...earlier];
  for (const task of tasks) {
    const outcome = outcomes.get(task.id);
    if (outcome !== undefined) results.push(resultOf(task, outcome));
  }
  return [...results, ...plan.skipped];
}

function resultOf(task: SyncTask, outcome: TaskOutcome): ResourceResult {
  const { version } = gvkOf({ apiVersion: task.apiVersion, kind: task.key.kind });
  const images = task.desired === undefined ? [] : imagesOf(task.desired);
  return {
    group: task.key.group,
    version,
    kind: task.key.kind,
    namespace: task.key.namespace,
    name: task.key.name,
    ...(task.action === 'hook' && !isFailed(outcome) ? {} : { status: outcome.status }),
    message: outcome.message,
    ...(task.hook === undefined ? {} : { hookType: task.hook.type }),
    hookPhase: outcome.phase,
    syncPhase: task.phase,
    ...(images.length === 0 ? {} : { images }),
  };
}

/** Container images of a workload or Pod, without repetition. */
function imagesOf(object: KubeObject): string[] {
  const spec = object['spec'];
  if (!isRecord(spec)) return [];
  const job = isRecord(spec['jobTemplate']) ? spec['jobTemplate']['spec'] : spec;
  const template = isRecord(job) && isRecord(job['template']) ? job['template']['spec'] : spec;
  if (!isRecord(template)) return [];
  const images = [template['initContainers'], template['containers']]
    .flatMap((list) => (Array.isArray(list) ? (list as unknown[]) : []))
    .map((container) => (isRecord(container) ? container['image'] : undefined));
  return [...new Set(images.filter((image) => typeof image === 'string'))];
}

/** Reads recorded results back; those of objects that are not in the plan any more are kept as they are. */
export function outcomesOfResults(
  plan: SyncPlan,
  tasks: readonly SyncTask[],
  results: readonly ResourceResult[],
): { readonly outcomes: Map<string, TaskOutcome>; readonly earlier: ResourceResult[] } {
  const byId = new Map(tasks.map((task) => [task.id, task]));
  const skipped = new Set(plan.skipped.map(idOf));
  const outcomes = new Map<string, TaskOutcome>();
  const earlier: ResourceResult[] = [];
  for (const result of results) {
    const id = idOf(result);
    const task = byId.get(id);
    // A task that is a prune now and was an apply before (or the other way round) is a new one.
    const same = task !== undefined && (task.action === 'prune') === (result.status === 'Pruned');
    if (same) outcomes.set(id, outcomeOf(id, result));
    else if (task === undefined && !skipped.has(id)) earlier.push(result);
  }
  return { outcomes, earlier };
}

function idOf(result: ResourceResult): string {
  const { group, kind, namespace, name, syncPhase = 'Sync' } = result;
  return `${syncPhase}:${group}/${kind}/${namespace}/${name}`;
}

function outcomeOf(id: string, result: ResourceResult): TaskOutcome {
  return {
    id,
    status: statusOf(result.status),
    phase: phaseOf(result.hookPhase),
    message: result.message ?? '',
    changed: true,
  };
}

function statusOf(text: string | undefined): TaskOutcome['status'] {
  return text === 'SyncFailed' || text === 'Pruned' || text === 'PruneSkipped' ? text : 'Synced';
}

function phaseOf(text: string | undefined): OperationPhase {
  return text === 'Succeeded' || text === 'Failed' || text === 'Error' ? text : 'Running';
}

/** Where a restored sync goes on: the first stage that is not over, in the SyncFail track when something failed. */
export function restoredStage(state: SyncState): Pick<SyncState, 'stage' | 'track'> & { failure?: string } {
  const failed = [...state.outcomes.values()].filter(isFailed);
  const failBegun = state.plan.failStages.some((stage) =>
    stage.groups.flat().some(({ id }) => state.outcomes.has(id)),
  );
  const track = failBegun ? 'fail' : 'main';
  const stages = failBegun ? state.plan.failStages : state.plan.stages;
  const over = (id: string): boolean => state.outcomes.get(id)?.phase === 'Succeeded';
  const at = stages.findIndex(
    (stage) => ![...stage.prunes, ...stage.groups.flat()].every(({ id }) => over(id)),
  );
  const stage = at < 0 ? Math.max(0, stages.length - 1) : at;
  if (!failBegun) return { stage, track };
  const text = 'one or more synchronization tasks completed unsuccessfully';
  return {
    stage,
    track,
    failure: failureMessage(
      text,
      failed.map(({ message }) => message),
    ),
  };
}
