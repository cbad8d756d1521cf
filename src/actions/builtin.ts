// Every kind that has actions without anybody configuring them: `group/Kind`, `Kind` for the core group.
import { groupKindText, gvkOf, type KubeObject } from '../k8s/index.ts';
import type { ActionFamily, NativeAction } from './action.ts';
import { daemonSetActions, deploymentActions, statefulSetActions } from './families/apps.ts';
import { applicationActions, promoterPullRequestActions } from './families/argo.ts';
import { cronJobActions, jobActions } from './families/batch.ts';
import {
  cnpgClusterActions,
  cnpgScheduledBackupActions,
  mariadbActions,
  perconaActions,
  strimziActions,
  strimziConnectorActions,
  strimziPodSetActions,
  strimziRebalanceActions,
} from './families/databases.ts';
import { fluxActions, fluxKinds } from './families/flux.ts';
import { promotionActions, stageActions, warehouseActions } from './families/kargo.ts';
import { scaledJobActions, scaledObjectActions } from './families/keda.ts';
import {
  interStepBufferActions,
  isbServiceRolloutActions,
  monoVertexRolloutActions,
  numaflowActions,
  pipelineRolloutActions,
} from './families/numa.ts';
import { analysisRunActions, rolloutActions } from './families/rollouts.ts';
import { certificateActions, externalSecretActions, pushSecretActions } from './families/secrets.ts';
import { cronWorkflowActions, workflowActions, workflowTemplateActions } from './families/workflows.ts';

const FAMILIES: ReadonlyMap<string, ActionFamily> = new Map<string, ActionFamily>([
  ['apps/Deployment', deploymentActions],
  ['apps/StatefulSet', statefulSetActions],
  ['apps/DaemonSet', daemonSetActions],
  ['batch/CronJob', cronJobActions],
  ['batch/Job', jobActions],
  ['argoproj.io/Rollout', rolloutActions],
  ['argoproj.io/AnalysisRun', analysisRunActions],
  ['argoproj.io/CronWorkflow', cronWorkflowActions],
  ['argoproj.io/Workflow', workflowActions],
  ['argoproj.io/WorkflowTemplate', workflowTemplateActions],
  ['argoproj.io/Application', applicationActions],
  ['promoter.argoproj.io/PullRequest', promoterPullRequestActions],
  ['external-secrets.io/ExternalSecret', externalSecretActions],
  ['external-secrets.io/ClusterExternalSecret', externalSecretActions],
  ['external-secrets.io/PushSecret', pushSecretActions],
  ['cert-manager.io/Certificate', certificateActions],
  ...fluxKinds.map((kind): [string, ActionFamily] => [kind, fluxActions]),
  ['keda.sh/ScaledObject', scaledObjectActions],
  ['keda.sh/ScaledJob', scaledJobActions],
  ['postgresql.cnpg.io/Cluster', cnpgClusterActions],
  ['postgresql.cnpg.io/ScheduledBackup', cnpgScheduledBackupActions],
  ['k8s.mariadb.com/MariaDB', mariadbActions],
  ['k8s.mariadb.com/Cluster', mariadbActions],
  ['k8s.mariadb.com/MaxScale', mariadbActions],
  ['pxc.percona.com/PerconaXtraDBCluster', perconaActions],
  ['psmdb.percona.com/PerconaServerMongoDB', perconaActions],
  ['pgv2.percona.com/PerconaPGCluster', perconaActions],
  ['core.strimzi.io/StrimziPodSet', strimziPodSetActions],
  ['kafka.strimzi.io/Kafka', strimziActions],
  ['kafka.strimzi.io/KafkaConnect', strimziActions],
  ['kafka.strimzi.io/KafkaMirrorMaker2', strimziActions],
  ['kafka.strimzi.io/KafkaBridge', strimziActions],
  ['kafka.strimzi.io/KafkaConnector', strimziConnectorActions],
  ['kafka.strimzi.io/KafkaRebalance', strimziRebalanceActions],
  ['numaflow.numaproj.io/Pipeline', numaflowActions],
  ['numaflow.numaproj.io/MonoVertex', numaflowActions],
  ['numaflow.numaproj.io/InterStepBufferService', interStepBufferActions],
  ['numaplane.numaproj.io/PipelineRollout', pipelineRolloutActions],
  ['numaplane.numaproj.io/MonoVertexRollout', monoVertexRolloutActions],
  ['numaplane.numaproj.io/ISBServiceRollout', isbServiceRolloutActions],
  ['kargo.akuity.io/Warehouse', warehouseActions],
  ['kargo.akuity.io/Stage', stageActions],
  ['kargo.akuity.io/Promotion', promotionActions],
]);

export function builtinActions(object: KubeObject): readonly NativeAction[] {
  return FAMILIES.get(groupKindText(gvkOf(object)))?.(object) ?? [];
}
