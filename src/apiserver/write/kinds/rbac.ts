// Roles: nobody may grant more than they have (auth/rbac.ts judges), and aggregated roles get their rules from others.
import type { Prepare } from '../strategies.ts';

/** Rules are always written, as [] when there are none. */
export const checkRoleEscalation: Prepare = (_context, object) => {
  if (object['rules'] === undefined) object['rules'] = null;
};
