// Verifies passwords against Argo CD's bcrypt hashes and makes new ones. Bounded, because each check costs CPU.
import { compare, hash } from 'bcryptjs';
import { Semaphore } from '../../lib/index.ts';

/** bcrypt reads no further; what is longer would be cut silently. */
const MAX_PASSWORD_BYTES = 72;
const COST = 10;
const HASH = /^\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}$/;
/** A valid hash nobody knows a password of: an unknown name costs the same time as a wrong password. */
const NOBODY = '$2b$10$CwTycUXWue0Thq9StjUM0uJ4lD6PFz8aMGPcWJGYkJPmHxYkmRb4C';

export interface PasswordChecker {
  /** False for a wrong password, and for an absent or unusable hash, in the same time. */
  verify(password: string, passwordHash: string | undefined): Promise<boolean>;
}

/** @param concurrency checks at once; the others wait */
export function passwordChecker(concurrency = 2): PasswordChecker {
  const slots = new Semaphore(concurrency);
  return {
    async verify(password, passwordHash) {
      const isUsable = passwordHash !== undefined && HASH.test(passwordHash);
      const isShort = Buffer.byteLength(password) <= MAX_PASSWORD_BYTES;
      const matches = await slots.run(() => compare(password, isUsable ? passwordHash : NOBODY));
      return matches && isUsable && isShort && password !== '';
    },
  };
}

/** A bcrypt hash as Argo CD writes it. */
export async function hashPassword(password: string): Promise<string> {
  return await hash(password, COST);
}
