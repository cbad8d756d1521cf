// All families, and the way from an object's group and kind to its check: one look-up for kinds that have a check of
// their own, more only for wildcards.
import { gvkOf } from '../k8s/index.ts';
import { argo } from './families/argo.ts';
import { karpenter, keda } from './families/autoscaling.ts';
import { certManager } from './families/cert-manager.ts';
import { ack, configConnector } from './families/cloud-controllers.ts';
import { cloudNativePg } from './families/cloud-native-pg.ts';
import { clusterApi } from './families/cluster-api.ts';
import { crossplane } from './families/crossplane.ts';
import { elastic } from './families/elastic.ts';
import { externalSecrets } from './families/external-secrets.ts';
import { flux } from './families/flux.ts';
import { gatewayApi } from './families/gateway-api.ts';
import { kargo } from './families/kargo.ts';
import { keycloak } from './families/keycloak.ts';
import { kruise } from './families/kruise.ts';
import { kubernetes } from './families/kubernetes.ts';
import { kubevirt } from './families/kubevirt.ts';
import { mariadb } from './families/mariadb.ts';
import { contour, glooGateway, istio } from './families/mesh.ts';
import { confluent, rabbitmq, strimzi } from './families/messaging.ts';
import { mongodb } from './families/mongodb.ts';
import { numaflow } from './families/numaflow.ts';
import { grafanaOperator, keptn } from './families/observability.ts';
import { openClusterManagement } from './families/open-cluster-management.ts';
import { openshift } from './families/openshift.ts';
import { percona } from './families/percona.ts';
import { redis } from './families/redis.ts';
import { rook } from './families/rook.ts';
import { sealedSecrets } from './families/sealed-secrets.ts';
import { knative, kserve } from './families/serving.ts';
import { tofuController } from './families/tofu-controller.ts';
import { velero } from './families/velero.ts';
import { zalando } from './families/zalando-postgres.ts';
import type { Family } from './family.ts';
import type { HealthCheck } from './read.ts';

export const FAMILIES: readonly Family[] = [
  kubernetes,
  certManager,
  externalSecrets,
  flux,
  argo,
  kargo,
  crossplane,
  ack,
  configConnector,
  clusterApi,
  gatewayApi,
  keda,
  knative,
  kserve,
  kubevirt,
  strimzi,
  confluent,
  rabbitmq,
  cloudNativePg,
  mariadb,
  percona,
  elastic,
  karpenter,
  istio,
  contour,
  glooGateway,
  grafanaOperator,
  keptn,
  numaflow,
  rook,
  openshift,
  openClusterManagement,
  velero,
  mongodb,
  redis,
  zalando,
  sealedSecrets,
  tofuController,
  kruise,
  keycloak,
];

/** Group → kind → check; the kind `*` is for all others of the group. */
const GROUPS = new Map<string, Map<string, HealthCheck>>();
/** Domain of a wildcard group, without `*.` → check. */
const DOMAINS = new Map<string, HealthCheck>();

for (const { checks } of FAMILIES) {
  for (const { group, kinds, check } of checks) {
    if (group.startsWith('*.')) {
      DOMAINS.set(group.slice(2), check);
      continue;
    }
    const ofGroup = GROUPS.get(group) ?? new Map<string, HealthCheck>();
    for (const kind of kinds) ofGroup.set(kind, check);
    GROUPS.set(group, ofGroup);
  }
}

/** The check for a kind of any version, its group's, its domain's, or none. */
export function checkFor(object: { apiVersion: string; kind: string }): HealthCheck | undefined {
  const { group, kind } = gvkOf(object);
  const ofGroup = GROUPS.get(group);
  return ofGroup?.get(kind) ?? ofGroup?.get('*') ?? ofDomain(group);
}

/** `s3.services.k8s.aws` → `services.k8s.aws` → `k8s.aws` → `aws`. */
function ofDomain(group: string): HealthCheck | undefined {
  for (let dot = group.indexOf('.'); dot >= 0; dot = group.indexOf('.', dot + 1)) {
    const check = DOMAINS.get(group.slice(dot + 1));
    if (check !== undefined) return check;
  }
  return undefined;
}
