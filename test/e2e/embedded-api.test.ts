// The embedded API server against what a real one answered to the same sequences of requests (recorded; the suite in
// test/real/differential asks a real one).
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, suite, test } from 'node:test';
import { ALLOWED, acceptedBecause } from '../real/differential/allowed.ts';
import { describe, differences } from '../real/differential/compare.ts';
import { startEmbedded } from '../real/differential/embedded.ts';
import { OPEN } from '../real/differential/open.ts';
import type { Side } from '../real/differential/real.ts';
import { namespaceOf, normalizedAnswers, readRecorded } from '../real/differential/recorded.ts';
import { allSequences, prepareServer } from '../real/differential/sequences/index.ts';

/** Only sequences whose name holds this text. */
const filter = process.env['FAIRLEAD_SEQUENCES'] ?? '';
const CONCURRENCY = 8;

suite('embedded API server answers as a real one did', { concurrency: CONCURRENCY }, () => {
  const recorded = readRecorded();
  const used = new Set<string>();
  const stillOpen = new Set<string>();
  let embedded: Side;
  before(async () => {
    embedded = await startEmbedded();
    await prepareServer(embedded.client);
  });
  after(() => embedded?.close());

  for (const [index, sequence] of allSequences().entries()) {
    const expected = recorded.get(sequence.name);
    if (!sequence.name.includes(filter) || expected === undefined) continue;
    test(sequence.name, async () => {
      const got = await normalizedAnswers(embedded.client, sequence, namespaceOf(index));
      const found = differences(expected, got).filter((difference) => {
        const reason = acceptedBecause(sequence.name, difference);
        if (reason !== undefined) used.add(reason);
        if (OPEN.has(sequence.name)) stillOpen.add(sequence.name);
        return reason === undefined;
      });
      assert.equal(found.length, 0, `\n${found.map(describe).join('\n')}`);
    });
  }

  test('nothing is listed as different that is not', (t) => {
    if (filter !== '') return;
    const stale = ALLOWED.filter(({ reason }) => !used.has(reason)).map(({ reason }) => reason);
    for (const entry of [...stale, ...OPEN].filter((one) => !stillOpen.has(one)))
      t.diagnostic(`may go: ${entry}`);
  });
});

test('every difference that is kept is explained to users', () => {
  const page = readFileSync(new URL('../../docs/embedded-api-differences.md', import.meta.url), 'utf8');
  assert.deepEqual(
    ALLOWED.filter(({ reason }) => !page.includes(reason)),
    [],
  );
});

test('there are enough sequences, each under a name of its own and recorded', () => {
  const names = allSequences().map(({ name }) => name);
  const recorded = readRecorded();
  assert.equal(new Set(names).size, names.length);
  assert.ok(names.length >= 250, `${names.length} sequences`);
  assert.deepEqual(
    names.filter((name) => !recorded.has(name)),
    [],
  );
});
