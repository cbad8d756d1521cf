// What a real API server answered to every sequence, kept in the repository so that the comparison also runs where no
// real server can.   node test/real/differential/recorded.ts   asks a real one again.
import { readFileSync, writeFileSync } from 'node:fs';
import { constants, gunzipSync, gzipSync } from 'node:zlib';
import { mapLimited } from '../../../src/lib/index.ts';
import type { RawClient } from '../../support/raw-http.ts';
import { normalize } from './normalize.ts';
import { startReal } from './real.ts';
import { type Recorded, runSequence } from './run.ts';
import type { Sequence } from './sequence.ts';
import { allSequences, prepareServer } from './sequences/index.ts';

const FILE = new URL('recorded.json.gz', import.meta.url);
const CONCURRENCY = 8;

/** Normalised answers by the name of the sequence. */
export type Answers = ReadonlyMap<string, readonly Recorded[]>;

/** The kept answers of the real server. */
export function readRecorded(): Answers {
  const entries = JSON.parse(gunzipSync(readFileSync(FILE)).toString()) as [string, Recorded[]][];
  return new Map(entries);
}

/** Runs one sequence and gives its normalised answers as JSON would keep them. */
export async function normalizedAnswers(
  client: RawClient,
  sequence: Sequence,
  namespace: string,
): Promise<Recorded[]> {
  const recorded = await runSequence(client, sequence, namespace);
  const normalized = normalize(recorded, { async: sequence.async === true });
  return JSON.parse(JSON.stringify(normalized)) as Recorded[];
}

if (import.meta.main) {
  const real = await startReal();
  await prepareServer(real.client);
  const answers = await mapLimited(allSequences(), CONCURRENCY, async (sequence, index) => [
    sequence.name,
    await normalizedAnswers(real.client, sequence, namespaceOf(index)),
  ]);
  writeFileSync(FILE, gzipSync(JSON.stringify(answers), { level: constants.Z_BEST_COMPRESSION }));
  await real.close();
}

/** The namespace of a sequence, by its position in allSequences(). */
export function namespaceOf(index: number): string {
  return `d-${index}`;
}
