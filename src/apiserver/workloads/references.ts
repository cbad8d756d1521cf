// Which config maps, secrets and claims a pod needs before it can run, and which of them do not exist.
import type { ResourceName } from '../internal-api.ts';
import { type Container, namespaceOf, type Pod, types } from './kinds.ts';
import type { ObjectView } from './object-store.ts';

/** An object a pod waits for. */
export interface Reference {
  readonly type: ResourceName;
  readonly namespace: string;
  readonly name: string;
}

export interface MissingReference extends Reference {
  /** `configmap "app" not found`. */
  readonly text: string;
}

/** The first config map or secret of a container's environment that is required and absent. */
export function missingForContainer(
  view: ObjectView,
  pod: Pod,
  container: Container,
): MissingReference | undefined {
  const configMaps = [
    ...(container.envFrom ?? []).map(({ configMapRef }) => configMapRef),
    ...(container.env ?? []).map(({ valueFrom }) => valueFrom?.configMapKeyRef),
  ];
  const secrets = [
    ...(container.envFrom ?? []).map(({ secretRef }) => secretRef),
    ...(container.env ?? []).map(({ valueFrom }) => valueFrom?.secretKeyRef),
  ];
  return firstMissing(view, pod, configMaps, secrets);
}

/** The first volume whose config map or secret is required and absent, with the volume's name. */
export function missingVolume(
  view: ObjectView,
  pod: Pod,
): { readonly volume: string; readonly missing: MissingReference } | undefined {
  for (const volume of pod.spec.volumes ?? []) {
    const secret = volume.secret;
    const secretRef =
      secret === undefined
        ? undefined
        : { name: secret.secretName ?? '', optional: secret.optional === true };
    const missing = firstMissing(view, pod, [volume.configMap], [secretRef]);
    if (missing !== undefined) return { volume: volume.name, missing };
  }
  return undefined;
}

/** The first claim that is absent (`text` set) or not bound yet (`text` empty). */
export function unmetClaim(view: ObjectView, pod: Pod): MissingReference | undefined {
  const namespace = namespaceOf(pod);
  for (const volume of pod.spec.volumes ?? []) {
    const name = volume.persistentVolumeClaim?.claimName;
    if (name === undefined) continue;
    const claim = view.get(types.volumeClaims, namespace, name);
    const phase = (claim?.['status'] as { phase?: string } | undefined)?.phase;
    if (claim !== undefined && phase === 'Bound') continue;
    const text = claim === undefined ? `persistentvolumeclaim "${name}" not found` : '';
    return { type: types.volumeClaims, namespace, name, text };
  }
  return undefined;
}

interface OptionalRef {
  readonly name?: string;
  readonly optional?: boolean;
}

function firstMissing(
  view: ObjectView,
  pod: Pod,
  configMaps: readonly (OptionalRef | undefined)[],
  secrets: readonly (OptionalRef | undefined)[],
): MissingReference | undefined {
  const namespace = namespaceOf(pod);
  const find = (type: ResourceName, word: string, refs: readonly (OptionalRef | undefined)[]) => {
    const absent = refs.find(
      (ref) =>
        ref !== undefined &&
        ref.optional !== true &&
        view.read(type, namespace, ref.name ?? '') === undefined,
    );
    const name = absent?.name ?? '';
    return absent === undefined ? undefined : { type, namespace, name, text: `${word} "${name}" not found` };
  };
  return find(types.configMaps, 'configmap', configMaps) ?? find(types.secrets, 'secret', secrets);
}
