// Which kinds are watched whole because pages and health show them, and which are not watched at all.
import type { GroupKind } from '../../k8s/index.ts';

/** Kinds whose state the resource tree shows, tracked or not. */
const SHOWN: ReadonlySet<string> = new Set([
  '/Pod',
  '/PersistentVolumeClaim',
  'apps/ReplicaSet',
  'apps/Deployment',
  'apps/StatefulSet',
  'apps/DaemonSet',
  'batch/Job',
  'batch/CronJob',
]);

/** Argo CD's default exclusions, and Events: they change all the time and belong to nobody's source. */
const EXCLUDED: ReadonlySet<string> = new Set([
  '/Event',
  'events.k8s.io/Event',
  '/Endpoints',
  'discovery.k8s.io/EndpointSlice',
  'coordination.k8s.io/Lease',
  'authentication.k8s.io/SelfSubjectReview',
  'authentication.k8s.io/TokenReview',
  'authorization.k8s.io/LocalSubjectAccessReview',
  'authorization.k8s.io/SelfSubjectAccessReview',
  'authorization.k8s.io/SelfSubjectRulesReview',
  'authorization.k8s.io/SubjectAccessReview',
  'certificates.k8s.io/CertificateSigningRequest',
  'cert-manager.io/CertificateRequest',
  'cilium.io/CiliumIdentity',
  'cilium.io/CiliumEndpoint',
  'cilium.io/CiliumEndpointSlice',
]);

export function isShown({ group, kind }: GroupKind): boolean {
  return SHOWN.has(`${group}/${kind}`);
}

export function isExcluded({ group, kind }: GroupKind): boolean {
  return EXCLUDED.has(`${group}/${kind}`) || group === 'reports.kyverno.io' || group === 'wgpolicyk8s.io';
}
