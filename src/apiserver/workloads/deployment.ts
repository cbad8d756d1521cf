// Deployment: brings ReplicaSets to the wanted template and size. The flow is the real controller's: note pauses,
// find or make the new ReplicaSet, scale one step, then status. planDeployment is pure.
import type { KubeObject } from '../../k8s/index.ts';
import { findCondition } from './conditions.ts';
import {
  currentHash,
  desiredReplicasAnnotation,
  isRolling,
  maxReplicasAnnotation,
  progressDeadlineMs,
  replicasOf,
  revisionAnnotation,
  revisionHistoryAnnotation,
  revisionOf,
  Sizes,
  splitByTemplate,
  strategyBounds,
} from './deployment-facts.ts';
import { isScalingEvent, newSetSize, scale, stepRolling } from './deployment-scaling.ts';
import {
  countedStatus,
  isComplete,
  pauseCondition,
  rolloutStatus,
  withDeploymentCondition,
} from './deployment-status.ts';
import {
  type Condition,
  controllerReference,
  type Deployment,
  isDeleting,
  nameOf,
  namespaceOf,
  type Pod,
  type ReplicaSet,
  types,
  uidOf,
} from './kinds.ts';
import { isEmptySelector } from './label-selector.ts';
import { claimChildren, ownedTrigger } from './ownership.ts';
import { type Controller, type EventDraft, nothing, type Plan, type Write } from './plan.ts';
import { isFinished } from './pod-facts.ts';
import { templateHashLabel } from './pod-template.ts';

const component = 'deployment-controller';
const uncopiedAnnotations: ReadonlySet<string> = new Set([
  'kubectl.kubernetes.io/last-applied-configuration',
  revisionAnnotation,
  revisionHistoryAnnotation,
  desiredReplicasAnnotation,
  maxReplicasAnnotation,
  'deprecated.deployment.rollback.to',
]);

export const deploymentController: Controller = {
  name: 'deployments',
  type: types.deployments,
  triggers: [
    ownedTrigger(types.replicaSets, types.deployments, 'Deployment'),
    {
      // Recreate waits for the last old pod to be gone.
      type: types.pods,
      *keysFor(pod, view, deleted) {
        const owner = deleted
          ? pod.metadata.ownerReferences?.find(({ controller }) => controller === true)
          : undefined;
        if (owner?.kind !== 'ReplicaSet') return;
        const set = view.get(types.replicaSets, namespaceOf(pod), owner.name);
        const deployment = set?.metadata.ownerReferences?.find(({ kind }) => kind === 'Deployment');
        if (deployment !== undefined) yield `${namespaceOf(pod)}/${deployment.name}`;
      },
    },
  ],
  plan(object, world) {
    const deployment = object as Deployment;
    if (isEmptySelector(deployment.spec.selector)) return nothing;
    const claim = claimChildren(world.view, object, types.replicaSets, deployment.spec.selector);
    const plan = planDeployment({
      deployment,
      replicaSets: claim.owned as ReplicaSet[],
      podsOf: (set) => world.view.ownedBy(types.pods, uidOf(set)) as Pod[],
      nowMs: world.nowMs,
    });
    return { ...plan, writes: [...claim.writes, ...plan.writes] };
  },
  refused(object, error, { nowMs }) {
    const deployment = object as Deployment;
    const code = (error as { code?: string }).code;
    const status = { ...deployment.status };
    if (code === 'AlreadyExists') {
      status.collisionCount = (status.collisionCount ?? 0) + 1;
      return { writes: [{ op: 'status', type: types.deployments, object, status }] };
    }
    const message = `Failed to create new replica set: ${error.message}`;
    const failed: Condition = {
      type: 'Progressing',
      status: 'False',
      reason: 'ReplicaSetCreateError',
      message,
    };
    status.conditions = withDeploymentCondition(status.conditions ?? [], failed, nowMs);
    const event = {
      about: object,
      type: 'Warning',
      reason: 'ReplicaSetCreateError',
      message,
      component,
    } as const;
    return { writes: [{ op: 'status', type: types.deployments, object, status }], events: [event] };
  },
};

export interface DeploymentInput {
  readonly deployment: Deployment;
  readonly replicaSets: readonly ReplicaSet[];
  readonly podsOf: (replicaSet: ReplicaSet) => readonly Pod[];
  readonly nowMs: number;
}

export function planDeployment(input: DeploymentInput): Plan {
  const { deployment, nowMs } = input;
  const look = new Look(input);
  if (isDeleting(deployment)) return look.finish(false);
  look.conditions = pauseCondition(deployment, look.conditions, nowMs);
  if (deployment.spec.paused === true || isScalingEvent(look)) {
    look.syncRevision();
    scale(look);
    if (deployment.spec.paused === true) look.dropHistory();
    return look.finish(false, true);
  }
  if (isRolling(deployment)) rollRolling(look);
  else rollRecreate(look, input);
  return look.finish(true);
}

function rollRolling(look: Look): void {
  look.syncRevision();
  const current = look.current ?? look.createSet();
  stepRolling({ ...look.scaling(), current });
  if (!look.scaled && isComplete(look.deployment, look.deployment.status ?? {})) look.dropHistory();
}

function rollRecreate(look: Look, { podsOf }: DeploymentInput): void {
  look.syncRevision();
  const { old, sizes } = look;
  for (const set of old) if (sizes.of(set) > 0) sizes.set(set, 0);
  const oldRuns = old.some(
    (set) => (set.status?.replicas ?? 0) > 0 || podsOf(set).some((pod) => !isFinished(pod)),
  );
  if (look.scaled || oldRuns) return;
  const current = look.current ?? look.createSet();
  sizes.set(current, replicasOf(look.deployment));
  if (isComplete(look.deployment, look.deployment.status ?? {})) look.dropHistory();
}

/** One look at a Deployment: collects sizes, conditions and writes; `finish` turns them into a plan. */
class Look {
  readonly deployment: Deployment;
  readonly old: ReplicaSet[];
  readonly sizes = new Sizes();
  current: ReplicaSet | undefined;
  conditions: Condition[];
  private readonly nowMs: number;
  private readonly before: Write[] = [];
  private readonly dropped: Write[] = [];
  private created: ReplicaSet | undefined;

  constructor({ deployment, replicaSets, nowMs }: DeploymentInput) {
    this.deployment = deployment;
    this.nowMs = nowMs;
    this.conditions = [...(deployment.status?.conditions ?? [])];
    const split = splitByTemplate(deployment, replicaSets);
    this.current = split.current;
    this.old = split.old;
  }

  scaling(): { deployment: Deployment; old: ReplicaSet[]; sizes: Sizes } {
    return { deployment: this.deployment, old: this.old, sizes: this.sizes };
  }

  get all(): ReplicaSet[] {
    return this.current === undefined ? this.old : [...this.old, this.current];
  }

  get scaled(): boolean {
    return this.all.some((set) => set !== this.created && this.sizes.of(set) !== replicasOf(set));
  }

  /** Annotations, revision and minReadySeconds of the present ReplicaSet, and the Deployment's revision. */
  syncRevision(): void {
    const { current, deployment } = this;
    if (current === undefined) return;
    const revision = Math.max(0, ...this.old.map(revisionOf)) + 1;
    const annotations = nextAnnotations(deployment, current, revision);
    const minReadySeconds = deployment.spec.minReadySeconds ?? 0;
    const waitDiffers = (current.spec.minReadySeconds ?? 0) !== minReadySeconds;
    if (annotations !== undefined || waitDiffers) {
      const change = (copy: KubeObject): void => {
        if (annotations !== undefined)
          copy.metadata.annotations = { ...copy.metadata.annotations, ...annotations };
        if (waitDiffers) copy['spec'] = { ...(copy as ReplicaSet).spec, minReadySeconds };
      };
      this.before.push({ op: 'edit', type: types.replicaSets, object: current, change });
    }
    this.setRevision(annotations?.[revisionAnnotation] ?? String(revisionOf(current)));
    const message = `Found new replica set "${nameOf(current)}"`;
    if (findCondition(this.conditions, 'Progressing') === undefined) this.note('FoundNewReplicaSet', message);
  }

  /** Makes the ReplicaSet of the present template. */
  createSet(): ReplicaSet {
    const { deployment } = this;
    const hash = currentHash(deployment);
    const revision = String(Math.max(0, ...this.old.map(revisionOf)) + 1);
    const allSizes = this.old.reduce((sum, set) => sum + this.sizes.of(set), 0);
    const set = newReplicaSet(deployment, hash, newSetSize(deployment, 0, allSizes), revision);
    const size = replicasOf(set);
    const event = this.event(`Scaled up replica set ${nameOf(set)} from 0 to ${size}`);
    this.before.push({ op: 'create', type: types.replicaSets, object: set, ...(size > 0 ? { event } : {}) });
    this.setRevision(revision);
    this.note('NewReplicaSetCreated', `Created new replica set "${nameOf(set)}"`);
    this.current = set;
    this.created = set;
    return set;
  }

  /** Deletes empty old ReplicaSets beyond the history limit, oldest revisions first. */
  dropHistory(): void {
    const limit = this.deployment.spec.revisionHistoryLimit ?? 10;
    const kept = this.old.filter((set) => !isDeleting(set)).sort((a, b) => revisionOf(a) - revisionOf(b));
    for (const set of kept.slice(0, Math.max(0, kept.length - limit))) {
      const stale = (set.metadata.generation ?? 0) > (set.status?.observedGeneration ?? 0);
      if ((set.status?.replicas ?? 0) !== 0 || this.sizes.of(set) !== 0 || stale) continue;
      this.dropped.push({ op: 'delete', type: types.replicaSets, object: set });
    }
  }

  finish(rollout: boolean, resized = false): Plan {
    const input = {
      deployment: this.deployment,
      current: this.current,
      all: this.all,
      sizes: this.sizes,
      conditions: this.conditions,
      nowMs: this.nowMs,
    };
    const { status, requeueMs } = rollout
      ? rolloutStatus(input)
      : { status: countedStatus(input), requeueMs: undefined };
    const writes = [...this.before, ...this.scaleWrites(resized), ...this.dropped];
    return {
      writes: [...writes, { op: 'status', type: types.deployments, object: this.deployment, status }],
      requeueMs,
    };
  }

  private scaleWrites(resized: boolean): Write[] {
    const replicas = replicasOf(this.deployment);
    const wanted = {
      [desiredReplicasAnnotation]: String(replicas),
      [maxReplicasAnnotation]: String(replicas + strategyBounds(this.deployment).surge),
    };
    return this.all.flatMap((object): Write[] => {
      const [from, to] = [replicasOf(object), this.sizes.of(object)];
      const annotated = Object.entries(wanted).every(
        ([key, value]) => object.metadata.annotations?.[key] === value,
      );
      const annotate = resized && !annotated && (from > 0 || to > 0);
      if (object === this.created || (from === to && !annotate)) return [];
      const change = (copy: KubeObject): void => {
        copy.metadata.annotations = { ...copy.metadata.annotations, ...wanted };
        copy['spec'] = { ...(copy as ReplicaSet).spec, replicas: to };
      };
      const direction = to > from ? 'up' : 'down';
      const event = this.event(`Scaled ${direction} replica set ${nameOf(object)} from ${from} to ${to}`);
      return [{ op: 'edit', type: types.replicaSets, object, change, ...(from === to ? {} : { event }) }];
    });
  }

  private setRevision(revision: string): void {
    if (this.deployment.metadata.annotations?.[revisionAnnotation] === revision) return;
    const change = (copy: KubeObject): void => {
      copy.metadata.annotations = { ...copy.metadata.annotations, [revisionAnnotation]: revision };
    };
    this.before.push({ op: 'edit', type: types.deployments, object: this.deployment, change });
  }

  private note(reason: string, message: string): void {
    if (progressDeadlineMs(this.deployment) === undefined) return;
    const condition: Condition = { type: 'Progressing', status: 'True', reason, message };
    this.conditions = withDeploymentCondition(this.conditions, condition, this.nowMs);
  }

  private event(message: string): EventDraft {
    return { about: this.deployment, type: 'Normal', reason: 'ScalingReplicaSet', message, component };
  }
}

/** The annotations to change on the present ReplicaSet; undefined when they are as they should be. */
function nextAnnotations(
  deployment: Deployment,
  set: ReplicaSet,
  revision: number,
): Record<string, string> | undefined {
  const has = set.metadata.annotations ?? {};
  const copied = Object.entries(deployment.metadata.annotations ?? {}).filter(
    ([key, value]) => !uncopiedAnnotations.has(key) && has[key] !== value,
  );
  const next: Record<string, string> = Object.fromEntries(copied);
  const before = revisionOf(set);
  if (before < revision) {
    next[revisionAnnotation] = String(revision);
    if (before > 0) {
      const history = (has[revisionHistoryAnnotation] ?? '').split(',').filter((entry) => entry !== '');
      next[revisionHistoryAnnotation] = [...history, String(before)].slice(-100).join(',');
    }
  }
  return Object.keys(next).length === 0 ? undefined : next;
}

function newReplicaSet(deployment: Deployment, hash: string, replicas: number, revision: string): ReplicaSet {
  const { template, selector, minReadySeconds } = deployment.spec;
  const labels = { ...template.metadata?.labels, [templateHashLabel]: hash };
  const copied = Object.entries(deployment.metadata.annotations ?? {}).filter(
    ([key]) => !uncopiedAnnotations.has(key),
  );
  const wanted = replicasOf(deployment);
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name: `${nameOf(deployment).slice(0, 242)}-${hash}`,
      namespace: namespaceOf(deployment),
      labels,
      annotations: {
        ...Object.fromEntries(copied),
        [revisionAnnotation]: revision,
        [desiredReplicasAnnotation]: String(wanted),
        [maxReplicasAnnotation]: String(wanted + strategyBounds(deployment).surge),
      },
      ownerReferences: [controllerReference(deployment)],
    },
    spec: {
      replicas,
      ...(minReadySeconds === undefined ? {} : { minReadySeconds }),
      selector: { ...selector, matchLabels: { ...selector.matchLabels, [templateHashLabel]: hash } },
      template: structuredClone({ ...template, metadata: { ...template.metadata, labels } }),
    },
  };
}
