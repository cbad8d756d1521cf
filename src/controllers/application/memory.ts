// What the controller remembers of an application between reconciliations. All of it can be derived again: losing
// it costs time, never correctness.
import type { CompareEngine, IgnoreRules } from '../../diff/index.ts';
import type { KubeObject } from '../../k8s/index.ts';
import type { Change } from '../../model/index.ts';
import type { DeletePhase } from '../../sync/index.ts';
import type { LiveObject } from '../cluster/index.ts';
import type { BegunOperation } from './begun.ts';
import type { Desired } from './facts.ts';
import type { DeletionHooks, RunningOperation } from './running-operation.ts';

export type RefreshLevel = 'normal' | 'hard';

export interface ApplicationMemory {
  /** The last render, and by its `revision` the newest commit it is known to be valid for. */
  desired?: Desired;
  /** Server of the cluster that was compared with last. */
  server?: string;
  /** Results of comparing, by object; valid while both sides, the rules and the engine are the very same. */
  readonly compared: Map<
    string,
    {
      desired: KubeObject | undefined;
      live: LiveObject | undefined;
      ignore: IgnoreRules | undefined;
      engine: CompareEngine;
      change: Change;
    }
  >;
  /** Digests under which a dry-run said "in sync", by object. */
  readonly confirmed: Map<string, string>;
  /** Live objects read in another version than the watched one, by object. */
  readonly converted: Map<string, { resourceVersion: string; object: KubeObject }>;
  /** Digest of the render that the written status speaks of. */
  told?: string;
  running?: RunningOperation;
  /** Hooks of the application's deletion, by phase. */
  readonly deletion: Map<DeletePhase, DeletionHooks>;
  /** The sync that was begun last; it is looked at once more when the application does not know how it ended. */
  begun?: BegunOperation;
  /** A write to the application failed: whether it was made is not known until the object is read. */
  isUnsure?: boolean;
  /** A refresh that was asked for and is not done: its level, and when (monotonic ms). */
  refresh?: { level: RefreshLevel; askedAt: number };
  /** Callers that wait until the refresh is done. */
  readonly waiting: Set<() => void>;
  /** Failed attempts in a row at something that heals by itself. */
  failures: number;
}

export class Memories {
  readonly #entries = new Map<string, ApplicationMemory>();

  of(key: string): ApplicationMemory {
    const known = this.#entries.get(key);
    if (known !== undefined) return known;
    const fresh = this.scratch();
    this.#entries.set(key, fresh);
    return fresh;
  }

  /** A memory that belongs to no application: for trying a specification out. */
  scratch(): ApplicationMemory {
    return {
      compared: new Map(),
      confirmed: new Map(),
      converted: new Map(),
      deletion: new Map(),
      waiting: new Set(),
      failures: 0,
    };
  }

  peek(key: string): ApplicationMemory | undefined {
    return this.#entries.get(key);
  }

  forget(key: string): void {
    for (const done of this.#entries.get(key)?.waiting ?? []) done();
    this.#entries.delete(key);
  }

  entries(): IterableIterator<[string, ApplicationMemory]> {
    return this.#entries.entries();
  }
}
