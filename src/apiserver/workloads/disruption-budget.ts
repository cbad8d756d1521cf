// PodDisruptionBudget status: how many of the selected pods may be evicted now. planBudget is pure.
import type { KubeObject } from '../../k8s/index.ts';
import { withCondition } from './conditions.ts';
import { countOf } from './int-or-percent.ts';
import {
  type Condition,
  controllerOf,
  type IntOrString,
  isDeleting,
  type LabelSelector,
  nameOf,
  namespaceOf,
  type Pod,
  types,
} from './kinds.ts';
import type { ObjectView } from './object-store.ts';
import type { Controller, Plan } from './plan.ts';
import { isActive, isReady } from './pod-facts.ts';

interface Budget extends KubeObject {
  spec: { minAvailable?: IntOrString; maxUnavailable?: IntOrString; selector?: LabelSelector };
  status?: { conditions?: Condition[]; disruptedPods?: object };
}

const ownerTypes = { ReplicaSet: types.replicaSets, StatefulSet: types.statefulSets } as const;

export const disruptionBudgetController: Controller = {
  name: 'poddisruptionbudgets',
  type: types.disruptionBudgets,
  triggers: [
    {
      type: types.pods,
      keysFor: (pod, view) =>
        view
          .selecting(types.disruptionBudgets, namespaceOf(pod), pod.metadata.labels)
          .map((budget) => `${namespaceOf(budget)}/${nameOf(budget)}`),
    },
  ],
  plan(object, { view, nowMs }) {
    const budget = object as Budget;
    const { selector } = budget.spec;
    const pods =
      selector === undefined ? [] : (view.selected(types.pods, namespaceOf(budget), selector) as Pod[]);
    const active = pods.filter(isActive);
    return planBudget({ budget, pods: active, expected: expectedPods(active, view), nowMs });
  },
};

export interface BudgetInput {
  readonly budget: Budget;
  /** Selected pods that count. */
  readonly pods: readonly Pod[];
  /** Pods their controllers want. */
  readonly expected: number;
  readonly nowMs: number;
}

export function planBudget({ budget, pods, expected, nowMs }: BudgetInput): Plan {
  if (isDeleting(budget)) return { writes: [] };
  const { minAvailable, maxUnavailable } = budget.spec;
  // A plain minAvailable counts the pods there are; percentages need to know how many there should be.
  const expectedPods = typeof minAvailable === 'number' ? pods.length : expected;
  const desiredHealthy =
    maxUnavailable === undefined
      ? countOf(minAvailable ?? 1, expectedPods, 'up')
      : Math.max(0, expectedPods - countOf(maxUnavailable, expectedPods, 'up'));
  const currentHealthy = pods.filter(isReady).length;
  const disruptionsAllowed = expectedPods === 0 ? 0 : Math.max(0, currentHealthy - desiredHealthy);
  const condition = {
    type: 'DisruptionAllowed',
    status: disruptionsAllowed > 0 ? 'True' : 'False',
    reason: disruptionsAllowed > 0 ? 'SufficientPods' : 'InsufficientPods',
    message: '',
  } as const;
  const conditions = withCondition(budget.status?.conditions ?? [], condition, nowMs).map((each) =>
    each.type === condition.type ? { ...each, observedGeneration: budget.metadata.generation } : each,
  );
  const status = {
    conditions,
    currentHealthy,
    desiredHealthy,
    disruptionsAllowed,
    expectedPods,
    observedGeneration: budget.metadata.generation,
  };
  return { writes: [{ op: 'status', type: types.disruptionBudgets, object: budget, status }] };
}

function expectedPods(pods: readonly Pod[], view: ObjectView): number {
  const sizes = new Map<string, number>();
  for (const pod of pods) {
    const owner = controllerOf(pod);
    const type = owner === undefined ? undefined : ownerTypes[owner.kind as keyof typeof ownerTypes];
    if (owner === undefined || type === undefined) continue;
    const spec = view.get(type, namespaceOf(pod), owner.name)?.['spec'] as { replicas?: number } | undefined;
    sizes.set(owner.uid, spec?.replicas ?? 1);
  }
  const bare = pods.filter(
    (pod) => ownerTypes[controllerOf(pod)?.kind as keyof typeof ownerTypes] === undefined,
  );
  return [...sizes.values()].reduce((sum, size) => sum + size, bare.length);
}
