// Finds the judgement for an object: pending deletion first, then the kind's own check, then its conditions.
import { groupKindText, gvkOf, type KubeObject } from '../k8s/index.ts';
import { finalizers, type Health } from '../model/index.ts';
import { customResourceDefinitionHealth } from './apiextensions-custom-resource-definition.ts';
import { apiServiceHealth } from './apiregistration-api-service.ts';
import { daemonSetHealth } from './apps-v1-daemon-set.ts';
import { deploymentHealth } from './apps-v1-deployment.ts';
import { replicaSetHealth } from './apps-v1-replica-set.ts';
import { statefulSetHealth } from './apps-v1-stateful-set.ts';
import { applicationHealth } from './argoproj-application.ts';
import { workflowHealth } from './argoproj-workflow.ts';
import { horizontalPodAutoscalerHealth } from './autoscaling-horizontal-pod-autoscaler.ts';
import { cronJobHealth } from './batch-v1-cron-job.ts';
import { jobHealth } from './batch-v1-job.ts';
import { healthByConditions } from './by-conditions.ts';
import { persistentVolumeClaimHealth } from './core-v1-persistent-volume-claim.ts';
import { podHealth } from './core-v1-pod.ts';
import { serviceHealth } from './core-v1-service.ts';
import { ingressHealth } from './networking-v1-ingress.ts';
import { podDisruptionBudgetHealth } from './policy-v1-pod-disruption-budget.ts';
import { type HealthCheck, progressing } from './read.ts';

/** `group/Kind` (`Kind` for the core group) → its check, for all versions. */
const CHECKS: ReadonlyMap<string, HealthCheck> = new Map<string, HealthCheck>([
  ['apps/Deployment', deploymentHealth],
  ['apps/StatefulSet', statefulSetHealth],
  ['apps/ReplicaSet', replicaSetHealth],
  ['apps/DaemonSet', daemonSetHealth],
  ['networking.k8s.io/Ingress', ingressHealth],
  ['extensions/Ingress', ingressHealth],
  ['Service', serviceHealth],
  ['PersistentVolumeClaim', persistentVolumeClaimHealth],
  ['Pod', podHealth],
  ['batch/Job', jobHealth],
  ['batch/CronJob', cronJobHealth],
  ['autoscaling/HorizontalPodAutoscaler', horizontalPodAutoscalerHealth],
  ['apiregistration.k8s.io/APIService', apiServiceHealth],
  ['apiextensions.k8s.io/CustomResourceDefinition', customResourceDefinitionHealth],
  ['policy/PodDisruptionBudget', podDisruptionBudgetHealth],
  ['argoproj.io/Application', applicationHealth],
  ['argoproj.io/Workflow', workflowHealth],
]);

/** A check that comes before the built-in one of its kind; undefined passes on to it. */
export type CustomHealth = (object: KubeObject) => { readonly health: Health | undefined } | undefined;

/** Undefined: there is no opinion about this kind; it counts as success where health is awaited. */
export function assessHealth(object: KubeObject, custom?: CustomHealth): Health | undefined {
  const deletion = pendingDeletion(object);
  if (deletion !== undefined) return deletion;
  const own = custom?.(object);
  if (own !== undefined) return own.health;
  const check = CHECKS.get(groupKindText(gvkOf(object)));
  return check === undefined ? healthByConditions(object) : check(object);
}

/** A hook under deletion is judged like any other: its result is still wanted. */
function pendingDeletion({ metadata }: KubeObject): Health | undefined {
  if (metadata.deletionTimestamp === undefined) return undefined;
  const held = metadata.finalizers ?? [];
  if (held.includes(finalizers.hook)) return undefined;
  return progressing(held.length === 0 ? 'Pending deletion' : `Pending deletion, held by ${held.join(', ')}`);
}
