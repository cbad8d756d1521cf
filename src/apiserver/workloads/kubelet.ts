// Scheduler and node agent of the simulated cluster in one controller: binds a pod, runs it, ends it. Holds in
// memory only when a state was entered (for waits below a second), addresses, and who waits for which object.
import type { KubeObject } from '../../k8s/index.ts';
import type { ResourceName } from '../internal-api.ts';
import { AddressPool } from './address-pool.ts';
import { terminatedState } from './container-machine.ts';
import {
  type Container,
  type ContainerStatus,
  isDeleting,
  nameOf,
  namespaceOf,
  type Pod,
  timeMs,
  types,
  uidOf,
} from './kinds.ts';
import { nodeAddress, nodeHeartbeat } from './node.ts';
import type { Controller, EventDraft, ObjectKey, Plan, Trigger, World, Write } from './plan.ts';
import { isFinished } from './pod-facts.ts';
import { firstStatus, type PodMachineInput, stepPod } from './pod-machine.ts';
import { missingForContainer, missingVolume, type Reference } from './references.ts';
import { schedule } from './scheduler.ts';

interface Memory {
  /** When the pod was first seen in its present binding or deletion state. */
  stage: { name: string; sinceMs: number };
  readonly containers: Map<string, { state: string; sinceMs: number }>;
}

export function createKubelet(): Controller {
  return new Kubelet();
}

class Kubelet implements Controller {
  readonly name = 'pods';
  readonly type = types.pods;
  readonly triggers: readonly Trigger[];
  private readonly memories = new Map<string, Memory>();
  private readonly addresses = new AddressPool('10.244.0.0', 16);
  private readonly waiting = new Map<string, Set<ObjectKey>>();

  constructor() {
    const woken = (type: ResourceName, unindexed: boolean): Trigger => ({
      type,
      unindexed,
      keysFor: (object) => this.wokenBy(type.resource, object),
    });
    this.triggers = [
      woken(types.configMaps, true),
      woken(types.secrets, true),
      woken(types.volumeClaims, false),
      { type: types.nodes, keysFor: (_node, view) => unboundPods(view.list(types.pods)) },
    ];
  }

  plan(object: KubeObject, world: World): Plan {
    const pod = object as Pod;
    if (pod.status?.podIP !== undefined && pod.spec.hostNetwork !== true) {
      this.addresses.claim(uidOf(pod), pod.status.podIP);
    }
    if (isDeleting(pod)) return this.terminate(pod, world);
    if (isFinished(pod)) return { writes: [] };
    return pod.spec.nodeName === undefined ? this.scheduleOne(pod, world) : this.run(pod, world);
  }

  forget(object: KubeObject): void {
    this.memories.delete(uidOf(object));
    this.addresses.release(uidOf(object));
    const key = `${namespaceOf(object)}/${nameOf(object)}`;
    for (const [reference, pods] of this.waiting) {
      if (pods.delete(key) && pods.size === 0) this.waiting.delete(reference);
    }
  }

  private scheduleOne(pod: Pod, world: World): Plan {
    const outcome = schedule(pod, world, this.inStageMs(pod, 'unbound', world.nowMs));
    if (outcome.waitsFor !== undefined) this.await(outcome.waitsFor, pod);
    return outcome.plan;
  }

  private run(pod: Pod, world: World): Plan {
    const input = this.machineInput(pod, world);
    if (pod.status?.containerStatuses === undefined) {
      const status = firstStatus(input);
      return { writes: [{ op: 'status', type: types.pods, object: pod, status }, ...nodeHeartbeat(world)] };
    }
    const unmounted = pod.status.podIP === undefined ? missingVolume(world.view, pod) : undefined;
    if (unmounted !== undefined) {
      this.await(unmounted.missing, pod);
      const message = `MountVolume.SetUp failed for volume "${unmounted.volume}" : ${unmounted.missing.text}`;
      return { writes: [], events: [eventAbout(pod, { type: 'Warning', reason: 'FailedMount', message })] };
    }
    const step = stepPod(input);
    const writes: Write[] =
      step.status === undefined ? [] : [{ op: 'status', type: types.pods, object: pod, status: step.status }];
    const events = step.events.map((event) => eventAbout(pod, event, event.container));
    return { writes, events, requeueMs: step.waitMs };
  }

  private machineInput(pod: Pod, world: World): PodMachineInput {
    const memory = this.memoryOf(pod, 'bound', world.nowMs);
    return {
      pod,
      nowMs: world.nowMs,
      latencies: world.latencies,
      hostIp: nodeAddress,
      assignIp: () => this.addresses.assign(uidOf(pod)),
      elapsedMs: (status) => world.nowMs - enteredMs(memory, status, world.nowMs),
      missingFor: (container) => this.missingFor(pod, container, world),
    };
  }

  private missingFor(pod: Pod, container: Container, world: World): string | undefined {
    const missing = missingForContainer(world.view, pod, container);
    if (missing !== undefined) this.await(missing, pod);
    return missing?.text;
  }

  /** Graceful end: containers stop, then the object goes (finalizers permitting). */
  private terminate(pod: Pod, world: World): Plan {
    if (pod.metadata.deletionGracePeriodSeconds === 0) return { writes: finalStatus(pod, world.nowMs) };
    const running = pod.spec.nodeName !== undefined && !isFinished(pod);
    const elapsedMs = this.inStageMs(pod, 'terminating', world.nowMs);
    const waitMs = running ? world.latencies.terminateMs - elapsedMs : 0;
    if (waitMs > 0) return { writes: [], events: elapsedMs === 0 ? killing(pod) : [], requeueMs: waitMs };
    return {
      writes: [
        ...finalStatus(pod, world.nowMs),
        { op: 'delete', type: types.pods, object: pod, graceSeconds: 0 },
      ],
    };
  }

  private inStageMs(pod: Pod, name: string, nowMs: number): number {
    return nowMs - this.memoryOf(pod, name, nowMs).stage.sinceMs;
  }

  private memoryOf(pod: Pod, stage: string, nowMs: number): Memory {
    const uid = uidOf(pod);
    let memory = this.memories.get(uid);
    if (memory === undefined) {
      memory = { stage: { name: stage, sinceMs: nowMs }, containers: new Map() };
      this.memories.set(uid, memory);
    }
    if (memory.stage.name !== stage) memory.stage = { name: stage, sinceMs: nowMs };
    return memory;
  }

  private await(reference: Reference, pod: Pod): void {
    const key = `${reference.type.resource}|${reference.namespace}/${reference.name}`;
    const pods = this.waiting.get(key) ?? new Set();
    this.waiting.set(key, pods.add(`${namespaceOf(pod)}/${nameOf(pod)}`));
  }

  private wokenBy(resource: string, object: KubeObject): Iterable<ObjectKey> {
    const key = `${resource}|${namespaceOf(object)}/${nameOf(object)}`;
    const woken = this.waiting.get(key);
    this.waiting.delete(key);
    return woken ?? [];
  }
}

/**
 * When a container entered the state in its status. After a restart of the server the status's own times are the
 * only record; they have whole seconds.
 */
function enteredMs(memory: Memory, status: ContainerStatus, nowMs: number): number {
  const { running, waiting, terminated } = status.state ?? {};
  const word = running === undefined ? (waiting?.reason ?? 'terminated') : 'running';
  const state = `${word}/${status.restartCount}`;
  const known = memory.containers.get(status.name);
  if (known?.state === state) return known.sinceMs;
  const recorded = timeMs(
    running?.startedAt ?? terminated?.finishedAt ?? status.lastState?.terminated?.finishedAt ?? undefined,
  );
  const sinceMs = known === undefined && recorded > 0 ? recorded : nowMs;
  memory.containers.set(status.name, { state, sinceMs });
  return sinceMs;
}

/** A pod that finalizers keep must not look alive; others are gone with the next write anyway. */
function finalStatus(pod: Pod, nowMs: number): Write[] {
  if (isFinished(pod) || (pod.metadata.finalizers ?? []).length === 0) return [];
  const containerStatuses = (pod.status?.containerStatuses ?? []).map((status) => ({
    ...status,
    ready: false,
    started: false,
    state:
      status.state?.terminated === undefined
        ? { terminated: terminatedState(status, 143, nowMs) }
        : status.state,
  }));
  const status = { ...pod.status, phase: 'Failed', containerStatuses };
  return [{ op: 'status', type: types.pods, object: pod, status }];
}

function killing(pod: Pod): EventDraft[] {
  return (pod.status?.containerStatuses ?? [])
    .filter(({ state }) => state?.running !== undefined)
    .map(({ name }) =>
      eventAbout(pod, { type: 'Normal', reason: 'Killing', message: `Stopping container ${name}` }, name),
    );
}

function eventAbout(
  pod: Pod,
  event: { type: 'Normal' | 'Warning'; reason: string; message: string },
  container?: string,
): EventDraft {
  const { type, reason, message } = event;
  const init = pod.spec.initContainers?.some(({ name }) => name === container) === true;
  const fieldPath =
    container === undefined
      ? {}
      : { fieldPath: `spec.${init ? 'initContainers' : 'containers'}{${container}}` };
  return { about: pod, type, reason, message, component: 'kubelet', ...fieldPath };
}

function* unboundPods(pods: Iterable<KubeObject>): Iterable<ObjectKey> {
  for (const pod of pods) {
    if ((pod as Pod).spec.nodeName === undefined) yield `${namespaceOf(pod)}/${nameOf(pod)}`;
  }
}
