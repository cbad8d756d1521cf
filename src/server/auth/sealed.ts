// Small sealed notes that travel through browsers: encrypted, short-lived, readable by every replica, for one purpose.
import { hkdfSync } from 'node:crypto';
import { EncryptJWT, jwtDecrypt } from 'jose';
import type { Clock } from '../../lib/index.ts';
import { ApiError } from '../errors.ts';

export interface Sealed {
  seal(purpose: string, value: Readonly<Record<string, unknown>>, seconds: number): Promise<string>;
  /** Rejects with `Unauthenticated` for whatever this server did not seal for this purpose, or what is over. */
  open(purpose: string, text: string): Promise<Record<string, unknown>>;
}

const MAX_CHARS = 8_192;

export function sealed(signingKey: () => Uint8Array, clock: Clock): Sealed {
  const keyOf = (purpose: string): Uint8Array =>
    new Uint8Array(hkdfSync('sha256', signingKey(), new Uint8Array(), `fairlead ${purpose}`, 32));
  return {
    async seal(purpose, value, seconds) {
      const now = Math.floor(clock.now() / 1000);
      return await new EncryptJWT({ value })
        .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
        .setExpirationTime(now + seconds)
        .encrypt(keyOf(purpose));
    },
    async open(purpose, text) {
      if (text.length > MAX_CHARS) throw expired();
      try {
        const { payload } = await jwtDecrypt(text, keyOf(purpose), {
          keyManagementAlgorithms: ['dir'],
          contentEncryptionAlgorithms: ['A256GCM'],
          currentDate: new Date(clock.now()),
          requiredClaims: ['exp'],
        });
        return payload['value'] as Record<string, unknown>;
      } catch (error) {
        throw expired(error);
      }
    },
  };
}

function expired(cause?: unknown): ApiError {
  return new ApiError('Unauthenticated', 'This sign-in took too long or was begun elsewhere; begin again', {
    cause,
  });
}
