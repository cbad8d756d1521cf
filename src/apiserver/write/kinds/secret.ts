// Secrets of type service-account-token: the token of the account they name is filled in by tokens.ts's issuer.
import type { Prepare } from '../prepare.ts';

/** Secrets have a type; Opaque when none is given. */
export const prepareServiceAccountToken: Prepare = (_context, object) => {
  if (object['type'] === undefined || object['type'] === '') object['type'] = 'Opaque';
};
