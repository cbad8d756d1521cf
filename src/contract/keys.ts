// OpenPGP keys that signatures of commits are verified with, in Argo CD's words.
import { z } from 'zod';
import { flag, text } from './query.ts';

/** An armoured public key, or several in one block; other members of Argo CD's shape are taken and ignored. */
export const SigningKeyBody = z.object({
  keyData: z.string().max(1024 * 1024),
  keyID: z.unknown().optional(),
  fingerprint: z.unknown().optional(),
  owner: z.unknown().optional(),
  trust: z.unknown().optional(),
  subType: z.unknown().optional(),
});
export const SigningKeyWriteQuery = z.object({ upsert: flag });
export const SigningKeyQuery = z.object({ keyID: text });

export interface SigningKey {
  /** 16 hexadecimal digits. */
  readonly keyID: string;
  readonly fingerprint: string;
  /** `Ada <ada@example.com>`. */
  readonly owner: string;
  /** Always `unknown`: what a project trusts is said in the project. */
  readonly trust: string;
  /** `RSA4096`, `ED25519`. */
  readonly subType: string;
  /** Armoured; left out of lists. */
  readonly keyData?: string;
}

export interface SigningKeyList {
  readonly metadata: Readonly<Record<string, never>>;
  readonly items: readonly SigningKey[];
}

export interface SigningKeysCreated {
  readonly created: SigningKeyList;
  /** Ids of keys that were there already. */
  readonly skipped: readonly string[];
}
