// The one simulated node. It is written once; its heartbeat is renewed only together with pod work, so that an idle
// cluster writes nothing.

import type { KubeObject } from '../../k8s/index.ts';
import { rfc3339 } from '../../lib/index.ts';
import { type Condition, timeMs, types } from './kinds.ts';
import type { World, Write } from './plan.ts';

export const nodeName = 'fairlead-node';
/** InternalIP of the node and host IP of its pods. */
export const nodeAddress = '172.20.0.2';

const heartbeatMs = 300_000;
const resources = {
  cpu: '64',
  'ephemeral-storage': '1Ti',
  'hugepages-1Gi': '0',
  'hugepages-2Mi': '0',
  memory: '256Gi',
  pods: '10000',
};

/** The node as the server starts with it, and the lease a kubelet would hold. */
export function nodeObjects(nowMs: number): { readonly node: KubeObject; readonly lease: KubeObject } {
  const labels = {
    'beta.kubernetes.io/arch': 'amd64',
    'beta.kubernetes.io/os': 'linux',
    'kubernetes.io/arch': 'amd64',
    'kubernetes.io/hostname': nodeName,
    'kubernetes.io/os': 'linux',
    'node-role.kubernetes.io/control-plane': '',
  };
  const node = {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: nodeName, labels },
    spec: { podCIDR: '10.244.0.0/16', podCIDRs: ['10.244.0.0/16'], providerID: `fairlead://${nodeName}` },
  };
  const lease = {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name: nodeName, namespace: 'kube-node-lease' },
    spec: {
      holderIdentity: nodeName,
      leaseDurationSeconds: 40,
      renewTime: `${new Date(nowMs).toISOString().slice(0, -1)}000Z`,
    },
  };
  return { node, lease };
}

/** Status of a healthy node. */
export function nodeStatus(nowMs: number): Record<string, unknown> {
  return {
    capacity: resources,
    allocatable: resources,
    conditions: nodeConditions(nowMs),
    addresses: [
      { type: 'InternalIP', address: nodeAddress },
      { type: 'Hostname', address: nodeName },
    ],
    daemonEndpoints: { kubeletEndpoint: { Port: 10250 } },
    nodeInfo: {
      architecture: 'amd64',
      bootID: '',
      containerRuntimeVersion: 'containerd://2.1.3',
      kernelVersion: '6.12.0',
      kubeProxyVersion: '',
      kubeletVersion: 'v1.35.4',
      machineID: '',
      operatingSystem: 'linux',
      osImage: 'Fairlead simulated node',
      systemUUID: '',
    },
  };
}

/** A renewed heartbeat when the last one is old; no writes otherwise. */
export function nodeHeartbeat(world: World): Write[] {
  const node = world.view.get(types.nodes, '', nodeName);
  const status = node?.['status'] as { conditions?: Condition[] } | undefined;
  if (node === undefined || status?.conditions === undefined) return [];
  const ready = status.conditions.find(({ type }) => type === 'Ready');
  if (world.nowMs - timeMs(ready?.['lastHeartbeatTime'] as string | undefined) < heartbeatMs) return [];
  const conditions = status.conditions.map((condition) => ({
    ...condition,
    lastHeartbeatTime: rfc3339(world.nowMs),
  }));
  return [{ op: 'status', type: types.nodes, object: node, status: { ...status, conditions } }];
}

function nodeConditions(nowMs: number): Condition[] {
  const now = rfc3339(nowMs);
  const rows: [string, Condition['status'], string, string][] = [
    ['MemoryPressure', 'False', 'KubeletHasSufficientMemory', 'kubelet has sufficient memory available'],
    ['DiskPressure', 'False', 'KubeletHasNoDiskPressure', 'kubelet has no disk pressure'],
    ['PIDPressure', 'False', 'KubeletHasSufficientPID', 'kubelet has sufficient PID available'],
    ['Ready', 'True', 'KubeletReady', 'kubelet is posting ready status'],
  ];
  return rows.map(([type, status, reason, message]) => ({
    type,
    status,
    lastHeartbeatTime: now,
    lastTransitionTime: now,
    reason,
    message,
  }));
}
