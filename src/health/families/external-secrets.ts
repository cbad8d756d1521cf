// External Secrets: secrets fetched from, or pushed to, a store.
import type { KubeObject } from '../../k8s/index.ts';
import type { Health } from '../../model/index.ts';
import { type Family, kinds } from '../family.ts';
import {
  at,
  type Condition,
  conditionsOf,
  degraded,
  generationOf,
  listAt,
  progressing,
  textAt,
  withRemedy,
} from '../read.ts';
import { byRules, readyOrFailed, unobserved, when } from '../rules.ts';

const LOOK_AT_STORE = 'Look at the key it names and at the health of its store.';
const READY = [when('Ready=False', 'Degraded', LOOK_AT_STORE), when('Ready=True', 'Healthy')];

function externalSecret(object: KubeObject): Health {
  const conditions = conditionsOf(object);
  const health = byRules(object, conditions, READY);
  if (health === undefined) return progressing('Waiting for the secret to be fetched');
  if (health.status !== 'Healthy') return health;
  // `<generation>-<hash>`: which spec the secret was written from.
  const written = Number.parseInt(textAt(object, 'status', 'syncedResourceVersion') ?? '', 10);
  if (written < generationOf(object)) return unobserved(object);
  return isBeforeRefresh(object) ? progressing('Waiting for the secret to be fetched again') : health;
}

/** With the policy OnChange, Ready tells of the last refresh only when it changed with or after it. */
function isBeforeRefresh(object: KubeObject): boolean {
  if (textAt(object, 'spec', 'refreshPolicy') !== 'OnChange') return false;
  const ready = listAt(object, 'status', 'conditions').find((condition) => at(condition, 'type') === 'Ready');
  const [changed, refreshed] = [
    textAt(ready, 'lastTransitionTime') ?? '',
    textAt(object, 'status', 'refreshTime') ?? '',
  ];
  return changed < refreshed;
}

/** Older controllers append a condition for each outcome: the last one is the present one. */
function ofManyNamespaces(object: KubeObject): Health {
  const last = conditionsOf(object).at(-1);
  if (last === undefined) return progressing('Waiting for the secrets of the namespaces');
  const health = byRules(object, [last], [...READY, ...OLD_OUTCOMES]);
  if (health?.status === 'Degraded') return degraded(failedNamespaces(object, last));
  return health ?? progressing('Waiting for the secrets of the namespaces');
}

const OLD_OUTCOMES = [when('PartiallyReady=True', 'Degraded'), when('NotReady=True', 'Degraded')];

function failedNamespaces(object: KubeObject, { message, type }: Condition): string {
  const [first] = listAt(object, 'status', 'failedNamespaces');
  const [namespace, reason] = [textAt(first, 'namespace'), textAt(first, 'reason')];
  const where = namespace === undefined ? '' : ` (${namespace}: ${reason ?? 'no reason told'})`;
  return withRemedy(`${message === '' ? type : message}${where}`, LOOK_AT_STORE);
}

const store = readyOrFailed(
  'Waiting for the store to be checked',
  'Look at the credentials and the address of the provider.',
);

export const externalSecrets: Family = {
  name: 'External Secrets',
  checks: [
    kinds('external-secrets.io', 'ExternalSecret', 'condition Ready, synced generation', externalSecret),
    kinds(
      'external-secrets.io',
      'ClusterExternalSecret ClusterPushSecret',
      'last condition, failed namespaces',
      ofManyNamespaces,
    ),
    kinds('external-secrets.io', 'SecretStore ClusterSecretStore', 'condition Ready', store),
    kinds(
      'external-secrets.io',
      'PushSecret',
      'condition Ready',
      readyOrFailed('Waiting for the secret to be pushed', LOOK_AT_STORE),
    ),
  ],
};
