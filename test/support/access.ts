// Accounts, policies and providers in memory, for servers without a cluster.
import {
  type Account,
  compileRbac,
  type RbacSource,
  type Sso,
  type TokenFacts,
} from '../../src/access/index.ts';
import { systemRandom } from '../../src/lib/index.ts';
import type { Accounts, Policies } from '../../src/server/index.ts';

/** An account that may sign in. */
export function account(name: string, more: Partial<Account> = {}): Account {
  return { name, enabled: true, capabilities: ['login', 'apiKey'], tokens: [], ...more };
}

/** @param projectTokens tokens by `project/role`; roles that are not in it do not exist */
export function memoryAccounts(
  accounts: Map<string, Account>,
  projectTokens: Map<string, readonly TokenFacts[]> = new Map(),
): Accounts {
  const revoked = new Set<string>();
  const locked = new Map<string, number>();
  const notes = new Map<string, string>();
  const key = systemRandom.bytes(32);
  const change = (name: string, edit: (account: Account) => Account): void => {
    const found = accounts.get(name);
    if (found !== undefined) accounts.set(name, edit(found));
  };
  return {
    get: (name) => accounts.get(name),
    list: () => [...accounts.values()],
    signingKey: () => key,
    sessionMs: () => 86_400_000,
    passwordPattern: () => '^.{8,32}$',
    maxTokenSeconds: () => 0,
    hasInitialPassword: () => false,
    async setPassword(name, passwordHash) {
      change(name, (found) => ({ ...found, passwordHash, passwordChangedAt: Date.now() }));
    },
    async addToken(name, token) {
      change(name, (found) => ({ ...found, tokens: [...found.tokens, token] }));
    },
    async removeToken(name, id) {
      change(name, (found) => ({ ...found, tokens: found.tokens.filter((token) => token.id !== id) }));
    },
    projectTokens: (project, role) => projectTokens.get(`${project}/${role}`),
    async addProjectToken(project, role, token) {
      projectTokens.set(`${project}/${role}`, [...(projectTokens.get(`${project}/${role}`) ?? []), token]);
    },
    async removeProjectToken(project, role, iat) {
      const left = (projectTokens.get(`${project}/${role}`) ?? []).filter((token) => token.iat !== iat);
      projectTokens.set(`${project}/${role}`, left);
    },
    async revoke(id) {
      revoked.add(id);
    },
    isRevoked: (id) => revoked.has(id),
    async lockSignIn(name, until) {
      locked.set(name, until);
    },
    signInLockedUntil: (name) => locked.get(name) ?? 0,
    async leaveNote(id, text) {
      notes.set(id, text);
    },
    async takeNote(id) {
      const note = notes.get(id);
      notes.delete(id);
      return note;
    },
  };
}

export function memoryPolicies(csv = '', more: Partial<RbacSource> = {}): Policies {
  const data = { 'policy.csv': csv };
  const rbac = compileRbac({ data, projects: [], accounts: ['admin'], inheritsFineGrained: false, ...more });
  return { may: rbac.may, admitsGuests: () => false };
}

export const noProviders: Sso = {
  connectors: () => [],
  redirectUri: () => '',
  begin: () => Promise.reject(new Error('no provider')),
  finish: () => Promise.reject(new Error('no provider')),
  checkPassword: async () => undefined,
  verifyBearer: async () => undefined,
  logoutUrl: () => undefined,
};
