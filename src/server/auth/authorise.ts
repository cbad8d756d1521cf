// Who may do what. One function decides; every route names what it needs.
import type { Caller } from './session-tokens.ts';

/** Resources and actions in the words of Argo CD's policies. */
export type Resource =
  | 'applications'
  | 'projects'
  | 'clusters'
  | 'repositories'
  | 'certificates'
  | 'logs'
  | 'audit'
  | 'metrics'
  | 'version';
export type Action = 'get' | 'create' | 'update' | 'delete' | 'sync' | 'override';

export interface Permission {
  readonly resource: Resource;
  readonly action: Action;
}

/**
 * True when the caller may do it to `object` (`project/namespace/name` for applications, a name elsewhere).
 * Today there is one role: the admin account, and everybody where authentication is off, may do everything;
 * nobody else may do anything.
 */
export type Authorise = (caller: Caller, permission: Permission, object: string) => boolean;

export const ADMIN = 'admin';

export const authorise: Authorise = (caller) => caller.kind === 'anonymous' || caller.name === ADMIN;
