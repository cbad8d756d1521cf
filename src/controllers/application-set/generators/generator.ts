// What generators share: a generator turns its configuration into parameter sets, one for each application to be.
import type { ApplicationSet } from '../../../model/index.ts';
import type { ApplicationSetDeps } from '../deps.ts';
import type { Filler } from '../filling.ts';
import type { Parameters } from '../parameters.ts';

export type { Parameters } from '../parameters.ts';

/** Where a generator runs. */
export interface GeneratorContext {
  readonly deps: ApplicationSetDeps;
  readonly set: ApplicationSet;
  /** Fills texts in, in the language the set uses; see `Parameters`. */
  readonly filler: Filler;
  /** Parameters of the first child of a matrix that its second child may use; undefined elsewhere. */
  readonly outer?: Parameters;
  readonly signal: AbortSignal;
}

/** Resolves with every parameter set, or rejects with ApplicationSetError: an incomplete answer is a failure. */
export type Generate<Configuration> = (
  configuration: Configuration,
  context: GeneratorContext,
) => Promise<readonly Parameters[]>;
