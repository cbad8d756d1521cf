// All sequences, and what a server needs before the first.
import type { RawClient } from '../../../support/raw-http.ts';
import type { Sequence } from '../sequence.ts';
import { crudSequences } from './crud.ts';
import { customSequences } from './custom.ts';
import { lifecycleSequences } from './lifecycle.ts';
import { patchSequences } from './patches.ts';
import { randomSequences } from './random.ts';
import { readingSequences } from './reading.ts';
import { workloadSequences } from './workloads.ts';

export function allSequences(): Sequence[] {
  return [
    ...crudSequences(),
    ...patchSequences(),
    ...readingSequences(),
    ...lifecycleSequences(),
    ...workloadSequences(),
    ...customSequences(),
    ...randomSequences(),
  ];
}

/** Waits for what a server makes by itself soon after its start. */
export async function prepareServer(client: RawClient): Promise<void> {
  const deadline = performance.now() + 20_000;
  for (const path of [
    '/api/v1/namespaces/default/services/kubernetes',
    '/api/v1/namespaces/kube-node-lease',
  ]) {
    while ((await client.send({ method: 'GET', path })).status !== 200) {
      if (performance.now() > deadline) throw new Error(`${path} did not appear`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
