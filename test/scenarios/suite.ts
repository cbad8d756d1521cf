// Turns the scenarios into tests on one kind of cluster.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Host, startHost } from './host.ts';
import { scenarios } from './index.ts';

/** @param skip why the cluster is not to be had here, or false */
export function scenarioSuite(kind: 'embedded' | 'real', skip: string | false): void {
  describe(`on the ${kind} control plane`, { skip }, () => {
    let host: Host;
    before(async () => {
      host = await startHost(kind);
    });
    after(() => host?.close());
    for (const [index, scenario] of scenarios.entries()) {
      test(scenario.name, { timeout: 120_000 }, () => host.run(scenario, index));
    }
    test('the journal of all of it verifies', async () => {
      const verification = await host.plane().journal.verify();
      assert.equal(verification.ok, true, JSON.stringify(verification));
    });
  });
}
