// PersistentVolumeClaim and PersistentVolume: claims bind to a matching volume or get one provisioned; volumes follow
// their claim. Binding is immediate for every class. planClaim and planVolume are pure.
import type { KubeObject } from '../../k8s/index.ts';
import {
  isDeleting,
  nameOf,
  namespaceOf,
  type Pod,
  timeMs,
  types,
  uidOf,
  type Volume,
  type VolumeClaim,
} from './kinds.ts';
import { selectedBy } from './label-selector.ts';
import type { ObjectView } from './object-store.ts';
import type { Controller, EventDraft, Plan, World, Write } from './plan.ts';
import { amountOf } from './quantity.ts';
import { defaultClassAnnotation } from './storage-class.ts';

const component = 'persistentvolume-controller';
const claimFinalizer = 'kubernetes.io/pvc-protection';
const volumeFinalizer = 'kubernetes.io/pv-protection';
const boundBy = { 'pv.kubernetes.io/bind-completed': 'yes', 'pv.kubernetes.io/bound-by-controller': 'yes' };

export function createVolumeClaimController(): Controller {
  const sinceMs = new Map<string, number>();
  return {
    name: 'persistentvolumeclaims',
    type: types.volumeClaims,
    triggers: [
      { type: types.volumes, keysFor: (volume, view) => claimsFor(volume as Volume, view) },
      { type: types.storageClasses, keysFor: (_class, view) => pendingClaims(view.list(types.volumeClaims)) },
      {
        type: types.pods,
        *keysFor(pod, _view, deleted) {
          if (!deleted) return;
          for (const volume of (pod as Pod).spec.volumes ?? []) {
            if (volume.persistentVolumeClaim === undefined) continue;
            yield `${namespaceOf(pod)}/${volume.persistentVolumeClaim.claimName}`;
          }
        },
      },
    ],
    plan(object, world) {
      const start = sinceMs.get(uidOf(object)) ?? world.nowMs;
      sinceMs.set(uidOf(object), start);
      return planClaim(object as VolumeClaim, world, world.nowMs - start);
    },
    forget: (object) => void sinceMs.delete(uidOf(object)),
  };
}

/** @param elapsedMs since the claim was first seen. */
export function planClaim(claim: VolumeClaim, world: World, elapsedMs: number): Plan {
  if (isDeleting(claim)) return release(claim, world.view);
  const { volumeName } = claim.spec;
  if (volumeName !== undefined && volumeName !== '') return followVolume(claim, world, volumeName);
  const className = claim.spec.storageClassName ?? defaultClass(world.view);
  const matching = [...world.view.list(types.volumes)].find((volume) =>
    fits(volume as Volume, claim, className),
  );
  if (matching !== undefined) return { writes: bindWrites(claim, matching as Volume) };
  if (className === undefined || className === '') {
    const message = 'no persistent volumes available for this claim and no storage class is set';
    return pending(claim, [eventOf(claim, 'Normal', 'FailedBinding', message)]);
  }
  const storageClass = world.view.get(types.storageClasses, '', className);
  if (storageClass === undefined) {
    const message = `storageclass.storage.k8s.io "${className}" not found`;
    return pending(claim, [eventOf(claim, 'Warning', 'ProvisioningFailed', message)]);
  }
  const leftMs = world.latencies.provisionMs - elapsedMs;
  if (leftMs > 0) return { ...pending(claim, []), requeueMs: leftMs };
  const volume = provisioned(claim, storageClass);
  const message = `Successfully provisioned volume ${nameOf(volume)}`;
  const event = eventOf(claim, 'Normal', 'ProvisioningSucceeded', message);
  const bind = bindWrites({ ...claim, spec: { ...claim.spec, storageClassName: className } }, volume);
  return { writes: [{ op: 'create', type: types.volumes, object: volume, event }, ...bind] };
}

function followVolume(claim: VolumeClaim, world: World, volumeName: string): Plan {
  const volume = world.view.get(types.volumes, '', volumeName) as Volume | undefined;
  const other = volume?.spec.claimRef?.uid;
  if (volume === undefined || (other !== undefined && other !== uidOf(claim))) {
    // A bound claim whose volume went away is lost; one that only names a volume waits for it.
    const lost = claim.status?.phase === 'Bound';
    const status = { ...claim.status, phase: lost ? 'Lost' : (claim.status?.phase ?? 'Pending') };
    return { writes: [{ op: 'status', type: types.volumeClaims, object: claim, status }] };
  }
  return { writes: bindWrites(claim, volume) };
}

/** Both sides of a binding; each write is skipped when it is in place already. */
function bindWrites(claim: VolumeClaim, volume: Volume): Write[] {
  const writes: Write[] = [];
  const linked = claim.spec.volumeName === nameOf(volume);
  if (volume.spec.claimRef?.uid !== uidOf(claim) && uidOf(volume) !== '') {
    const change = (copy: KubeObject): void => {
      copy['spec'] = { ...(copy as Volume).spec, claimRef: claimReference(claim) };
    };
    writes.push({ op: 'edit', type: types.volumes, object: volume, change });
  }
  const className = claim.spec.storageClassName;
  if (!linked) {
    const change = (copy: KubeObject): void => {
      copy.metadata.annotations = { ...copy.metadata.annotations, ...boundBy };
      const spec = (copy as VolumeClaim).spec;
      copy['spec'] = {
        ...spec,
        volumeName: nameOf(volume),
        ...(spec.storageClassName === undefined && className !== undefined
          ? { storageClassName: className }
          : {}),
      };
    };
    writes.push({ op: 'edit', type: types.volumeClaims, object: claim, change });
  }
  const { accessModes = [], capacity = {} } = volume.spec;
  const status = { ...claim.status, phase: 'Bound', accessModes, capacity };
  return [...writes, { op: 'status', type: types.volumeClaims, object: claim, status }];
}

function pending(claim: VolumeClaim, events: EventDraft[]): Plan {
  const status = { ...claim.status, phase: 'Pending' };
  return { writes: [{ op: 'status', type: types.volumeClaims, object: claim, status }], events };
}

/** A deleted claim stays while a pod uses it. */
function release(object: VolumeClaim, view: ObjectView): Plan {
  const finalizers = object.metadata.finalizers ?? [];
  const used = view
    .inNamespace(types.pods, namespaceOf(object))
    .some((pod) =>
      (pod as Pod).spec.volumes?.some(
        ({ persistentVolumeClaim }) => persistentVolumeClaim?.claimName === nameOf(object),
      ),
    );
  if (used || !finalizers.includes(claimFinalizer)) return { writes: [] };
  return { writes: [withoutFinalizer(types.volumeClaims, object, claimFinalizer)] };
}

export const volumeController: Controller = {
  name: 'persistentvolumes',
  type: types.volumes,
  triggers: [
    {
      type: types.volumeClaims,
      *keysFor(claim, view, deleted) {
        const { volumeName } = (claim as VolumeClaim).spec;
        if (volumeName !== undefined && volumeName !== '') yield `/${volumeName}`;
        if (!deleted) return;
        for (const volume of view.list(types.volumes)) {
          if ((volume as Volume).spec.claimRef?.uid === uidOf(claim)) yield `/${nameOf(volume)}`;
        }
      },
    },
  ],
  plan: (object, { view }) => planVolume(object as Volume, view),
};

export function planVolume(volume: Volume, view: ObjectView): Plan {
  const { claimRef, persistentVolumeReclaimPolicy = 'Retain' } = volume.spec;
  const claim =
    claimRef === undefined
      ? undefined
      : view.get(types.volumeClaims, claimRef.namespace ?? '', claimRef.name ?? '');
  const bound = claim !== undefined && (claimRef?.uid === undefined || claimRef.uid === uidOf(claim));
  if (isDeleting(volume)) {
    const held = bound || !(volume.metadata.finalizers ?? []).includes(volumeFinalizer);
    return { writes: held ? [] : [withoutFinalizer(types.volumes, volume, volumeFinalizer)] };
  }
  if (claimRef?.uid !== undefined && !bound && persistentVolumeReclaimPolicy === 'Delete') {
    return { writes: [{ op: 'delete', type: types.volumes, object: volume }] };
  }
  const phase = claimRef?.uid === undefined ? 'Available' : bound ? 'Bound' : 'Released';
  return {
    writes: [{ op: 'status', type: types.volumes, object: volume, status: { ...volume.status, phase } }],
  };
}

function fits(volume: Volume, claim: VolumeClaim, className: string | undefined): boolean {
  const { claimRef, capacity = {}, accessModes = [], storageClassName = '' } = volume.spec;
  if (isDeleting(volume)) return false;
  const reserved =
    claimRef !== undefined && claimRef.name === nameOf(claim) && claimRef.namespace === namespaceOf(claim);
  if (claimRef !== undefined && !(reserved && (claimRef.uid ?? uidOf(claim)) === uidOf(claim))) return false;
  const wanted = amountOf(claim.spec.resources?.requests?.['storage'] ?? '0');
  return (
    storageClassName === (className ?? '') &&
    amountOf(capacity['storage'] ?? '0') >= wanted &&
    (claim.spec.accessModes ?? []).every((mode) => accessModes.includes(mode)) &&
    (claim.spec.selector === undefined || selectedBy(claim.spec.selector, volume.metadata.labels))
  );
}

function provisioned(claim: VolumeClaim, storageClass: KubeObject): Volume {
  const name = `pvc-${uidOf(claim)}`;
  const by = String(storageClass['provisioner'] ?? '');
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name, annotations: { 'pv.kubernetes.io/provisioned-by': by }, finalizers: [volumeFinalizer] },
    spec: {
      accessModes: [...(claim.spec.accessModes ?? ['ReadWriteOnce'])],
      capacity: { storage: claim.spec.resources?.requests?.['storage'] ?? '1Gi' },
      claimRef: claimReference(claim),
      csi: { driver: by, volumeHandle: name },
      persistentVolumeReclaimPolicy: String(storageClass['reclaimPolicy'] ?? 'Delete'),
      storageClassName: nameOf(storageClass),
      volumeMode: claim.spec.volumeMode ?? 'Filesystem',
    },
  };
}

function claimReference(claim: VolumeClaim): Record<string, string> {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    name: nameOf(claim),
    namespace: namespaceOf(claim),
    uid: uidOf(claim),
  };
}

/** The default storage class; the newest when several claim to be it. */
function defaultClass(view: ObjectView): string | undefined {
  const marked = [...view.list(types.storageClasses)].filter(
    (each) => each.metadata.annotations?.[defaultClassAnnotation] === 'true',
  );
  marked.sort((a, b) => timeMs(b.metadata.creationTimestamp) - timeMs(a.metadata.creationTimestamp));
  const [newest] = marked;
  return newest === undefined ? undefined : nameOf(newest);
}

function withoutFinalizer(type: Write['type'], object: KubeObject, finalizer: string): Write {
  const change = (copy: KubeObject): void => {
    copy.metadata.finalizers = (copy.metadata.finalizers ?? []).filter((name) => name !== finalizer);
  };
  return { op: 'edit', type, object, change };
}

function* claimsFor(volume: Volume, view: ObjectView): Iterable<string> {
  const { claimRef } = volume.spec;
  if (claimRef !== undefined) yield `${claimRef.namespace ?? ''}/${claimRef.name ?? ''}`;
  else yield* pendingClaims(view.list(types.volumeClaims));
}

function* pendingClaims(claims: Iterable<KubeObject>): Iterable<string> {
  for (const claim of claims) {
    if ((claim as VolumeClaim).status?.phase !== 'Bound') yield `${namespaceOf(claim)}/${nameOf(claim)}`;
  }
}

function eventOf(about: KubeObject, type: 'Normal' | 'Warning', reason: string, message: string): EventDraft {
  return { about, type, reason, message, component };
}
