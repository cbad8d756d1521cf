// Randomness as a collaborator, see clock.ts.
import { randomBytes } from 'node:crypto';

export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
  /** `length` random bytes fit for secrets (in the simulator: reproducible). */
  bytes(length: number): Uint8Array;
}

export const systemRandom: Random = { next: () => Math.random(), bytes: (length) => randomBytes(length) };

/** A reproducible generator (mulberry32) for tests and the simulator. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  return { next, bytes: (length) => Uint8Array.from({ length }, () => Math.floor(next() * 256)) };
}

const NAME_ALPHABET = 'bcdfghjklmnpqrstvwxz2456789';

/** `length` characters of the alphabet Kubernetes uses for generated names (no vowels, no look-alikes). */
export function randomName(random: Random, length: number): string {
  return Array.from(random.bytes(length), (byte) => NAME_ALPHABET[byte % NAME_ALPHABET.length]).join('');
}
