// Sends the same sequences to the embedded API server and to a real one and compares every answer. What may differ is
// listed in allowed.ts, with the reason, and in docs/embedded-api-differences.md.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, suite, test } from 'node:test';
import { type ControlPlane, startControlPlane } from '../../support/control-plane.ts';
import { type RawClient, rawClient } from '../../support/raw-http.ts';
import { ALLOWED, isAllowed } from './allowed.ts';
import { type Difference, describe, differences } from './compare.ts';
import { startEmbedded } from './embedded.ts';
import { normalize } from './normalize.ts';
import { runSequence } from './run.ts';
import type { Sequence } from './sequence.ts';
import { allSequences, prepareServer } from './sequences/index.ts';

/** `FAIRLEAD_TWIN=1` compares two real servers: what differs then is the suite's own mistake. */
const twin = process.env['FAIRLEAD_TWIN'] === '1';
const filter = process.env['FAIRLEAD_SEQUENCES'] ?? '';
const CONCURRENCY = 8;
/** Workload controllers are off on both sides: they write to objects at moments of their own. */
const CONTROLLERS =
  'garbage-collector-controller,namespace-controller,serviceaccount-controller,root-ca-certificate-publisher-controller';

interface Side {
  readonly client: RawClient;
  close(): Promise<void>;
}

const sequences = allSequences().filter(({ name }) => name.includes(filter));

suite('embedded and real API server answer alike', { concurrency: CONCURRENCY }, () => {
  let real: Side;
  let other: Side;
  const used = new Set<number>();
  before(async () => {
    [real, other] = await Promise.all([startReal(), twin ? startReal() : startEmbedded()]);
    await Promise.all([prepareServer(real.client), prepareServer(other.client)]);
  });
  after(async () => {
    await Promise.all([real?.close(), other?.close()]);
  });

  for (const [index, sequence] of sequences.entries()) {
    test(sequence.name, async () => {
      const found = await compareOn(real.client, other.client, sequence, `d-${index}`);
      const unexpected = found.filter((difference) => {
        const rule = isAllowed(sequence.name, difference);
        if (rule !== undefined) used.add(rule);
        return rule === undefined || twin;
      });
      assert.equal(unexpected.length, 0, `\n${unexpected.map(describe).join('\n')}`);
    });
  }
});

test('every difference that is kept is explained to users', () => {
  const page = readFileSync(new URL('../../../docs/embedded-api-differences.md', import.meta.url), 'utf8');
  const missing = ALLOWED.filter(({ reason }) => !page.includes(reason));
  assert.deepEqual(missing, []);
});

test('there are enough sequences, each under a name of its own', () => {
  const names = allSequences().map(({ name }) => name);
  assert.equal(new Set(names).size, names.length);
  assert.ok(names.length >= 250, `${names.length} sequences`);
});

async function compareOn(
  real: RawClient,
  other: RawClient,
  sequence: Sequence,
  namespace: string,
): Promise<Difference[]> {
  const [expected, got] = await Promise.all([
    runSequence(real, sequence, namespace),
    runSequence(other, sequence, namespace),
  ]);
  const options = { async: sequence.async === true };
  return differences(normalize(expected, options), normalize(got, options));
}

async function startReal(): Promise<Side> {
  const server: ControlPlane = await startControlPlane({ controllers: CONTROLLERS });
  const client = rawClient(server);
  return {
    client,
    async close() {
      client.close();
      await server.close();
    },
  };
}
