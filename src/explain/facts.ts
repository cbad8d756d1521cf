// What an explanation is made of. Gathered by the composition root, judged by explain.ts. Types only.
import type { ResourceKey } from '../k8s/index.ts';
import type { Application, Change, CommitInfo, ManifestOrigin, ResourceNode } from '../model/index.ts';

export interface ExplainedObject {
  readonly change: Change;
  readonly status: 'Synced' | 'OutOfSync' | 'Unknown';
  readonly health?: { readonly status: string; readonly message?: string };
  readonly requiresPruning: boolean;
  /** Absent: it is not rendered any more. */
  readonly origin?: ManifestOrigin;
  /** Ignore rules that hide differences of it, as a person wrote them. */
  readonly ignored?: readonly string[];
}

/** What automated sync decides about the present state. */
export type ExplainedDecision =
  | { readonly kind: 'none'; readonly why: string }
  | { readonly kind: 'wait'; readonly waitMs: number; readonly why: string }
  | { readonly kind: 'refuse'; readonly message: string; readonly retryInMs?: number }
  | { readonly kind: 'sync'; readonly why: string };

export interface ExplainedEvent {
  readonly object: { readonly kind: string; readonly namespace: string; readonly name: string };
  readonly type: string;
  readonly reason: string;
  readonly message: string;
  /** RFC 3339. */
  readonly at: string;
  readonly count: number;
}

/** A journal record about the application or one of its objects. */
export interface ExplainedRecord {
  readonly at: string;
  readonly actor: string;
  readonly action: string;
  readonly object: Pick<ResourceKey, 'kind' | 'name'>;
  readonly outcome?: string;
  readonly reason?: string;
}

export interface ExplanationFacts {
  readonly app: Application;
  /** Wall clock, milliseconds. */
  readonly now: number;
  /** The commit the cluster is compared with. */
  readonly commit?: CommitInfo;
  /** The commit that was deployed last. */
  readonly deployed?: CommitInfo;
  /** Paths changed between the two that the render reads; absent when that cannot be told. */
  readonly changedInputs?: readonly string[];
  /** Absent while nothing could be compared. */
  readonly objects?: readonly ExplainedObject[];
  /** Nodes of the tree that are not healthy, children of the objects included. */
  readonly unhealthy: readonly ResourceNode[];
  /** Events of those, newest first. */
  readonly events: readonly ExplainedEvent[];
  readonly decision?: ExplainedDecision;
  /** Newest first. */
  readonly records: readonly ExplainedRecord[];
}
