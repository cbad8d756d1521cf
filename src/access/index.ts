// Door of access: policies, local accounts, identity providers. Decides and verifies; stores and serves nothing.
export {
  type Account,
  type Capability,
  readAccount,
  readAccounts,
  secretKeys,
  type TokenFacts,
} from './accounts.ts';
export { idleRules, RESOURCES } from './policy.ts';
export {
  type CompiledPolicy,
  compileRbac,
  type Identity,
  policyTexts,
  type Rbac,
  type RbacSource,
} from './rbac.ts';
export { SsoError, type SsoErrorCode } from './sso/errors.ts';
export { type Sso, type SsoDeps, singleSignOn } from './sso/sso.ts';
export type { Attempt, ConnectorFacts, ExternalUser } from './sso/types.ts';
