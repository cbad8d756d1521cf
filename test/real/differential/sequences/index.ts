// All sequences, and what a server needs before the first.
import type { RawClient } from '../../../support/raw-http.ts';
import type { Sequence } from '../sequence.ts';
import { crudSequences } from './crud.ts';
import { patchSequences } from './patches.ts';

export function allSequences(): Sequence[] {
  return [...crudSequences(), ...patchSequences()];
}

/** Brings a fresh server into the state the sequences expect. */
export async function prepareServer(_client: RawClient): Promise<void> {}
