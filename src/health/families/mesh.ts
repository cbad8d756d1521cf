// Istio, Contour and Gloo: proxies that tell whether their configuration was taken.
import type { KubeObject } from '../../k8s/index.ts';
import { isRecord } from '../../lib/index.ts';
import type { Health, HealthStatus } from '../../model/index.ts';
import { type Family, kinds } from '../family.ts';
import {
  at,
  conditionsOf,
  degraded,
  type HealthCheck,
  healthOf,
  healthy,
  listAt,
  progressing,
  textAt,
  withRemedy,
} from '../read.ts';
import { byRules, byTable, staleness, when } from '../rules.ts';

/** `status.status`, a name or its number. */
const ISTIO_STATES: readonly (readonly [name: string, health: HealthStatus, message: string])[] = [
  ['NONE', 'Unknown', 'The component is not there'],
  ['UPDATING', 'Progressing', 'The component is being updated to another version'],
  ['RECONCILING', 'Progressing', 'The component is being reconciled'],
  ['HEALTHY', 'Healthy', ''],
  [
    'ERROR',
    'Degraded',
    'The component has an error. Look at status.componentStatus and the log of the operator.',
  ],
];

function istioOperator(object: KubeObject): Health {
  const state = at(object, 'status', 'status');
  const found = ISTIO_STATES.find(([name], index) => state === name || state === index);
  return found === undefined ? progressing('Waiting for the operator') : healthOf(found[1], found[2]);
}

const sail = byTable({
  waiting: 'Waiting for the operator',
  rules: [
    when('Reconciled=False', 'Degraded', 'Look at its values and its version.'),
    when('Ready=True', 'Healthy'),
    when('Ready', 'Progressing'),
  ],
});

/** Mostly without a status; with analysis switched on, errors are written into it. */
function istioConfiguration(object: KubeObject): Health {
  const messages = listAt(object, 'status', 'validationMessages');
  const error = messages.find((message) => textAt(message, 'level') === 'ERROR');
  if (error !== undefined) {
    const code = textAt(error, 'type', 'code') ?? textAt(error, 'code') ?? 'IST';
    return degraded(`${code}: the analysis found an error. \`istioctl analyze\` tells more.`);
  }
  const rules = [
    when('PassedAnalysis=False', 'Degraded', '`istioctl analyze` tells more.'),
    when('Healthy=False', 'Degraded', 'Look at the workload of the entry.'),
  ];
  return byRules(object, conditionsOf(object), rules) ?? healthy();
}

export const istio: Family = {
  name: 'Istio',
  checks: [
    kinds('install.istio.io', 'IstioOperator', 'status.status', istioOperator),
    kinds('sailoperator.io', 'Istio IstioRevision IstioCNI ZTunnel', 'conditions Reconciled, Ready', sail),
    kinds(
      'networking.istio.io',
      'VirtualService DestinationRule Gateway ServiceEntry WorkloadEntry Sidecar EnvoyFilter',
      'analysis messages, conditions PassedAnalysis, Healthy',
      istioConfiguration,
    ),
    kinds(
      'security.istio.io',
      'AuthorizationPolicy PeerAuthentication RequestAuthentication',
      'analysis messages, condition PassedAnalysis',
      istioConfiguration,
    ),
  ],
};

const CONTOUR_VALID = [
  when('Valid=True', 'Healthy'),
  when('Valid=False', 'Degraded', 'Look at the errors of the condition.'),
];

/** An orphaned proxy is valid in itself and waits for a root that includes it. */
function httpProxy(object: KubeObject): Health {
  const stale = staleness(object);
  if (stale !== undefined) return stale;
  const state = textAt(object, 'status', 'currentStatus') ?? '';
  const text = textAt(object, 'status', 'description') ?? '';
  if (state === '' || state === 'NotReconciled')
    return progressing('Waiting for Contour. Look at its ingress class');
  if (state === 'valid') return healthy(text);
  return state === 'invalid'
    ? degraded(withRemedy(`${state}: ${text}`, 'Look at its routes, services and certificates.'))
    : progressing(`${state}: ${text || 'no root proxy includes it'}`);
}

const contourValid = byTable({ waiting: 'Waiting for Contour', rules: CONTOUR_VALID });

export const contour: Family = {
  name: 'Contour',
  checks: [
    kinds('projectcontour.io', 'HTTPProxy', 'status.currentStatus', httpProxy),
    kinds(
      'projectcontour.io',
      'ExtensionService TLSCertificateDelegation ContourConfiguration',
      'condition Valid',
      contourValid,
    ),
    kinds(
      'projectcontour.io',
      'ContourDeployment',
      'condition Admitted, Available',
      byTable({
        waiting: 'Waiting for the provisioner',
        rules: [
          when('Admitted=False', 'Degraded', 'Look at the parameters.'),
          when('Available=True', 'Healthy'),
          when('Available', 'Progressing'),
          when('Admitted=True', 'Healthy'),
        ],
      }),
    ),
  ],
};

/** Numbers in the API, names in some versions; each controller that reads the object has its own. */
const GLOO_STATES = ['Pending', 'Accepted', 'Rejected', 'Warning'];

function glooStates(object: KubeObject): { state: string; reason: string }[] {
  const status = at(object, 'status');
  const all = at(status, 'statuses');
  const entries = at(status, 'state') === undefined && isRecord(all) ? Object.values(all) : [status];
  return entries.flatMap((entry) => {
    const state = at(entry, 'state');
    const name = typeof state === 'number' ? GLOO_STATES[state] : state;
    return typeof name === 'string' ? [{ state: name, reason: textAt(entry, 'reason') ?? '' }] : [];
  });
}

/** The worst of the controllers counts. */
function gloo(pending: HealthStatus): HealthCheck {
  return (object) => {
    const stale = staleness(object);
    if (stale !== undefined) return stale;
    const states = glooStates(object);
    const bad =
      states.find(({ state }) => state === 'Warning') ?? states.find(({ state }) => state === 'Rejected');
    if (bad !== undefined)
      return degraded(
        withRemedy(`${bad.state}: ${bad.reason || 'no reason is told'}`, '`glooctl check` tells more.'),
      );
    if (states.some(({ state }) => state === 'Pending')) return healthOf(pending, 'Not validated yet');
    return states.some(({ state }) => state === 'Accepted') ? healthy() : progressing('Waiting for Gloo');
  };
}

export const glooGateway: Family = {
  name: 'Gloo',
  checks: [
    kinds(
      'gateway.solo.io',
      'VirtualService RouteTable RouteOption VirtualHostOption Gateway',
      'status.state of each controller',
      gloo('Progressing'),
    ),
    kinds(
      'gateway.solo.io',
      'MatchableHttpGateway MatchableTcpGateway',
      'status.state of each controller',
      gloo('Suspended'),
    ),
    kinds(
      'gloo.solo.io',
      'Upstream UpstreamGroup Proxy',
      'status.state of each controller',
      gloo('Progressing'),
    ),
    kinds(
      'gateway.kgateway.dev',
      'GatewayExtension Backend',
      'condition Accepted',
      byTable({
        waiting: 'Waiting for the controller',
        rules: [when('Accepted=False', 'Degraded', 'Look at its spec.'), when('Accepted=True', 'Healthy')],
      }),
    ),
  ],
};
