// What one reconciliation knows of an application: found by observe.ts, judged and written by pure functions.
import type {
  Application,
  ApplicationSource,
  Change,
  Health,
  Manifest,
  ManifestSet,
} from '../../model/index.ts';
import type { Finding } from './conditions.ts';

/** One source at the revision it was rendered at. */
export interface DesiredPart {
  readonly source: ApplicationSource;
  /** Commit, chart version or digest. */
  readonly revision: string;
  readonly set: ManifestSet;
}

/** The rendered desired state of all sources in one moment, ready to be compared. */
export interface Desired {
  /** True when the specification has `sources`: statuses then have `revisions`. */
  readonly isMulti: boolean;
  readonly parts: readonly DesiredPart[];
  /** The parts' revisions, joined by commas: names what was rendered in records and comparisons. */
  readonly revision: string;
  /** What all parts give together. */
  readonly set: ManifestSet;
  /** Objects with tracking id and namespace, hooks included, in the order they were rendered. */
  readonly targets: readonly Manifest[];
  readonly findings: readonly Finding[];
  /** `keyText` of every target. */
  readonly keys: ReadonlySet<string>;
}

/** One object of the application as it is judged. */
export interface Judged {
  readonly change: Change;
  readonly version: string;
  readonly status: 'Synced' | 'OutOfSync' | 'Unknown';
  readonly health?: Health;
  readonly requiresPruning: boolean;
  readonly syncWave: number;
}

export interface Comparison {
  readonly sync: 'Synced' | 'OutOfSync';
  readonly judged: readonly Judged[];
  readonly health: Health;
  /** Whether every kind that matters was listed completely; without it nothing may be pruned. */
  readonly complete: boolean;
  readonly incompleteReason?: string;
}

export interface Facts {
  readonly app: Application;
  readonly findings: readonly Finding[];
  /** Undefined while the source cannot be resolved or rendered. */
  readonly desired?: Desired;
  /** Undefined while there is nothing to compare, or nothing to compare with. */
  readonly comparison?: Comparison;
  /** A failure that goes away by itself: try again, `backoff`; else only a change of the input helps. */
  readonly retry?: 'backoff' | 'on-change';
}
