// Checks as data: for kinds that report by conditions or by a phase. First the pause, then the generation, then the
// first rule that holds. Nothing here throws, whatever the object is like.
import type { KubeObject } from '../k8s/index.ts';
import type { Health, HealthStatus } from '../model/index.ts';
import {
  at,
  type Condition,
  cause,
  conditionsOf,
  generationOf,
  type HealthCheck,
  healthOf,
  numberAt,
  progressing,
  suspended,
  textAt,
  withRemedy,
} from './read.ts';

/** Why an object is paused on purpose; undefined when it is not. */
export type Pause = (object: KubeObject) => string | undefined;

/** One line of a table of conditions, made by {@link when}. */
export interface ConditionRule {
  readonly type: string;
  /** Undefined: any. */
  readonly status: string | undefined;
  /** Undefined: any reason. */
  readonly reasons: ReadonlySet<string> | undefined;
  /** The reasons are those it does not hold for. */
  readonly not: boolean;
  readonly health: HealthStatus;
  readonly remedy: string | undefined;
}

/**
 * A rule from its short form: `Ready=False`, `Ready` (any status), `Ready=False:Pending|Creating` (only with these
 * reasons) or `NotReady=True:!Creating` (with any but these). The remedy is a sentence, shown after the cause.
 */
export function when(condition: string, health: HealthStatus, remedy?: string): ConditionRule {
  const [head = '', tail] = condition.split(':');
  const [type = '', status] = head.split('=');
  const not = tail?.startsWith('!') === true;
  const reasons = tail === undefined ? undefined : new Set((not ? tail.slice(1) : tail).split('|'));
  return { type, status, reasons, not, health, remedy };
}

export interface ConditionTable {
  /** Said while no rule holds. */
  readonly waiting: string;
  readonly rules: readonly ConditionRule[];
  readonly pause?: Pause;
  /** Told instead of Progressing while no rule holds: for kinds whose controller may never write a status. */
  readonly otherwise?: HealthStatus;
}

/** Judges by `status.conditions`. The rules are tried in order; each looks at all conditions. */
export function byTable({ waiting, rules, pause, otherwise = 'Progressing' }: ConditionTable): HealthCheck {
  return (object) => {
    const paused = pause?.(object);
    if (paused !== undefined) return suspended(paused);
    const stale = staleness(object);
    if (stale !== undefined) return stale;
    return byRules(object, conditionsOf(object), rules) ?? healthOf(otherwise, waiting);
  };
}

/** The first rule that holds for these conditions; a condition of an older generation says Progressing. */
export function byRules(
  object: KubeObject,
  conditions: readonly Condition[],
  rules: readonly ConditionRule[],
): Health | undefined {
  for (const rule of rules) {
    const condition = conditions.find((candidate) => holds(rule, candidate));
    if (condition === undefined) continue;
    const stale = staleCondition(object, condition);
    if (stale !== undefined) return stale;
    if (rule.health === 'Healthy') return healthOf('Healthy', condition.message);
    return healthOf(rule.health, withRemedy(cause(condition), rule.remedy));
  }
  return undefined;
}

function holds({ type, status, reasons, not }: ConditionRule, condition: Condition): boolean {
  if (condition.type !== type || (status !== undefined && condition.status !== status)) return false;
  return reasons === undefined || reasons.has(condition.reason) !== not;
}

/** Progressing while `status.observedGeneration` is there and older than the object. */
export function staleness(object: KubeObject): Health | undefined {
  const observed = numberAt(object, 'status', 'observedGeneration');
  return observed !== undefined && observed < generationOf(object) ? unobserved(object) : undefined;
}

/** Progressing when the condition tells of an older generation. */
export function staleCondition(object: KubeObject, { observedGeneration }: Condition): Health | undefined {
  return observedGeneration !== undefined && observedGeneration < generationOf(object)
    ? unobserved(object)
    : undefined;
}

export function unobserved(object: KubeObject): Health {
  return progressing(`Waiting for generation ${generationOf(object)} to be observed`);
}

/** Ready: False is Degraded, True Healthy, Unknown or absent Progressing. The most common table. */
export function readyOrFailed(waiting: string, remedy?: string, pause?: Pause): HealthCheck {
  return byTable({
    waiting,
    rules: [
      when('Ready=False', 'Degraded', remedy),
      when('Ready=True', 'Healthy'),
      when('Ready', 'Progressing'),
    ],
    ...(pause === undefined ? {} : { pause }),
  });
}

/** Paused while the boolean at the path (`spec.suspend`) is true. */
export function pausedBy(path: string): Pause {
  const names = path.split('.');
  const text = `Paused by ${path}. Set it to false to go on`;
  return (object) => (at(object, ...names) === true ? text : undefined);
}

/** Paused while the annotation has the value. */
export function pausedByAnnotation(name: string, value: string): Pause {
  return (object) =>
    textAt(object, 'metadata', 'annotations', name) === value
      ? `Paused by the annotation ${name}: ${value}. Remove it to go on`
      : undefined;
}

export function anyPause(...pauses: readonly Pause[]): Pause {
  return (object) => {
    for (const pause of pauses) {
      const text = pause(object);
      if (text !== undefined) return text;
    }
    return undefined;
  };
}

export interface PhaseTable {
  /** Path of the phase: `status.phase`. */
  readonly path: string;
  /** Health → phases, separated by `|`. */
  readonly phases: Partial<Record<HealthStatus, string>>;
  /** Paths of texts that tell more; the first that is there is shown. */
  readonly message?: readonly string[];
  /** Said while there is no phase. */
  readonly waiting: string;
  /** Shown after a Degraded phase. */
  readonly remedy?: string;
  /** What a phase nobody listed counts as: Progressing. */
  readonly otherwise?: HealthStatus;
  readonly pause?: Pause;
}

/** Judges by one text in the status. */
export function byPhase(table: PhaseTable): HealthCheck {
  const path = table.path.split('.');
  const messages = (table.message ?? []).map((text) => text.split('.'));
  const phases = new Map<string, HealthStatus>();
  for (const [health, names] of Object.entries(table.phases)) {
    for (const name of names.split('|')) phases.set(name, health as HealthStatus);
  }
  return (object) => {
    const paused = table.pause?.(object);
    if (paused !== undefined) return suspended(paused);
    const stale = staleness(object);
    if (stale !== undefined) return stale;
    const phase = textAt(object, ...path) ?? '';
    if (phase === '') return progressing(table.waiting);
    const status = phases.get(phase) ?? table.otherwise ?? 'Progressing';
    const more = messages.map((names) => textAt(object, ...names) ?? '').find((text) => text !== '');
    if (status === 'Healthy') return healthOf(status, more ?? phase);
    const text = more === undefined ? `${path.at(-1)} is ${phase}` : `${phase}: ${more}`;
    return healthOf(status, withRemedy(text, status === 'Degraded' ? table.remedy : undefined));
  };
}
