// The default for kinds nobody described: the conditions that most controllers agree on (kstatus and its kin).
import type { KubeObject } from '../k8s/index.ts';
import type { Health } from '../model/index.ts';
import {
  type Condition,
  conditionsOf,
  degraded,
  generationOf,
  healthy,
  isUnobserved,
  numberAt,
  progressing,
} from './read.ts';

/** Words of reasons that are failures rather than steps on the way. */
const FAILURE = /fail|error|invalid|denied|forbidden|unauthori[sz]ed|misconfigured|stalled|exceeded/i;

/** Undefined when the object reports nothing this default understands. */
export function healthByConditions(object: KubeObject): Health | undefined {
  if (numberAt(object, 'status', 'observedGeneration') !== undefined && isUnobserved(object)) {
    return progressing(`Waiting for generation ${generationOf(object)} to be observed`);
  }
  const conditions = new Map(conditionsOf(object).map((condition) => [condition.type, condition]));
  const holds = (type: string): Condition | undefined => {
    const condition = conditions.get(type);
    return condition?.status === 'True' ? condition : undefined;
  };
  const broken = holds('Stalled') ?? holds('Failed') ?? holds('Degraded');
  if (broken !== undefined) return degraded(sentence(broken));
  const reconciling = holds('Reconciling');
  if (reconciling !== undefined) return progressing(sentence(reconciling));
  const main = conditions.get('Ready') ?? conditions.get('Available') ?? conditions.get('Healthy');
  return main === undefined ? undefined : mainHealth(object, main);
}

function mainHealth(object: KubeObject, condition: Condition): Health {
  const { status, reason, observedGeneration } = condition;
  if (observedGeneration !== undefined && observedGeneration < generationOf(object)) {
    return progressing(`Waiting for generation ${generationOf(object)} to be observed`);
  }
  if (status === 'True') return healthy(condition.message);
  return status === 'False' && FAILURE.test(reason)
    ? degraded(sentence(condition))
    : progressing(sentence(condition));
}

function sentence({ type, status, reason, message }: Condition): string {
  const text = [reason, message].filter((part) => part !== '').join(': ');
  return text === '' ? `${type} is ${status}` : text;
}
