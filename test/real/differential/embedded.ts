// The embedded API server as one side of the comparison.
import type { RawClient } from '../../support/raw-http.ts';

export async function startEmbedded(): Promise<{ client: RawClient; close(): Promise<void> }> {
  throw new Error('not there yet');
}
