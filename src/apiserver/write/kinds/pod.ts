// Pods: what the default admission plug-ins fill into a new pod (service account, its token volume, priority,
// tolerations) and its first status.
import type { KubeObject } from '../../../k8s/index.ts';
import { isRecord, randomName } from '../../../lib/index.ts';
import { forbidden } from '../../failures.ts';
import type { Prepare, PrepareContext } from '../prepare.ts';

type Spec = Record<string, unknown>;

const TOKEN_PATH = '/var/run/secrets/kubernetes.io/serviceaccount';
const TOLERATION_SECONDS = 300;

export const preparePod: Prepare = (context, object, old) => {
  if (old !== undefined) return;
  let spec: Spec = isRecord(object['spec']) ? { ...object['spec'] } : {};
  spec = withServiceAccount(context, object, spec);
  spec = withPriority(context, object, spec);
  spec['tolerations'] = withTolerations(spec['tolerations']);
  object['spec'] = spec;
  object['status'] = { phase: 'Pending', qosClass: qosClass(spec) };
};

function withServiceAccount({ core, type }: PrepareContext, object: KubeObject, spec: Spec): Spec {
  const { namespace = '', name = '', generateName = '' } = object.metadata;
  const given = spec['serviceAccountName'] ?? spec['serviceAccount'];
  const account = typeof given === 'string' && given !== '' ? given : 'default';
  const stored = core.store.collection('serviceaccounts').get(namespace, account);
  if (stored === undefined) {
    const reason = `error looking up service account ${namespace}/${account}: serviceaccount "${account}" not found`;
    throw forbidden(type, name === '' ? generateName : name, reason);
  }
  const named = { ...spec, serviceAccountName: account, serviceAccount: account };
  const secrets = stored.object['imagePullSecrets'];
  const withSecrets =
    named['imagePullSecrets' as keyof typeof named] === undefined &&
    Array.isArray(secrets) &&
    secrets.length > 0
      ? { ...named, imagePullSecrets: secrets }
      : named;
  const mounts =
    spec['automountServiceAccountToken'] ?? stored.object['automountServiceAccountToken'] ?? true;
  return mounts === true ? withToken(core.random, withSecrets) : withSecrets;
}

function withToken(random: Parameters<typeof randomName>[0], spec: Spec): Spec {
  const volumes = Array.isArray(spec['volumes']) ? spec['volumes'].filter(isRecord) : [];
  const known = volumes.find(({ name }) => String(name).startsWith('kube-api-access-'));
  const name = known === undefined ? `kube-api-access-${randomName(random, 5)}` : String(known['name']);
  const mount = { name, readOnly: true, mountPath: TOKEN_PATH };
  const mounted = (containers: unknown): unknown =>
    Array.isArray(containers) ? containers.map((container) => withMount(container, mount)) : containers;
  return {
    ...spec,
    volumes: known === undefined ? [...volumes, tokenVolume(name)] : volumes,
    containers: mounted(spec['containers']),
    ...(spec['initContainers'] === undefined ? {} : { initContainers: mounted(spec['initContainers']) }),
  };
}

function withMount(container: unknown, mount: { mountPath: string }): unknown {
  if (!isRecord(container)) return container;
  const mounts = Array.isArray(container['volumeMounts']) ? container['volumeMounts'] : [];
  if (mounts.some((other) => isRecord(other) && other['mountPath'] === mount.mountPath)) return container;
  return { ...container, volumeMounts: [...mounts, mount] };
}

function tokenVolume(name: string): Record<string, unknown> {
  return {
    name,
    projected: {
      sources: [
        { serviceAccountToken: { expirationSeconds: 3607, path: 'token' } },
        { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
        {
          downwardAPI: {
            items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }],
          },
        },
      ],
      defaultMode: 420,
    },
  };
}

function withPriority({ core, type }: PrepareContext, object: KubeObject, spec: Spec): Spec {
  const name = spec['priorityClassName'];
  const classes = core.store.collection('priorityclasses.scheduling.k8s.io');
  const none = { priority: 0, preemptionPolicy: 'PreemptLowerPriority' };
  if (typeof name !== 'string' || name === '') {
    const byDefault = classes.list().find((stored) => stored.object['globalDefault'] === true)?.object;
    if (byDefault === undefined) return { ...spec, ...none };
    return { ...spec, ...priorityOf(byDefault), priorityClassName: byDefault.metadata.name };
  }
  const found = classes.get('', name)?.object;
  if (found === undefined) {
    throw forbidden(type, object.metadata.name ?? '', `no PriorityClass with name ${name} was found`);
  }
  return { ...spec, ...priorityOf(found) };
}

function priorityOf(priorityClass: KubeObject): Record<string, unknown> {
  return {
    priority: priorityClass['value'] ?? 0,
    preemptionPolicy: priorityClass['preemptionPolicy'] ?? 'PreemptLowerPriority',
  };
}

function withTolerations(given: unknown): unknown[] {
  const tolerations = Array.isArray(given) ? [...given] : [];
  for (const key of ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable']) {
    const tolerated = tolerations.some(
      (toleration) =>
        isRecord(toleration) &&
        ((toleration['key'] ?? '') === '' || toleration['key'] === key) &&
        ((toleration['effect'] ?? '') === '' || toleration['effect'] === 'NoExecute'),
    );
    if (tolerated) continue;
    tolerations.push({ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: TOLERATION_SECONDS });
  }
  return tolerations;
}

/** Guaranteed, Burstable or BestEffort by the cpu and memory of all containers. */
function qosClass(spec: Spec): string {
  const containers = [spec['initContainers'], spec['containers']].flat().filter(isRecord);
  let any = false;
  let guaranteed = true;
  for (const { resources } of containers) {
    const { requests = {}, limits = {} } = isRecord(resources) ? resources : {};
    for (const name of ['cpu', 'memory']) {
      const request = isRecord(requests) ? requests[name] : undefined;
      const limit = isRecord(limits) ? limits[name] : undefined;
      if (request !== undefined || limit !== undefined) any = true;
      if (limit === undefined || (request !== undefined && request !== limit)) guaranteed = false;
    }
  }
  if (!any) return 'BestEffort';
  return guaranteed ? 'Guaranteed' : 'Burstable';
}
