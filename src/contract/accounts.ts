// Local accounts and tokens, as Argo CD's API has them.
import { z } from 'zod';

export interface AccountFacts {
  readonly name: string;
  readonly enabled: boolean;
  readonly capabilities: readonly string[];
  /** Unix seconds as texts; `expiresAt` 0: never. */
  readonly tokens: readonly { readonly id: string; readonly issuedAt: string; readonly expiresAt: string }[];
}

export interface AccountList {
  readonly items: readonly AccountFacts[];
}

/** Something that is open longer or wider than it needs to be. */
export interface AccessWarning {
  readonly kind: 'initial-password' | 'endless-token';
  /** Account, or `proj:PROJECT:ROLE`. */
  readonly subject: string;
  /** What it is, and the command that ends it. */
  readonly message: string;
}

/** What the caller may see of it, 500 at most. */
export interface AccessWarnings {
  readonly items: readonly AccessWarning[];
}

export interface CanIResponse {
  readonly value: 'yes' | 'no';
}

export const UpdatePasswordRequest = z.object({
  /** Absent: one's own. */
  name: z.string().max(256).default(''),
  currentPassword: z.string().max(1_024).default(''),
  newPassword: z.string().max(1_024),
});

/** `expiresIn`: seconds; 0: the token does not expire. */
export const TokenRequest = z.object({
  id: z.string().max(128).default(''),
  expiresIn: z.union([z.number(), z.string().max(20)]).default(0),
  description: z.string().max(1_000).optional(),
});

export interface TokenResponse {
  readonly token: string;
}
