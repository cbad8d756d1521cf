// What a controller wants done, as values: the pure transition functions return plans, the runtime carries them out.

import type { KubeObject } from '../../k8s/index.ts';
import type { Logger, Random } from '../../lib/index.ts';
import type { InternalApi, ResourceName } from '../internal-api.ts';
import type { WorkloadLatencies } from './latencies.ts';
import type { ObjectView } from './object-store.ts';

/** An Event to record once the write it belongs to succeeded. */
export interface EventDraft {
  readonly about: KubeObject;
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
  /** `source.component` and `reportingComponent`. */
  readonly component: string;
  /** `spec.containers{app}` for events about one container. */
  readonly fieldPath?: string;
}

/** Edits a copy; returns false to write nothing. */
export type Change = Parameters<InternalApi['update']>[3];

export type Write =
  | {
      readonly op: 'create';
      readonly type: ResourceName;
      readonly object: KubeObject;
      readonly event?: EventDraft;
    }
  /** Replaces `.status` when it differs. */
  | {
      readonly op: 'status';
      readonly type: ResourceName;
      readonly object: KubeObject;
      readonly status: object;
      readonly event?: EventDraft;
    }
  /** Changes the object itself; `change` returns false to write nothing. */
  | {
      readonly op: 'edit';
      readonly type: ResourceName;
      readonly object: KubeObject;
      readonly change: Change;
      readonly event?: EventDraft;
    }
  | {
      readonly op: 'delete';
      readonly type: ResourceName;
      readonly object: KubeObject;
      readonly graceSeconds?: number;
      readonly propagationPolicy?: 'Foreground' | 'Background' | 'Orphan';
      readonly event?: EventDraft;
    };

export interface Plan {
  readonly writes: readonly Write[];
  readonly events?: readonly EventDraft[];
  /** Look again after this long even if nothing changes. */
  readonly requeueMs?: number | undefined;
}

export const nothing: Plan = { writes: [] };

/** What a controller may know besides the object at hand. */
export interface World {
  readonly nowMs: number;
  readonly view: ObjectView;
  readonly random: Random;
  readonly latencies: WorkloadLatencies;
}

export interface Deps {
  readonly random: Random;
  readonly latencies: WorkloadLatencies;
  readonly log: Logger;
}

/** `namespace/name` of a primary object. */
export type ObjectKey = string;

export interface Trigger {
  readonly type: ResourceName;
  /** True for types that are only listened to and read one by one, not kept in the index. */
  readonly unindexed?: boolean;
  /** Primaries to look at again after `object` changed (`deleted`: it is gone). */
  keysFor(object: KubeObject, view: ObjectView, deleted: boolean): Iterable<ObjectKey>;
}

/** One kind's behaviour. Everything it decides comes from the object, the view and the clock. */
export interface Controller {
  readonly name: string;
  readonly type: ResourceName;
  readonly triggers: readonly Trigger[];
  plan(object: KubeObject, world: World): Plan;
  /** After the object is gone: release what was held for it in memory. */
  forget?(object: KubeObject): void;
  /** What to record when carrying out a plan was refused by the server. */
  refused?(object: KubeObject, error: Error, world: World): Plan;
}
