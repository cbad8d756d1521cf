// Sends the same sequences to the embedded API server and to a real one and compares every answer. What may differ is
// listed in allowed.ts, with the reason, and in docs/embedded-api-differences.md.
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { acceptedBecause } from './allowed.ts';
import { describe, differences } from './compare.ts';
import { startEmbedded } from './embedded.ts';
import { type Side, startReal } from './real.ts';
import { namespaceOf, normalizedAnswers, readRecorded } from './recorded.ts';
import { allSequences, prepareServer } from './sequences/index.ts';

/** `FAIRLEAD_TWIN=1` compares two real servers: what differs then is the suite's own mistake. */
const twin = process.env['FAIRLEAD_TWIN'] === '1';
/** Only sequences whose name holds this text. */
const filter = process.env['FAIRLEAD_SEQUENCES'] ?? '';
const CONCURRENCY = 8;

suite('embedded and real API server answer alike', { concurrency: CONCURRENCY }, () => {
  const recorded = readRecorded();
  let real: Side;
  let other: Side;
  before(async () => {
    [real, other] = await Promise.all([startReal(), twin ? startReal() : startEmbedded()]);
    await Promise.all([prepareServer(real.client), prepareServer(other.client)]);
  });
  after(async () => {
    await Promise.all([real?.close(), other?.close()]);
  });

  for (const [index, sequence] of allSequences().entries()) {
    if (!sequence.name.includes(filter)) continue;
    test(sequence.name, async () => {
      const [expected, got] = await Promise.all(
        [real, other].map(({ client }) => normalizedAnswers(client, sequence, namespaceOf(index))),
      );
      const known = recorded.get(sequence.name);
      const found = differences(expected ?? [], got ?? []).filter(
        (difference) => twin || acceptedBecause(sequence.name, difference) === undefined,
      );
      assert.equal(found.length, 0, `\n${found.map(describe).join('\n')}`);
      if (known === undefined) return;
      const changed = differences(expected ?? [], known);
      assert.equal(
        changed.length,
        0,
        `the kept answers are not those of this server; run "node test/real/differential/recorded.ts"\n${changed.map(describe).join('\n')}`,
      );
    });
  }
});
