// tofu-controller: Terraform objects, whose plans may wait for somebody to approve them.
import type { KubeObject } from '../../k8s/index.ts';
import type { Health } from '../../model/index.ts';
import { type Family, kinds } from '../family.ts';
import { at, conditionsOf, suspended, textAt } from '../read.ts';
import { byTable, pausedBy, when } from '../rules.ts';

const reconciled = byTable({
  waiting: 'Waiting for the first plan',
  pause: pausedBy('spec.suspend'),
  rules: [
    when('StateLocked=True', 'Degraded', 'Another run holds the state: spec.tfstate.forceUnlock frees it.'),
    when('Ready=False', 'Degraded', 'Look at the log of its runner pod.'),
    when('Ready=True', 'Healthy'),
    when('Ready', 'Progressing'),
  ],
});

const NAMED_PLAN = 'TerraformPlannedWithChanges';

function terraform(object: KubeObject): Health | undefined {
  const health = reconciled(object);
  const plan = textAt(object, 'status', 'plan', 'pending') ?? '';
  const planned = conditionsOf(object).some(({ type, reason }) => type === 'Ready' && reason === NAMED_PLAN);
  if (health?.status !== 'Progressing' || !planned || plan === '') return health;
  if (at(object, 'spec', 'planOnly') === true)
    return suspended(`${plan} is kept: spec.planOnly allows no apply`);
  return textAt(object, 'spec', 'approvePlan') === 'auto'
    ? health
    : suspended(`${plan} waits for approval. Set spec.approvePlan to it`);
}

export const tofuController: Family = {
  name: 'tofu-controller',
  checks: [
    kinds('infra.contrib.fluxcd.io', 'Terraform', 'spec.suspend, condition Ready, pending plan', terraform),
    kinds('infra.weave.works', 'Terraform', 'as in infra.contrib.fluxcd.io', terraform),
  ],
};
