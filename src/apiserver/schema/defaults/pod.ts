// Defaults of pods and pod templates: containers, probes, volumes.
import { ensurePart, type Fields, items, part, setDefault, setDefaultText } from './object.ts';

/** File mode of projected files, 0644. */
const FILE_MODE = 420;

export function defaultPod(pod: Fields): void {
  const spec = ensurePart(pod, 'spec');
  defaultPodSpec(spec);
  setDefault(spec, 'enableServiceLinks', true);
  for (const name of ['containers', 'initContainers']) {
    for (const container of items(spec, name)) requestsFromLimits(container);
  }
}

/** Requests left out are as high as the limits, for pods only. */
function requestsFromLimits(container: Fields): void {
  const resources = part(container, 'resources');
  const limits = part(resources, 'limits');
  if (resources === undefined || limits === undefined) return;
  const requests = ensurePart(resources, 'requests');
  for (const name in limits) setDefault(requests, name, limits[name]);
}

export function defaultPodTemplate(template: Fields | undefined): void {
  if (template !== undefined) defaultPodSpec(ensurePart(template, 'spec'));
}

export function defaultPodSpec(spec: Fields): void {
  for (const volume of items(spec, 'volumes')) defaultVolume(volume);
  const hostNetwork = spec['hostNetwork'] === true;
  for (const name of ['initContainers', 'containers', 'ephemeralContainers']) {
    for (const container of items(spec, name))
      defaultContainer(container, hostNetwork && name !== 'ephemeralContainers');
  }
  setDefaultText(spec, 'restartPolicy', 'Always');
  setDefault(spec, 'terminationGracePeriodSeconds', 30);
  setDefaultText(spec, 'dnsPolicy', 'ClusterFirst');
  setDefaultText(spec, 'schedulerName', 'default-scheduler');
  setDefault(spec, 'securityContext', {});
  // The deprecated name of the account follows the current one.
  if (spec['serviceAccountName'] === undefined && spec['serviceAccount'] !== undefined) {
    spec['serviceAccountName'] = spec['serviceAccount'];
  }
  if (spec['serviceAccountName'] !== undefined) spec['serviceAccount'] = spec['serviceAccountName'];
}

function defaultContainer(container: Fields, hostNetwork: boolean): void {
  setDefaultText(container, 'imagePullPolicy', pullPolicy(container['image']));
  setDefaultText(container, 'terminationMessagePath', '/dev/termination-log');
  setDefaultText(container, 'terminationMessagePolicy', 'File');
  for (const port of items(container, 'ports')) {
    setDefaultText(port, 'protocol', 'TCP');
    if (hostNetwork && (port['hostPort'] === undefined || port['hostPort'] === 0))
      port['hostPort'] = port['containerPort'];
  }
  for (const variable of items(container, 'env')) {
    const fieldRef = part(part(variable, 'valueFrom'), 'fieldRef');
    if (fieldRef !== undefined) setDefaultText(fieldRef, 'apiVersion', 'v1');
    defaultDivisor(part(part(variable, 'valueFrom'), 'resourceFieldRef'));
    const fileRef = part(part(variable, 'valueFrom'), 'fileKeyRef');
    if (fileRef !== undefined) setDefault(fileRef, 'optional', false);
  }
  for (const name of ['livenessProbe', 'readinessProbe', 'startupProbe']) defaultProbe(part(container, name));
  const lifecycle = part(container, 'lifecycle');
  for (const name of ['postStart', 'preStop']) defaultHttpGet(part(part(lifecycle, name), 'httpGet'));
}

/** Images without a tag, or with `latest`, are pulled each time; a digest never changes. */
function pullPolicy(image: unknown): 'Always' | 'IfNotPresent' {
  if (typeof image !== 'string' || image === '') return 'IfNotPresent';
  if (image.includes('@')) return 'IfNotPresent';
  const tag = /:([^/:]+)$/.exec(image)?.[1] ?? 'latest';
  return tag === 'latest' ? 'Always' : 'IfNotPresent';
}

function defaultProbe(probe: Fields | undefined): void {
  if (probe === undefined) return;
  for (const [name, value] of PROBE_NUMBERS)
    if (probe[name] === undefined || probe[name] === 0) probe[name] = value;
  defaultHttpGet(part(probe, 'httpGet'));
  const grpc = part(probe, 'grpc');
  if (grpc !== undefined) setDefault(grpc, 'service', '');
}

const PROBE_NUMBERS = [
  ['timeoutSeconds', 1],
  ['periodSeconds', 10],
  ['successThreshold', 1],
  ['failureThreshold', 3],
] as const;

function defaultHttpGet(action: Fields | undefined): void {
  if (action === undefined) return;
  setDefaultText(action, 'path', '/');
  setDefaultText(action, 'scheme', 'HTTP');
}

export function defaultVolume(volume: Fields): void {
  if (Object.keys(volume).every((name) => name === 'name')) volume['emptyDir'] = {};
  for (const name of ['secret', 'configMap', 'downwardAPI', 'projected']) {
    const source = part(volume, name);
    if (source !== undefined) setDefault(source, 'defaultMode', FILE_MODE);
  }
  defaultDownwardItems(part(volume, 'downwardAPI'));
  for (const source of items(part(volume, 'projected'), 'sources')) {
    defaultDownwardItems(part(source, 'downwardAPI'));
    const token = part(source, 'serviceAccountToken');
    if (token !== undefined) setDefault(token, 'expirationSeconds', 3600);
  }
  defaultVolumeSource(volume);
  const claim = part(part(part(volume, 'ephemeral'), 'volumeClaimTemplate'), 'spec');
  if (claim !== undefined) setDefault(claim, 'volumeMode', 'Filesystem');
}

/** Sources volumes and persistent volumes share. */
export function defaultVolumeSource(source: Fields): void {
  const hostPath = part(source, 'hostPath');
  if (hostPath !== undefined) setDefault(hostPath, 'type', '');
  const iscsi = part(source, 'iscsi');
  if (iscsi !== undefined) setDefaultText(iscsi, 'iscsiInterface', 'default');
  const rbd = part(source, 'rbd');
  if (rbd !== undefined) {
    setDefaultText(rbd, 'pool', 'rbd');
    setDefaultText(rbd, 'user', 'admin');
    setDefaultText(rbd, 'keyring', '/etc/ceph/keyring');
  }
  const azure = part(source, 'azureDisk');
  if (azure !== undefined) {
    setDefault(azure, 'cachingMode', 'ReadWrite');
    setDefault(azure, 'fsType', 'ext4');
    setDefault(azure, 'readOnly', false);
    setDefault(azure, 'kind', 'Shared');
  }
  const scaleIo = part(source, 'scaleIO');
  if (scaleIo !== undefined) {
    setDefaultText(scaleIo, 'storageMode', 'ThinProvisioned');
    setDefaultText(scaleIo, 'fsType', 'xfs');
  }
}

function defaultDivisor(reference: Fields | undefined): void {
  if (reference !== undefined) setDefault(reference, 'divisor', '0');
}

function defaultDownwardItems(source: Fields | undefined): void {
  for (const item of items(source, 'items')) {
    defaultDivisor(part(item, 'resourceFieldRef'));
    const fieldRef = part(item, 'fieldRef');
    if (fieldRef !== undefined) setDefaultText(fieldRef, 'apiVersion', 'v1');
  }
}
