// One pod of a StatefulSet: its identity, its claims, which revision it gets. Pure.
import type { KubeObject } from '../../k8s/index.ts';
import type { Random } from '../../lib/index.ts';
import { revisionHashLabel } from './controller-revision.ts';
import {
  controllerReference,
  nameOf,
  namespaceOf,
  type PodTemplate,
  type PodVolume,
  type StatefulSet,
  uidOf,
} from './kinds.ts';
import { podFromTemplate } from './pod-template.ts';

export function startOrdinal(set: StatefulSet): number {
  return set.spec.ordinals?.start ?? 0;
}

/** The number at the end of a pod's name; -1 for a pod that is not the set's by name. */
export function ordinalOf(set: StatefulSet, pod: KubeObject): number {
  const prefix = `${nameOf(set)}-`;
  const rest = nameOf(pod).startsWith(prefix) ? nameOf(pod).slice(prefix.length) : '';
  return /^\d+$/.test(rest) ? Number(rest) : -1;
}

/** True when a missing pod of this ordinal is made from the revision before the present update. */
export function usesCurrentRevision(set: StatefulSet, ordinal: number): boolean {
  const { type = 'RollingUpdate', rollingUpdate } = set.spec.updateStrategy ?? {};
  const start = startOrdinal(set);
  if (rollingUpdate !== undefined) return ordinal < start + (rollingUpdate.partition ?? 0);
  return type === 'RollingUpdate' && ordinal < start + (set.status?.currentReplicas ?? 0);
}

export interface StatefulPodOptions {
  readonly set: StatefulSet;
  readonly template: PodTemplate;
  readonly revisionName: string;
  readonly ordinal: number;
  readonly random: Random;
}

/** A new pod with the stable name, host name and claims of its ordinal. */
export function statefulPod({
  set,
  template,
  revisionName,
  ordinal,
  random,
}: StatefulPodOptions): KubeObject {
  const name = `${nameOf(set)}-${ordinal}`;
  const claims = (set.spec.volumeClaimTemplates ?? []).map((claim) => nameOf(claim));
  const others = (template.spec.volumes ?? []).filter((volume) => !claims.includes(volume.name));
  const claimed = claims.map(
    (claim): PodVolume => ({
      name: claim,
      persistentVolumeClaim: { claimName: claimName(set, claim, ordinal) },
    }),
  );
  const volumes = [...claimed, ...others];
  return podFromTemplate({
    owner: set,
    template,
    name,
    labels: {
      'apps.kubernetes.io/pod-index': String(ordinal),
      [revisionHashLabel]: revisionName,
      'statefulset.kubernetes.io/pod-name': name,
    },
    spec: {
      hostname: name,
      ...(set.spec.serviceName === undefined || set.spec.serviceName === ''
        ? {}
        : { subdomain: set.spec.serviceName }),
      ...(volumes.length === 0 ? {} : { volumes }),
    },
    random,
  });
}

/** The claims one pod of the set needs. */
export function claimsFor(set: StatefulSet, ordinal: number): KubeObject[] {
  const byDelete = set.spec.persistentVolumeClaimRetentionPolicy?.whenDeleted === 'Delete';
  return (set.spec.volumeClaimTemplates ?? []).map((claim) => ({
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: {
      name: claimName(set, nameOf(claim), ordinal),
      namespace: namespaceOf(set),
      labels: { ...claim.metadata.labels, ...set.spec.selector.matchLabels },
      ...(claim.metadata.annotations === undefined ? {} : { annotations: { ...claim.metadata.annotations } }),
      ...(byDelete && uidOf(set) !== '' ? { ownerReferences: [controllerReference(set)] } : {}),
    },
    spec: structuredClone(claim['spec']),
  }));
}

function claimName(set: StatefulSet, claim: string, ordinal: number): string {
  return `${claim}-${nameOf(set)}-${ordinal}`;
}
