// Crossplane and Upbound: packages, compositions, and every managed or composite kind of their groups.
import type { KubeObject } from '../../k8s/index.ts';
import type { Health } from '../../model/index.ts';
import { type Family, kinds } from '../family.ts';
import { at, conditionsOf, type HealthCheck, healthy, progressing, suspended, textAt } from '../read.ts';
import { byRules, staleness, when } from '../rules.ts';

/** Kinds nobody writes a status for: they are configuration. */
const STATIC: ReadonlySet<string> = new Set([
  'Composition',
  'CompositionRevision',
  'DeploymentRuntimeConfig',
  'ControllerConfig',
  'EnvironmentConfig',
  'ImageConfig',
  'StoreConfig',
  'ProviderConfig',
  'ClusterProviderConfig',
  'ProviderConfigUsage',
  'ClusterProviderConfigUsage',
]);

const BROKEN = [
  when(
    'LastAsyncOperation=False',
    'Degraded',
    'Look at the forProvider fields and the rights of the provider.',
  ),
  when('Synced=False:ReconcilePaused', 'Suspended', 'Remove the annotation crossplane.io/paused to go on.'),
  when('Synced=False', 'Degraded', 'Look at the ProviderConfig, its credentials and the events.'),
];
const PACKAGE = [
  when(
    'Healthy=False:!InactivePackageRevision',
    'Degraded',
    'Look at the pod and the revision of the package.',
  ),
  when('RevisionHealthy=False', 'Degraded', 'Look at the objects of the revision.'),
  when('RuntimeHealthy=False', 'Degraded', 'Look at the deployment of the package.'),
];
const OPERATIONS = [
  when('Succeeded=False', 'Degraded', 'Look at the pipeline and the functions of the operation.'),
];
const WORKING = [
  'Ready',
  'Succeeded',
  'Healthy',
  'Offered',
  'Established',
  'ValidPipeline',
  'RevisionHealthy',
].map((type) => when(`${type}=True`, 'Healthy'));
const CROSSPLANE = [...BROKEN, ...PACKAGE, ...OPERATIONS, ...WORKING, when('Ready', 'Progressing')];
const UPBOUND = [...BROKEN, when('Ready=True', 'Healthy'), when('Ready', 'Progressing')];

function judge(rules: typeof CROSSPLANE): HealthCheck {
  return (object: KubeObject): Health => {
    if (textAt(object, 'metadata', 'annotations', 'crossplane.io/paused') === 'true')
      return suspended('Paused by the annotation crossplane.io/paused. Remove it to go on');
    const conditions = conditionsOf(object);
    if (conditions.length === 0) {
      if (!STATIC.has(object.kind)) return progressing('Waiting for the object to be provisioned');
      return healthy(at(object, 'status', 'users') === undefined ? 'Configuration' : 'In use');
    }
    return (
      staleness(object) ??
      byRules(object, conditions, rules) ??
      progressing('Waiting for the object to be provisioned')
    );
  };
}

export const crossplane: Family = {
  name: 'Crossplane and Upbound',
  checks: [
    kinds(
      '*.crossplane.io',
      '*',
      'conditions LastAsyncOperation, Synced, Healthy, Ready; configuration without a status',
      judge(CROSSPLANE),
    ),
    kinds('*.upbound.io', '*', 'conditions LastAsyncOperation, Synced, Ready', judge(UPBOUND)),
  ],
};
