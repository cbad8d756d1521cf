// AWS Controllers for Kubernetes and Google's Config Connector: one shape of status for all kinds of their groups.
import type { KubeObject } from '../../k8s/index.ts';
import type { Health } from '../../model/index.ts';
import { type Family, kinds } from '../family.ts';
import { at, conditionsOf, degraded, healthy, progressing, withRemedy } from '../read.ts';
import { byRules, byTable, staleness, when } from '../rules.ts';

const ackResource = byTable({
  waiting: 'Waiting for the resource to be created',
  rules: [
    when('ACK.Terminal=True', 'Degraded', 'It is not tried again before the spec changes.'),
    when('Ready=True', 'Healthy'),
    when('ACK.Recoverable=True', 'Progressing', 'It is tried again; look at the rights of the controller.'),
    when('Ready', 'Progressing'),
    when('ACK.ResourceSynced=True', 'Healthy'),
    when('ACK.ResourceSynced', 'Progressing'),
  ],
});

const adopted = byTable({
  waiting: 'Waiting for the resource to be adopted',
  rules: [
    when('ACK.Terminal=True', 'Degraded', 'Look whether the resource it names exists.'),
    when('ACK.Adopted=True', 'Healthy'),
    when('ACK.Adopted=False', 'Degraded', 'Look whether the resource it names exists.'),
  ],
});

export const ack: Family = {
  name: 'ACK',
  checks: [
    kinds('*.services.k8s.aws', '*', 'conditions ACK.Terminal, Ready, ACK.ResourceSynced', ackResource),
    kinds('services.k8s.aws', 'AdoptedResource', 'conditions ACK.Terminal, ACK.Adopted', adopted),
  ],
};

const DEPENDENCY = 'Look at the object it names in its references.';
const REASONS = [
  'UpToDate=Healthy',
  'UpdateFailed=Degraded',
  'DeleteFailed=Degraded',
  'ManagementConflict=Degraded',
  'PreActuationTransformFailed=Degraded',
  'DependencyNotFound=Degraded',
  'DependencyInvalid=Degraded',
  'DependencyNotReady=Suspended',
];

/** One condition, Ready; its reason tells everything. */
const rules = REASONS.map((entry) => {
  const [reason = '', health] = entry.split('=');
  const status = health as Health['status'];
  const remedy = reason.startsWith('Dependency')
    ? DEPENDENCY
    : 'Look at the spec and at the rights of its account.';
  return when(`Ready${status === 'Healthy' ? '=True' : ''}:${reason}`, status, remedy);
});

function configConnectorResource(object: KubeObject): Health {
  const stale = staleness(object);
  if (stale !== undefined) return stale;
  const operator = object.kind === 'ConfigConnector' || object.kind === 'ConfigConnectorContext';
  const flag = operator ? at(object, 'status', 'healthy') : undefined;
  if (typeof flag === 'boolean') return flag ? healthy() : degraded(operatorErrors(object));
  const conditions = conditionsOf(object);
  return (
    byRules(object, conditions, rules) ??
    byRules(object, conditions, [when('Ready', 'Progressing')]) ??
    progressing('Waiting for the resource to be created')
  );
}

function operatorErrors(object: KubeObject): string {
  const errors = at(object, 'status', 'errors');
  const texts = Array.isArray(errors) ? errors.filter((error) => typeof error === 'string').slice(0, 3) : [];
  const text = texts.length === 0 ? 'The connector is not healthy' : texts.join('; ');
  return withRemedy(text, 'Look at the pods in cnrm-system.');
}

export const configConnector: Family = {
  name: 'Config Connector',
  checks: [
    kinds(
      '*.cnrm.cloud.google.com',
      '*',
      'reason of the condition Ready; status.healthy',
      configConnectorResource,
    ),
  ],
};
