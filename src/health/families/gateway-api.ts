// Gateway API: gateways and their listeners; routes and policies as each parent sees them.
import type { KubeObject } from '../../k8s/index.ts';
import type { Health } from '../../model/index.ts';
import { type Family, kinds } from '../family.ts';
import {
  type Condition,
  cause,
  conditionsOf,
  degraded,
  generationOf,
  type HealthCheck,
  healthy,
  listAt,
  progressing,
  textAt,
  withRemedy,
} from '../read.ts';
import { byTable, unobserved, when } from '../rules.ts';

const REMEDIES: Record<string, string> = {
  ResolvedRefs: 'Look at the services, secrets and grants it refers to.',
  Accepted: 'Look at the class, the hostnames and what the parent allows.',
  Conflicted: 'Another listener has the same port, protocol or hostname.',
};

/** The conditions of the object, a listener or a parent, worst first. `who` begins the message. */
function judge(conditions: readonly Condition[], who: string): Health | undefined {
  const find = (type: string, status: string) =>
    conditions.find((condition) => condition.type === type && condition.status === status);
  const bad = find('ResolvedRefs', 'False') ?? find('Accepted', 'False') ?? find('Conflicted', 'True');
  if (bad !== undefined) return degraded(withRemedy(`${who}${cause(bad)}`, REMEDIES[bad.type]));
  const unprogrammed =
    find('Accepted', 'Unknown') ??
    conditions.find(({ type, status }) => type === 'Programmed' && status !== 'True');
  return unprogrammed === undefined ? undefined : progressing(`${who}${cause(unprogrammed)}`);
}

function isStale(object: KubeObject, conditions: readonly Condition[]): boolean {
  const generation = generationOf(object);
  return conditions.some(({ observedGeneration }) => (observedGeneration ?? generation) < generation);
}

function gateway(object: KubeObject): Health {
  const conditions = conditionsOf(object);
  if (isStale(object, conditions)) return unobserved(object);
  const own = judge(conditions, '');
  if (own !== undefined) return own;
  const listeners = listAt(object, 'status', 'listeners');
  for (const listener of listeners) {
    const name = textAt(listener, 'name') ?? '';
    const health = judge(conditionsOf(object, listAt(listener, 'conditions')), `Listener ${name}: `);
    if (health !== undefined) return health;
  }
  return conditions.length === 0 && listeners.length === 0
    ? progressing('Waiting for a gateway controller. Look whether its class has one')
    : healthy();
}

/** A parent of an older generation is not heard; one of the present generation is enough. */
function route(object: KubeObject): Health {
  const generation = generationOf(object);
  let heard = 0;
  for (const parent of listAt(object, 'status', 'parents')) {
    const conditions = conditionsOf(object, listAt(parent, 'conditions'));
    const observed = ({ observedGeneration }: Condition): boolean => observedGeneration === generation;
    if (conditions.length === 0 || (generation !== 0 && !conditions.some(observed))) continue;
    heard += 1;
    const health = judge(conditions, `Parent ${textAt(parent, 'parentRef', 'name') ?? ''}: `);
    if (health !== undefined) return health;
  }
  return heard > 0
    ? healthy()
    : progressing('Waiting for a parent to take the route. Look at its parentRefs');
}

/** Every controller of the cluster writes an entry; those that do not know the target are not responsible. */
function policy(object: KubeObject): Health {
  let accepted = false;
  for (const ancestor of listAt(object, 'status', 'ancestors')) {
    const conditions = conditionsOf(object, listAt(ancestor, 'conditions'));
    if (isStale(object, conditions)) return unobserved(object);
    const own = conditions.find(({ type }) => type === 'Accepted');
    if (own !== undefined && own.status !== 'True' && own.reason === 'TargetNotFound') continue;
    const bad = conditions.find(
      ({ type, status }) => (type === 'Accepted' || type === 'ResolvedRefs') && status !== 'True',
    );
    const name = textAt(ancestor, 'ancestorRef', 'name') ?? '';
    if (bad !== undefined) return degraded(withRemedy(`Ancestor ${name}: ${cause(bad)}`, REMEDIES[bad.type]));
    accepted ||= own !== undefined;
  }
  return accepted
    ? healthy()
    : progressing('Waiting for a controller to take the policy. Look at its targets');
}

const gatewayClass: HealthCheck = byTable({
  waiting: 'Waiting for the controller of the class. Look whether it is installed',
  rules: [
    when('Accepted=False', 'Degraded', 'Look at spec.parametersRef.'),
    when('Accepted=True', 'Healthy'),
    when('Accepted', 'Progressing'),
  ],
});

export const gatewayApi: Family = {
  name: 'Gateway API',
  checks: [
    kinds('gateway.networking.k8s.io', 'GatewayClass', 'condition Accepted', gatewayClass),
    kinds(
      'gateway.networking.k8s.io',
      'Gateway ListenerSet',
      'conditions ResolvedRefs, Accepted, Programmed of it and its listeners',
      gateway,
    ),
    kinds('gateway.networking.x-k8s.io', 'XListenerSet', 'as ListenerSet', gateway),
    kinds(
      'gateway.networking.k8s.io',
      'HTTPRoute GRPCRoute TLSRoute TCPRoute UDPRoute',
      'conditions of each parent',
      route,
    ),
    kinds('gateway.networking.k8s.io', 'BackendTLSPolicy', 'conditions of each ancestor', policy),
    kinds('inference.networking.k8s.io', 'InferencePool', 'conditions of each parent', route),
  ],
};
