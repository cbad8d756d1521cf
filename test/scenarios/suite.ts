// Turns the scenarios into tests on one kind of cluster.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Host, startHost } from './host.ts';
import { scenarios } from './index.ts';

/** Most of a scenario is waiting for what it caused. */
const AT_ONCE = 12;
const TIMEOUT_MS = 120_000;

/** @param skip why the cluster is not to be had here, or false */
export function scenarioSuite(kind: 'embedded' | 'real', skip: string | false): void {
  describe(`on the ${kind} control plane`, { skip }, () => {
    let host: Host;
    before(async () => {
      host = await startHost(kind);
    });
    after(() => host?.close());
    const numbered = scenarios.map((scenario, index) => ({ scenario, index }));
    const play = ({ scenario, index }: (typeof numbered)[number]): void => {
      test(scenario.name, { timeout: TIMEOUT_MS }, () => host.run(scenario, index));
    };
    describe('beside each other', { concurrency: AT_ONCE }, () => {
      for (const each of numbered.filter(({ scenario }) => scenario.alone !== true)) play(each);
    });
    describe('alone', () => {
      for (const each of numbered.filter(({ scenario }) => scenario.alone === true)) play(each);
    });
    test('the journal of all of it verifies', async () => {
      const verification = await host.plane().journal.verify();
      assert.equal(verification.ok, true, JSON.stringify(verification));
    });
  });
}
